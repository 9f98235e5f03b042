"""Two ways of storing a batch leave the same rows in every table: staged, as most are, and by the fold of any batch."""

import asyncio
import random
import re
import sys
import uuid
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from embedded.system import EmbeddedSystem
from schemas.policy import Policy
from schemas.result import Result
from storage import results as storing
from storage import staging
from storage.database import Database
from storage.errors import RowRefused
from storage.joins import one_by_one
from storage.results import store
from storage.sent_aliases import SentAliases
from storage.settings import StorageSettings
from storage.staged_fold import fold_staged
from storage.staging import StagingTable
from storage.statements import SQL
from tests.support.blocked import until_waited_for
from tests.support.events import Event, at, result
from tests.support.explained import explained, nodes
from tests.support.reprocess import Desk, read_all

pytestmark = pytest.mark.law

#: Age that all results have at least, and nothing that a clock of this run has written.
_CUT = timedelta(minutes=30)
_AS_OF = re.compile(r"(?<=\"as_of\": \")[^\"]+")
_ODD = 'it\'s \\ "odd", {1,2} \u00e7\u4ef7\u683c'


def _pool(count: int, draw: random.Random) -> list[Event]:
    """Results of few entities: none to four errors, aliases that change, altered, structured, of two accounts."""
    events = []
    for number in range(count):
        status = draw.choice(("success", "success", "error", "warning"))
        errors: list[dict[str, Any]] = [
            {
                "code": draw.choice(("a", "b", _ODD, None)),
                "message": draw.choice(("below the minimum", f"SKU {number} is unknown", _ODD, None)),
                "category": draw.choice(("validation", _ODD, None)),
                "severity": draw.choice(("error", "warning", "info", None)),
            }
            for _ in range(draw.randrange(5))
        ]
        changes: dict[str, Any] = {
            "account": draw.choice(("acme", "other")),
            "key": f"SKU-{draw.randrange(40)}",
            "status": status,
            "processed_at": at(-draw.randrange(3 * 3600) - 1800),
            "sequence": draw.choice((None, 1, 2)),
            "message": draw.choice((None, "told", 5, _ODD)),  # a number is read as text, and marked
            "errors": [{name: value for name, value in each.items() if value} for each in errors] or None,
            "aliases": draw.choice((None, {"ean": f"789{number % 50}"}, {"ean": "1", "shipment_id": _ODD})),
        }
        events.append(result(f"e{number}", **changes))
    return events


class Worker:
    """One of two that store, with its own connections and aliases."""

    def __init__(self, url: str, settings: StorageSettings, staged_from: int) -> None:
        self._database = Database(url, "writer", settings)
        self._sent = SentAliases()
        self._staged_from = staged_from

    async def store(self, batch: Sequence[Result]) -> list[str]:
        """Store a batch as ingest does. Returns what it said."""
        async with self._database.transaction() as connection:
            stored = await store(connection, batch, Policy(), self._sent, staged_from=self._staged_from)
        self._sent.keep(stored.aliases)
        return sorted(each.id for each in stored.conflicts) + sorted(stored.outcomes)

    async def close(self) -> None:
        await self._database.close()


async def _play(url: str, settings: StorageSettings, staged_from: int) -> list[list[str]]:
    """Store the same batches by two workers at once. Returns what each said."""
    desk = Desk(url, settings, Policy())
    owner = await asyncpg.connect(url, server_settings={"search_path": "conexoes", "timezone": "UTC"})
    workers = [Worker(url, settings, staged_from) for _ in range(2)]
    draw = random.Random(20)
    pool = read_all(_pool(900, draw))
    said = []

    async def both(batch: Sequence[Result]) -> None:
        """An entity has one worker, as it has one partition."""
        of_workers: list[list[Result]] = [[], []]
        for each in batch:
            of_workers[zlib.crc32(each.log_id.encode()) % 2].append(each)
        pairs = zip(workers, of_workers, strict=True)
        said.extend(await asyncio.gather(*(worker.store(part) for worker, part in pairs)))

    try:
        in_order = sorted(pool[:150], key=lambda each: each.version)
        await both(in_order)
        await both(draw.sample(pool[150:300], 150))
        await both([*pool[300:400], *pool[300:320]])  # doubled
        await both(draw.sample([*pool[50:100], *pool[400:500]], 150))  # delivered again
        used = [
            each._replace(body=each.body + " ", log_id=other.log_id, key=other.key)
            for each, other in zip(pool[:10], pool[10:20], strict=True)
        ]
        await both([*pool[500:600], *used])  # the ids of other events
        await both(pool[600:650])
        await desk.by_filter("c1")
        items = sorted(await desk.send(), key=lambda each: each.key)
        answers = [
            result(
                f"answer-{each.affiliate}-{each.key}",
                key=each.key,
                affiliate=each.affiliate,
                correlationid=str(each.id),
                processed_at=at(-100),
                status=draw.choice(("success", "error")),
                errors=draw.choice((None, [{"code": "new", "message": "another"}], [{"code": "429"}])),
            )
            for each in items
        ]
        assert len(answers) > 5
        await both([*read_all(answers), *pool[650:700]])
        await both([*read_all(answers), *pool[700:750]])  # answers again, among new results
        # Logs are erased, and what comes later makes them anew, with the aliases that were sent before.
        gone = {each.log_id for each in pool[750:755]}
        await owner.execute("SELECT erase_logs($1::uuid[])", list(gone))
        again = [each for each in pool[:750] if each.log_id in gone and each.aliases]
        assert again
        await both([*pool[750:800], *(each._replace(id=uuid.uuid5(uuid.NAMESPACE_URL, each.id).hex) for each in again)])
        # Attempts are forgotten after their retention, and delivered again.
        await owner.execute("UPDATE retention_horizon SET before = $1", datetime.fromisoformat(at(-2 * 3600)))
        old = [each for each in pool[:150] if each.processed_at < datetime.fromisoformat(at(-2 * 3600))]
        await owner.execute("DELETE FROM received_results WHERE result_id = ANY($1::uuid[])", [each.id for each in old])
        await both([*old, *pool[800:850]])
        await both(pool[850:])
        return said
    finally:
        for worker in workers:
            await worker.close()
        await desk.close()
        await owner.close()


async def _rows(url: str) -> dict[str, list[str]]:
    """Every table's rows, without numbers that PostgreSQL gives and with `now` for what a clock of this run wrote."""
    owner = await asyncpg.connect(url, server_settings={"search_path": "conexoes", "timezone": "UTC"})
    for counts in ("log", "fault", "result"):
        await owner.execute(f"SELECT compact_{counts}_changes(1000000)")
    columns = await owner.fetch(
        """SELECT c.relname, array_agg(quote_ident(a.attname)::text ORDER BY a.attnum) AS names
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           WHERE c.relnamespace = 'conexoes'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
             AND a.attidentity = ''
           GROUP BY 1"""
    )
    cut = datetime.now(UTC) - _CUT
    found = {}
    for table, names in columns:
        rows = await owner.fetch(f'SELECT {", ".join(names)} FROM "{table}"')
        told = (
            repr(["now" if isinstance(value, datetime) and value > cut else value for value in row]) for row in rows
        )
        found[table] = sorted(_AS_OF.sub("now", each) for each in told)
    await owner.close()
    return found


def _now(value: Any, cut: datetime) -> Any:
    return "now" if isinstance(value, datetime) and value > cut else value


@pytest.fixture
async def second_url(servers: EmbeddedSystem, template_database: str) -> AsyncIterator[str]:
    async with _database(servers.database_url, template_database) as url:
        yield url


@asynccontextmanager
async def _database(server: str, template: str) -> AsyncIterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    admin = await asyncpg.connect(server)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield f"{server.rpartition('/')[0]}/{name}"
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """List that says of each batch that was tried if it was staged."""
    tried = []

    async def told(connection: Any, results: Sequence[Result]) -> Any:
        new_logs = await fold_staged(connection, results)
        tried.append(new_logs is not None)
        return new_logs

    monkeypatch.setattr(storing, "fold_staged", told)
    return tried


async def test_both_ways_leave_the_same_rows_in_every_table(
    database_url: str, second_url: str, storage_settings: StorageSettings, staged: list[bool]
) -> None:
    said = await _play(database_url, storage_settings, sys.maxsize)
    assert staged == []
    assert await _play(second_url, storage_settings, 1) == said
    assert staged.count(True) >= 10, "batches of new results"
    assert staged.count(False) >= 6, "with known ids, or forgotten ones"
    general, ours = await _rows(database_url), await _rows(second_url)
    assert len(general) > 40
    assert sum(len(each) > 0 for each in general.values()) >= 20
    del general["reprocess_audit"]  # it has random ids, and what made it is the same code
    for table, rows in general.items():
        assert ours[table] == rows, table


def _some(count: int = 30) -> list[Result]:
    events = [result(f"e{n}", key=f"SKU-{n}", aliases={"ean": f"789{n}"}) for n in range(count)]
    return read_all(events)


async def _store(database: Database, results: Sequence[Result]) -> None:
    async with database.transaction() as connection:
        await store(connection, results, staged_from=1)


async def test_a_role_that_may_make_no_temporary_tables_stores_all_the_same(
    owner: asyncpg.Connection, writer: Database, staged: list[bool]
) -> None:
    await owner.execute(f"REVOKE TEMPORARY ON DATABASE {await owner.fetchval('SELECT current_database()')} FROM PUBLIC")
    await _store(writer, _some())
    assert staged == [False]
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == 30


async def test_a_log_that_is_deleted_meanwhile_is_made_anew(
    owner: asyncpg.Connection, writer: Database, staged: list[bool]
) -> None:
    """A result that comes then is late to nothing, though it is older than what was deleted."""
    await _store(writer, _some())
    [log_id] = {each.log_id for each in _some(1)}
    later = read_all(
        [result("later", key="SKU-0", processed_at=at(-1)), result("other", key="SKU-1", processed_at=at(1))]
    )
    deletion = owner.transaction()
    await deletion.start()
    await owner.execute("SELECT erase_logs(ARRAY[$1::uuid])", log_id)
    storing_later = asyncio.create_task(_store(writer, later))

    await until_waited_for(owner, writer)
    await deletion.commit()
    await storing_later
    assert staged == [True, True]
    rows = await owner.fetch("SELECT key, event_id, attempts FROM status_logs WHERE attempts = 2 OR key = 'SKU-0'")
    assert {tuple(row) for row in rows} == {("SKU-0", "later", 1), ("SKU-1", "other", 2)}
    assert await owner.fetchval("SELECT count(*) FROM attempts WHERE late") == 0


async def test_what_comes_late_to_a_log_is_late_when_it_is_staged(owner: asyncpg.Connection, writer: Database) -> None:
    await _store(writer, _some())
    await _store(writer, read_all([result("late", key="SKU-0", processed_at=at(-1)), result("new", key="SKU-new")]))
    assert [row["event_id"] for row in await owner.fetch("SELECT event_id FROM attempts WHERE late")] == ["late"]


async def test_a_log_that_another_writer_makes_meanwhile_is_folded_into(
    owner: asyncpg.Connection, writer: Database, staged: list[bool]
) -> None:
    [mine, theirs] = read_all(
        [result("mine", key="SKU-0", processed_at=at(1)), result("theirs", key="SKU-0", processed_at=at(0))]
    )
    async with writer.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await store(connection, [theirs], staged_from=1)
        storing_mine = asyncio.create_task(_store(writer, [mine]))

        await until_waited_for(connection, writer)
        await transaction.commit()
    await storing_mine
    assert staged == [True, False]
    [row] = await owner.fetch("SELECT event_id, attempts FROM status_logs")
    assert tuple(row) == ("mine", 2)
    assert await owner.fetchval("SELECT count(*) FROM log_names") == 1


async def test_two_batches_of_one_transaction_are_each_stored_once(
    owner: asyncpg.Connection, writer: Database, staged: list[bool]
) -> None:
    async with writer.transaction() as connection:
        for batch in (_some()[:20], _some()[20:]):
            await store(connection, batch, staged_from=1)
    assert staged == [True, True]
    assert await owner.fetchval("SELECT count(*) FROM status_logs WHERE attempts = 1") == 30
    assert await owner.fetchval("SELECT count(*) FROM attempts") == 30
    names = await owner.fetch("SELECT names FROM log_names")
    assert sorted(row["names"] for row in names) == sorted(f"\nsku-{n}\n789{n}\n" for n in range(30))


async def test_a_trigger_that_plans_by_hash_joins_has_them_where_a_batch_is_staged(owner: asyncpg.Connection) -> None:
    found = await owner.fetch("SELECT proconfig FROM pg_proc WHERE 'enable_nestloop=off' = ANY(proconfig)")
    assert found
    assert all("enable_hashjoin=on" in row["proconfig"] for row in found)


async def test_what_postgresql_refuses_of_a_staged_batch_is_refused_by_the_fold_of_any(
    owner: asyncpg.Connection, writer: Database, staged: list[bool]
) -> None:
    await owner.execute("ALTER TABLE attempts ADD CHECK (key <> 'SKU-3')")
    with pytest.raises(RowRefused):
        await _store(writer, _some())
    assert staged == [False]
    assert await owner.fetchval("SELECT count(*) FROM received_results") == 0


async def test_a_session_that_another_version_has_staged_in_is_no_obstacle(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings, staged: list[bool]
) -> None:
    """One connection, as a pooler gives it to one worker after the other; versions lack a column, have one more, or
    another type of one.
    """
    columns = staging.RESULTS.columns
    others = (
        {name: type_ for name, type_ in columns.items() if name != "words"},
        {**columns, "new_column": "text"},
        {**columns, "errors": "text"},
    )
    staged_in = [StagingTable("results", each) for each in others]
    tables = {each.name for each in (staging.RESULTS, *staged_in)}
    assert len(tables) == 1 + len(others)
    assert all(len(each) < 63 for each in tables)
    database = Database(database_url, "writer", storage_settings.model_copy(update={"pool_size": 1}))
    try:
        async with database.connection() as connection:
            await connection.execute("CREATE TEMPORARY TABLE staged_results (result_id uuid) ON COMMIT DELETE ROWS")
            for each in staged_in:
                await connection.execute(f"CREATE TEMPORARY TABLE {each.name} ({each.definition})")
        await _store(database, _some())
        async with database.connection() as connection:
            found = await connection.fetch("SELECT relname FROM pg_class WHERE relname LIKE 'staged_results%'")
    finally:
        await database.close()
    assert staged == [True]
    assert {row["relname"] for row in found} == {"staged_results", *tables}
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == 30


async def test_logs_are_locked_in_the_order_of_their_key(writer: Database) -> None:
    await _store(writer, _some())
    async with writer.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await fold_staged(connection, read_all([result(f"l{n}", key=f"SKU-{n}") for n in range(30)]))
        after = [await connection.fetchval(f"SHOW enable_{how}join") for how in ("hash", "merge")]
        statement = SQL["fold_staged"]
        async with one_by_one(connection):
            plan = await explained(connection, statement.text, [[] for _ in statement.names])
        await transaction.rollback()
    assert after == ["on", "on"], "what follows in the transaction joins as it likes"
    found = list(nodes(plan))
    assert not [each for each in found if each["Node Type"] in {"Hash Join", "Merge Join"}]
    [scan, *_] = [each for each in found if each.get("Alias", "").startswith("staged_results")]
    assert scan["Node Type"] in {"Seq Scan", "Sort"}


async def test_aliases_that_were_sent_are_not_sent_again_until_their_log_is_new(
    owner: asyncpg.Connection, writer: Database
) -> None:
    sent = SentAliases()
    async with writer.transaction() as connection:
        first = await store(connection, _some(), sent=sent)
    sent.keep(first.aliases)
    await owner.execute("UPDATE log_names SET aliases = '{}' WHERE aliases -> 'ean' ?| ARRAY['7890', '7891']")
    await owner.execute("DELETE FROM status_logs WHERE key = 'SKU-0'")
    later = read_all(
        [result(f"later{n}", key=f"SKU-{n}", aliases={"ean": f"789{n if n < 5 else n * 7}"}) for n in range(6)]
    )
    async with writer.transaction() as connection:
        stored = await store(connection, later, sent=sent)
    assert len(stored.aliases) == 2, "of the new log, and the one with another alias"
    values = {row[0] for row in await owner.fetch("SELECT jsonb_array_elements_text(aliases -> 'ean') FROM log_names")}
    assert "7890" in values
    assert "7891" not in values, "it was known to be there"
    assert "78935" in values
