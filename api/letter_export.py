"""The answer to a request for dead letters as a file: one line of JSON each."""

import uuid
from collections.abc import AsyncIterator
from typing import Final

from api.lines_export import LinesExport
from exports.jobs.desk import ExportDesk
from schemas.letter_filter import LetterFilter
from schemas.redrive import LetterChoice
from schemas.topics import MAX_RECORD_BYTES
from storage.access_keys import Grant
from storage.cursors import TimeAndId
from storage.dead_letters import Reach, count_dead_letters, list_dead_letters
from storage.letter_audit import Author, add_act
from storage.reprocess.audit import UsedKey

#: Letters of one query of an export: 2 MiB each at most.
_AT_ONCE: Final = 20


class LetterExport(LinesExport):
    """A file of dead letters, with an act in their audit."""

    def __init__(self, desk: ExportDesk, grant: Grant, reach: Reach, filter_: LetterFilter) -> None:
        """`grant` must be one that may export."""
        name = f"dead-letters-{reach.account}.jsonl"
        super().__init__(desk, reach.account, file_name=name, content_type="application/jsonl")
        self._author = Author(grant.name or f"key {grant.key_id}", None, UsedKey.grant(grant))
        self._reach = reach
        self._filter = filter_

    async def record(self) -> None:
        """Add the act to the audit of dead letters, with their number now."""
        database, account = self._desk.database, self._reach.account
        counted = await count_dead_letters(database, self._reach, self._filter)
        choice = LetterChoice(account=account, filter=self._filter, all=True)
        async with database.recording(account) as connection:
            await add_act(connection, account, "exported", self._author, letters=counted.total, request=choice.trail())

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield the letters, newest first."""
        after: TimeAndId | None = None
        while True:
            letters = await list_dead_letters(
                self._desk.database,
                self._reach,
                self._filter,
                after=after,
                limit=_AT_ONCE,
                value_bytes=MAX_RECORD_BYTES,
                places=False,
            )
            for each in letters:
                yield each.model_dump_json().encode() + b"\n"
            if len(letters) < _AT_ONCE:
                return
            after = letters[-1].received_at, uuid.UUID(letters[-1].id)
