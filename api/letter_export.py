"""The answer to a request for dead letters as a file: one line of JSON each."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Final

from fastapi import Response
from starlette.types import Receive, Scope, Send

from api.export_response import failing_as_told, need_chunks
from api.streaming import StreamedAnswer, unless_left
from exports.jobs.desk import ExportDesk
from schemas.letter_filter import LetterFilter
from schemas.redrive import LetterChoice
from schemas.topics import MAX_RECORD_BYTES
from storage.access_keys import Grant
from storage.cursors import TimeAndId
from storage.database import Database
from storage.dead_letters import Reach, count_dead_letters, list_dead_letters
from storage.letter_audit import Author, add_act
from storage.reprocess.audit import UsedKey

#: Letters of one query of an export: 2 MiB each at most.
_AT_ONCE: Final = 20


class LetterExport(Response):
    """Makes the file while it answers, within the limits of all exports, and with an act in the audit of dead letters.

    The head is sent with the first bytes, so that a failure before them is a problem document. A later one closes the
    connection.
    """

    def __init__(self, desk: ExportDesk, grant: Grant, reach: Reach, filter_: LetterFilter) -> None:
        """`grant` must be one that may export."""
        super().__init__()
        self._desk = desk
        self._author = Author(grant.name or f"key {grant.key_id}", None, UsedKey.grant(grant))
        self._reach = reach
        self._filter = filter_

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        need_chunks(scope)
        account = self._reach.account
        name = f"dead-letters-{account}.jsonl"
        headers = {"Content-Type": "application/jsonl", "Content-Disposition": f'attachment; filename="{name}"'}
        answer = StreamedAnswer(send, headers)
        with failing_as_told(answer), self._desk.slots.one(account):
            async with asyncio.timeout(self._desk.settings.export_seconds):
                await unless_left(self._write(answer), receive)
                await answer.end()

    async def _write(self, answer: StreamedAnswer) -> int:
        database = self._desk.database
        counted = await count_dead_letters(database, self._reach, self._filter)
        choice = LetterChoice(account=self._reach.account, filter=self._filter, all=True)
        async with database.recording(self._reach.account) as connection:
            await add_act(
                connection,
                self._reach.account,
                "exported",
                self._author,
                letters=counted.total,
                request=choice.trail(),
            )
        async for line in _lines(database, self._reach, self._filter):
            await answer.write(line)
            await asyncio.sleep(0)  # a letter has up to 2 MiB, and others are served meanwhile
        return counted.total


async def _lines(reader: Database, reach: Reach, filter_: LetterFilter) -> AsyncIterator[bytes]:
    after: TimeAndId | None = None
    while True:
        letters = await list_dead_letters(
            reader, reach, filter_, after=after, limit=_AT_ONCE, value_bytes=MAX_RECORD_BYTES, places=False
        )
        for each in letters:
            yield each.model_dump_json().encode() + b"\n"
        if len(letters) < _AT_ONCE:
            return
        after = letters[-1].received_at, uuid.UUID(letters[-1].id)
