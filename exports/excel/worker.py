"""The process that makes one workbook: `python -m exports.niced exports.excel.worker`, started by
`exports.excel.process`. It yields to all others: an export may take longer, answers may not.

Standard input has one line, a Task as JSON, and stays open: when it ends, the process that asked has ended, and this
one ends too. Standard output has a line for each progress: rows read, rows written, rows in all; the last line is
`done` and the rows, or `failed` and a Reason as JSON. Without either the process was killed, or met a bug. Standard
error has what its libraries say.
"""

import asyncio
import contextlib
import os
import sys
import threading
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from exports.errors import ExportFailed, why_failed
from exports.excel.make import make_workbook
from exports.settings import WorkbookWriter
from schemas.export import ExportOrder
from schemas.playbook import Playbook, WrittenEntries, WrittenEntry
from schemas.playbook.marketplaces import Marketplaces
from schemas.playbook.shipped import shipped
from storage.database import Database
from storage.errors import StorageError
from storage.settings import StorageSettings


class Task(BaseModel):
    """The order for the process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str
    order: ExportOrder
    path: Path
    seconds: float
    writer: WorkbookWriter
    entries: tuple[WrittenEntry, ...]  # of the installation's playbook
    marketplaces: dict[str, str]  # names by affiliate, as Marketplaces has them


def main() -> int:
    """Make the workbook. Returns the exit code; a bug is a traceback and 1."""
    task = Task.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        rows = asyncio.run(_make(task))
    except (ExportFailed, StorageError, OSError) as exc:
        _say(f"failed {why_failed(exc).to_json()}")
    else:
        _say(f"done {rows}")
    return 0


async def _make(task: Task) -> int:
    # An export has its own limit of time, for each of its statements.
    limits = {"query_seconds": task.seconds, "command_seconds": task.seconds}
    settings = StorageSettings().model_copy(update={"database_url": task.database_url, **limits})
    database = Database(task.database_url, "reader", settings, application_name="conexoes-export")
    try:
        return await make_workbook(
            database,
            task.order,
            task.path,
            seconds=task.seconds,
            playbook=Playbook(WrittenEntries(task.entries), shipped(), Marketplaces(task.marketplaces)),
            writer=task.writer,
            progress=lambda read, written, total: _say(f"{read} {written} {total}"),
        )
    finally:
        await database.close()


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody listens: _end_with_input sees it too
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _end_with_input() -> None:
    os.read(sys.stdin.fileno(), 1)  # not sys.stdin: its lock would be in the way when the interpreter ends
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
