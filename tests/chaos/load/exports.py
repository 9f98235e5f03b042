"""Exports: a file that ends as it should has at least the logs that were there when it was begun."""

import asyncio
import random

import httpx

from schemas.catalogue import CATALOGUE
from tests.chaos.load.load import ACCOUNTS, Load
from tests.chaos.load.web import Web

_PAUSE_SECONDS = 2.0


class Exports:
    """Counts the files that came whole, and those that were cut."""

    def __init__(self) -> None:
        self.whole = 0
        self.cut = 0

    async def run(self, load: Load, web: Web) -> None:
        """Export until the load stops."""
        draw = random.Random(f"{load.seed} exports")
        while not load.stop.is_set():
            await self._export(load, web, draw)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _export(self, load: Load, web: Web, draw: random.Random) -> None:
        account, of_type, process = draw.choice(ACCOUNTS), draw.choice(CATALOGUE).name, draw.choice(("admin", "api"))
        databases = len(load.system.lost_spans)
        summary = await web.get(process, f"/accounts/{account}/{of_type}/logs/summary")
        if summary is None or summary.status_code != 200:
            return
        url = f"{load.system.web_urls[process]}/api/v1/accounts/{account}/{of_type}/logs/export.jsonl"
        lines = 0
        try:
            async with web.client.stream("GET", url) as answer:
                if answer.status_code != 200:
                    return
                async for _line in answer.aiter_lines():
                    lines += 1
        except httpx.TransportError:
            self.cut += 1
            return
        self.whole += 1
        wanted = summary.json()["total"]
        if lines < wanted and databases == len(load.system.lost_spans):
            load.complaints.append(f"{url} ended as if it were whole, with {lines} of {wanted} logs")
