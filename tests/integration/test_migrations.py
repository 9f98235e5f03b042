"""Databases of an earlier version, of a later one, and of another chain."""

import shutil
from pathlib import Path

import asyncpg
import pogo_core.util.migrate
import pytest

from storage.check import check_database
from storage.database import SCHEMA
from storage.errors import MigrationFailed
from storage.migrate import migrate
from storage.schema_version import MIGRATIONS
from storage.settings import StorageSettings
from tests.support.schema import described

NAMES = sorted(path.stem for path in MIGRATIONS.glob("*.sql"))


async def had(owner: asyncpg.Connection, name: str) -> None:
    """Have the database say that it had a migration."""
    await owner.execute(
        "INSERT INTO public._pogo_migration (migration_hash, migration_id, schema_name, applied)"
        " VALUES ($1, $1, $2, now())",
        name,
        SCHEMA,
    )


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
