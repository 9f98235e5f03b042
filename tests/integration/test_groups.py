"""Groups against every single log and attempt looked at one by one: any filter, while results come."""

import itertools
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import asyncpg
import pytest

from schemas.filter import LogFilter
from schemas.group import ErrorGroup
from schemas.shown.log import StatusLog
from storage.database import Database
from storage.logs import page as log_page
from storage.logs.compaction import compact_faults
from storage.logs.groups import list_groups
from storage.logs.reader import LogReader
from storage.results import store
from storage.retention import forget_fault_hours
from tests.support.some_logs import Fault, change_something, faults, known, matches, some_filter, some_result

HOUR = timedelta(hours=1)


async def walk(reader: Database, filter_: LogFilter, now: datetime, limit: int) -> list[ErrorGroup]:
    walked: list[ErrorGroup] = []
    while True:
        place = (walked[-1].logs, walked[-1].fingerprint) if walked else None
        page = await list_groups(reader, "acme", "price", filter_, now=now, after=place, limit=limit)
        walked.extend(page)
        if len(page) < limit:
            return walked


async def add_up(writer: Database, at_most: int) -> int:
    async with writer.transaction() as connection:
        return await compact_faults(connection, at_most)


class Attempt(NamedTuple):
    """One failed result of acme."""

    processed_at: datetime
    faults: list[Fault]

    @property
    def fingerprints(self) -> set[str]:
        return {each.fingerprint for each in self.faults}


async def failed_attempts(owner: asyncpg.Connection) -> list[Attempt]:
    rows = await owner.fetch("SELECT processed_at, body FROM attempts WHERE account = 'acme' AND status <> 'success'")
    return [Attempt(row["processed_at"], faults(row["body"])) for row in rows]


def check(group: ErrorGroup, logs: list[StatusLog], attempts: list[Attempt], now: datetime) -> None:
    """`logs`: those of the group that the filter matches, newest first; `attempts`: every one with its fault."""
    newest = logs[0]
    assert (group.sample.log_id, group.sample.key) == (newest.id, newest.key)
    own = [each for attempt in attempts for each in attempt.faults if each.fingerprint == group.fingerprint]
    messages = {each.message for each in own}
    assert group.sample.message in messages
    if newest.fingerprint == group.fingerprint and newest.message in messages:
        assert group.sample.message == newest.message
    assert group.code in {each.code for each in own}
    assert group.category in {each.category for each in own}
    assert group.affiliates == [newest.affiliate]
    assert group.statuses == sorted({log.status for log in logs})
    assert group.results == len(attempts)
    times = [attempt.processed_at for attempt in attempts]
    assert (group.first_seen_at, group.last_seen_at) == (min(times), max(times))
    last_hour = now.replace(minute=0, second=0, microsecond=0)
    assert group.trend.last_24_hours == sum(at >= last_hour - 23 * HOUR for at in times)
    assert group.trend.the_24_hours_before == sum(last_hour - 47 * HOUR <= at < last_hour - 23 * HOUR for at in times)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_asked_the_groups_are_those_of_the_list(
    seed: int, writer: Database, reader: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, numbers = random.Random(100 + seed), itertools.count()
    logs_of = LogReader(reader, lambda *_: [])
    for _round in range(4):
        await change_something(writer, owner, draw, numbers)
        await add_up(writer, draw.choice((0, 20, 100_000)))
        every = await logs_of.page("acme", "price", LogFilter(), after=None, limit=10_000)
        beside = await known(owner)
        attempts = await failed_attempts(owner)
        for _ in range(15):
            monkeypatch.setattr(log_page, "MAX_FOUND", draw.choice((0, 3, 5000)))
            filter_, now = some_filter(draw, every), datetime.now(UTC) - draw.random() * 30 * HOUR
            expected = [log for log in every if log.fingerprint and matches(filter_, log, beside[log.id])]
            counts = Counter(each for log in expected for each in beside[log.id].fingerprints)
            groups = await walk(reader, filter_, now, draw.choice((1, 3, 50)))
            assert [(group.fingerprint, group.logs) for group in groups] == sorted(
                counts.items(), key=lambda each: (-each[1], each[0])
            ), filter_
            for group in groups:
                own = [log for log in expected if group.fingerprint in beside[log.id].fingerprints]
                check(group, own, [each for each in attempts if group.fingerprint in each.fingerprints], now)


async def test_adding_up_and_counting_anew_change_nothing(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    draw, numbers = random.Random(9), itertools.count()
    for _ in range(4):
        await change_something(writer, owner, draw, numbers)
    now = datetime.now(UTC)
    before = await walk(reader, LogFilter(), now, 200)
    assert len(before) > 3
    while await add_up(writer, 7):
        pass
    assert await owner.fetchval("SELECT count(*) FROM fault_changes") == 0
    assert await walk(reader, LogFilter(), now, 200) == before
    await owner.execute("SELECT recount_faults()")
    assert await walk(reader, LogFilter(), now, 200) == before


async def test_a_result_that_comes_twice_is_counted_once(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    results = [each for each in (some_result(random.Random(n), n) for n in range(40)) if each.account == "acme"]
    for batch in (results[:15], results[10:], results):
        async with writer.transaction() as connection:
            await store(connection, batch)
    failed = sum(len({fault.fingerprint for fault in each.faults}) for each in results)
    assert await owner.fetchval("SELECT sum(results) FROM fault_changes") == failed
    assert failed > 5


async def test_hours_older_than_the_retention_are_forgotten_and_first_seen_is_not(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    draw, numbers = random.Random(11), itertools.count()
    for _ in range(3):
        await change_something(writer, owner, draw, numbers)
    now = datetime.now(UTC)
    before = await walk(reader, LogFilter(), now, 200)
    await add_up(writer, 100_000)
    async with writer.transaction() as connection:
        assert await forget_fault_hours(connection, 7) > 0
        assert await forget_fault_hours(connection, 7) == 0
    oldest = await owner.fetchval("SELECT now() - interval '7 days'")
    kept = Counter(
        each
        for attempt in await failed_attempts(owner)
        if attempt.processed_at.replace(minute=0, second=0, microsecond=0) >= oldest
        for each in attempt.fingerprints
    )
    after = await walk(reader, LogFilter(), now, 200)
    assert after == [group.model_copy(update={"results": kept[group.fingerprint]}) for group in before]
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await owner.execute("SELECT forget_fault_hours(0)")


async def test_writers_of_the_same_fault_and_who_adds_up_do_not_wait_for_each_other(writer: Database) -> None:
    drawn = [some_result(random.Random(n), n) for n in range(80)]
    entities = list({each.log_id: n for n, each in enumerate(drawn) if each.fingerprint}.values())
    # Everything is known already, so that only what happens every time is left.
    async with writer.transaction() as connection:
        await store(connection, [drawn[n] for n in entities])
    again = [some_result(random.Random(n), n + 1000) for n in entities]
    async with writer.transaction() as one:
        await store(one, again[::2])
        assert await add_up(writer, 1000) > 0
        async with writer.transaction() as other:
            await other.execute("SET LOCAL lock_timeout = '5s'")
            await store(other, again[1::2])
        assert await add_up(writer, 1000) > 0
    assert await add_up(writer, 1000) > 0
