"""An export as a file, made atomically."""

import asyncio
import os
from pathlib import Path

from exports.errors import on_disk
from exports.excel.make import Progress
from exports.excel.process import workbook_by_worker
from exports.excel.worker import Task
from exports.settings import WorkbookWriter
from exports.stream import write_rows
from schemas.export import ExportOrder
from schemas.playbook import Playbook
from storage.database import Database
from storage.exports.reader import snapshot


async def make_file(
    database: Database,
    order: ExportOrder,
    path: Path,
    *,
    seconds: float,
    progress: Progress,
    playbook: Playbook,
    writer: WorkbookWriter = "auto",
) -> int:
    """Make the file of `order` at `path`, readable by its owner only. Returns the number of logs in it.

    It is made beside `path` and renamed when it is complete. A workbook is made by a process of its own, by `writer`
    and with the advice of `playbook` and of what is shipped; other formats by this process.
    Raises ExportFailed, StorageUnavailable, RowRefused or OSError.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        part.touch(mode=0o600)
        if order.format == "xlsx":
            task = Task(
                database_url=database.url,
                order=order,
                path=part,
                seconds=seconds,
                writer=writer,
                entries=tuple(playbook.file),
                marketplaces=dict(playbook.marketplaces.root),
            )
            rows = await workbook_by_worker(task, progress)
        else:
            rows = await _stream_to(database, order, part, seconds=seconds, progress=progress)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return rows


async def _stream_to(database: Database, order: ExportOrder, part: Path, *, seconds: float, progress: Progress) -> int:
    async with snapshot(database, order.account, order.integration_type, order.filter, seconds=seconds) as matched:
        total, _as_of = await matched.count()
    progress(0, 0, total)
    lines = 0
    with part.open("wb") as file:

        async def write(data: bytes) -> None:
            nonlocal lines
            with on_disk():
                await asyncio.to_thread(file.write, data)
            # Some rows of CSV have line breaks of their own: exact enough for a progress bar, and never past its end.
            lines = min(lines + data.count(b"\n"), total)
            progress(lines, lines, total)

        rows = await write_rows(database, order, write, seconds=seconds)
        await asyncio.to_thread(file.flush)
        await asyncio.to_thread(os.fsync, file.fileno())
    progress(rows, rows, max(rows, total))
    return rows
