"""Measures if a flood by one account, or by nobody, reaches another account's readers: `python -m bench.fairness`.

Asks a running installation for five rows of one account, one request after the other: first in quiet, then beside each
flood by another account. Prints the quantiles, their ratio to quiet, and what the flood was answered. Quiet is measured
again before each flood, since machines change. The promise is a p99 within twice of quiet.
"""

import argparse
import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

import aiohttp

from bench.figures import percentile
from bench.say import say

#: Times quiet that the p99 of another account may be.
PROMISED: Final = 2.0
_TYPE: Final = "price"


class Flood(NamedTuple):
    """Requests that are sent again and again by so many at once."""

    name: str
    at_once: int
    path: str  # below the account's own
    has_key: bool = True
    is_stream: bool = False  # it is left open, and not read


#: Floods of the attack that was reported, in that order, and two more.
FLOODS: Final = (
    Flood("wrong keys", 32, f"{_TYPE}/logs", has_key=False),
    Flood("200 rows", 16, f"{_TYPE}/logs?page_size=200"),
    Flood("search of one letter", 16, f"{_TYPE}/logs?page_size=200&q=a"),
    Flood("summary of a search", 16, f"{_TYPE}/logs/summary?q=price"),
    Flood("groups", 16, f"{_TYPE}/logs/groups"),
    Flood("words that no message has", 16, f"{_TYPE}/logs?q=nowhere+at+all"),
    Flood("plan of everything", 16, f"{_TYPE}/reprocess-plan?all=true"),
    Flood("series of a year", 16, f"{_TYPE}/results/series?processed_from=2026-01-01T00:00:00Z&by=code"),
    Flood("workbooks", 8, f"{_TYPE}/logs/export.xlsx"),
    Flood("exports that nobody reads", 8, f"{_TYPE}/logs/export.csv", is_stream=True),
)


class Client:
    """Requests for one account, with a key or a wrong one."""

    def __init__(self, session: aiohttp.ClientSession, http: str, account: str) -> None:
        self._session = session
        self._base = f"{http}/api/v1/accounts/{quote(account)}"

    async def status(self, path: str, key: str) -> int:
        """Read an answer whole, and return its status; 0 for a connection that was closed."""
        headers = {"Authorization": f"Bearer {key}"}
        try:
            async with self._session.get(f"{self._base}/{path}", headers=headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0


async def quantiles(client: Client, key: str, seconds: float) -> list[float]:
    """Return the milliseconds of each request for five rows. Raises SystemExit when one is refused."""
    taken, end = [], time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        status = await client.status(f"{_TYPE}/logs?page_size=5", key)
        if status != 200:
            raise SystemExit(f"another account's readers were answered {status or 'nothing'}")
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


@asynccontextmanager
async def flooded(http: str, client: Client, account: str, flood: Flood, key: str) -> AsyncIterator[Counter[int]]:
    """Flood for the time of the block. Gives the statuses of the answers."""
    statuses: Counter[int] = Counter()
    numbers = itertools.count()

    async def ask() -> None:
        while True:
            status = await client.status(flood.path, key if flood.has_key else f"cnx_wrong_{next(numbers)}")
            statuses[status] += 1

    async def hold() -> None:
        at = urlsplit(http)
        reader, writer = await asyncio.open_connection(at.hostname, at.port, limit=1024)
        path = f"/api/v1/accounts/{quote(account)}/{flood.path}"
        head = f"GET {path} HTTP/1.1\r\nHost: {at.netloc}\r\nAuthorization: Bearer {key}\r\n\r\n"
        writer.write(head.encode())
        try:
            statuses[int((await reader.readline()).split()[1])] += 1
            await asyncio.Event().wait()
        finally:
            writer.close()

    tasks = [asyncio.create_task(hold() if flood.is_stream else ask()) for _ in range(flood.at_once)]
    try:
        await asyncio.sleep(0.5)
        yield statuses
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def measure(http: str, key: str, accounts: tuple[str, str], seconds: float, floods: Sequence[Flood]) -> float:
    """Print a line for each flood by the first account, and return the greatest ratio of the second one's p99."""
    worst = 0.0
    flooding, reading = accounts
    say(
        f"{'flood':<28}{'p50 ms':>11}{'p99 ms':>11}{'quiet p50':>11}{'quiet p99':>11}{'ratio':>7}  answers to the flood"
    )
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession() as quiet, aiohttp.ClientSession(connector=connector) as loud:
        reader, flooder = Client(quiet, http, reading), Client(loud, http, flooding)
        await quantiles(reader, key, 1)  # warm
        for flood in floods:
            before = await quantiles(reader, key, seconds)
            async with flooded(http, flooder, flooding, flood, key) as statuses:
                during = await quantiles(reader, key, seconds)
            ratio = percentile(during, 0.99) / percentile(before, 0.99)
            worst = max(worst, ratio)
            answers = ", ".join(f"{count} × {status or 'closed'}" for status, count in sorted(statuses.items()))
            figures = [percentile(each, share) for each in (during, before) for share in (0.5, 0.99)]
            name = f"{flood.at_once} × {flood.name}"
            say(f"{name:<28}{''.join(f'{each:>11.1f}' for each in figures)}{ratio:>7.1f}  {answers}")
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fairness", description=__doc__)
    parser.add_argument("--http", required=True, help="address of the installation")
    parser.add_argument("--key", required=True, help="a key of every account")
    parser.add_argument("--flooding", required=True, help="account that floods")
    parser.add_argument("--reading", required=True, help="account that reads")
    parser.add_argument("--seconds", type=float, default=7.0, help="of quiet and of each flood: %(default)s")
    parser.add_argument("--only", help="floods whose names have this text")
    given = parser.parse_args()
    floods = [each for each in FLOODS if given.only is None or given.only in each.name]
    accounts = (given.flooding, given.reading)
    worst = asyncio.run(measure(given.http.rstrip("/"), given.key, accounts, given.seconds, floods))
    say(f"greatest ratio {worst:.1f}, promised {PROMISED:.1f}")


if __name__ == "__main__":
    main()
