"""Erases a person or an entity from every table, as the owner: no other role may delete, or change what is append-only.

Logs that are named so go whole, with all that hangs on them; everywhere else a mark takes the place of the value. The
tables and columns are those that the database has, not a list: one that is added later is searched too.
"""

import json
import secrets
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from schemas.catalogue import BY_NAME
from schemas.erasure import MARK, Receipt, Wanted
from schemas.search.fold import fold
from schemas.search.query import whole_gram
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.reprocess.writer import erase_items
from storage.statements import SQL

#: Logs that are deleted in one transaction. One with a long history has thousands of attempts.
LOGS_AT_ONCE = 50
#: Logs that one search by a name finds, before the next one finds those that came since.
LOGS_OF_A_SEARCH = 20 * LOGS_AT_ONCE
#: Pages of a table that one transaction searches: 2 MiB.
PAGES = 256
#: Times that one step is tried: writers may have its rows, in another order.
_TRIES = 5
#: Tables with a log of each row, and the column with its id. What hangs on a log in others goes with it.
_LOGS = {"status_logs": "id", "aliases": "log_id", "log_names": "log_id"}
#: Tables that go with their logs, or have no text.
_WITH_LOGS = {*_LOGS, "facets"}
#: Tables whose rows are of no use without the value, or can't be changed.
_DELETED = {"dead_letters", "dead_letter_edits", "saved_views"}
Act = Literal["count", "delete", "replace"]


async def list_receipts(owner: Database, account: str) -> list[Receipt]:
    """Return the receipts of an account, newest first."""
    async with owner.connection() as connection:
        rows = await SQL["list_erasures"].fetch(connection, account=account)
    return [
        Receipt(
            **dict(row) | {"id": str(row["id"]), "digest": row["digest"].hex(), "rows": json.loads(row["rows"])},
            proof=None,
            dry_run=False,
        )
        for row in rows
    ]


class Erasure:
    """One erasure. It may be stopped at any moment, and made again: what is gone is not found any more."""

    def __init__(
        self,
        owner: Database,
        wanted: Wanted,
        *,
        requested_by: str,
        reason: str,
        dry_run: bool,
        progress: Callable[[str, int, int], None] = lambda _table, _page, _pages: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """`owner`: in the owner's role. `progress` is told the table, and how many of its pages are searched."""
        self._owner = owner
        self._wanted = wanted
        self._requested_by, self._reason = requested_by, reason
        self._dry_run = dry_run
        self._progress = progress
        self._stopped = stopped
        self._id, self._proof = uuid.uuid4(), secrets.token_bytes(16)
        self._rows: Counter[str] = Counter()
        self._mentions: Counter[str] = Counter()
        self._counted: set[uuid.UUID] = set()  # in a dry run, whose logs are found again
        self._mentioning: set[uuid.UUID] = set()

    async def run(self, forget_files: Callable[[], int]) -> Receipt:
        """Erase, or count in a dry run.

        `forget_files` deletes the files that may have the value, or counts them in a dry run, and returns their number.

        The receipt is stored before the first row is changed, and kept up to date. Raises StorageUnavailable.
        """
        requested_at = datetime.now(UTC) if self._dry_run else await self._begin()
        tables = await self._tables()
        whole = (
            await self._erase_logs(tables)
            and await self._erase_mentions(tables)
            and await self._find_mentioning(tables)
        )
        # What is only counted is there still when mentions are: an item of a log may be both.
        self._rows = self._rows | self._mentions if self._dry_run else self._rows + self._mentions
        files = forget_files()
        finished_at = None if self._dry_run else await self._keep(files=files, finished=whole)
        return Receipt(
            id=str(self._id),
            account=self._wanted.account,
            by=self._wanted.by,
            digest=self._wanted.digest(self._proof).hex(),
            proof=self._proof.hex(),
            requested_by=self._requested_by,
            reason=self._reason,
            requested_at=requested_at,
            finished_at=finished_at,
            dry_run=self._dry_run,
            rows={table: rows for table, rows in sorted(self._rows.items()) if rows},
            files=files,
            mentions_left=len(self._mentioning),
        )

    async def _begin(self) -> datetime:
        async with self._owner.transaction() as connection:
            at: datetime = await SQL["insert_erasure"].fetchval(
                connection,
                account=self._wanted.account,
                id=self._id,
                by=self._wanted.by,
                digest=self._wanted.digest(self._proof),
                requested_by=self._requested_by,
                reason=self._reason,
            )
        return at

    async def _keep(self, *, files: int, finished: bool) -> datetime | None:
        async with self._owner.transaction() as connection:
            at: datetime | None = await SQL["count_erased"].fetchval(
                connection,
                account=self._wanted.account,
                id=self._id,
                rows=json.dumps(self._rows),
                files=files,
                mentions_left=len(self._mentioning),
                finished=finished,
            )
        return at

    async def _tables(self) -> list[Any]:
        async with self._owner.connection() as connection:
            return await SQL["erasable_tables"].fetch(connection)

    async def _erase_logs(self, tables: Sequence[Any]) -> bool:
        """Erase the logs that are meant. Returns False when it was stopped."""
        if self._wanted.by != "pattern":
            return await self._erase_named()
        return await self._each_with_text(tables, self._erase_these)

    async def _find_mentioning(self, tables: Sequence[Any]) -> bool:
        """Find the logs that say a key or alias and are not of it. Returns False when it was stopped."""

        async def keep(log_ids: Sequence[uuid.UUID]) -> None:
            self._mentioning.update(set(log_ids) - self._counted)

        return self._wanted.by == "pattern" or await self._each_with_text(tables, keep)

    async def _each_with_text(
        self, tables: Sequence[Any], use: Callable[[Sequence[uuid.UUID]], Awaitable[None]]
    ) -> bool:
        """Call `use` with the logs of each step that have the value. Returns False when it was stopped."""
        for table in tables:
            id_column = "log_id" if table["is_attempts"] else _LOGS.get(table["name"])
            if id_column is None:
                continue
            async for page in self._pages(table["name"]):
                if self._stopped():
                    return False
                await use(
                    await self._fetchval("logs_with_text", searched=table["name"], id_column=id_column, page=page)
                )
        return True

    async def _erase_named(self) -> bool:
        account, folded = self._wanted.account, fold(self._wanted.value)
        named: dict[str, Any] = {
            "account": account,
            "types": list(BY_NAME),
            "value": self._wanted.value,
            "folded": folded,
            "whole": [whole_gram(account, each, folded) for each in BY_NAME],
        }
        if self._wanted.by == "alias":
            named["name"] = self._wanted.alias
        statement = SQL[f"logs_with_{self._wanted.by}"]
        while not self._stopped():
            async with self._owner.transaction() as connection:
                await SQL["look_as"].execute(connection, account=account)
                most = 2**31 - 1 if self._dry_run else LOGS_OF_A_SEARCH
                found = [row["log_id"] for row in await statement.fetch(connection, **named, most=most)]
            await self._erase_these(found)
            if not found or self._dry_run:
                return True
        return False

    async def _erase_these(self, log_ids: Sequence[uuid.UUID]) -> None:
        for start in range(0, len(log_ids), LOGS_AT_ONCE):
            part = sorted(log_ids[start : start + LOGS_AT_ONCE])
            if self._dry_run:
                await self._count_these([each for each in part if each not in self._counted])
            else:
                await self._again(self._erase_part, part)

    async def _count_these(self, log_ids: Sequence[uuid.UUID]) -> None:
        self._counted.update(log_ids)
        async with self._owner.connection() as connection:
            row = await SQL["rows_of_logs"].fetchrow(connection, account=self._wanted.account, log_ids=log_ids)
        self._rows.update(dict(row))

    async def _erase_part(self, log_ids: Sequence[uuid.UUID]) -> None:
        async with self._owner.transaction() as connection:
            deleted = json.loads(await SQL["erase_logs"].fetchval(connection, log_ids=log_ids))
            emptied = await erase_items(connection, self._wanted.account, log_ids)
        self._rows.update(deleted | {"reprocess_items": emptied})

    async def _erase_mentions(self, tables: Sequence[Any]) -> bool:
        """Erase the value where no log of it is. Returns False when it was stopped."""
        for table in tables:
            name = table["name"]
            if name in _WITH_LOGS or table["is_attempts"]:
                continue
            act: Act = "count" if self._dry_run else "delete" if name in _DELETED else "replace"
            async for page in self._pages(name):
                if self._stopped():
                    return False
                await self._again(self._erase_page, (name, act, page))
        if not self._dry_run:
            async with self._owner.transaction() as connection:
                self._mentions["facets"] += await SQL["delete_empty_facets"].fetchval(
                    connection, account=self._wanted.account, found=self._wanted.expression
                )
        return True

    async def _erase_page(self, where: tuple[str, Act, int]) -> None:
        name, act, page = where
        async with self._owner.transaction() as connection:
            await SQL["open_erasure"].execute(connection, id=str(self._id))
            self._mentions[name] += await SQL["erase_mentions"].fetchval(
                connection, searched=name, act=act, keys=name in _DELETED, mark=MARK, **self._where(page)
            )

    async def _fetchval(self, statement: str, *, page: int, **arguments: Any) -> Any:
        async with self._owner.connection() as connection:
            return await SQL[statement].fetchval(connection, **arguments, **self._where(page))

    def _where(self, page: int) -> dict[str, Any]:
        return {
            "account": self._wanted.account,
            "found": self._wanted.expression,
            "found_bytes": self._wanted.expression_of_bytes,
            "first_page": page,
            "pages": PAGES,
        }

    async def _pages(self, name: str) -> AsyncIterator[int]:
        """Yield the first page of each step through a table, to its end as it is then: writers go on adding."""
        page, pages = 0, await self._pages_of(name)
        while page < pages:
            yield page
            page += PAGES
            if page >= pages:
                pages = max(page, await self._pages_of(name))
            self._progress(name, page, pages)

    async def _pages_of(self, name: str) -> int:
        async with self._owner.connection() as connection:
            pages: int = await SQL["pages_of"].fetchval(connection, searched=name)
        return pages

    async def _again(self, step: Callable[[Any], Any], argument: Any) -> None:
        """Run a step, up to _TRIES times when the database is unavailable to it: it may meet writers in a deadlock."""
        for left in reversed(range(_TRIES)):
            try:
                await step(argument)
            except StorageUnavailable:
                if not left:
                    raise
            else:
                return
