"""`conexoes reprocess --from-file`: the rows that are marked in an exported workbook."""

from pathlib import Path

from cli.installation import UnusableError
from exports.excel.marked import Marked, WorkbookRefused
from exports.excel.marked_process import marked_by_worker


async def marked_rows(path: Path, account: str, integration_type: str | None) -> Marked:
    """Return the marked rows of the workbook at `path`.

    Raises UnusableError, also for another account or type, and for a workbook in which requests can be corrected.
    """
    try:
        marked = await marked_by_worker(path)
        marked.need(account, integration_type)
    except WorkbookRefused as exc:
        raise UnusableError(f"--from-file: {exc}") from None
    if marked.fixes:
        raise UnusableError(
            "--from-file: fields can be corrected in this workbook, and only the page shows what was changed: upload "
            "it there, or export it anew with `conexoes export`."
        )
    return marked
