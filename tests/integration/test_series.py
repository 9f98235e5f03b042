"""The series against every attempt: any filter, bucket and zone, while results come, late ones and second ones too."""

import random
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from schemas.catalogue import BY_NAME
from schemas.result import Result, read
from schemas.series import CountedResults, ResultSeries, SeriesQuery
from storage import series as series_reader
from storage.database import Database
from storage.logs.compaction import compact_results
from storage.results import store
from storage.retention import expire_attempts, forget_expired_attempts, forget_result_day, make_attempts_partitions
from storage.series import read_series
from tests.support.events import result
from tests.support.some_logs import AFFILIATES, CODES

NOW = datetime.now(UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
#: Days that begin before and behind those of UTC, on half an hour, far away, and with a change of the clock.
ZONES = ("UTC", "America/Sao_Paulo", "America/New_York", "Europe/Madrid", "Asia/Kolkata", "Pacific/Kiritimati")


class Counted(NamedTuple):
    """One attempt, by all that the series counts it by."""

    at: datetime
    affiliate: str
    status: str
    codes: frozenset[str]


def some_result(draw: random.Random, number: int, *, oldest: timedelta = 60 * DAY) -> Result:
    failed = draw.random() < 0.6
    errors = [{"code": draw.choice(CODES), "message": "x"} for _ in range(draw.randrange(1, 5))]
    event = result(
        f"e{number}",
        affiliate=draw.choice(AFFILIATES),
        key=f"SKU-{draw.randrange(20):03}",
        account=draw.choice(("acme", "acme", "globex")),
        status=draw.choice(("error", "warning")) if failed else "success",
        processed_at=(NOW - draw.choice((2 * HOUR, 3 * DAY, oldest)) * draw.random()).isoformat(),
        errors=errors if failed else None,
    )
    [found] = read(BY_NAME["price"], event.headers, event.key, event.value or b"", time.time_ns())
    assert isinstance(found, Result), found
    return found


async def receive(writer: Database, *batches: Sequence[Result]) -> None:
    for batch in batches:
        async with writer.transaction() as connection:
            await store(connection, batch)


async def add_up(writer: Database, at_most: int = 100_000) -> int:
    async with writer.transaction() as connection:
        return await compact_results(connection, at_most)


async def attempted(owner: asyncpg.Connection) -> list[Counted]:
    rows = await owner.fetch("SELECT * FROM attempts WHERE account = 'acme'")
    return [
        Counted(
            row["processed_at"],
            row["affiliate"],
            row["status"],
            frozenset([row["code"], *(row["other_codes"] or [])]) - {None},
        )
        for row in rows
    ]


def some_query(draw: random.Random) -> SeriesQuery:
    values: dict[str, Any] = {
        "status": draw.sample(("success", "warning", "error"), draw.randrange(1, 3)),
        "affiliate": draw.sample(AFFILIATES, draw.randrange(1, 3)),
        "code": draw.sample((*CODES, "none"), draw.randrange(1, 3)),
        "exclude_affiliate": draw.sample(AFFILIATES, 1),
        "exclude_code": draw.sample((*CODES, "none"), draw.randrange(1, 3)),
        "by": draw.choice(("status", "affiliate", "code")),
        "timezone": draw.choice(ZONES),
    }
    chosen = {name: value for name, value in values.items() if draw.random() < 0.5}
    bucket = draw.choice(("hour", "day", None))
    length = draw.random() * (31 if bucket == "hour" else 90) * DAY
    end = NOW - draw.random() * 40 * DAY
    if draw.random() < 0.8:
        chosen |= {"processed_to": end, "processed_from": end - length - timedelta(seconds=1)}
    return SeriesQuery.model_validate({**chosen, "bucket": bucket, "last_week": draw.random() < 0.8})


def matches(query: SeriesQuery, each: Counted) -> bool:
    return (
        (not query.status or each.status in query.status)
        and (not query.affiliate or each.affiliate in query.affiliate)
        and (not query.code or bool(each.codes & set(query.code)))
        and each.affiliate not in query.exclude_affiliate
        and not each.codes & set(query.exclude_code)
    )


def check_counts(found: CountedResults, query: SeriesQuery, every: Sequence[Counted]) -> None:
    inside = [each for each in every if matches(query, each) and found.from_ <= each.at < found.to]
    names = {
        "status": [each.status for each in inside],
        "affiliate": [each.affiliate for each in inside],
        "code": [code for each in inside for code in each.codes],
    }[query.by]
    assert found.total == len(inside)
    assert found.counts == Counter(names)
    assert found.other == 0


def check(found: ResultSeries, query: SeriesQuery, every: Sequence[Counted]) -> None:
    start, end = query.span(NOW)
    assert (found.from_, found.to) == (start, end)
    assert start <= (query.processed_from or start)
    assert end >= (query.processed_to or NOW)
    edges = [each.from_ for each in found.buckets] + [end]
    assert [each.to for each in found.buckets] == edges[1:]
    zone = ZoneInfo(query.timezone)
    for edge, following in pairwise(edges[1:-1]):
        if found.bucket == "hour":
            assert following - edge == HOUR
        else:
            day, next_day = ((at + HOUR).astimezone(zone).date() for at in (edge, following))
            assert next_day - day == DAY
    for each in (found, *found.buckets):
        check_counts(each, query, every)
        assert (each.last_week is not None) == query.last_week
        if each.last_week is not None:
            check_counts(each.last_week, query, every)
            for at, before in ((each.from_, each.last_week.from_), (each.to, each.last_week.to)):
                local, earlier = (moment.astimezone(zone).replace(tzinfo=None) for moment in (at, before))
                assert abs(local - earlier - WEEK) <= HOUR  # more or less where the clock was changed


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_asked_the_series_is_that_of_every_single_attempt(
    seed: int, writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    draw = random.Random(seed)
    received: list[Result] = []
    for _round in range(5):
        fresh = [some_result(draw, len(received) + number) for number in range(draw.randrange(1, 120))]
        again = draw.sample(received, min(len(received), 20))
        received += fresh
        await receive(writer, fresh + again, again)
        await add_up(writer, draw.choice((1, 10, 100_000)))
        every = await attempted(owner)
        assert len(every) == len({each.id for each in received if each.account == "acme"})
        for _ in range(25):
            query = some_query(draw)
            check(await read_series(reader, "acme", "price", query, NOW), query, every)


async def test_a_later_result_of_an_entity_rewrites_nothing(writer: Database, reader: Database) -> None:
    draw = random.Random(50)
    await receive(writer, [some_result(draw, number) for number in range(60)])
    query = SeriesQuery(processed_from=NOW - 80 * DAY, processed_to=NOW - HOUR, bucket="day")
    before = await read_series(reader, "acme", "price", query, NOW)
    solved = [
        result(f"s{number}", affiliate=affiliate, key=f"SKU-{number:03}", status="success", errors=None, message=None,
               processed_at=NOW.isoformat())
        for number in range(20)
        for affiliate in AFFILIATES
    ]  # fmt: skip
    for event in solved:
        found = read(BY_NAME["price"], event.headers, event.key, event.value or b"", time.time_ns())
        await receive(writer, [each for each in found if isinstance(each, Result)])
    assert await read_series(reader, "acme", "price", query, NOW) == before
    assert before.counts["error"] > 5


async def test_adding_up_and_counting_anew_change_nothing(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    draw = random.Random(51)
    await receive(writer, *([some_result(draw, number) for number in range(start, start + 40)] for start in (0, 40)))
    queries = [some_query(draw) for _ in range(40)]

    async def answers() -> list[ResultSeries]:
        return [await read_series(reader, "acme", "price", each, NOW) for each in queries]

    before = await answers()
    assert sum(each.total for each in before) > 100
    while await add_up(writer, 7):
        pass
    assert await owner.fetchval("SELECT count(*) FROM result_changes") == 0
    assert await owner.fetchval("SELECT sum(results) FROM result_hours") == 80
    assert await owner.fetchval("SELECT sum(results) FROM result_days") == 80
    assert await answers() == before
    for _twice in range(2):
        await owner.execute("SELECT recount_results()")
        assert await answers() == before
    await owner.execute("DELETE FROM result_changes; DELETE FROM result_hours; DELETE FROM result_days")
    await owner.execute("SELECT recount_results()")
    assert await answers() == before


async def test_the_series_outlives_its_attempts(writer: Database, reader: Database, owner: asyncpg.Connection) -> None:
    """Counting anew does not forget them either: not those of a day of which some attempts are left."""
    draw = random.Random(52)
    async with writer.transaction() as connection:
        await make_attempts_partitions(connection, 200)
    await receive(writer, [some_result(draw, number, oldest=150 * DAY) for number in range(200)])
    every = await attempted(owner)
    query = SeriesQuery(processed_from=NOW - 160 * DAY, bucket="day", timezone="America/Sao_Paulo", by="code")
    for added_up in (False, True):
        if added_up:
            await add_up(writer)
        async with writer.transaction() as connection:
            while await expire_attempts(connection, 60 if added_up else 100):
                pass
        async with writer.transaction() as connection:
            while await forget_expired_attempts(connection):
                pass
        assert len(await attempted(owner)) < len(every)
        check(await read_series(reader, "acme", "price", query, NOW), query, every)
        await owner.execute("SELECT recount_results()")
        check(await read_series(reader, "acme", "price", query, NOW), query, every)
        await owner.execute("UPDATE retention_horizon SET before = before + interval '29 hours 10 minutes'")
        await owner.execute("SELECT recount_results()")
        check(await read_series(reader, "acme", "price", query, NOW), query, every)


async def test_a_recount_keeps_the_results_of_erased_logs_and_adds_those_that_are_missing(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    draw = random.Random(53)
    await receive(writer, [some_result(draw, number) for number in range(60)])
    queries = [some_query(draw) for _ in range(20)]
    before = [await read_series(reader, "acme", "price", each, NOW) for each in queries]
    ids = [row["id"] for row in await owner.fetch("SELECT id FROM status_logs ORDER BY id LIMIT 20")]
    await owner.fetchval("SELECT erase_logs($1)", ids)
    assert len(await attempted(owner)) < 60
    for _twice in range(2):
        await owner.execute("SELECT recount_results()")
        assert [await read_series(reader, "acme", "price", each, NOW) for each in queries] == before
    await owner.execute("DELETE FROM result_hours; DELETE FROM result_days")
    await owner.execute("SELECT recount_results()")
    left = await owner.fetchval("SELECT count(*) FROM attempts")
    assert await owner.fetchval("SELECT sum(results) FROM result_hours") == left


async def test_days_older_than_the_retention_are_forgotten_and_no_others(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    draw = random.Random(53)
    await receive(writer, [some_result(draw, number) for number in range(150)])
    await add_up(writer)
    every = await attempted(owner)
    days = await owner.fetchval("SELECT count(DISTINCT day) FROM result_days")
    oldest = (NOW - 7 * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    forgotten = 0
    async with writer.transaction() as connection:
        while await forget_result_day(connection, 7):
            forgotten += 1
    assert 3 < forgotten < days
    for bucket in ("hour", "day"):
        query = SeriesQuery(processed_from=NOW - 30 * DAY, bucket=bucket)
        check(
            await read_series(reader, "acme", "price", query, NOW), query, [each for each in every if each.at >= oldest]
        )
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await owner.execute("SELECT forget_result_day(0)")


async def test_writers_and_who_adds_up_do_not_wait_for_each_other(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    """Writers of other entities of the same hour, affiliate, status and code."""
    same = [result(f"e{number}", key=f"SKU-{number}", processed_at=(NOW - HOUR).isoformat()) for number in range(40)]
    results = [
        each
        for event in same
        for each in read(BY_NAME["price"], event.headers, event.key, event.value or b"", time.time_ns())
        if isinstance(each, Result)
    ]
    await receive(writer, results[:10])
    async with writer.transaction() as one:
        await store(one, results[10:20])
        assert await add_up(writer) > 0
        async with writer.transaction() as other:
            await other.execute("SET LOCAL lock_timeout = '5s'")
            await store(other, results[20:])
        assert await add_up(writer) > 0
        query = SeriesQuery()
        assert (await read_series(reader, "acme", "price", query, NOW)).total == 30
    assert (await read_series(reader, "acme", "price", query, NOW)).total == 40
    assert await add_up(writer) > 0
    assert await owner.fetchval("SELECT sum(results) FROM result_hours") == 40


async def test_all_but_the_most_frequent_are_one_sum(
    writer: Database, reader: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(54)
    monkeypatch.setattr(series_reader, "MAX_NAMES", 1)
    await receive(writer, [some_result(draw, number) for number in range(100)])
    every = await attempted(owner)
    query = SeriesQuery(processed_from=NOW - 70 * DAY, processed_to=NOW, by="affiliate")
    found = await read_series(reader, "acme", "price", query, NOW)
    [(name, results)] = Counter(each.affiliate for each in every).most_common(1)
    assert found.counts == {name: results}
    assert found.other == len(every) - results
    for each in (*found.buckets, *(bucket.last_week for bucket in found.buckets if bucket.last_week)):
        inside = Counter(one.affiliate for one in every if each.from_ <= one.at < each.to)
        assert (each.counts.get(name, 0), each.other) == (inside[name], inside.total() - inside[name])


async def test_no_index_limits_the_codes_of_a_result(writer: Database, reader: Database) -> None:
    errors = [{"code": f"{number:03}" + "c" * 90, "message": "m"} for number in range(200)]
    event = result("long", errors=errors, processed_at=NOW.isoformat())
    [found] = read(BY_NAME["price"], event.headers, event.key, event.value or b"", time.time_ns())
    assert isinstance(found, Result)
    await receive(writer, [found])
    assert await add_up(writer) > 0
    assert (await read_series(reader, "acme", "price", SeriesQuery(by="code"), NOW)).total == 1
