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


def as_text(row: StatusLog) -> str:
    """Return the version of a row as its page has it; of two rows that were changed last has the greater one."""
    step = row.reprocess
    return f"{row.updated_at.isoformat()}{f' {step.state} {step.at.isoformat()}' if step else ''}"


def changes(before: RowVersions, after: RowVersions) -> dict[str, int] | None:
    """Return the numbers of new and of changed rows of the page; None when it is the same, in the same order.

    New are rows above one that was there. Those below all of them have moved up from the page after it, or come at the
    end of a list that is sorted so: they are there, and called nothing.
    Where none was there, new are those that were changed after all that were.
    """
    came = [log_id not in before for log_id in after]
    if all(came):
        latest = max((version[0] for version in before.values()), default=None)
        new = sum(latest is None or version[0] > latest for version in after.values())
    else:
        new = sum(came[: len(came) - came[::-1].index(False)])
    changed = sum(1 for log_id in before.keys() & after.keys() if before[log_id] != after[log_id])
    return {"new": new, "changed": changed} if changed or list(before) != list(after) else None


def digest(rows: Sequence[StatusLog]) -> str:
    """Return a text that is the same for the same rows in the same versions, in any process."""
    return hashlib.blake2b(repr(versions(rows)).encode(), digest_size=8).hexdigest()
