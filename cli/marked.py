"""`conexoes reprocess --from-file`: the rows that are marked in an exported workbook, and what would become of them."""

import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from admin.pages.plan import Verdict, plan_of_rows
from api.actions import actions_for
from cli.installation import UnusableError
from exports.excel.marked import Marked, WorkbookRefused
from exports.excel.marked_process import marked_by_worker
from schemas.policy import Policy
from schemas.reprocess import ItemState
from storage.access_keys import Grant
from storage.database import Database
from storage.logs.reader import LogReader
from storage.reprocess.plan import WILL_SEND


class RowsPlan(NamedTuple):
    """What would become of rows that were chosen one by one."""

    lines: list[str]  # for people
    total: int
    reason_required: str | None  # why the command needs a reason, in a sentence


async def marked_rows(path: Path, account: str, integration_type: str | None) -> Marked:
    """What is marked in the workbook at `path`. Raises UnusableError, also for one of another account or type."""
    try:
        marked = await marked_by_worker(path)
    except WorkbookRefused as exc:
        raise UnusableError(f"--from-file: {exc}") from None
    if marked.account != account or integration_type not in {None, marked.integration_type}:
        raise UnusableError(f"--from-file: {path} is an export of {marked.account}, type {marked.integration_type}.")
    return marked


async def plan_rows(
    reader: Database, policy: Policy, account: str, integration_type: str, ids: list[uuid.UUID]
) -> RowsPlan:
    """By the policy that the agents decide by: they decide anew what changes. Raises StorageUnavailable."""
    grant = Grant(account, "operator", "command line", may_export=True, key_id=None)
    rows = await LogReader(reader, actions_for(grant, policy)).many(account, integration_type, ids)
    made = plan_of_rows(rows, len(ids) - len(rows))
    needed = policy.lacks_reason(integration_type, None, Counter(row.affiliate for row in rows))
    return RowsPlan([f"{made.total} marked logs of {integration_type}", *_lines(made.verdicts)], made.total, needed)


def _lines(verdicts: list[Verdict]) -> Iterator[str]:
    for each in verdicts:
        name = WILL_SEND if each.state == ItemState.QUEUED else each.state
        yield f"  {each.entities} {name}{f': {each.reason}' if each.reason else ''}"
