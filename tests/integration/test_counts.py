"""Counts and pages against every log looked at one by one: any filter, any way of reading, while logs change."""

import itertools
import random
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from schemas.catalogue import BY_NAME
from schemas.filter import LogFilter
from schemas.result import Result, read
from schemas.status_log import StatusLog
from storage import log_page
from storage.counts import compact
from storage.database import Database
from storage.log_reader import LogReader
from storage.results import store
from storage.settings import StorageSettings
from storage.summary_reader import summarize
from tests.support.events import result

NOW = datetime.now(UTC).replace(microsecond=0)
AFFILIATES = ("MLB", "AMZ", "Shopee BR")
MESSAGES = ("Preço abaixo do mínimo", "The price is below the minimum of category MLB{n}", "Sem estoque para {n}", None)
CODES = ("price.minimum", "stock", "a\x1fb")
STATES = ("queued", "sent", "fixed", "same_error", "silent")


@pytest.fixture
async def writer(database_url: str, storage_settings: StorageSettings) -> AsyncIterator[Database]:
    database = Database(database_url, "writer", storage_settings)
    yield database
    await database.close()


@pytest.fixture
async def reader(database_url: str, storage_settings: StorageSettings) -> AsyncIterator[Database]:
    database = Database(database_url, "reader", storage_settings)
    yield database
    await database.close()


def some_result(draw: random.Random, number: int) -> Result:
    failed = draw.random() < 0.5
    key = f"SKU-{draw.randrange(60):03}"
    event = result(
        f"e{number}",
        affiliate=draw.choice(AFFILIATES),
        key=key,
        account=draw.choice(("acme", "acme", "globex")),
        status=draw.choice(("error", "warning")) if failed else "success",
        # Over hours, days and weeks, so that every kind of part of a span has logs.
        processed_at=(NOW - timedelta(seconds=draw.choice((3600, 86400, 40 * 86400)) * draw.random())).isoformat(),
        message=(draw.choice(MESSAGES) or "").format(n=number) or None if failed else draw.choice((None, "Preço ok")),
        errors=[{"code": draw.choice(CODES), "message": "x"}] if failed else None,
        aliases={"ean": f"789{draw.randrange(30):02}"},
    )
    [found] = read(BY_NAME["price"], event.headers, event.key, event.value or b"", time.time_ns())
    assert isinstance(found, Result), found
    return found


async def change_something(writer: Database, owner: asyncpg.Connection, draw: random.Random, numbers: Any) -> None:
    async with writer.transaction() as connection:
        await store(connection, [some_result(draw, next(numbers)) for _ in range(draw.randrange(1, 80))])
    # As storage.reprocess_writer shows an item on its log.
    await owner.execute(
        """UPDATE status_logs SET reprocess_state = $1, reprocess_item_id = $2, reprocess_command_id = 'c',
               reprocess_at = now()
           WHERE id = (SELECT id FROM status_logs ORDER BY md5(id::text || $3) LIMIT 1)""",
        draw.choice(STATES),
        uuid.UUID(int=draw.getrandbits(128)),
        str(draw.random()),
    )
    if draw.random() < 0.5:
        async with writer.transaction() as connection:
            await compact(connection, draw.choice((5, 1000)))


def some_filter(draw: random.Random, logs: list[StatusLog]) -> LogFilter:
    log = draw.choice(logs)
    fields: dict[str, Any] = {
        "status": draw.sample(("success", "warning", "error"), draw.randrange(1, 3)),
        "affiliate": draw.sample(AFFILIATES, draw.randrange(1, 3)),
        "code": log.code or "stock",
        "fingerprint": log.fingerprint or "0123456789abcdef",
        "reprocess": draw.choice(("in_flight", "fixed", "silent")),
        "q": draw.choice((log.key, log.key[:5], "SKU-", "789", "789", "preco abaixo", "PREÇO", "category", "nothing")),
        "processed_from": NOW - timedelta(seconds=draw.choice((3600, 86400, 40 * 86400)) * draw.random()),
        "processed_to": NOW - timedelta(seconds=draw.choice((600, 86400, 20 * 86400)) * draw.random()),
    }
    chosen = {name: value for name, value in fields.items() if draw.random() < 0.3}
    if {"processed_from", "processed_to"} <= set(chosen) and chosen["processed_from"] >= chosen["processed_to"]:
        chosen["processed_from"], chosen["processed_to"] = chosen["processed_to"], chosen["processed_from"]
    return LogFilter.model_validate(chosen)


def plain(text: str) -> set[str]:
    for accented, letter in (("ç", "c"), ("í", "i"), ("Ç", "c")):
        text = text.replace(accented, letter)
    return set(text.lower().split())


def matches(filter_: LogFilter, log: StatusLog, aliases: list[str]) -> bool:
    """The design's filter, in Python."""
    states = {"in_flight": ("queued", "sent")}.get(filter_.reprocess or "", (filter_.reprocess,))
    named = filter_.q is None or (
        any(name.startswith(filter_.q) for name in (log.key, *aliases)) or plain(filter_.q) <= plain(log.message or "")
    )
    return (
        named
        and (not filter_.status or log.status in filter_.status)
        and (not filter_.affiliate or log.affiliate in filter_.affiliate)
        and (filter_.code is None or log.code == filter_.code)
        and (filter_.fingerprint is None or log.fingerprint == filter_.fingerprint)
        and (filter_.reprocess is None or (log.reprocess is not None and log.reprocess.state in states))
        and (filter_.processed_from is None or log.processed_at >= filter_.processed_from)
        and (filter_.processed_to is None or log.processed_at < filter_.processed_to)
    )


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_asked_the_list_and_the_counts_agree_with_every_single_log(
    seed: int, writer: Database, reader: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, numbers = random.Random(seed), itertools.count()
    logs_of = LogReader(reader, lambda *_: [])
    for _round in range(6):
        await change_something(writer, owner, draw, numbers)
        every = await logs_of.page("acme", "price", LogFilter(), after=None, limit=10_000)
        rows = await owner.fetch("SELECT log_id::text, array_agg(value) AS values FROM aliases GROUP BY 1")
        aliases = {row["log_id"]: row["values"] for row in rows}
        assert len(every) == await owner.fetchval("SELECT count(*) FROM status_logs WHERE account = 'acme'")
        for _ in range(25):
            # Every way of reading a page, whatever the numbers are.
            monkeypatch.setattr(log_page, "MAX_RUNS", draw.choice((0, 500)))
            monkeypatch.setattr(log_page, "MAX_PICKED", draw.choice((0, 3, 5000)))
            filter_ = some_filter(draw, every)
            expected = [log for log in every if matches(filter_, log, aliases[log.id])]

            walked: list[StatusLog] = []
            while True:
                place = (walked[-1].processed_at, uuid.UUID(walked[-1].id)) if walked else None
                page = await logs_of.page("acme", "price", filter_, after=place, limit=7)
                walked.extend(page)
                if len(page) < 7:
                    break
            assert walked == expected, filter_

            summary = await summarize(reader, "acme", "price", filter_)
            assert summary.total == len(expected), filter_
            assert +Counter(summary.by_status) == Counter(log.status for log in expected)
            assert summary.by_affiliate == Counter(log.affiliate for log in expected)
            assert summary.by_code == Counter(log.code for log in expected if log.code is not None)
            assert summary.other_codes == 0
            assert sum(bar.total for bar in summary.histogram) == len(expected)
            for bar in summary.histogram:
                inside = [log for log in expected if bar.from_ <= log.processed_at < bar.to]
                assert +Counter(bar.by_status) == Counter(log.status for log in inside), (filter_, bar)


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
