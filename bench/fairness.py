"""Fairness: how much of one account's flood, or of one without a key, another account's readers notice.

One client of the second account asks for rows, one request after the other: first in quiet, then beside each flood by
the first. Quiet is measured again before each flood, since machines change. The API is the only thing that both use.
"""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench import topics
from bench.caller import Caller, callers
from bench.child import check, python
from bench.figures import percentile
from bench.floods import FLOODS
from bench.loader.load import Load
from bench.machine import noise
from bench.product import running
from bench.requests import TYPE
from bench.say import say
from bench.system import System
from embedded.process import stop

#: Rows of each answer to the others.
ROWS: Final = 5
#: Time until a flood is there: its process has started, and its connections are open.
_BEGIN_SECONDS: Final = 2.5
_STOP_SECONDS: Final = 5.0
#: Time after a flood in which the API ends what it was asked for by callers who are gone.
_REST_SECONDS: Final = 3.0


async def measure(system: System, loaded_url: str, loaded: Load, seconds: float, rounds: int) -> Any:
    """The section `fairness` of the results: for each flood, the milliseconds of the others in quiet and beside it."""
    flooding, reading = loaded.population[:2]
    rows: dict[str, dict[str, Any]] = {each: {"name": each, "rounds": []} for each in FLOODS}
    noises = []
    broker = await topics.fresh(system.kafka)
    async with running(system, loaded_url, broker) as product, callers(product, 1) as [caller]:
        reader = _Reader(caller, reading.name, seconds)
        await reader.milliseconds()  # warm
        for number in range(rounds):
            noises.append(noise())
            for each, row in rows.items():
                await asyncio.sleep(_REST_SECONDS)
                quiet = _quantiles(await reader.milliseconds())
                async with _flooded(product.http, flooding.name, each, system.directory) as answers:
                    beside = _quantiles(await reader.milliseconds())
                row["rounds"].append({"quiet": quiet, "beside": beside, "answers": answers})
                say(
                    f"fairness {number + 1}/{rounds}: {each}: p50 {beside['p50_ms']:.1f} ms, in quiet "
                    f"{quiet['p50_ms']:.1f}; p99 {beside['p99_ms']:.1f} ms, in quiet {quiet['p99_ms']:.1f}; "
                    f"answers to the flood {answers}"
                )
    await topics.remove(broker)
    return {"logs": loaded.logs, "seconds": seconds, "rounds": rounds, "noise": noises, "rows": list(rows.values())}


def _quantiles(milliseconds: Sequence[float]) -> dict[str, float]:
    found = {f"p{share * 100:g}_ms": percentile(milliseconds, share) for share in (0.5, 0.9, 0.99)}
    return {"requests": len(milliseconds), **found}


class _Reader(NamedTuple):
    """Client that asks for rows of an account, one request after the other, for some seconds."""

    caller: Caller
    account: str
    seconds: float

    async def milliseconds(self) -> list[float]:
        """Return what each request took. Raises RuntimeError when one is refused."""
        taken, end = [], time.perf_counter() + self.seconds
        while (begun := time.perf_counter()) < end:
            answer = await self.caller.get(f"/api/v1/accounts/{self.account}/{TYPE}/logs?page_size={ROWS}")
            if answer.status != 200:
                raise RuntimeError(f"another account's reader was answered {answer.status}")
            taken.append((time.perf_counter() - begun) * 1000)
        return taken


@asynccontextmanager
async def _flooded(http: str, account: str, name: str, directory: Path) -> AsyncIterator[dict[str, int]]:
    """Flood for the time of the block. Gives what has, after it, how many answers of each status the flood had."""
    log = directory / "flood.log"
    log.unlink(missing_ok=True)
    answers: dict[str, int] = {}
    arguments = ("-m", "bench.floods", "--http", http, "--account", account, "--flood", name)
    async with python(arguments, {}, log) as process:
        await asyncio.sleep(_BEGIN_SECONDS)
        yield answers
        check(process, log)
        await stop(process, (signal.SIGTERM, _STOP_SECONDS))
        answers |= json.loads(log.read_text("utf-8"))
