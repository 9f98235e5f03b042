"""Combinations of few of the filter's fields, and of nearly all, are answered from an index: first page and deep ones.

The plans are PostgreSQL's own, of the very statements that the reader runs, in its role and kept for any values, as it
keeps them: for the account that holds half of all logs and for the smallest. Counts and groups of a search as well.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from bench.loader.load import Load, load
from embedded.system import EmbeddedSystem
from schemas.filter import LogFilter
from schemas.log_sort import BY_COLUMN
from schemas.search.names import grams, joined
from schemas.search.words import word_numbers
from schemas.series import SeriesQuery
from storage.cursors import TimeAndId
from storage.database import Connection, Database
from storage.logs import by_column
from storage.logs import page as log_page
from storage.logs.by_column import TooManyToSort, read_sorted
from storage.logs.groups import list_groups
from storage.logs.newest_names import SAMPLE
from storage.logs.page import MAX_FOUND, MAX_PICKED, MAX_RUNS, MAX_SCANNED, found_by_search, read_page
from storage.logs.reader import LogReader
from storage.logs.summary import summarize
from storage.series import read_series
from storage.why.sample import MOST_LOGS
from storage.why.why import why_group
from tests.support.explained import Plan, explained, nodes
from tests.support.opened import opened
from tests.support.some_logs import EVERY

LOGS = 60_000
LIMIT = 51
DATABASE = "page_plans"
#: Each has a row per log, or more.
LARGE = {"status_logs", "log_names", "attempts", "received_results"}


class Account(NamedTuple):
    name: str
    integration_type: str
    filter: dict[str, Any]  # a value for each field that some log has
    words: str  # of its message
    deep: TimeAndId  # a cursor far down its list


@pytest.fixture(scope="module")
def loaded_url(servers: EmbeddedSystem, template_database: str) -> Iterator[str]:
    url = f"{servers.database_url.rpartition('/')[0]}/{DATABASE}"

    async def execute(statement: str) -> None:
        connection = await asyncpg.connect(servers.database_url)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute(f"CREATE DATABASE {DATABASE} TEMPLATE {template_database}"))
    asyncio.run(load(url, Load(logs=LOGS, attempts=1, accounts=8, seed=3)))
    yield url
    asyncio.run(execute(f"DROP DATABASE {DATABASE} WITH (FORCE)"))


@pytest.fixture
async def accounts(loaded_url: str) -> list[Account]:
    """The largest list and the smallest."""
    owner = await asyncpg.connect(loaded_url, server_settings={"search_path": "conexoes", "timezone": "UTC"})
    by_size = await owner.fetch(
        """SELECT account, integration_type FROM status_logs WHERE status = 'error'
           GROUP BY 1, 2 ORDER BY count(*) DESC"""
    )
    found = []
    for account, integration_type in (by_size[0], by_size[-1]):
        log = await owner.fetchrow(
            "SELECT * FROM status_logs WHERE account = $1 AND integration_type = $2 AND status = 'error' LIMIT 1",
            account,
            integration_type,
        )
        deep = await owner.fetchrow(
            """SELECT processed_at, id FROM status_logs WHERE account = $1 AND integration_type = $2
               ORDER BY 1 DESC, 2 DESC OFFSET (
                   SELECT count(*) * 2 / 3 FROM status_logs WHERE account = $1 AND integration_type = $2) LIMIT 1""",
            account,
            integration_type,
        )
        command = await owner.fetchval(
            "SELECT id FROM reprocess_commands WHERE account = $1 AND integration_type = $2", account, integration_type
        )
        assert log is not None
        assert deep is not None
        now = datetime.now(UTC)
        fields = EVERY | {
            "status": ["error", "warning"],
            "affiliate": [log["affiliate"]],
            "processed_from": now - timedelta(days=80),
            "processed_to": now - timedelta(hours=1),
            "code": log["code"],
            "category": log["category"] or "none has this",
            "fingerprint": log["fingerprint"],
            "reprocess": "silent",
            "failing_of": command or "none",
            "rest_of": command or "none",
        }
        found.append(Account(account, integration_type, fields | {"q": log["key"]}, _words(log), tuple(deep)))
    await owner.close()
    return found


def _words(log: asyncpg.Record) -> str:
    words = [word for word in log["message"].split() if word.isalpha()]
    assert len(words) > 1, log["message"]
    return " ".join(words[-2:])


@pytest.fixture
async def reader(loaded_url: str) -> AsyncIterator[Database]:
    async with opened(loaded_url, "reader") as database:
        yield database


class Explaining:
    """A connection that keeps the plan of each statement that it runs."""

    def __init__(self, connection: Connection, plans: list[Plan]) -> None:
        self._connection = connection
        self._plans = plans
        self.execute = connection.execute

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        await self._explain(sql, arguments)
        return list(await self._connection.fetch(sql, *arguments))

    async def cursor(self, sql: str, *arguments: Any, prefetch: int) -> AsyncIterator[asyncpg.Record]:
        await self._explain(sql, arguments)
        async for row in self._connection.cursor(sql, *arguments, prefetch=prefetch):
            yield row

    async def fetchrow(self, sql: str, *arguments: Any) -> asyncpg.Record | None:
        await self._explain(sql, arguments)
        return await self._connection.fetchrow(sql, *arguments)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        await self._explain(sql, arguments)
        return await self._connection.fetchval(sql, *arguments)

    async def _explain(self, sql: str, arguments: tuple[Any, ...]) -> None:
        plan = await explained(self._connection, sql, arguments)
        assert "$1" in json.dumps(plan), "made for these values"
        self._plans.append(plan)


class ExplainingDatabase:
    """A database whose connections keep the plans of their statements."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.plans: list[Plan] = []

    @asynccontextmanager
    async def reading(self, account: str) -> AsyncIterator[Explaining]:
        async with self._database.reading(account) as connection:
            yield Explaining(connection, self.plans)

    @asynccontextmanager
    async def snapshot(self, account: str) -> AsyncIterator[Explaining]:
        async with self._database.snapshot(account) as connection:
            yield Explaining(connection, self.plans)


def looked_at(plan: Plan) -> int:
    """Rows that the scans of a plan returned or filtered out."""
    return int(
        sum(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            for node in nodes(plan)
            if "Relation Name" in node or "Index Name" in node
        )
    )


def combinations() -> Iterator[tuple[str, ...]]:
    """Up to three fields, and all but up to two."""
    names = list(LogFilter.model_fields)
    for length in (*range(4), *range(len(names) - 2, len(names) + 1)):
        yield from itertools.combinations(names, length)


@pytest.mark.parametrize("q", ["key", "words", "SKU-", "7"])
async def test_no_filter_reads_a_whole_table(reader: Database, accounts: list[Account], q: str) -> None:
    """`q`: the key of one log, words of many messages, and beginnings that many names have."""
    told = 0
    for account in accounts:
        for names in combinations():
            if q != "key" and "q" not in names:
                continue
            fields = {name: account.filter[name] for name in names}
            if q != "key":
                fields["q"] = account.words if q == "words" else q
            filter_ = LogFilter.model_validate(fields)
            for after in (None, account.deep):
                database = ExplainingDatabase(reader)
                async with database.reading(account.name) as connection:
                    await read_page(
                        connection,  # type: ignore[arg-type]
                        account.name,
                        account.integration_type,
                        filter_,
                        after=after,
                        limit=LIMIT,
                    )
                for plan in database.plans:
                    told += 1
                    whole = [n["Relation Name"] for n in nodes(plan) if n["Node Type"] == "Seq Scan"]
                    assert not LARGE & set(whole), (filter_, plan)
                    # A page that is merged looks at so many rows of each run, one that is picked out at so many in all.
                    assert looked_at(plan) <= max(3 * MAX_FOUND, 3 * MAX_PICKED, MAX_RUNS * LIMIT, 2 * MAX_SCANNED), (
                        filter_,
                        plan,
                    )
    assert told > 20


#: Logs that are sorted by a column at most: fewer than any account has.
SORTED = 500


async def test_no_order_reads_a_whole_table(
    reader: Database, accounts: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading from the oldest on, back from a page, and by a column, which is refused after as many as may be."""
    monkeypatch.setattr(by_column, "MAX_SORTED", SORTED)
    refused = 0
    for account in accounts:
        own = (account.name, account.integration_type)
        async with reader.reading(account.name) as plain:
            facets = await plain.fetchval(
                "SELECT count(*) FROM facets WHERE account = $1 AND integration_type = $2", *own
            )
        for names in (each for length in range(3) for each in itertools.combinations(LogFilter.model_fields, length)):
            filter_ = LogFilter.model_validate({name: account.filter[name] for name in names})
            for after in (None, account.deep):
                ways = ExplainingDatabase(reader)
                async with ways.reading(account.name) as connection:
                    asked = (connection, *own, filter_)
                    for direction, since in (
                        ("oldest", None),
                        ("oldest", datetime.now(UTC)),
                        ("newest", datetime.now(UTC)),
                    ):
                        await read_page(
                            *asked,  # type: ignore[arg-type]
                            after=after,
                            limit=LIMIT,
                            direction=direction,  # type: ignore[arg-type]
                            unchanged_since=since,
                        )
                bound = max(3 * MAX_FOUND, facets * (LIMIT + 1), MAX_RUNS * LIMIT, 2 * MAX_SCANNED)
                for plan in ways.plans:
                    assert not LARGE & set(whole_tables(plan)), (filter_, plan)
                    assert looked_at(plan) <= bound, (filter_, plan)
            ways = ExplainingDatabase(reader)
            async with ways.reading(account.name) as connection:
                for sort in ("key", "-status"):
                    by = BY_COLUMN[sort]
                    try:
                        await read_sorted(connection, *own, filter_, by, after=None, limit=LIMIT)  # type: ignore[arg-type]
                    except TooManyToSort:
                        refused += 1
            for plan in ways.plans:
                assert not LARGE & set(whole_tables(plan)), (filter_, plan)
                assert looked_at(plan) <= 3 * facets + 10 * SORTED, (filter_, plan)
    assert refused > 20


def whole_tables(plan: Plan) -> Iterator[str]:
    """Yield the tables that a plan reads whole."""
    return (node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan")


FRESH = 12


@pytest.fixture
async def fresh(loaded_url: str, accounts: list[Account]) -> Account:
    """The largest account, whose newest logs alone have a certain name and a certain word."""
    account, integration_type, *_ = accounts[0]
    owner = await asyncpg.connect(loaded_url, server_settings={"search_path": "conexoes", "timezone": "UTC"})
    newest = await owner.fetch(
        """SELECT account, id FROM status_logs WHERE account = $1 AND integration_type = $2
           ORDER BY processed_at DESC, id DESC LIMIT $3""",
        account,
        integration_type,
        FRESH,
    )
    ids = [row["id"] for row in newest]
    await owner.execute(
        "UPDATE status_logs SET words = coalesce(words, '{}') || $3::bigint[] WHERE account = $1 AND id = ANY($2)",
        account,
        ids,
        list(word_numbers(account, integration_type, ["zzfreshword"]) or ()),
    )
    name = joined(["fresh-variant"])
    await owner.execute(
        "UPDATE log_names SET names = names || ltrim($2, E'\n'), grams = grams || $3::integer[] WHERE log_id = ANY($1)",
        ids,
        name,
        grams(account, integration_type, name),
    )
    await owner.close()
    return accounts[0]


@pytest.mark.parametrize("q", ["zzfreshword", "SH-VARI", "fresh-variant; another"])
async def test_a_search_of_which_the_newest_alone_have_some_reads_no_whole_list(
    reader: Database, fresh: Account, q: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many other logs there are: each way to read is bounded, by an index or by the rows it looks at."""
    monkeypatch.setattr(log_page, "MAX_SCANNED", 300)
    account, integration_type, *_ = fresh
    database = ExplainingDatabase(reader)
    filter_ = LogFilter(q=q)
    async with database.reading(account) as connection:
        page = await read_page(connection, account, integration_type, filter_, after=None, limit=LIMIT)  # type: ignore[arg-type]
        found = await found_by_search(connection, account, integration_type, q)  # type: ignore[arg-type]
    assert len(page) == FRESH
    assert {row["id"] for row in page} == set(found or ())
    assert (await summarize(database, account, integration_type, filter_)).total == FRESH  # type: ignore[arg-type]
    if q != "zzfreshword":
        logs = LogReader(database, lambda *_: [])  # type: ignore[arg-type]
        assert {log.id for log in await logs.search(account, q, LIMIT)} == {str(row["id"]) for row in page}
    bound = 5 * 300
    async with reader.reading(account) as connection:
        every = await connection.fetchval(
            "SELECT count(*) FROM status_logs WHERE account = $1 AND integration_type = $2", account, integration_type
        )
    assert every > 2 * bound
    for plan in database.plans:
        assert looked_at(plan) <= bound, plan


#: Indexes of which a search may read as many entries as it may judge logs by.
FEW = ("status_logs_by_time", "status_logs_by_facet")


async def test_what_a_search_finds_is_counted_by_looking_it_up(reader: Database, accounts: list[Account]) -> None:
    """Each other field may be set too. A search that finds too many logs for a look-up is read another way."""
    for account in accounts:
        for name in LogFilter.model_fields:
            filter_ = LogFilter.model_validate({name: account.filter[name], "q": account.filter["q"]})
            own = (account.name, account.integration_type, filter_)
            database = ExplainingDatabase(reader)
            await summarize(database, *own)  # type: ignore[arg-type]
            await list_groups(database, *own, now=datetime.now(UTC), after=None, limit=LIMIT)  # type: ignore[arg-type]
            of_logs = [node for plan in database.plans for node in nodes(plan) if _is_of_logs(node)]
            # A bitmap heap scan reads what index scans below it found, and these name the index. The newest logs, by
            # which a search is judged, are few, and so may be all that failed.
            indexes = {
                node.get("Index Name")
                for node in of_logs
                if node["Node Type"] != "Bitmap Heap Scan"
                and not (node.get("Index Name") in FEW and node["Actual Rows"] <= SAMPLE)
            }
            assert indexes == {"status_logs_pkey"}, (filter_, of_logs)


def _is_of_logs(node: Plan) -> bool:
    """Tell if the node reads status logs, or an index of theirs."""
    return node.get("Relation Name") == "status_logs" or "status_logs" in node.get("Index Name", "")


async def test_days_of_a_zone_are_counted_from_what_is_kept(reader: Database, accounts: list[Account]) -> None:
    """A page asks for this each time: it must read neither logs nor all hours."""
    for account in accounts:
        database = ExplainingDatabase(reader)
        await summarize(
            database,  # type: ignore[arg-type]
            account.name,
            account.integration_type,
            LogFilter(),
            ZoneInfo("America/Sao_Paulo"),
        )
        found = [node for plan in database.plans for node in nodes(plan)]
        assert not [node for node in found if _is_of_logs(node) and node["Actual Rows"] > 0]
        by_hour = [node["Index Cond"] for node in found if node.get("Index Name") == "log_hours_pkey"]
        assert any("hour = ANY" in condition for condition in by_hour), by_hour


@pytest.mark.parametrize("by", ["status", "affiliate", "code"])
@pytest.mark.parametrize(("days", "bucket"), [(1, "hour"), (31, "hour"), (1100, "day")])
async def test_a_series_is_counted_from_what_is_kept(
    reader: Database, accounts: list[Account], by: str, days: int, bucket: str
) -> None:
    """Neither attempts nor logs are read, and hours by their key: those of whole days only where a zone moves them."""
    now = datetime.now(UTC)
    query = SeriesQuery.model_validate(
        {"processed_from": now - timedelta(days=days), "bucket": bucket, "by": by, "timezone": "America/Sao_Paulo"}
    )
    kept = {f"result_{each}{'' if by == 'code' else '_by_affiliate'}" for each in ("days", "hours")}
    for account in accounts:
        database = ExplainingDatabase(reader)
        await read_series(database, account.name, account.integration_type, query, now)  # type: ignore[arg-type]
        found = [node for plan in database.plans for node in nodes(plan)]
        read = {each["Relation Name"] for each in found if "Relation Name" in each}
        assert read <= kept | {"result_changes"} | ({"result_facets"} if by == "code" else set())
        assert not [each for each in found if each["Node Type"] == "Seq Scan" and each["Relation Name"] in kept]
        by_hour = [
            each["Index Cond"]
            for each in found
            if each.get("Index Name", "").startswith("result_hours") and each["Index Name"].endswith("_pkey")
        ]
        assert any("hour = ANY" in condition for condition in by_hour), by_hour


async def test_why_now_reads_a_sample_by_index(reader: Database, accounts: list[Account]) -> None:
    """However many logs there are: no statement reads a whole table, and each some rows of a bounded number of logs."""
    for account in accounts:
        database = ExplainingDatabase(reader)
        found = await why_group(
            database,  # type: ignore[arg-type]
            account.name,
            account.integration_type,
            account.filter["fingerprint"],
            evidence=True,
            now=datetime.now(UTC),
        )
        assert found is not None
        assert found.complete
        assert found.affected
        for plan in database.plans:
            whole = [node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"]
            assert not LARGE & set(whole), plan
            assert looked_at(plan) <= 20 * MOST_LOGS, plan
