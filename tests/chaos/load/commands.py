"""Reprocess commands by HTTP, by ids and by filter: some are asked for until they are taken, some once."""

import asyncio
import itertools
import random
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.identity import command_id
from schemas.reprocess import OPEN_COMMAND_STATES
from tests.chaos.load.load import ACCOUNTS, Load
from tests.chaos.load.web import Web

_PAUSE_SECONDS = 1.5
_PATIENCE_SECONDS = 90.0
_TYPES = ("products", "tracking", "price", "inventory")
#: Outcome of a request by its last answer: Kafka has it; nothing was queued; or not known.
Said = Literal["taken", "refused", "unknown"]


@dataclass
class Asked:
    """One Idempotency-Key."""

    account: str
    by_ids: bool = False  # not by a filter
    said: Said = "unknown"
    at: float = field(default_factory=time.monotonic)  # of the first time, then of the last answer
    first: float = field(default_factory=time.monotonic)


class Commands:
    """Requests, by the command's id."""

    def __init__(self, load: Load, web: Web) -> None:
        self._load = load
        self._web = web
        self._draw = random.Random(f"{load.seed} commands")
        self._numbers = itertools.count(1)
        self.asked: dict[str, Asked] = {}

    async def run(self) -> None:
        """Ask until the load stops."""
        async with asyncio.TaskGroup() as asking:
            while not self._load.stop.is_set():
                number, draw = next(self._numbers), random.Random(self._draw.random())
                asking.create_task(self._one(f"chaos-{self._load.seed}-{number}", draw))
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _one(self, key: str, draw: random.Random) -> None:
        account = draw.choice(ACCOUNTS)
        body = await self._body(account, draw)
        if body is None:
            return
        command = command_id(account, key)
        asked = self.asked[command] = Asked(account, by_ids="log_ids" in body)
        patient = draw.random() < 0.6
        while True:
            async with self._load.sending(None):
                answer = await self._web.post("/commands/reprocess", body, **{"Idempotency-Key": key})
                asked.at, asked.said = time.monotonic(), _said(answer)
            if asked.said == "taken" or not patient or asked.at > asked.first + _PATIENCE_SECONDS:
                return
            await asyncio.sleep(1)

    async def _body(self, account: str, draw: random.Random) -> dict[str, Any] | None:
        of_type, mode = draw.choice(_TYPES), draw.choice(("refresh", "replay"))
        body = {
            "account": account,
            "integration_type": of_type,
            "requested_by": "chaos",
            "reason": "chaos",
            "mode": mode,
        }
        if draw.random() < 0.7:
            path = f"/accounts/{account}/{of_type}/logs"
            found = await self._web.get("admin", path, status="error", page_size=50)
            if found is None or found.status_code != 200 or not (logs := found.json()["items"]):
                return None
            ids = [each["id"] for each in logs]
            return body | {"log_ids": draw.sample(ids, min(len(ids), draw.randrange(1, 10)))}
        affiliate = draw.choice(("MLB", "AMZ", "MGL", "SHP", "B2W"))
        plan = await self._web.get(
            "admin", f"/accounts/{account}/{of_type}/reprocess-plan", status="error", affiliate=affiliate
        )
        if plan is None or plan.status_code != 200:
            return None
        return body | {"filter": {"status": ["error"], "affiliate": [affiliate]}, "as_of": plan.json()["as_of"]}

    async def all_recorded(self) -> bool:
        """True if all that Kafka has for certain is recorded."""
        taken = [command for command, each in self.asked.items() if each.said == "taken"]
        return not await self.missing(taken)

    async def missing(self, commands: list[str]) -> set[str]:
        """Commands of these that are not recorded."""
        return set(commands) - await self._recorded()

    async def _recorded(self) -> set[str]:
        owner = await self._load.system.owner()
        try:
            return {row["id"] for row in await owner.fetch("SELECT id FROM reprocess_commands")}
        finally:
            await owner.close(timeout=5)

    async def all_ended(self) -> bool:
        """True if no command is open."""
        owner = await self._load.system.owner()
        try:
            query = "SELECT count(*) FROM reprocess_commands WHERE state = ANY($1)"
            return not await owner.fetchval(query, [each.value for each in OPEN_COMMAND_STATES])
        finally:
            await owner.close(timeout=5)


def _said(answer: Any) -> Said:
    if answer is None:
        return "unknown"
    if answer.status_code == 202:
        return "taken"
    if answer.status_code == 503 and "nothing was queued" not in answer.text:
        return "unknown"
    return "refused"
