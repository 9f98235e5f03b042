"""The API over a loaded database: every path, with several clients that never pause."""

import asyncio
import itertools
import json
import time
from collections.abc import Sequence
from typing import Any

from bench import databases, topics
from bench.caller import Caller, callers
from bench.figures import percentile
from bench.loader.load import Load
from bench.machine import cpu_seconds, noise, peak_mib
from bench.product import Product, running
from bench.requests import WALKS, Read, reads, walk_url
from bench.say import Progress, say
from bench.system import System

CLIENTS = 16
_PAGE_SIZE, _LARGEST_PAGE = 50, 200
DEEP_PAGE = 1000
#: Rows before page 1,000, read in pages of the largest size.
_ROWS_BEFORE = (DEEP_PAGE - 1) * _PAGE_SIZE
_WARM_UP_REQUESTS = 20
_ALONE_REQUESTS = 20


class RefusedError(Exception):
    """An answer that is not 200."""


async def measure(system: System, loaded_url: str, loaded: Load, seconds: float, rounds: int) -> Any:
    """The section `reads` of the results. Each kind of request is measured for `seconds` in each round."""
    owner = await databases.connect(loaded_url)
    wanted = await reads(owner, loaded.population, loaded.seed)
    await owner.close()
    broker = await topics.fresh(system.kafka)
    noises = []
    async with running(system, loaded_url, broker) as product:
        paths = await _paths(product)
        present = [each for each in wanted if each.template in paths]
        rows: dict[str, dict[str, Any]] = {}
        warming = Progress("warming up", len(present))
        for done, each in enumerate(present):
            warming.at(done)
            row = {"name": each.name, "group": each.group, "failed": None}
            rows[each.name] = row | {"rounds": []}
            try:
                rows[each.name]["alone_p50_ms"] = await _alone(product, each)
            except RefusedError as exc:  # a query that takes too long is a result too
                rows[each.name]["failed"] = str(exc)
                say(f"reads: {each.name}: {exc}")
        for number in range(rounds):
            noises.append(noise())
            for each in present:
                if rows[each.name]["failed"] is not None:
                    continue
                try:
                    before = cpu_seconds([product.admin_pid]), cpu_seconds([system.postgres_pid])
                    reached = await _together(product, each.urls, seconds)
                    after = cpu_seconds([product.admin_pid]), cpu_seconds([system.postgres_pid])
                except RefusedError as exc:
                    rows[each.name]["failed"] = f"{exc} ({CLIENTS} clients)"
                    say(f"reads: {each.name}: {exc}")
                    continue
                for name, begin, end in zip(("admin_cpu_ms", "database_cpu_ms"), before, after, strict=True):
                    reached[name] = (end - begin) * 1000 / reached["requests"]
                rows[each.name]["rounds"].append(reached)
                say(
                    f"reads {number + 1}/{rounds}: {each.name}: p50 {reached['p50_ms']:.1f} ms, "
                    f"p99 {reached['p99_ms']:.1f} ms, {reached['per_second']:,.0f}/s"
                )
        walks = [await _walk(product, loaded, name, seconds) for name in WALKS]
        memory = {"conexoes admin": peak_mib(product.admin_pid)}
    await topics.remove(broker)
    return {
        "logs": loaded.logs,
        "clients": CLIENTS,
        "seconds": seconds,
        "rounds": rounds,
        "noise": noises,
        "absent": sorted({each.template for each in wanted} - {each.template for each in present}),
        "rows": list(rows.values()),
        "pages": walks,
        "memory_mib": memory,
    }


async def _paths(product: Product) -> set[str]:
    async with callers(product, 1) as [caller]:
        return set(json.loads(await _get(caller, "/openapi.json"))["paths"])


async def _get(caller: Caller, url: str) -> bytes:
    answer = await caller.get(url)
    if answer.status != 200:
        raise RefusedError(f"answered {answer.status}")
    return answer.body


async def _alone(product: Product, read: Read) -> float:
    """Median milliseconds of one client after a warm-up."""
    urls = itertools.cycle(read.urls)
    taken = []
    async with callers(product, 1) as [caller]:
        for number in range(_WARM_UP_REQUESTS + _ALONE_REQUESTS):
            started = time.perf_counter()
            await _get(caller, next(urls))
            if number >= _WARM_UP_REQUESTS:
                taken.append((time.perf_counter() - started) * 1000)
    return percentile(taken, 0.5)


async def _together(product: Product, urls: Sequence[str], seconds: float) -> dict[str, float]:
    """Run all clients at once; each asks again as soon as it has its answer."""
    taken: list[float] = []

    async def ask(caller: Caller, first: int) -> None:
        for number in itertools.count(first):
            begun = time.perf_counter()
            await _get(caller, urls[number % len(urls)])
            ended = time.perf_counter()
            taken.append((ended - begun) * 1000)
            if ended - started > seconds:
                return

    async with callers(product, CLIENTS) as found:
        started = time.perf_counter()
        asking = [asyncio.create_task(ask(caller, number)) for number, caller in enumerate(found)]
        try:
            await asyncio.gather(*asking)
        finally:  # when one was refused, the others must not run during the next measurement
            for each in asking:
                each.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        elapsed = time.perf_counter() - started
    return {
        "requests": len(taken),
        "per_second": len(taken) / elapsed,
        "p50_ms": percentile(taken, 0.5),
        "p99_ms": percentile(taken, 0.99),
    }


async def _walk(product: Product, loaded: Load, name: str, seconds: float) -> dict[str, Any]:
    """Measure page 1 against page 1,000 of the biggest account, by turns."""
    url = walk_url(loaded.population[0], name)
    first = url.format(size=_PAGE_SIZE)
    token, rows = "", 0
    async with callers(product, 1) as [caller]:
        while rows < _ROWS_BEFORE:
            size = min(_LARGEST_PAGE, _ROWS_BEFORE - rows)
            page = json.loads(await _get(caller, url.format(size=size) + token))
            rows += size
            if page["next_page_token"] is None:
                return {"name": name, "rows": rows}  # fewer logs match
            token = f"&page_token={page['next_page_token']}"
    deep = url.format(size=_PAGE_SIZE) + token
    turns = [(await _together(product, [first], seconds), await _together(product, [deep], seconds)) for _ in range(3)]
    return {
        "name": name,
        "first_p50_ms": [one["p50_ms"] for one, _ in turns],
        "deep_p50_ms": [one["p50_ms"] for _, one in turns],
    }
