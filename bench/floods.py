"""`python -m bench.floods`: one of the floods of one account, or of nobody, until it is told to stop.

A process of its own, and a nice one: what asks is on other machines than what answers, and takes none of its time.
Prints how many answers had each status, as JSON.
"""

import argparse
import asyncio
import itertools
import json
import signal
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from typing import Final, NamedTuple

from bench.caller import Caller
from bench.requests import TYPE
from bench.say import say
from exports.niced import yield_to_others


class Flood(NamedTuple):
    """Requests that are sent again and again by so many at once."""

    at_once: int
    path: str  # below the account's own
    has_key: bool = True
    is_stream: bool = False  # it is left open, and not read
    of_pages: bool = False  # with a session


_LOGS: Final = f"{TYPE}/logs"
#: Floods of the attack that was reported, in that order, and two more.
FLOODS: Final[Mapping[str, Flood]] = {
    "wrong keys": Flood(32, _LOGS, has_key=False),
    "200 rows": Flood(16, f"{_LOGS}?page_size=200"),
    "search of one letter": Flood(16, f"{_LOGS}?page_size=200&q=a"),
    "summary of a search": Flood(16, f"{_LOGS}/summary?q=price"),
    "groups": Flood(16, f"{_LOGS}/groups"),
    "words that no message has": Flood(16, f"{_LOGS}?q=nowhere+at+all"),
    "plan of everything": Flood(16, f"{TYPE}/reprocess-plan?all=true"),
    "workbooks": Flood(8, f"{_LOGS}/export.xlsx"),
    "live streams": Flood(200, f"{TYPE}/live", is_stream=True, of_pages=True),
    "pages with all rows open": Flood(16, f"{TYPE}?page_size=200&open=all", of_pages=True),
    "exports that nobody reads": Flood(8, f"{_LOGS}/export.csv", is_stream=True),
    "a year by code": Flood(16, f"{TYPE}/results/series?processed_from=2026-01-01T00:00:00Z&by=code"),
}


async def flood(http: str, account: str, name: str, stop: asyncio.Event, statuses: Counter[int]) -> None:
    """Flood until `stop` is set, and count how many answers had each status; 0 for none."""
    wanted = FLOODS[name]
    path = f"{'' if wanted.of_pages else '/api/v1/accounts'}/{account}/{wanted.path}"
    numbers = itertools.count()

    async def ask() -> None:
        while True:
            try:
                with closing(await Caller.connect(http)) as caller:
                    if wanted.of_pages:
                        await caller.sign_in()
                    while True:
                        if not wanted.has_key:
                            caller.use(f"cnx_wrong_{next(numbers)}")
                        if wanted.is_stream:
                            statuses[await caller.begin(path)] += 1
                            await asyncio.Event().wait()
                        statuses[(await caller.get(path)).status] += 1
            except (OSError, EOFError):
                statuses[0] += 1

    tasks = [asyncio.create_task(ask()) for _ in range(wanted.at_once)]
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _until_stopped(http: str, account: str, name: str) -> Counter[int]:
    stop, statuses = asyncio.Event(), Counter[int]()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await flood(http, account, name, stop, statuses)
    return statuses


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.floods", description=__doc__)
    parser.add_argument("--http", required=True, help="address of the installation")
    parser.add_argument("--account", required=True)
    parser.add_argument("--flood", required=True, choices=FLOODS)
    given = parser.parse_args()
    yield_to_others()
    statuses = asyncio.run(_until_stopped(given.http, given.account, given.flood))
    say(json.dumps(statuses))


if __name__ == "__main__":
    main()
