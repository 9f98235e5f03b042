"""Versions of the rows of a list: what tells two readings of one page apart."""

import hashlib
from collections.abc import Sequence
from typing import Any

from schemas.shown.log import StatusLog

#: Version of each row by its id.
RowVersions = dict[str, tuple[Any, ...]]


def versions(rows: Sequence[StatusLog]) -> RowVersions:
    """Return the version of each row."""
    return {row.id: (row.updated_at, row.reprocess and (row.reprocess.state, row.reprocess.at)) for row in rows}


def changes(before: RowVersions, after: RowVersions) -> dict[str, int] | None:
    """Return the numbers of new and of changed rows of the page; None when there are none."""
    new = len(after.keys() - before.keys())
    changed = sum(1 for log_id in before.keys() & after.keys() if before[log_id] != after[log_id])
    return {"new": new, "changed": changed} if new or changed or before.keys() - after.keys() else None


def digest(rows: Sequence[StatusLog]) -> str:
    """Return a text that is the same for the same rows in the same versions, in any process."""
    return hashlib.blake2b(repr(versions(rows)).encode(), digest_size=8).hexdigest()
