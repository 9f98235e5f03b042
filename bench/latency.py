"""The latency from produce to visible, at several rates, through the real agents process.

A sample of the results is looked for in the database and, fewer of them, by the API. The time is from just before a
record is handed to the producer until it is first seen, so it has the time between two looks in it.
"""

import asyncio
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from bench import databases, topics
from bench.caller import Caller, callers
from bench.events import Event, about
from bench.figures import percentile
from bench.loader.population import Entity
from bench.machine import noise, peak_mib, tree_mib
from bench.product import Product, running
from bench.say import say
from bench.system import System
from broker.settings import BrokerSettings
from connectors.simulator.settings import SimulatorSettings
from schemas.catalogue import CATALOGUE
from schemas.identity import log_id

RATES = (10, 1000, 5000)
ACCOUNT = "demo"
#: Most results per second that are looked for, in the database and by the API.
SAMPLED, SAMPLED_BY_API = 50, 5
_LOOK_SECONDS = 0.004
_TICK_SECONDS = 0.005
_WARM_UP_SECONDS = 3.0
_GIVE_UP_SECONDS = 60.0


@dataclass
class Seen:
    """Milliseconds from produce to visible."""

    database: list[float] = field(default_factory=list)
    api: list[float] = field(default_factory=list)


async def measure(system: System, seconds: float) -> Any:
    """The section `latency` of the results."""
    rows: list[dict[str, Any]] = []
    async with databases.fresh(system.database_url) as url:
        broker = await topics.fresh(system.kafka)
        async with running(system, url, broker) as product:
            for rate in RATES:
                before = noise()
                seen = await _at(rate, system, url, broker, product, seconds)
                row: dict[str, Any] = {"rate": rate, "noise": before}
                for where, milliseconds in (("database", seen.database), ("api", seen.api)):
                    row[where] = {
                        "samples": len(milliseconds),
                        "p50_ms": percentile(milliseconds, 0.5),
                        "p99_ms": percentile(milliseconds, 0.99),
                    }
                rows.append(row)
                say(
                    f"latency at {rate:,}/s: p50 {row['database']['p50_ms']:.0f} ms, "
                    f"p99 {row['database']['p99_ms']:.0f} ms in the database; "
                    f"p50 {row['api']['p50_ms']:.0f} ms, p99 {row['api']['p99_ms']:.0f} ms by the API"
                )
            memory = {
                "conexoes agents": peak_mib(product.agents_pid),
                "conexoes admin": peak_mib(product.admin_pid),
                "Kafka": peak_mib(system.kafka_pid),
                "PostgreSQL, all processes": tree_mib(system.postgres_pid),
            }
        await topics.remove(broker)
    return {"seconds": seconds, "rows": rows, "memory_mib": memory}


def _new_entities() -> Iterator[Entity]:
    """Make results of new entities: the API answers 404 until each is stored."""
    run = uuid.uuid4().hex[:6]
    number = 0
    affiliates = SimulatorSettings().affiliates
    while True:
        kind = CATALOGUE[number % len(CATALOGUE)].name
        yield Entity(ACCOUNT, kind, affiliates[number // len(CATALOGUE) % len(affiliates)], f"{run}-{number:07}")
        number += 1


async def _at(rate: int, system: System, url: str, broker: BrokerSettings, product: Product, seconds: float) -> Seen:
    events = about(_new_entities(), uuid.uuid4().hex[:8])
    # Made before the clock starts, so that making them takes no CPU from the pipeline.
    made = [next(events) for _ in range(int(rate * (seconds + _WARM_UP_SECONDS)))]
    warm = int(rate * _WARM_UP_SECONDS)
    every = max(1, rate // SAMPLED)
    every_by_api = max(1, rate // SAMPLED_BY_API)
    pending: dict[str, float] = {}
    by_api: asyncio.Queue[tuple[Event, float] | None] = asyncio.Queue()
    seen = Seen()
    sent_all = asyncio.Event()
    producer = AIOKafkaProducer(bootstrap_servers=system.kafka)
    connection = await databases.connect_to_look(url)
    await producer.start()
    try:
        async with callers(product, 4) as found, asyncio.TaskGroup() as tasks:
            tasks.create_task(_look(connection, pending, sent_all, seen.database))
            for caller in found:
                tasks.create_task(_ask(caller, by_api, seen.api))
            started = time.monotonic()
            for number, event in enumerate(made):
                due = started + number / rate
                if due - time.monotonic() > 0:
                    await asyncio.sleep(max(due - time.monotonic(), _TICK_SECONDS if rate > SAMPLED else 0))
                now = time.monotonic()
                if number >= warm and number % every == 0:
                    pending[event.result_id] = now
                if number >= warm and number % every_by_api == 0:
                    by_api.put_nowait((event, now))
                record = event.record
                topic = broker.topics.results(event.integration_type)
                await producer.send(topic, record.value, key=record.key, headers=list(record.headers))
            sent_all.set()
            for _ in range(4):
                by_api.put_nowait(None)
    finally:
        await producer.stop()
        await connection.close()
    return seen


async def _look(
    connection: asyncpg.Connection, pending: dict[str, float], sent_all: asyncio.Event, seen: list[float]
) -> None:
    while pending or not sent_all.is_set():
        if pending:
            for (found,) in await connection.fetch(databases.PROBE, [ACCOUNT] * len(pending), list(pending)):
                seen.append((time.monotonic() - pending.pop(found)) * 1000)
            _check(min(pending.values(), default=time.monotonic()))
        await asyncio.sleep(_LOOK_SECONDS)


async def _ask(caller: Caller, wanted: "asyncio.Queue[tuple[Event, float] | None]", seen: list[float]) -> None:
    while (asked := await wanted.get()) is not None:
        event, sent = asked
        account, affiliate, key = (event.record.key or b"").decode().split("/")
        log = log_id(account, event.integration_type, affiliate, key)
        while True:
            answer = await caller.get(f"/api/v1/accounts/{account}/{event.integration_type}/logs/{log}")
            if answer.status == 200:
                seen.append((time.monotonic() - sent) * 1000)
                break
            if answer.status != 404:
                raise RuntimeError(f"the API answered {answer.status}: {answer.body.decode()}")
            _check(sent)
            await asyncio.sleep(_LOOK_SECONDS)


def _check(sent: float) -> None:
    if time.monotonic() - sent > _GIVE_UP_SECONDS:
        raise TimeoutError(f"a result was not visible {_GIVE_UP_SECONDS:g} s after it was sent")
