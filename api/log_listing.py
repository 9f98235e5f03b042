"""The list of status logs, page by page in any order, forward and back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from fastapi import Request, Response

from api import page_token
from api.pages import link_to_next
from api.problems import ProblemError, invalid
from schemas.filter import LogFilter
from schemas.log_sort import BY_COLUMN, MAX_SORTED, MOVING, OF_TEXT, USUAL_SORT, LogSort, value_of
from schemas.reasons.code import ReasonCode
from schemas.shown.log import StatusLog
from schemas.timestamp import microseconds
from storage.cursors import LogCursor, Walk
from storage.database import Database
from storage.logs.by_column import TooManyToSort
from storage.logs.reader import ListedLogs
from storage.logs.summary import summarize


class LogPage(NamedTuple):
    """Rows in the order of the list, and the tokens of the pages beside them."""

    items: list[StatusLog]
    next_page_token: str | None  # None on the last page
    previous_page_token: str | None  # None on the first page
    is_beginning: bool  # read backwards up to the first row: the first page may have more rows


class LogListing:
    """The logs of one account and type that a filter matches, in one order, which are read page by page."""

    def __init__(
        self, account: str, integration_type: str, filter_: LogFilter, sort: LogSort, size: int, token: str | None
    ) -> None:
        """Raises a 400 problem for a token of another list, or of another order of it."""
        # As it was when there was no other order: a page that is open during an upgrade goes on.
        order = "" if sort == USUAL_SORT else f"\n{sort}"
        self._name = f"logs\n{account}\n{integration_type}\n{filter_.model_dump_json()}{order}"
        self._sort = sort
        self._size = size
        #: Place at which the page begins; None for the first one.
        self.after = None if token is None else self._cursor(token)

    @property
    def limit(self) -> int:
        """Rows to read: one more than the page has, to see if there is another page."""
        return self._size + 1

    def page(self, found: ListedLogs, request: Request, response: Response) -> LogPage:
        """Make a page of up to `limit` logs, and set the Link to the next."""
        logs, more = found.logs[: self._size], len(found.logs) > self._size
        backwards = self.after is not None and self.after.backwards
        if backwards:
            logs = logs[::-1]
        # Beside a page that was read from another one, there is that one.
        before, behind = (more, bool(logs)) if backwards else (self.after is not None and bool(logs), more)
        following = self._token(logs[-1], found.walk) if behind else None
        link_to_next(following, request, response)
        previous = self._token(logs[0], found.walk, backwards=True) if before else None
        return LogPage(logs, following, previous, is_beginning=backwards and not more)

    def _token(self, log: StatusLog, walk: Walk | None, *, backwards: bool = False) -> str:
        """Return the token of the page after a log, or before it."""
        place = (log.processed_at, log.id)
        if self._sort == USUAL_SORT and not backwards:
            return page_token.encode(self._name, place)
        began = (None, None) if walk is None else (microseconds(walk.as_of), microseconds(walk.last))
        return page_token.encode(self._name, place, (int(backwards), value_of(log, self._sort), *began))

    def _cursor(self, token: str) -> LogCursor:
        number, row, more = page_token.decode_with_more(self._name, token)
        at, id_ = page_token.time_of((number, row)), page_token.uuid_of((number, row))
        if more is None:
            if self._sort != USUAL_SORT:
                raise page_token.refused()
            return LogCursor(at, id_)
        if len(more) != 4:
            raise page_token.refused()
        backwards, value, *began = more
        if backwards not in (0, 1) or not self._is_value(value):
            raise page_token.refused()
        walk = Walk(*_times(began)) if self._sort in MOVING else None
        return LogCursor(at, id_, value, walk, backwards=bool(backwards))

    def _is_value(self, value: object) -> bool:
        """Return True for a value that a row of the list may have: what else a token says PostgreSQL might refuse."""
        by = BY_COLUMN.get(self._sort)
        if by is None or value is None:
            return value is None
        if by.column in OF_TEXT:
            return isinstance(value, str) and "\x00" not in value
        return page_token.is_number(value)


def _times(numbers: Sequence[Any]) -> list[datetime]:
    """Return the times of a walk. Each has a time after it: a list that ends with a row ends just behind it."""
    if not all(page_token.is_number(each) for each in numbers):
        raise page_token.refused()
    return [page_token.time_of((each + 1, "")) and page_token.time_of((each, "")) for each in numbers]


async def too_many_to_sort(
    reader: Database, account: str, integration_type: str, filter_: LogFilter, cause: TooManyToSort
) -> ProblemError:
    """A 422 for a list that can't be in the order that was asked for.

    What a search finds is not counted for that: it may take long.
    """
    if filter_.q is not None:
        return not_sorted(None, is_known=cause.is_known)
    return not_sorted((await summarize(reader, account, integration_type, filter_)).total, is_known=True)


def not_sorted(matched: int | None, *, is_known: bool) -> ProblemError:
    """A 422 that names the limit of logs to sort, and how many match. `matched`: None where that was not counted;
    `is_known`: they are more than the limit, at any rate.
    """
    field = "query.sort"
    if matched is not None:
        # Fewer may match by now: then the same question has another answer.
        return invalid(field, ReasonCode.SORT_TOO_MANY, limit=MAX_SORTED, count=max(matched, MAX_SORTED + 1))
    return invalid(field, ReasonCode.SORT_TOO_MANY_FOUND if is_known else ReasonCode.SORT_NOT_TOLD, limit=MAX_SORTED)
