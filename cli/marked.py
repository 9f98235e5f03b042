"""`conexoes reprocess --from-file`: the rows that are marked in an exported workbook."""

from pathlib import Path

from cli.installation import UnusableError
from exports.excel.marked import Marked, WorkbookRefused
from exports.excel.marked_process import marked_by_worker


async def marked_rows(path: Path, account: str, integration_type: str | None) -> Marked:
    """Return the marked rows of the workbook at `path`. Raises UnusableError, also for another account or type."""
    try:
        marked = await marked_by_worker(path)
        marked.need(account, integration_type)
    except WorkbookRefused as exc:
        raise UnusableError(f"--from-file: {exc}") from None
    return marked
