"""A simulated connector that serves VTEX's log contract and knows nothing of us: `bridge vtex-logs` reads it."""

import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from broker.publisher import Record
from schemas import vtex_log as vtex
from schemas.catalogue import BY_NAME

#: Messages that are kept; a real connector keeps them for as long as VTEX asks.
_KEPT = 5_000


class LogEndpoint:
    """Messages of one account, in memory."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._messages: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    async def send(self, record: Record, integration_type: str) -> None:
        """Keep a result as a message of its day."""
        data = json.loads(record.value or b"{}")
        headers = dict(record.headers)
        self._messages.append(
            {
                "id": headers["ce_id"].decode(),
                "Operation": vtex.operations_of(BY_NAME[integration_type])[0],
                "Direction": vtex.direction_of(integration_type),
                vtex.SOURCE: "",
                vtex.TRANSLATED: _text(data.get("request")),
                vtex.DESTINATION: _text(data.get("response")),
                "BusinessMessage": data.get("message") or "",
                "Status": vtex.STATUSES[data["status"]],
                "Key": data["key"],
                "ProcessedAt": data["processed_at"],
                "Errors": data.get("errors") or [],
            }
        )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve the messages on a free port of this machine. Gives the address, which is the connector's `urlBase`."""
        app = web.Application()
        app.router.add_get(f"/{self._account}/logs/", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            yield f"http://{host}:{port}"
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        day = request.query.get("DateAt", "")
        found = [each for each in self._messages if each["ProcessedAt"].startswith(day)]
        return web.json_response({"Messages": found})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
