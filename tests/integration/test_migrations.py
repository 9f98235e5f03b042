"""Databases of an earlier version, of a later one, and of another chain."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pogo_core.util.migrate
import pytest

from schemas.filter import LogFilter
from storage.check import check_database
from storage.database import SCHEMA, Database
from storage.errors import MigrationFailed
from storage.logs.groups import list_groups
from storage.logs.summary import summarize
from storage.migrate import migrate
from storage.schema_version import MIGRATIONS
from storage.settings import StorageSettings
from tests.support.schema import described, had

NAMES = sorted(path.stem for path in MIGRATIONS.glob("*.sql"))


async def test_a_database_of_an_earlier_version_is_named_and_migrated(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings, tmp_path: Path
) -> None:
    whole = await described(owner)
    for name in NAMES[:-1]:
        shutil.copy(MIGRATIONS / f"{name}.sql", tmp_path)
    await owner.execute("DROP SCHEMA conexoes CASCADE; CREATE SCHEMA conexoes; DELETE FROM public._pogo_migration")
    await pogo_core.util.migrate.apply(owner, tmp_path, schema_name=SCHEMA)
    [fault] = await check_database(database_url, storage_settings)
    assert "earlier version" in fault
    assert "conexoes migrate" in fault
    assert NAMES[-1] in fault
    await migrate(database_url, storage_settings.retention_days)
    assert await described(owner) == whole
    assert await check_database(database_url, storage_settings) == []


async def test_checks_that_a_migration_adds_without_a_look_at_the_rows_are_validated_after_it(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings
) -> None:
    unvalidated = "SELECT conname FROM pg_constraint WHERE NOT convalidated"
    await owner.execute("DROP SCHEMA conexoes CASCADE; CREATE SCHEMA conexoes; DELETE FROM public._pogo_migration")
    await pogo_core.util.migrate.apply(owner, MIGRATIONS, schema_name=SCHEMA)
    assert {row[0] for row in await owner.fetch(unvalidated)} == {
        "dead_letters_state",
        "reprocess_commands_automatic_check",
        "reprocess_audit_action_check",
    }
    await migrate(database_url, storage_settings.retention_days)
    assert await owner.fetch(unvalidated) == []


async def test_errors_of_rows_that_were_there_are_counted_as_before(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings, reader: Database, tmp_path: Path
) -> None:
    """A result that came before 0012_errors has the one error that was counted then."""
    for name in NAMES[: NAMES.index("0012_errors")]:
        shutil.copy(MIGRATIONS / f"{name}.sql", tmp_path)
    await owner.execute("DROP SCHEMA conexoes CASCADE; CREATE SCHEMA conexoes; DELETE FROM public._pogo_migration")
    await pogo_core.util.migrate.apply(owner, tmp_path, schema_name=SCHEMA)
    await owner.execute("SET search_path = conexoes")
    await owner.execute(
        """INSERT INTO status_logs (account, id, integration_type, affiliate, key, status, processed_at, version,
               source, event_id, message, code, fingerprint, attempts, first_seen_at)
           SELECT 'acme', gen_random_uuid(), 'price', 'MLB', 'SKU-' || n, status, now(), '', '', n::text, message, code,
               fingerprint, 1, now()
           FROM (VALUES
               (1, 'error', 'below', 'minimum', repeat('a', 16)), (2, 'error', 'below', 'minimum', repeat('a', 16)),
               (3, 'error', 'below', NULL, repeat('b', 16)), (4, 'success', NULL, NULL, NULL),
               (5, 'success', NULL, NULL, NULL)
           ) AS log (n, status, message, code, fingerprint)"""
    )
    await owner.execute(
        """INSERT INTO faults SELECT DISTINCT account, integration_type, fingerprint, 1, now(), now(), now()
           FROM status_logs WHERE fingerprint IS NOT NULL"""
    )
    before = await owner.fetch("SELECT id, facet_id FROM status_logs ORDER BY id")
    await migrate(database_url, storage_settings.retention_days)
    assert await owner.fetch("SELECT id, facet_id FROM status_logs ORDER BY id") == before
    for _ in range(2):
        summary = await summarize(reader, "acme", "price", LogFilter())
        assert (summary.total, summary.by_code) == (5, {"minimum": 2})
        assert (await summarize(reader, "acme", "price", LogFilter(code=("minimum",)))).total == 2
        found = await list_groups(reader, "acme", "price", LogFilter(), now=datetime.now(UTC), after=None, limit=10)
        assert [(each.fingerprint[0], each.code, each.logs) for each in found] == [("a", "minimum", 2), ("b", None, 1)]
        await owner.execute("SELECT recount_logs(), recount_faults()")
    errors = await owner.fetch("SELECT errors FROM status_logs ORDER BY key")
    assert [row["errors"] for row in errors] == [1, 1, 0, 0, 0]


async def test_a_database_of_a_later_version_is_named_and_left_as_it_is(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings
) -> None:
    """Two versions run side by side: the older one may start again on the newer one's database."""
    before = await described(owner)
    await had(owner, "9999_what_comes")
    [fault] = await check_database(database_url, storage_settings)
    assert "later version" in fault
    assert "9999_what_comes" in fault
    await migrate(database_url, storage_settings.retention_days)
    assert await described(owner) == before


async def test_a_database_of_another_chain_is_refused_and_left_as_it_is(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings
) -> None:
    """A database from before the first release has another chain."""
    before = await described(owner)
    await owner.execute("DELETE FROM public._pogo_migration WHERE migration_id = $1", NAMES[-1])
    await had(owner, "0002_status_logs")
    with pytest.raises(MigrationFailed) as failed:
        await migrate(database_url, storage_settings.retention_days)
    sentence = str(failed.value)
    assert "0002_status_logs" in sentence
    assert NAMES[-1] in sentence
    assert "load it anew" in sentence
    assert await check_database(database_url, storage_settings) == [sentence]
    assert await described(owner) == before
