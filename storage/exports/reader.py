"""Reader for exports: all logs that a filter matches, in one snapshot, in bounded memory."""

import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson

from schemas.filter import LogFilter
from schemas.group import Cure
from schemas.json_pointer import parts_of
from schemas.redaction import REDACTED
from storage.database import Connection, Database
from storage.filters import Filtered, filtered
from storage.logs.cures import cures_of
from storage.logs.triage import Triage, read_triage
from storage.statements import SQL, text_array

#: Rows of one FETCH of a cursor: some hundred kilobytes as a rule.
CHUNK_ROWS = 1000
#: Quote and delimiter of COPY. JSON text has neither, so that COPY changes none of it.
_NOT_IN_JSON = ("\x01", "\x02")
Write = Callable[[bytes], Coroutine[Any, Any, None]]


class Count(NamedTuple):
    """Logs of one status, affiliate or error group."""

    kind: str  # "status", "affiliate" or "group"
    name: str  # the status, affiliate or fingerprint
    affiliates: Sequence[str] | None  # of the logs of a group
    code: str | None  # of the error of a group
    message: str | None  # of the error of a group, its beginning
    category: str | None  # of the error of a group
    total: int
    last_day: int  # processed in the 24 hours before the snapshot
    day_before: int  # processed in the 24 hours before those


class Fixable(NamedTuple):
    """Fields of the request of the result that a log shows, which may be corrected."""

    event_id: str
    values: Sequence[str | None]  # as JSON texts


class CsvView(NamedTuple):
    """Form of CSV: separator, words and links."""

    delimiter: str
    timezone: str
    link: str  # beginning of the link to a log; its id follows
    statuses: Mapping[str, str]  # words for statuses; one that has none stays as it is
    states: Mapping[str, str]  # words for reprocess states


class Snapshot:
    """The logs of one account and type that a filter matches, as they were at one moment."""

    def __init__(
        self, connection: Connection, account: str, integration_type: str, filter_: LogFilter, seconds: float
    ) -> None:
        #: The connection, for what else must be of the same moment.
        self.connection = connection
        self._of: dict[str, Any] = {"account": account, "integration_type": integration_type}
        self._filter = filter_
        self._seconds = seconds

    async def count(self) -> tuple[int, datetime]:
        """Return the number of the logs, and the time of the snapshot."""
        [row] = await self._fetch("export_count")
        return row["logs"], row["as_of"]

    async def counts(self, largest: int) -> list[Count]:
        """Count by status, affiliate and error group; of each kind the `largest` with most logs, most first."""
        return [Count(**row) for row in await self._fetch("export_counts", largest=largest)]

    async def cures(self, fingerprints: Sequence[str]) -> dict[str, Cure]:
        """Return what reprocessing did about each of these faults, whatever the filter."""
        return await cures_of(self.connection, self._of["account"], fingerprints)

    async def triage(self) -> Triage:
        """Return what people decided and wrote about the groups of the type."""
        return await read_triage(self.connection, **self._of)

    async def days(self, timezone: str, first: date) -> dict[tuple[date, str], int]:
        """Count by day in `timezone` and status, from `first` on."""
        rows = await self._fetch("export_days", timezone=timezone, first=first)
        return {(row["day"], row["status"]): row["logs"] for row in rows}

    async def rows(self) -> AsyncIterator[list[Any]]:
        """Yield all logs, newest processing date first, CHUNK_ROWS at a time, through a cursor of the server."""
        logs = self._statement("export_logs")
        cursor = await self.connection.cursor(logs.text, *logs.arguments, timeout=self._seconds)
        while chunk := await cursor.fetch(CHUNK_ROWS, timeout=self._seconds):
            yield chunk

    async def fixable(self, log_ids: Sequence[uuid.UUID], pointers: Sequence[str]) -> dict[uuid.UUID, Fixable]:
        """Return these fields of the kept requests of logs, by log; none of a log without a whole request."""
        rows = await SQL["fixable_values"].fetch(
            self.connection,
            account=self._of["account"],
            log_ids=log_ids,
            paths=[text_array(parts_of(each)) for each in pointers],
            redacted=REDACTED,
        )
        return {row["id"]: Fixable(row["event_id"], row["values"]) for row in rows}

    async def copy_csv(self, view: CsvView, write: Write) -> int:
        """Write all logs as CSV, without a heading. Returns their number. Waits when `write` does."""
        statuses, states = (orjson.dumps(dict(each)).decode() for each in (view.statuses, view.states))
        statement = self._statement(
            "export_csv", link=view.link, timezone=view.timezone, statuses=statuses, states=states
        )
        return await self._copy(statement, write, '"', view.delimiter)

    async def copy_jsonl(self, link: str, write: Write) -> int:
        """Write all logs as JSON Lines. Returns their number. Waits when `write` does."""
        return await self._copy(self._statement("export_jsonl", link=link), write, *_NOT_IN_JSON)

    async def _copy(self, statement: Filtered, write: Write, quote: str, delimiter: str) -> int:
        # COPY takes no arguments: asyncpg has the server quote them, and inserts them.
        tag = await self.connection.copy_from_query(
            statement.text,
            *statement.arguments,
            output=write,
            format="csv",
            quote=quote,
            delimiter=delimiter,
            timeout=self._seconds,
        )
        return int(tag.removeprefix("COPY "))

    async def _fetch(self, name: str, **named: Any) -> list[Any]:
        statement = self._statement(name, **named)
        return list(await self.connection.fetch(statement.text, *statement.arguments, timeout=self._seconds))

    def _statement(self, name: str, **named: Any) -> Filtered:
        return filtered(name, self._filter, **self._of, **named)


@asynccontextmanager
async def snapshot(
    database: Database, account: str, integration_type: str, filter_: LogFilter, *, seconds: float
) -> AsyncIterator[Snapshot]:
    """Give a snapshot, read-only and REPEATABLE READ: later writes are not in it.

    No statement of it may take longer than `seconds`. Raises StorageUnavailable or RowRefused for errors of the block.
    """
    async with database.snapshot(account) as connection:
        # Sorting would read every row before the first goes out; an index has the order already.
        await connection.execute(
            "SELECT set_config('statement_timeout', $1, true), set_config('enable_sort', 'off', true)",
            str(int(seconds * 1000)),
        )
        yield Snapshot(connection, account, integration_type, filter_, seconds)
