"""Rows of JSON that this version may be unable to read: erasing puts a mark into texts, which may get too long."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger(__name__)


def readable(what: str, account: str | None, rows: Iterable[Any], read: Callable[[Any], T]) -> list[T]:
    """Return what `read` makes of each row. One that can't be read is left out, and the log says so: it must not stop
    the work on all others.

    `what` names the rows; `account` is theirs, None where each has its own.
    """
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except (ValueError, LookupError, TypeError) as exc:
            # The error's text would have values of the row.
            log.error("unreadable", what=what, account=account or row["account"], error=type(exc).__name__)
    return found
