"""Counts and pages against every log looked at one by one: any filter, any way of reading, while logs change."""

import itertools
import random
import uuid
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from api.plan_groups import plan_groups
from schemas.filter import LogFilter, ReprocessFilter
from schemas.playbook import Playbook
from schemas.policy import Policy
from schemas.shown.log import StatusLog
from storage.constants import PLAN_SAMPLES
from storage.database import Database
from storage.exports.reader import snapshot
from storage.logs import page as log_page
from storage.logs.compaction import compact
from storage.logs.groups import list_groups
from storage.logs.reader import LogReader
from storage.logs.summary import count_at_any_time, summarize
from storage.reprocess.selection import settled_until, survey
from tests.support.some_logs import Known, change_something, known, matches, some_filter

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
            whenever = filter_.model_copy(
                update=dict.fromkeys(("q", "processed_from", "processed_to", "failing_of", "rest_of"))
            )
            of_any_time = sum(matches(whenever, log, beside[log.id]) for log in every)
            assert await count_at_any_time(reader, "acme", "price", whenever) == of_any_time, whenever
            assert +Counter(summary.by_status) == Counter(log.status for log in expected)
            assert summary.by_affiliate == Counter(log.affiliate for log in expected)
            assert summary.by_code == Counter(code for log in expected for code in beside[log.id].codes)
            assert summary.other_codes == 0
            assert sum(bar.total for bar in summary.histogram) == len(expected)
            for bar in summary.histogram:
                inside = [log for log in expected if bar.from_ <= log.processed_at < bar.to]
                assert +Counter(bar.by_status) == Counter(log.status for log in inside), (filter_, bar, zone)


@pytest.mark.parametrize("seed", range(2))
async def test_any_of_these_and_all_but_these_mean_the_same_to_every_reader(
    seed: int, writer: Database, reader: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred filters that name groups or codes, or exclude, over logs with up to four errors."""
    draw, numbers = random.Random(200 + seed), itertools.count()
    logs_of = LogReader(reader, lambda *_: [])
    for _round in range(4):
        await change_something(writer, owner, draw, numbers)
        every = await logs_of.page("acme", "price", LogFilter(), after=None, limit=10_000)
        beside = await known(owner)
        async with reader.reading("acme") as connection:
            as_of = await settled_until(connection)
        for _ in range(25):
            filter_ = some_choosing_errors(draw, every)
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
            most = draw.choice((0, 1, 3, 100))
            monkeypatch.setattr("api.plan_groups.LISTED", most)
            await plan_agrees(reader, logs_of, filter_, as_of, every, beside, most)


async def plan_agrees(
    reader: Database,
    logs_of: LogReader,
    filter_: LogFilter,
    as_of: datetime,
    every: list[StatusLog],
    beside: dict[str, Known],
    most: int,
) -> None:
    """A plan by group counts each log once, and in each of its groups; its filter is what the list shows. It lists the
    largest groups, as many as `most` and those that are left out, and what it does not list is counted all the same.
    """
    whole = filter_.model_copy(update={"exclude_fingerprint": ()})
    matched = [log for log in every if matches(whole, log, beside[log.id])]
    sizes = Counter(each for log in matched for each in beside[log.id].fingerprints)
    for chosen in (True, False):
        asked = ReprocessFilter(**dict(filter_), all=True)
        made = await plan_groups(
            reader, "acme", "price", asked, policy=Policy(), playbook=Playbook(), as_of=as_of, chosen=chosen
        )
        assert not chosen or made.filter == asked.model_copy(update={"ignored": True})
        taken = [log for log in matched if matches(made.filter.filter, log, beside[log.id])]
        listed = await logs_of.page("acme", "price", made.filter.filter, after=None, limit=10_000)
        assert {log.id for log in listed} == {log.id for log in taken}, filter_
        sent = [
            log
            for log in taken
            if log.status != "success" and not (log.reprocess and log.reprocess.state in {"queued", "sent"})
        ]
        of_each = Counter(each for log in sent for each in beside[log.id].fingerprints)
        assert (made.plan.total, made.plan.verdicts["will_send"]) == (len(taken), len(sent)), filter_
        samples = {each.log_id for each in made.plan.samples.get("will_send", ())}
        assert samples <= {log.id for log in sent}, filter_
        assert len(samples) == min(len(sent), PLAN_SAMPLES), filter_
        assert made.matched == len(matched)
        assert made.shared == sum(len(beside[log.id].fingerprints) > 1 for log in matched)
        assert made.without_errors == sum(not beside[log.id].fingerprints for log in matched)
        assert len(made.groups) + made.unlisted == len(sizes)
        names = {each.fingerprint for each in made.groups}
        others = [log for log in matched if not beside[log.id].fingerprints <= names]
        assert made.others == len(others)
        assert made.others_sent == len({log.id for log in others} & {log.id for log in sent})
        largest = sorted(sizes, key=lambda name: (-sizes[name], name))[:most]
        assert names >= set(largest)
        assert all(name in largest or name in made.filter.exclude_fingerprint for name in names)
        for each in made.groups:
            assert (each.logs, each.sent) == (sizes[each.fingerprint], of_each[each.fingerprint]), filter_
            assert each.taken == (each.fingerprint not in made.filter.exclude_fingerprint)
        assert [each.logs for each in made.groups] == sorted((each.logs for each in made.groups), reverse=True)


def some_choosing_errors(draw: random.Random, logs: list[StatusLog]) -> LogFilter:
    """A filter that names groups or codes, or excludes something."""
    while True:
        filter_ = some_filter(draw, logs)
        given = filter_.model_dump(exclude_defaults=True)
        if any(name.startswith("exclude_") or name in {"fingerprint", "code"} for name in given):
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
