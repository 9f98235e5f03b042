"""Keyset cursors: a page of a list begins after a cursor, which is the sort key of the last row of the page before.

The first page begins after a cursor that sorts before every row, so that one condition serves every page. With
`$3 IS NULL OR …` instead, the generic plan of the statement would read from the beginning of the list.
"""

import uuid
from datetime import UTC, datetime
from typing import Final, NamedTuple

from schemas.timestamp import EPOCH

TimeAndId = tuple[datetime, uuid.UUID]
TimeAndText = tuple[datetime, str]
CountAndText = tuple[int, str]

#: Time that sorts before every row: lists by time go from newest to oldest, and no row is as new as this.
_NEWER_THAN_ALL: Final = datetime.max.replace(tzinfo=UTC)
_NO_ID: Final = uuid.UUID(int=0)

NEWEST_BY_ID: Final[TimeAndId] = (_NEWER_THAN_ALL, _NO_ID)
OLDEST_BY_ID: Final[TimeAndId] = (EPOCH, _NO_ID)  # no row is as old: results begin in 2000
NEWEST_BY_TEXT: Final[TimeAndText] = (_NEWER_THAN_ALL, "")
BEFORE_EVERY_ID: Final = _NO_ID  # ids are hashes: none is zero

#: Cursor before every group: groups go from the largest count to the smallest, and no table has as many rows as this.
BEFORE_EVERY_GROUP: Final[CountAndText] = (2**63 - 1, "")


class Walk(NamedTuple):
    """The moment at which the first page of a list was read, for the pages after it.

    A list in which a newer result may move a log behind pages that were read leaves out, on the pages after the first
    one, what got one since: so no row comes twice.
    """

    as_of: datetime  # by PostgreSQL's clock; every write until then was committed
    last: datetime  # the processing date of the newest log of the type then


class LogCursor(NamedTuple):
    """Place in a list of logs, in whatever order: that of one row."""

    at: datetime
    id: uuid.UUID
    value: str | int | None = None  # of the column that the list is sorted by; None: the row has none, or by date alone
    walk: Walk | None = None  # None in a list in which no log moves behind
    backwards: bool = False  # the page is the one before this place, not the one after it
