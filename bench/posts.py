"""Results by HTTP: how many `POST /events/results` takes, one by one and in batches, until Kafka has acknowledged them.

The agents run beside it, as they do where it is used.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

from bench import databases, topics
from bench.caller import Caller, callers
from bench.events import Event, as_json_batches
from bench.figures import percentile
from bench.machine import cpu_seconds, noise
from bench.product import Product, running
from bench.say import say
from bench.system import System
from schemas.envelope import BATCH

#: Events of a post.
SIZES = (1, 100, 500)
#: Connections, each with one post at a time.
CLIENTS = 4
#: Share of the events that is posted one by one, which takes longer.
_SHARE_OF_SINGLES = 0.05


async def measure(system: System, events: Sequence[Event], rounds: int) -> Any:
    """The section `posts` of the results: for each size of a post what was reached in each round."""
    rows: list[dict[str, Any]] = [{"name": _name(size), "size": size, "rounds": []} for size in SIZES]
    noises = []
    async with databases.fresh(system.database_url) as url:
        broker = await topics.fresh(system.kafka)
        async with running(system, url, broker) as product:
            for number in range(rounds):
                noises.append(noise())
                for row in rows:
                    given = events if row["size"] > 1 else events[: int(len(events) * _SHARE_OF_SINGLES)]
                    reached = await _round(product, given, row["size"])
                    row["rounds"].append(reached)
                    say(f"posts {number + 1}/{rounds}: {row['name']}: {reached['results_per_second']:,.0f}/s")
        await topics.remove(broker)
    return {"events": len(events), "rounds": rounds, "clients": CLIENTS, "noise": noises, "rows": rows}


def _name(size: int) -> str:
    return "one by one" if size == 1 else f"batches of {size}"


async def _round(product: Product, events: Sequence[Event], size: int) -> dict[str, float]:
    bodies = [each.record.value or b"" for each in as_json_batches(events, size)]
    left, milliseconds = iter(bodies), list[float]()
    before = cpu_seconds([product.admin_pid])
    started = time.monotonic()
    async with callers(product, CLIENTS) as found, asyncio.TaskGroup() as tasks:
        for caller in found:
            tasks.create_task(_post_all(caller, left, milliseconds))
    seconds = time.monotonic() - started
    return {
        "results_per_second": len(events) / seconds,
        "p50_ms": percentile(milliseconds, 0.5),
        "p99_ms": percentile(milliseconds, 0.99),
        "admin_cpu": (cpu_seconds([product.admin_pid]) - before) / len(events) * 100_000,
    }


async def _post_all(caller: Caller, bodies: Iterator[bytes], milliseconds: list[float]) -> None:
    for body in bodies:
        started = time.monotonic()
        answer = await caller.post("/events/results", BATCH, body)
        milliseconds.append((time.monotonic() - started) * 1000)
        if answer.status != 202:
            raise RuntimeError(f"the door answered {answer.status}: {answer.body.decode()[:500]}")
