"""The answer to a request for a file of lines that are read a part at a time: no snapshot, and kept nowhere."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator

from fastapi import Response
from starlette.types import Receive, Scope, Send

from api.export_response import failing_as_told, need_chunks
from api.fairness import WAIT_SECONDS, release_places
from api.streaming import StreamedAnswer, unless_left
from exports.jobs.desk import ExportDesk


class LinesExport(Response, ABC):
    """Makes the file while it answers, within the limits of all exports, and with an act in an audit.

    The head is sent with the first bytes, so that a failure before them is a problem document. A later one closes the
    connection.
    """

    def __init__(self, desk: ExportDesk, account: str, *, file_name: str, content_type: str) -> None:
        super().__init__()
        self._desk = desk
        self._account = account
        self._file_headers = {
            "Content-Type": content_type,
            "Content-Disposition": f'attachment; filename="{file_name}"',
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        need_chunks(scope)
        answer = StreamedAnswer(send, self._file_headers)
        release_places(scope)  # exports have a limit of their own, and this one may take minutes
        with failing_as_told(answer):
            async with (
                self._desk.slots.one(self._account, wait_seconds=WAIT_SECONDS),
                asyncio.timeout(self._desk.settings.export_seconds),
            ):
                await unless_left(self._write(answer), receive)
                await answer.end()

    async def _write(self, answer: StreamedAnswer) -> int:
        await self.record()
        lines = 0
        async for line in self.lines():
            await answer.write(line)
            lines += 1
            await asyncio.sleep(0)  # a line may have 2 MiB, and others are served meanwhile
        return lines

    @abstractmethod
    async def record(self) -> None:
        """Add the act to the audit, before the first line is read."""

    @abstractmethod
    def lines(self) -> AsyncIterator[bytes]:
        """Yield the lines, each with its end."""
