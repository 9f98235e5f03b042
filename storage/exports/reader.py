"""Reads everything that a filter matches, in one snapshot, without holding it: for exports."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson

from schemas.filter import LogFilter
from storage.database import Connection, Database
from storage.filters import conditions
from storage.statements import SQL

#: Rows that one FETCH of a cursor brings: some hundred kilobytes as a rule.
CHUNK_ROWS = 1000
#: What COPY puts around and between values that need it. Neither is in JSON text, so that COPY changes none of it.
_NOT_IN_JSON = ("\x01", "\x02")
Write = Callable[[bytes], Coroutine[Any, Any, None]]


class Count(NamedTuple):
    """Logs of one status, affiliate or error group."""

    kind: str  # "status", "affiliate" or "group"
    name: str  # the status, affiliate or fingerprint
    affiliate: str  # of some log of it
    code: str | None  # of some log of it
    message: str | None  # of some log of it, its beginning
    total: int
    last_day: int  # processed in the 24 hours before the snapshot
    day_before: int  # processed in the 24 hours before those


class CsvView(NamedTuple):
    """How CSV is written."""

    delimiter: str
    timezone: str
    link: str  # what the link to a log begins with; its id follows
    statuses: Mapping[str, str]  # words for statuses; one that has none stays as it is
    states: Mapping[str, str]  # words for reprocess states


class Snapshot:
    """The logs of one account and type that a filter matches, as they were at one moment."""

    def __init__(
        self, connection: Connection, account: str, integration_type: str, filter_: LogFilter, seconds: float
    ) -> None:
        self._connection = connection
        self._of = [account, integration_type]
        self._filter = filter_
        self._seconds = seconds

    async def count(self) -> tuple[int, datetime]:
        """How many they are, and the moment."""
        statement, arguments = self._statement("export_count")
        [row] = await self._connection.fetch(statement, *arguments, timeout=self._seconds)
        return row["logs"], row["as_of"]

    async def counts(self, largest: int) -> list[Count]:
        """By status, affiliate and error group; of each kind the `largest` with most logs, most first."""
        statement, arguments = self._statement("export_counts", largest)
        rows = await self._connection.fetch(statement, *arguments, timeout=self._seconds)
        return [Count(*row) for row in rows]

    async def days(self, timezone: str, first: date) -> dict[tuple[date, str], int]:
        """Counts by day in `timezone` and status, from `first` on."""
        statement, arguments = self._statement("export_days", timezone, first)
        rows = await self._connection.fetch(statement, *arguments, timeout=self._seconds)
        return {(row["day"], row["status"]): row["logs"] for row in rows}

    async def rows(self) -> AsyncIterator[list[Any]]:
        """All of them, newest processing date first, CHUNK_ROWS at a time, through a cursor of the server."""
        statement, arguments = self._statement("export_logs")
        cursor = await self._connection.cursor(statement, *arguments, timeout=self._seconds)
        while chunk := await cursor.fetch(CHUNK_ROWS, timeout=self._seconds):
            yield chunk

    async def copy_csv(self, view: CsvView, write: Write) -> int:
        """Write all of them as CSV, without a heading. Returns how many. Waits when `write` does."""
        words = [orjson.dumps(dict(each)).decode() for each in (view.statuses, view.states)]
        return await self._copy("export_csv", [view.link, view.timezone, *words], write, '"', view.delimiter)

    async def copy_jsonl(self, link: str, write: Write) -> int:
        """Write all of them as JSON Lines. Returns how many. Waits when `write` does."""
        return await self._copy("export_jsonl", [link], write, *_NOT_IN_JSON)

    async def _copy(self, name: str, more: list[Any], write: Write, quote: str, delimiter: str) -> int:
        statement, arguments = self._statement(name, *more)
        # COPY takes no arguments: asyncpg has the server quote them. It would do so in comments too.
        lines = [line for line in statement.splitlines() if not line.lstrip().startswith("--")]
        tag = await self._connection.copy_from_query(
            "\n".join(lines),
            *arguments,
            output=write,
            format="csv",
            quote=quote,
            delimiter=delimiter,
            timeout=self._seconds,
        )
        return int(tag.removeprefix("COPY "))

    def _statement(self, name: str, *more: Any) -> tuple[str, list[Any]]:
        own = [*self._of, *more]
        where = conditions(self._filter, len(own))
        statement = SQL[name].replace("{logs}", SQL["export_logs"]).replace("{filter}", where.sql)
        return statement, [*own, *where.arguments]


@asynccontextmanager
async def snapshot(
    database: Database, account: str, integration_type: str, filter_: LogFilter, *, seconds: float
) -> AsyncIterator[Snapshot]:
    """A read-only, repeatable-read snapshot; what is written meanwhile is not in it. No statement of it may take
    longer than `seconds`.

    Raises StorageUnavailable or RowRefused for what happens in the block.
    """
    async with database.snapshot(account) as connection:
        # Sorting would read every row before the first goes out; an index has the order already.
        await connection.execute(
            "SELECT set_config('statement_timeout', $1, true), set_config('enable_sort', 'off', true)",
            str(int(seconds * 1000)),
        )
        yield Snapshot(connection, account, integration_type, filter_, seconds)
