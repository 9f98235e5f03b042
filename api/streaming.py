"""An answer that is sent while it is being made, and is given up when its caller leaves."""

import asyncio
import os
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.types import Receive, Send

from exports.errors import CallerLeft

_CHUNK_BYTES = 256 * 1024


class StreamedAnswer:
    """A 200 as it goes out, its head with its first bytes: until then another answer can be given instead."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.begun = False

    async def write(self, data: bytes) -> None:
        """Send some of the body."""
        await self._begin()
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def file(self, path: Path) -> None:
        """Send a whole file, and before it its length."""
        with await asyncio.to_thread(path.open, "rb") as file:
            self._headers["Content-Length"] = str(os.fstat(file.fileno()).st_size)
            while data := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                await self.write(data)

    async def end(self) -> None:
        """Say that this was all: a body without its end is known to be cut."""
        await self._begin()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _begin(self) -> None:
        if not self.begun:
            self.begun = True
            headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self._headers.items()]
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})


async def unless_left(making: Coroutine[Any, Any, int], receive: Receive) -> int:
    """Return what `making` does; cancel it and raise CallerLeft when the caller closes the connection before."""
    work = asyncio.ensure_future(making)
    leaving = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        raise CallerLeft()
    finally:
        for task in (work, leaving):
            task.cancel()
            with suppress(BaseException):
                await task


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
