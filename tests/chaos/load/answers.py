"""A connector's answers to retries: most of them help, some are wrong, given twice, another's, or not given."""

import asyncio
import time
import zlib
from collections import defaultdict
from typing import Any, NamedTuple

from conexoes_connector.retries import serve_retries
from conexoes_connector.retry import Answer, Retry
from schemas.catalogue import BY_NAME
from tests.chaos.load.load import Load


class Asked(NamedTuple):
    """One retry, when it came for the first time."""

    command: str
    at: float  # time.monotonic


class Answers:
    """Retries that the connector got, and its answers, by the id of the item."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.asked: dict[str, Asked] = {}
        self.said: dict[str, set[str]] = defaultdict(set)

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until `stop` is set."""
        await serve_retries(
            self._load, dict.fromkeys(BY_NAME, self._work), affiliates=None, group="chaos-connector", stop=stop
        )

    async def _work(self, retry: Retry) -> Answer | None:
        self.asked.setdefault(retry.id, Asked(retry.command_id, time.monotonic()))
        kind = zlib.crc32(retry.id.encode()) % 20
        if kind == 0:
            return None
        if kind == 1:
            await self._strange(retry)
        status, code = ("success", None) if kind < 14 else ("error", "chaos.again" if kind < 18 else "chaos.other")
        answer = Answer(
            status=status,
            message=None if code is None else f"{retry.data.key} failed again",
            errors=None if code is None else [{"code": code, "message": "It failed again"}],
        )
        self.said[retry.id].add(status)
        if kind == 2:
            await self._emit(retry, retry.data.account, status)
        return answer

    async def _strange(self, retry: Retry) -> None:
        """Let another account, which has no such item, say that it is done."""
        await self._emit(retry, f"{retry.data.account}-stranger", "success")

    async def _emit(self, retry: Retry, account: str, status: str) -> None:
        data: dict[str, Any] = {"account": account, "affiliate": retry.data.affiliate, "key": retry.data.key}
        await self._load.emit(retry.data.integration_type, correlationid=retry.id, status=status, **data)
