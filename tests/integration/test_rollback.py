"""Back to the version before, with what it can hold kept."""

import shutil
from pathlib import Path

import asyncpg
import pogo_core.util.migrate
import pytest

from storage.check import check_database
from storage.database import SCHEMA
from storage.migrate import MIGRATIONS, migrate
from storage.reprocess.writer import cancel
from storage.settings import StorageSettings
from tests.support.reprocess import Desk
from tests.support.schema import described

LATEST = 16


async def roll_back(owner: asyncpg.Connection, before: int) -> None:
    """To the schema before that migration."""
    await pogo_core.util.migrate.rollback(owner, MIGRATIONS, schema_name=SCHEMA, count=LATEST + 1 - before)


async def test_commands_keep_their_totals_and_what_was_not_sent_has_failed(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(8))
    await desk.by_filter("c")
    await desk.by_filter("empty", filter={"code": "nothing has this"})
    await desk.send(3)
    async with desk.writer.transaction() as connection:
        assert await cancel(connection, "acme", "c", requested_by="m", reason=None, note="enough")
    assert await desk.let_go() == 5
    await desk.close()
    await roll_back(owner, 8)
    totals = {row["id"]: row["total"] for row in await owner.fetch("SELECT id, total FROM reprocess_commands")}
    assert totals == {"c": 8, "empty": 0}
    for table, state in (("reprocess_items", "state"), ("status_logs", "reprocess_state")):
        rows = await owner.fetch(f"SELECT {state} AS state, count(*) AS count FROM {table} GROUP BY 1")
        assert {row["state"]: row["count"] for row in rows} == {"sent": 3, "failed": 5}
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE reprocess_items SET state = 'cancelled'")


async def test_months_that_were_taken_out_are_forgotten_not_stranded(
    desk: Desk, owner: asyncpg.Connection, database_url: str
) -> None:
    await desk.fail(range(4))
    await desk.close()
    while await owner.fetchval("SELECT expire_attempts(1, now() + interval '400 days')"):
        pass
    assert await owner.fetchval("SELECT count(*) FROM received_results") == 4
    await roll_back(owner, 10)
    assert await owner.fetchval("SELECT count(*) FROM received_results") == 0
    assert await owner.fetch("SELECT FROM pg_class WHERE relname LIKE 'expired%'") == []
    await migrate(database_url, 90)
    assert await owner.fetchval("SELECT count(*) FROM expired_months") == 0


@pytest.mark.parametrize("table", ["status_logs", "log_keys"])
async def test_a_table_that_was_written_anew_can_be_counted_from_its_indexes(
    desk: Desk, owner: asyncpg.Connection, database_url: str, table: str
) -> None:
    visible = f"SELECT relallvisible FROM pg_class WHERE oid = '{table}'::regclass"
    await desk.fail(range(4))
    await desk.close()
    await owner.execute(f"VACUUM FULL {table}")
    assert await owner.fetchval(visible) == 0
    await migrate(database_url, 90)
    assert await owner.fetchval(visible) > 0


async def test_keys_and_counts_are_there_before_and_after(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(4))
    await desk.close()
    keys = await owner.fetch("SELECT * FROM log_keys ORDER BY log_id")
    counts = "SELECT sum(logs) FROM log_hours JOIN facets ON facets.id = facet_id"
    await roll_back(owner, 14)
    assert await owner.fetchval(counts) == 4
    await pogo_core.util.migrate.apply(owner, MIGRATIONS, schema_name=SCHEMA)
    assert await owner.fetch("SELECT * FROM log_keys ORDER BY log_id") == keys
    assert len(keys) == await owner.fetchval(counts) == 4


async def test_back_is_what_was_before(owner: asyncpg.Connection, tmp_path: Path) -> None:
    """Tables, indexes, functions and grants; and counts are added up as they were."""
    for path in MIGRATIONS.glob("*.sql"):
        if not path.name.startswith(f"{LATEST:04}"):
            shutil.copy(path, tmp_path)
    await owner.execute("DROP SCHEMA conexoes CASCADE; CREATE SCHEMA conexoes; DELETE FROM public._pogo_migration")
    await pogo_core.util.migrate.apply(owner, tmp_path, schema_name=SCHEMA)
    before = await described(owner)
    await pogo_core.util.migrate.apply(owner, MIGRATIONS, schema_name=SCHEMA)
    assert await described(owner) != before
    await roll_back(owner, LATEST)
    assert await described(owner) == before
    assert await owner.fetchval("SELECT compact_log_changes(10)") == 0


async def test_doctor_says_that_a_database_is_of_an_earlier_version(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings
) -> None:
    await roll_back(owner, LATEST)
    [fault] = await check_database(database_url, storage_settings)
    assert "conexoes migrate" in fault
    assert f"{LATEST:04}_" in fault
