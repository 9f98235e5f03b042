"""Reads: lists, counts, groups, search, dead letters and commands, of both processes."""

import asyncio
import random

from schemas.catalogue import CATALOGUE
from tests.chaos.load.load import ACCOUNTS, Load
from tests.chaos.load.web import Web

_PAUSE_SECONDS = 0.25
_PATHS = (
    "/accounts/{account}/{type}/logs",
    "/accounts/{account}/{type}/logs?status=error",
    "/accounts/{account}/{type}/logs/summary",
    "/accounts/{account}/{type}/logs/groups",
    "/accounts/{account}/search?q=SKU-00001",
    "/accounts/{account}/dead-letters",
    "/accounts/{account}/reprocess",
    "/integration-types",
)


async def read(load: Load, web: Web) -> None:
    """Read until the load stops."""
    draw = random.Random(f"{load.seed} reads")
    while not load.stop.is_set():
        path = draw.choice(_PATHS).format(account=draw.choice(ACCOUNTS), type=draw.choice(CATALOGUE).name)
        await web.get(draw.choice(("admin", "api")), path)
        await asyncio.sleep(_PAUSE_SECONDS)
