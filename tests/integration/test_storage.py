"""Migrations, partitions and roles."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from storage.check import check_database
from storage.database import Database
from storage.errors import RowRefused, StorageUnavailable
from storage.migrate import MIGRATIONS, migrate
from storage.partitions import maintain_attempts
from storage.settings import StorageSettings

INSERT = """
INSERT INTO attempts (
    account, log_id, processed_at, result_id, integration_type, affiliate, key, status, version, source, event_id, body,
    structured, late, altered, received_at
)
VALUES (
    'acme', gen_random_uuid(), $1, $2, 'price', 'MLB', 'SKU-1', 'error', '', '/s', 'e', '{}', false, false, false, $3
)
"""
RESULT = "00000000-0000-0000-0000-00000000000"


async def partitions(owner: asyncpg.Connection) -> dict[str, int]:
    """Rows by partition."""
    rows = await owner.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'attempts'::regclass"
    )
    return {row["name"]: await owner.fetchval(f"SELECT count(*) FROM {row['name']}") for row in rows}


async def insert(owner: asyncpg.Connection, number: int, at: datetime, received: datetime | None = None) -> None:
    await owner.execute(INSERT, at, RESULT + str(number), received or datetime.now(UTC))
    await owner.execute("INSERT INTO received_results VALUES ('acme', $1)", RESULT + str(number))


def month_of(at: datetime) -> str:
    return f"attempts_{at:%Y_%m}"


async def test_migrating_again_and_from_many_places_changes_nothing(
    database_url: str, owner: asyncpg.Connection
) -> None:
    before = await owner.fetch("SELECT relname FROM pg_class ORDER BY 1")
    await asyncio.gather(*(migrate(database_url, 90) for _ in range(4)))
    assert await owner.fetch("SELECT relname FROM pg_class ORDER BY 1") == before
    applied = await owner.fetchval("SELECT count(*) FROM public._pogo_migration")
    assert applied == len(list(MIGRATIONS.glob("*.sql")))


async def test_months_from_the_oldest_kept_to_two_ahead_have_a_partition(owner: asyncpg.Connection) -> None:
    now = datetime.now(UTC)
    names = await partitions(owner)
    for days in (90, 45, 0, -31):
        assert month_of(now - timedelta(days=days)) in names
    assert await maintain_attempts(owner, 90) == (0, 0)


async def test_retention_drops_whole_months_and_forgets_their_results(owner: asyncpg.Connection) -> None:
    now = datetime.now(UTC)
    await insert(owner, 1, now)
    await insert(owner, 2, now - timedelta(days=80))
    made, dropped = await maintain_attempts(owner, 1)
    assert made == 0
    assert dropped >= 2
    assert sum((await partitions(owner)).values()) == 1
    assert [str(row[0]) for row in await owner.fetch("SELECT result_id FROM received_results")] == [RESULT + "1"]


async def test_attempts_of_a_month_without_a_partition_land_and_are_moved_when_it_gets_one(
    owner: asyncpg.Connection,
) -> None:
    later = datetime.now(UTC) + timedelta(days=150)
    await insert(owner, 1, later)
    assert (await partitions(owner))["attempts_default"] == 1
    await owner.fetch("SELECT * FROM maintain_attempts(90, 2, $1)", later)
    found = await partitions(owner)
    assert (found["attempts_default"], found[month_of(later)]) == (0, 1)


async def test_what_comes_for_a_dropped_month_is_kept_as_long_from_its_arrival(owner: asyncpg.Connection) -> None:
    now = datetime.now(UTC)
    await insert(owner, 1, now - timedelta(days=400))
    await insert(owner, 2, now - timedelta(days=400), received=now - timedelta(days=100))
    await maintain_attempts(owner, 90)
    assert (await partitions(owner))["attempts_default"] == 1
    assert [str(row[0]) for row in await owner.fetch("SELECT result_id FROM received_results")] == [RESULT + "1"]


async def test_the_writer_can_t_delete_the_audit_nor_what_a_result_said(
    database_url: str, storage_settings: StorageSettings
) -> None:
    writer = Database(database_url, "writer", storage_settings)
    for table in (
        "reprocess_commands",
        "reprocess_items",
        "attempts",
        "received_results",
        "dead_letters",
        "status_logs",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with writer.connection() as connection:
                await connection.execute(f"DELETE FROM {table}")
    await writer.close()


async def test_every_unique_key_begins_with_the_account(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        """SELECT c.relname, pg_get_indexdef(i.indexrelid, 1, true) AS first
           FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
           WHERE i.indisunique AND c.relnamespace = 'conexoes'::regnamespace"""
    )
    assert rows
    assert [row["relname"] for row in rows if row["first"] != "account"] == []


async def test_a_database_that_is_away_or_refuses_is_said_so(
    database_url: str, storage_settings: StorageSettings, owner: asyncpg.Connection
) -> None:
    away = Database("postgresql://127.0.0.1:9/x", "writer", storage_settings)
    with pytest.raises(StorageUnavailable):
        async with away.connection():
            pass
    writer = Database(database_url, "writer", storage_settings)
    for statement, error in (
        ("SELECT 1 / 0", RowRefused),
        ("INSERT INTO received_results VALUES ('a', NULL)", RowRefused),
        ("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '25006'; END $$", StorageUnavailable),  # after a failover
        ("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$", StorageUnavailable),  # disk full
        ("SELECT no_such_function()", asyncpg.UndefinedFunctionError),
    ):
        with pytest.raises(error):
            async with writer.connection() as connection:
                await connection.execute(statement)
    await writer.close()


async def test_doctor_says_what_a_database_lacks(database_url: str, storage_settings: StorageSettings) -> None:
    assert await check_database(database_url, storage_settings) == []
    [fault] = await check_database("postgresql://127.0.0.1:9/x", storage_settings)
    assert "refused" in fault.lower() or "connect" in fault.lower()
