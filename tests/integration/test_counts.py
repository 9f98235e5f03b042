"""Counts and pages against every log looked at one by one: any filter, any way of reading, while logs change."""

import itertools
import random
import uuid
from collections import Counter
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from schemas.filter import LogFilter
from schemas.shown.log import StatusLog
from storage.database import Database
from storage.exports.reader import snapshot
from storage.logs import page as log_page
from storage.logs.compaction import compact
from storage.logs.groups import list_groups
from storage.logs.reader import LogReader
from storage.logs.summary import summarize
from storage.reprocess.selection import settled_until, survey
from tests.support.some_logs import change_something, known, matches, some_filter

#: Days that begin before and behind those of UTC, on half an hour, and far away.
ZONES = ("UTC", "America/Sao_Paulo", "Europe/Madrid", "Asia/Kolkata", "Pacific/Auckland", "Pacific/Kiritimati")


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_asked_the_list_and_the_counts_agree_with_every_single_log(
    seed: int, writer: Database, reader: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, numbers = random.Random(seed), itertools.count()
    logs_of = LogReader(reader, lambda *_: [])
    for _round in range(6):
        await change_something(writer, owner, draw, numbers)
        every = await logs_of.page("acme", "price", LogFilter(), after=None, limit=10_000)
        beside = await known(owner)
        assert len(every) == await owner.fetchval("SELECT count(*) FROM status_logs WHERE account = 'acme'")
        for _ in range(25):
            # Every way of reading a page, whatever the numbers are.
            monkeypatch.setattr(log_page, "MAX_RUNS", draw.choice((0, 500)))
            monkeypatch.setattr(log_page, "MAX_PICKED", draw.choice((0, 3, 5000)))
            monkeypatch.setattr(log_page, "MAX_FOUND", draw.choice((0, 3, 5000)))
            monkeypatch.setattr(log_page, "MAX_SCANNED", draw.choice((1, 10, 5000)))
            filter_ = some_filter(draw, every)
            expected = [log for log in every if matches(filter_, log, beside[log.id])]

            walked: list[StatusLog] = []
            while True:
                place = (walked[-1].processed_at, uuid.UUID(walked[-1].id)) if walked else None
                page = await logs_of.page("acme", "price", filter_, after=place, limit=7)
                walked.extend(page)
                if len(page) < 7:
                    break
            assert walked == expected, filter_

            # Few or many found by a search: counted in two ways.
            monkeypatch.setattr(log_page, "MAX_FOUND", draw.choice((0, 5000)))
            zone = ZoneInfo(draw.choice(ZONES))
            summary = await summarize(reader, "acme", "price", filter_, zone)
            assert summary.total == len(expected), filter_
            assert +Counter(summary.by_status) == Counter(log.status for log in expected)
            assert summary.by_affiliate == Counter(log.affiliate for log in expected)
            assert summary.by_code == Counter(code for log in expected for code in beside[log.id].codes)
            assert summary.other_codes == 0
            assert sum(bar.total for bar in summary.histogram) == len(expected)
            for bar in summary.histogram:
                inside = [log for log in expected if bar.from_ <= log.processed_at < bar.to]
                assert +Counter(bar.by_status) == Counter(log.status for log in inside), (filter_, bar, zone)


@pytest.mark.parametrize("seed", range(2))
async def test_all_but_means_the_same_to_every_reader(
    seed: int, writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    """Two hundred filters that exclude, over logs with up to four errors."""
    draw, numbers = random.Random(200 + seed), itertools.count()
    logs_of = LogReader(reader, lambda *_: [])
    for _round in range(4):
        await change_something(writer, owner, draw, numbers)
        every = await logs_of.page("acme", "price", LogFilter(), after=None, limit=10_000)
        beside = await known(owner)
        async with reader.reading("acme") as connection:
            as_of = await settled_until(connection)
        for _ in range(25):
            filter_ = some_excluding(draw, every)
            expected = {log.id for log in every if matches(filter_, log, beside[log.id])}
            counts = Counter(each for log_id in expected for each in beside[log_id].fingerprints)

            listed = await logs_of.page("acme", "price", filter_, after=None, limit=10_000)
            assert {log.id for log in listed} == expected, filter_
            assert (await summarize(reader, "acme", "price", filter_)).total == len(expected), filter_
            groups = await list_groups(reader, "acme", "price", filter_, now=as_of, after=None, limit=10_000)
            assert {group.fingerprint: group.logs for group in groups} == counts, filter_
            async with snapshot(reader, "acme", "price", filter_, seconds=60) as taken:
                exported = [str(row["id"]) async for chunk in taken.rows() for row in chunk]
                grouped = {each.name: each.total for each in await taken.counts(10_000) if each.kind == "group"}
            assert (len(exported), set(exported), grouped) == (len(expected), expected, counts), filter_
            async with reader.snapshot("acme") as connection:
                planned = await survey(connection, "acme", "price", filter_, as_of)
            assert sum(each.logs for each in planned) == len(expected), filter_


def some_excluding(draw: random.Random, logs: list[StatusLog]) -> LogFilter:
    """A filter that excludes something."""
    while True:
        filter_ = some_filter(draw, logs)
        if any(name.startswith("exclude_") for name in filter_.model_dump(exclude_defaults=True)):
            return filter_


async def test_counting_everything_anew_changes_nothing(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    draw, numbers = random.Random(5), itertools.count()
    for _ in range(5):
        await change_something(writer, owner, draw, numbers)
    before = await summarize(reader, "acme", "price", LogFilter())
    await owner.execute("SELECT recount_logs()")
    assert await summarize(reader, "acme", "price", LogFilter()) == before
    await owner.execute("DELETE FROM status_logs WHERE account = 'acme'")
    assert (await summarize(reader, "acme", "price", LogFilter())).total == 0


async def test_adding_up_leaves_nothing_behind(writer: Database, owner: asyncpg.Connection) -> None:
    draw, numbers = random.Random(6), itertools.count()
    for _ in range(5):
        await change_something(writer, owner, draw, numbers)
    async with writer.transaction() as connection:
        while await compact(connection, 50):
            pass
        assert await compact(connection, 50) == 0
    assert await owner.fetchval("SELECT count(*) FROM log_changes") == 0
    logs = await owner.fetchval("SELECT count(*) FROM status_logs")
    assert await owner.fetchval("SELECT sum(logs) FROM log_hours") == logs
    assert await owner.fetchval("SELECT sum(logs) FROM log_days") == logs
    await owner.execute("DELETE FROM status_logs")
    async with writer.transaction() as connection:
        await compact(connection, 10_000)
    assert await owner.fetchval("SELECT count(*) FROM log_hours") == 0
    assert await owner.fetchval("SELECT count(*) FROM log_days") == 0
