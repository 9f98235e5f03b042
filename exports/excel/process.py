"""Supervisor of the worker process that makes a workbook: it starts, follows and ends it."""

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import structlog

from exports.errors import ExportFailed
from exports.excel.make import Progress
from exports.excel.worker import Task
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

log = structlog.get_logger(__name__)

_MAX_LOGGED_CHARACTERS = 10_000


async def workbook_by_worker(task: Task, progress: Progress) -> int:
    """Make the workbook of `task` in a process of its own. Returns the number of logs in the file.

    Raises ExportFailed with a sentence. When this returns, raises or is cancelled, the process has ended; its files are
    deleted, but for the workbook of a task that is done.
    """
    # Files of its libraries, which one that is killed leaves behind.
    scratch = task.path.with_suffix(".sheets")
    scratch.mkdir(mode=0o700, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "exports.niced",
        "exports.excel.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(scratch)},
        start_new_session=True,
    )
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise AssertionError("they are pipes")
    done: int | None = None
    failed: Reason | None = None
    complaining = asyncio.create_task(process.stderr.read())
    try:
        process.stdin.write(task.model_dump_json().encode() + b"\n")
        async for line in process.stdout:
            first, _, rest = line.decode().partition(" ")
            if first == "done":
                done = int(rest)
            elif first == "failed":
                failed = Reason.from_json(rest)
            else:
                written, total = map(int, rest.split())
                progress(int(first), written, total)
        code = await process.wait()
        if code != 0 or done is None:
            complaint = (await complaining).decode("utf-8", "replace").strip()
            log.error("export worker failed", code=code, stderr=complaint[-_MAX_LOGGED_CHARACTERS:])
            raise ExportFailed(failed or ended_with(code))
        return done
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
        await asyncio.shield(complaining)
        shutil.rmtree(scratch, ignore_errors=True)
        for path in _leftovers(task.path, done=done is not None):
            path.unlink(missing_ok=True)


def ended_with(code: int) -> Reason:
    """Return the reason of a process that ended with this exit code and gave none itself."""
    return Reason(ReasonCode.EXPORT_PROCESS_ENDED, code=code)


def _leftovers(path: Path, *, done: bool) -> Iterator[Path]:
    """Yield files that a killed worker can leave beside its file, and the file itself when it is incomplete."""
    yield path.with_suffix(".logs")
    yield path.with_suffix(".errors")
    if not done:
        yield path
