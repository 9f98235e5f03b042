"""Results counted by source: on each way in which they are stored, and whatever happens to the database meanwhile."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import asyncpg

from agents.results.source_counts import SourceCounts
from broker.settings import BrokerSettings
from schemas.catalogue import BY_NAME
from schemas.envelope import BATCH
from schemas.result import Result, read
from schemas.source_day import STEPS_OF_DAY, place_of
from schemas.timestamp import EPOCH, NANOSECONDS
from storage.database import Database, clock
from storage.retention import forget_sources
from storage.settings import StorageSettings
from storage.staging import FEWEST
from tests.support.agents import committed, produce, running_worker
from tests.support.events import Event, result, whole
from tests.support.opened import opened
from tests.support.proxy import proxied
from tests.support.waiting import eventually

COUNTED = """
    SELECT source, (SELECT sum(results) FROM unnest(steps) results)::integer AS results
    FROM source_days WHERE source <> '' ORDER BY source
"""


def of(source: str, event: Event) -> Event:
    """Return the same result of another source, in binary mode."""
    headers = [(name, source.encode() if name == "ce_source" else value) for name, value in event.headers]
    return event._replace(headers=headers)


def in_batch(source: str, events: Sequence[Event]) -> Event:
    """Return one record with the same results of another source."""
    parts = [whole(each, source=source, specversion="1.0") for each in events]
    return Event(events[0].key, json.dumps(parts).encode(), [("content-type", BATCH.encode())])


def ways() -> dict[str, list[Event]]:
    """Events by a source for each way to the database, all of them valid."""
    usual = [result(f"usual-{number}", key=f"U-{number}") for number in range(FEWEST + 100)]
    return {
        "/usual": usual,
        "/any-shape": [result(f"any-{number}", key=f"A-{number}", operation=5) for number in range(3)],
        "/structured": [
            Event(each.key, json.dumps(whole(each, source="/structured", specversion="1.0")).encode(), [])
            for each in (result(f"whole-{number}", key=f"W-{number}") for number in range(3))
        ],
        "/in-a-batch": [in_batch("/in-a-batch", [result(f"part-{number}", key="P") for number in range(4)])],
        "/again": [result("again", key="G"), result("again", key="G")],
        "/of-orders": [result("order", "orders", key="O-1")],
    }


async def test_results_are_counted_on_each_way_in_which_they_are_stored_and_written_at_the_end(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    sent = {source: [of(source, each) for each in events] for source, events in ways().items()}
    events = [each for of_source in sent.values() for each in of_source]
    prices = [each for each in events if each.integration_type == "price"]
    await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, events)
    async with running_worker(broker_settings, storage_settings, data_dir):

        async def all_committed() -> bool:
            stored = [await committed(broker_settings, each) for each in ("price", "orders")]
            return stored == [len(prices), len(events) - len(prices)]

        await eventually(all_committed)
    assert not await owner.fetch("SELECT code, reason FROM dead_letters")
    counted = {row["source"]: row["results"] for row in await owner.fetch(COUNTED)}
    results = {source: len(of_source) for source, of_source in sent.items()} | {"/in-a-batch": 4}
    assert counted == results
    [times] = await owner.fetch(
        "SELECT bool_and(first_at <= last_at) AS ordered, now() - max(last_at) AS ago FROM source_times"
    )
    assert times["ordered"]
    assert timedelta(0) < times["ago"] < timedelta(hours=1)


def results_of(*sources: str) -> list[Result]:
    event = result()
    [found] = read(BY_NAME["price"], event.headers, event.key, event.value or b"", 2**62)
    assert isinstance(found, Result)
    return [found._replace(source=each) for each in sources]


async def now_ns(owner: asyncpg.Connection) -> int:
    return (await clock(owner) - EPOCH) // timedelta(microseconds=1) * 1000


async def test_counts_of_two_workers_add_up_in_their_steps(writer: Database, owner: asyncpg.Connection) -> None:
    now = await now_ns(owner)
    earlier = now - 600 * NANOSECONDS
    workers = [SourceCounts(writer) for _ in range(2)]
    for worker in workers:
        for at in (now, earlier):
            worker.add("price", results_of("/a", "/b", "/a"), at)
    await asyncio.gather(*(each.write() for each in workers))
    await workers[0].write()  # nothing is left
    rows = await owner.fetch("SELECT source, day, steps FROM source_days")
    found = {
        (row["source"], row["day"], place + 1): results
        for row in rows
        for place, results in enumerate(row["steps"])
        if results
    }
    assert all(len(row["steps"]) == STEPS_OF_DAY for row in rows)
    places = [place_of(EPOCH + timedelta(microseconds=at // 1000)) for at in (now, earlier)]
    assert found == {(source, *place): each for source, each in (("/a", 4), ("/b", 2)) for place in places}
    spans = await owner.fetch("SELECT last_at - first_at AS span FROM source_times")
    assert [row["span"] for row in spans] == [timedelta(minutes=10)] * 2


async def test_what_comes_while_the_database_is_away_is_written_when_it_is_back(
    database_url: str, storage_settings: StorageSettings, owner: asyncpg.Connection
) -> None:
    now = await now_ns(owner)
    async with proxied(database_url) as (proxy, url), opened(url, "writer") as database:
        counts = SourceCounts(database)
        proxy.mode = "refuse"
        counts.add("price", results_of("/a"), now)
        writing = asyncio.create_task(counts.run())
        await eventually(lambda: _let_go(counts))
        counts.add("price", results_of("/a", "/b"), now)
        proxy.mode = "pass"
        await eventually(lambda: owner.fetchval("SELECT count(*) = 2 FROM source_times"))
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await counts.close()
    assert [tuple(row) for row in await owner.fetch(COUNTED)] == [("/a", 2), ("/b", 1)]


async def _let_go(counts: SourceCounts) -> bool:
    """Tell if a writing has failed, and what it had is back."""
    await asyncio.sleep(0.2)
    return bool(counts._counts)


async def test_sources_are_forgotten_with_their_rhythm(writer: Database, owner: asyncpg.Connection) -> None:
    for source, days in (("/gone", 92), ("/there", 89)):
        await owner.execute(
            """INSERT INTO source_times
               VALUES ('acme', 'price', 'MLB', $1, now() - interval '1 year', now() - $2::interval)""",
            source,
            timedelta(days=days),
        )
        await owner.execute(
            "INSERT INTO source_days VALUES ('acme', 'price', 'MLB', $1, now() - $2::interval, '{1}')",
            source,
            timedelta(days=days),
        )
        await owner.execute("INSERT INTO source_rhythms VALUES ('acme', 'price', 'MLB', $1, 2, '{1}')", source)
    async with writer.transaction() as connection:
        assert await forget_sources(connection) == 1
        assert await forget_sources(connection) == 0
    for table in ("source_times", "source_days", "source_rhythms"):
        assert [row["source"] for row in await owner.fetch(f"SELECT source FROM {table}")] == ["/there"], table
