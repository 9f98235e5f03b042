"""Work of the worker process: it makes a workbook from rows of the database."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from exports.excel.advice import Adviser
from exports.excel.fixes import fix_cells
from exports.excel.groups import LARGEST, group_rows
from exports.excel.rows import WorkbookRows, errors_of
from exports.excel.sheets import MAX_SHEET_ROWS, Contents
from exports.excel.spool import Spool
from exports.excel.summary import Summary, day_list, left_rows, summary
from exports.excel.workbook import write_workbook
from exports.settings import WorkbookWriter
from schemas.catalogue import BY_NAME
from schemas.export import ExportOrder
from schemas.playbook import Playbook, WrittenEntries
from storage.database import Database
from storage.exports.reader import CHUNK_ROWS, Count, Fixable, Snapshot, snapshot
from storage.playbook import list_entries

#: Callback with rows read, rows written, and rows in all.
Progress = Callable[[int, int, int], None]


async def make_workbook(
    database: Database,
    order: ExportOrder,
    path: Path,
    *,
    seconds: float,
    playbook: Playbook,
    writer: WorkbookWriter = "auto",
    progress: Progress = lambda _read, _written, _total: None,
    max_rows: int = MAX_SHEET_ROWS,
) -> int:
    """Write all logs that the order's filter matches to `path`. Returns their number.

    `playbook` says who must act and what to do; the account's own entries are added to it.
    Two temporary files stand beside `path` meanwhile; those of the writer are where the system has them. Nothing is
    at `path` when this raises: StorageUnavailable, RowRefused, ExportFailed, OSError. It blocks the event loop while it
    writes, so it needs a process of its own.
    """
    with Spool(path.with_suffix(".logs")) as logs, Spool(path.with_suffix(".errors")) as errors:
        async with snapshot(database, order.account, order.integration_type, order.filter, seconds=seconds) as matched:
            total, as_of = await matched.count()
            own = WrittenEntries(each.entry for each in await list_entries(matched.connection, order.account))
            adviser = Adviser(playbook.with_own(own), order.integration_type, order.language)
            rows_of = WorkbookRows(order, adviser)
            counts = await matched.counts(LARGEST)
            cures = await matched.cures([each.name for each in counts if each.kind == "group"])
            triage = await matched.triage()
            summed_up = await _summary(matched, order, rows_of, counts, as_of)
            read = error_count = 0
            progress(0, 0, total)
            async for chunk in matched.rows():
                listed = [(row, errors_of(row)) for row in chunk]
                fixable = await _fixable(matched, order, chunk)
                logs.append(
                    [
                        [*rows_of.log(row, of_row), *fix_cells(order.fixes, fixable.get(row["id"]))]
                        for row, of_row in listed
                    ]
                )
                error_rows = [each for row, of_row in listed for each in rows_of.errors(row, of_row)]
                errors.append(error_rows)
                error_count += len(error_rows)
                read += len(chunk)
                progress(read, 0, total)
        contents = Contents(
            order=order,
            as_of=as_of,
            summary=summed_up,
            groups=group_rows(order.language, counts, cures, adviser, triage),
            logs=_telling(logs.rows(), progress, total),
            log_count=total,
            errors=errors.rows(),
            error_count=error_count,
            statuses=rows_of.statuses,
        )
        write_workbook(path, contents, writer=writer, max_rows=max_rows)
    return read


async def _fixable(matched: Snapshot, order: ExportOrder, rows: Sequence[Any]) -> Mapping[uuid.UUID, Fixable]:
    failed = [row["id"] for row in rows if row["status"] != "success"] if order.fixes else []
    return await matched.fixable(failed, order.fixes) if failed else {}


def _telling(rows: Iterator[list[Any]], progress: Progress, total: int) -> Iterator[list[Any]]:
    for number, row in enumerate(rows, 1):
        yield row
        if number % CHUNK_ROWS == 0 or number == total:
            progress(total, number, total)


async def _summary(
    matched: Snapshot, order: ExportOrder, rows_of: WorkbookRows, counts: Sequence[Count], as_of: datetime
) -> Summary:
    left = left_rows(order.language, rows_of.statuses, counts)
    days = day_list(len(left), as_of.astimezone(ZoneInfo(order.timezone)).date())
    by_day = await matched.days(order.timezone, days[0])
    return summary(
        BY_NAME[order.integration_type], order.language, rows_of.statuses, left=left, days=days, by_day=by_day
    )
