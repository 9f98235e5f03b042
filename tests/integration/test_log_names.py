"""Names of logs, which stand apart from the logs, and the logs that were there before they did."""

import shutil
import uuid
from pathlib import Path

import asyncpg
import pogo_core.util.migrate
import pytest

from schemas.filter import LogFilter
from schemas.identity import log_id
from schemas.search.names import grams, joined
from storage.database import SCHEMA, Database
from storage.logs.reader import LogReader
from storage.migrate import migrate
from storage.schema_version import MIGRATIONS
from tests.support.events import T0, at, result
from tests.support.reprocess import Desk

NAMES = "SELECT log_id, names FROM log_names ORDER BY log_id"


async def test_each_log_has_its_names_however_often_its_results_come(desk: Desk, owner: asyncpg.Connection) -> None:
    for _ in range(3):
        await desk.fail(range(4), aliases={"ean": "ÉT"})
        await desk.fail(range(2), "AMZ")
    rows = await owner.fetch("SELECT s.key, n.names, n.grams FROM status_logs s JOIN log_names n ON n.log_id = s.id")
    assert len(rows) == 6
    for row in rows:
        own = joined([row["key"]])
        assert row["names"] in {own, f"{own}et\n"}
        assert set(row["grams"]) == set(grams("acme", "price", row["names"]))


async def test_a_name_that_comes_later_joins_the_others(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.store(result("a", aliases={"ean": "789"}))
    before = await owner.fetchval("SELECT xmin FROM log_names")
    await desk.store(result("b", aliases={"ean": "789"}, processed_at=at(1)))
    assert await owner.fetchval("SELECT xmin FROM log_names") == before, "a result without a new name wrote names"
    await desk.store(
        result("c", aliases={"ean": "790"}, processed_at=at(3)),
        result("d", aliases={"shipment_id": "7"}, processed_at=at(2)),
    )
    [names] = [row["names"] for row in await owner.fetch(NAMES)]
    assert names.startswith("\nsku-1\n789\n")
    assert set(names.split("\n")) == {"", "sku-1", "789", "790", "7"}


async def test_aliases_of_an_earlier_version_are_read_and_moved_to_the_names(
    desk: Desk, reader: Database, owner: asyncpg.Connection
) -> None:
    """Some are known already: workers of two versions stored them. One log has no name that can be found."""
    lone = "\u2060"
    await desk.store(result("a", aliases={"ean": "789"}), result("b", key=lone), result("c", key="none"))
    [mine, other] = [log_id("acme", "price", "MLB", key) for key in ("SKU-1", lone)]
    await owner.executemany(
        "INSERT INTO aliases (account, log_id, integration_type, name, value) VALUES ('acme', $1, 'price', $2, $3)",
        [(mine, "ean", "789"), (mine, "ean", "790"), (mine, "shipment_id", 'a"b'), (other, "ean", lone)],
    )
    wanted = {mine: {"ean": ["789", "790"], "shipment_id": ['a"b']}, other: {"ean": [lone]}}

    async def read() -> dict[str, dict[str, list[str]]]:
        logs = LogReader(reader, lambda *_: [])
        found = {each: await logs.one("acme", "price", uuid.UUID(each)) for each in wanted}
        return {each: log.aliases for each, log in found.items() if log is not None}

    assert await read() == wanted
    written = "SELECT log_id, xmin FROM log_names ORDER BY log_id"
    before = await owner.fetch(written)
    await desk.store(result("again", aliases={"shipment_id": 'a"b'}, processed_at=at(1)))
    assert await owner.fetch(written) == before, "an alias that was known wrote names"
    assert await read() == wanted
    await desk.store(result("more", aliases={"ean": "791"}, processed_at=at(2)))
    wanted[mine]["ean"].append("791")
    for at_once in (1, 500):
        while await owner.fetchval("SELECT move_aliases($1)", at_once):
            assert await read() == wanted
        assert await owner.fetchval("SELECT count(*) FROM aliases") == 0
        assert await read() == wanted
    assert await owner.fetchval("SELECT count(*) FROM log_names WHERE aliases = '{}'") == 1


async def test_a_log_that_goes_takes_its_names_with_it(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(4))
    await owner.execute("DELETE FROM status_logs WHERE id IN (SELECT id FROM status_logs LIMIT 3)")
    [left] = await owner.fetch(NAMES)
    assert left["log_id"] == await owner.fetchval("SELECT id FROM status_logs")


@pytest.mark.parametrize("kept", [True, False])
async def test_logs_of_an_earlier_version_are_found_as_soon_as_the_schema_is_this_one(
    desk: Desk, owner: asyncpg.Connection, database_url: str, tmp_path: Path, *, kept: bool
) -> None:
    """`kept`: retention has not deleted the result that the log shows."""
    for path in MIGRATIONS.glob("*.sql"):
        if path.stem <= "0011_positions":
            shutil.copy(path, tmp_path)
    await owner.execute("DROP SCHEMA conexoes CASCADE; CREATE SCHEMA conexoes; DELETE FROM public._pogo_migration")
    await pogo_core.util.migrate.apply(owner, tmp_path, schema_name=SCHEMA)
    log, message = log_id("acme", "price", "MLB", "SKU-1"), "商品库存不足"
    await owner.execute(
        """INSERT INTO status_logs (account, id, integration_type, affiliate, key, status, processed_at, version,
               source, event_id, message, code, fingerprint, attempts, first_seen_at)
           VALUES ('acme', $1, 'price', 'MLB', 'SKU-1', 'error', $2, '1', '/c', 'e', $3, 'c', '0', 1, $2)""",
        log,
        T0,
        message,
    )
    await owner.execute(
        "INSERT INTO aliases (account, log_id, integration_type, name, value) VALUES ('acme', $1, 'price', 'x', 'ÉT7')",
        log,
    )
    if kept:
        await owner.execute(
            """INSERT INTO attempts (account, log_id, processed_at, result_id, integration_type, affiliate, key, status,
                   version, source, event_id, message, code, fingerprint, body, structured, altered, late)
               VALUES ('acme', $1, $2, gen_random_uuid(), 'price', 'MLB', 'SKU-1', 'error', '1', '/c', 'e', $3, 'c',
                   '0', '{"message": "商品库存不足", "errors": [{"code": "a", "message": "x"}, {"message": "zebra"}]}',
                   false, false, false)""",
            log,
            T0,
            message,
        )
    await migrate(database_url, 90)
    reader = LogReader(desk.reader, lambda *_: [])
    for q, is_found in (("ku-1", True), ("t7", False), ("et7", True), ("库存", True), ("zebra", kept)):
        logs = await reader.page("acme", "price", LogFilter(q=q), after=None, limit=5)
        assert bool(logs) == is_found, q
    words = await owner.fetch("SELECT words FROM attempts UNION SELECT words FROM status_logs")
    assert len(words) == 1
