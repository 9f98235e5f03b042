"""An answer that is sent while it is being made, and is given up when its caller leaves."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from starlette.types import Receive, Send

from exports.errors import CallerLeft, on_disk

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


Write = Callable[[bytes], Coroutine[Any, Any, None]]


async def through_file(
    make: Callable[[Write], Coroutine[Any, Any, int]], write: Write, *, rest: Callable[[], Coroutine[Any, Any, None]]
) -> int:
    """Return what `make` returns; what it writes gets to `write` through a temporary file.

    So `make` never waits for a caller that reads slowly, or not at all, but for `rest` after each piece: a snapshot of
    the database that it holds ends as soon as the database has given everything. What is passed on stays in order, and
    begins with the first bytes. Where the disk does not take it, that is an ExportFailed for `make`, and an OSError
    before and after it.
    """
    kept, is_whole, more = 0, False, asyncio.Event()
    with tempfile.TemporaryFile(prefix="conexoes-export-") as file:

        async def keep(data: bytes) -> None:
            nonlocal kept
            with on_disk():
                await asyncio.to_thread(_append, file, data)
            kept += len(data)
            more.set()
            await rest()

        async def pass_on() -> None:
            sent = 0
            while not (is_whole and sent == kept):
                while sent < kept:
                    data = await asyncio.to_thread(os.pread, file.fileno(), _CHUNK_BYTES, sent)
                    await write(data)
                    sent += len(data)
                more.clear()
                if not is_whole:
                    await more.wait()

        passing = asyncio.create_task(pass_on())
        try:
            made = await make(keep)
            is_whole = True
            more.set()
            await passing
        finally:
            passing.cancel()
            await asyncio.gather(passing, return_exceptions=True)
    return made


def _append(file: IO[bytes], data: bytes) -> None:
    file.write(data)
    file.flush()


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
