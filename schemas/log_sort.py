"""The order of a list of logs: by processing date, or by another column of it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from schemas.catalogue import SEVERITY, Status
from schemas.shown.log import StatusLog
from schemas.timestamp import microseconds

#: Columns that a list can be sorted by, beside the processing date. The order of a status is its severity.
SortColumn = Literal["key", "affiliate", "status", "code", "attempts", "first_seen_at"]
#: `newest` and `oldest` are by processing date; the others by a column, with `-` from its greatest value on.
LogSort = Literal[
    "newest",
    "oldest",
    "key",
    "-key",
    "affiliate",
    "-affiliate",
    "status",
    "-status",
    "code",
    "-code",
    "attempts",
    "-attempts",
    "first_seen_at",
    "-first_seen_at",
]
#: Order of a list that nobody chose another one for.
USUAL_SORT: Final = "newest"
#: Limit of logs that are sorted by a column. No index has its order, and another index would make every result dearer:
#: so all that the filter matches are looked at, which takes 60 ms for so many, and no more are.
MAX_SORTED: Final = 10_000
#: Statuses by their severity, the least first.
BY_SEVERITY: Final[tuple[Status, ...]] = tuple(sorted(SEVERITY, key=SEVERITY.__getitem__))
#: Orders in which a newer result may move a log behind pages that were read. In any other one it moves to the front, if
#: at all: the key and the affiliate of a log stay, attempts only become more, and the first one only earlier.
MOVING: Final[frozenset[LogSort]] = frozenset(
    {"oldest", "status", "-status", "code", "-code", "attempts", "-first_seen_at"}
)
#: Columns that are text, which is compared by code point. The others are numbers.
OF_TEXT: Final = frozenset({"key", "affiliate", "code"})


class ByColumn(NamedTuple):
    """An order by a column. Logs of one value are newest first; those without a value come last."""

    column: SortColumn
    descending: bool


#: The orders by a column.
BY_COLUMN: Final[Mapping[LogSort, ByColumn]] = MappingProxyType(
    {
        "key": ByColumn("key", descending=False),
        "-key": ByColumn("key", descending=True),
        "affiliate": ByColumn("affiliate", descending=False),
        "-affiliate": ByColumn("affiliate", descending=True),
        "status": ByColumn("status", descending=False),
        "-status": ByColumn("status", descending=True),
        "code": ByColumn("code", descending=False),
        "-code": ByColumn("code", descending=True),
        "attempts": ByColumn("attempts", descending=False),
        "-attempts": ByColumn("attempts", descending=True),
        "first_seen_at": ByColumn("first_seen_at", descending=False),
        "-first_seen_at": ByColumn("first_seen_at", descending=True),
    }
)

#: Orders of a column of the list: the one that a person most likely wants, then the other one. Gravest first, most
#: attempts first, what has failed longest first.
OF_HEADING: Final[Mapping[str, tuple[LogSort, LogSort]]] = MappingProxyType(
    {
        "processed_at": ("newest", "oldest"),
        "key": ("key", "-key"),
        "affiliate": ("affiliate", "-affiliate"),
        "status": ("-status", "status"),
        "code": ("code", "-code"),
        "attempts": ("-attempts", "attempts"),
        "first_seen_at": ("first_seen_at", "-first_seen_at"),
    }
)


def column_of(sort: LogSort) -> str:
    """Return the name of the column that a list is sorted by."""
    by = BY_COLUMN.get(sort)
    return "processed_at" if by is None else by.column


def is_descending(sort: LogSort) -> bool:
    """Return True when the greatest value of the column comes first; of dates the newest is the greatest."""
    by = BY_COLUMN.get(sort)
    return sort == USUAL_SORT if by is None else by.descending


def value_of(log: StatusLog, sort: LogSort) -> str | int | None:
    """Return the value by which a log has its place, as storage/sql/logs/sort.sql computes it; None where it has none.

    In an order by date alone no log has one.
    """
    by = BY_COLUMN.get(sort)
    if by is None:
        return None
    if by.column == "status":
        return BY_SEVERITY.index(log.status)
    if by.column == "first_seen_at":
        return microseconds(log.first_seen_at)
    value: str | int | None = getattr(log, by.column)
    return value
