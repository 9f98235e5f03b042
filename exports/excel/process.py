"""Starts the worker process that makes a workbook, follows it, and ends it."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import structlog

from exports.errors import ExportFailed
from exports.excel.make import Progress
from exports.excel.worker import REASON, Task
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

log = structlog.get_logger(__name__)

_MAX_LOGGED_CHARACTERS = 10_000


async def workbook_by_worker(task: Task, progress: Progress) -> int:
    """Have `task` done by a process of its own. Returns how many logs are in the file.

    Raises ExportFailed with a sentence. However this ends, cancelled too, the process has ended then, and nothing is
    left of its work but the file of a task that was done.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "exports.excel.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise AssertionError("they are pipes")
    done = None
    complaining = asyncio.create_task(process.stderr.read())
    try:
        process.stdin.write(task.model_dump_json().encode() + b"\n")
        async for line in process.stdout:
            words = line.decode().split()
            if words[0] == "done":
                done = int(words[1])
            else:
                read, written, total = map(int, words)
                progress(read, written, total)
        code = await process.wait()
        if code != 0 or done is None:
            complaint = (await complaining).decode("utf-8", "replace").strip()
            log.error("export worker failed", code=code, stderr=complaint[-_MAX_LOGGED_CHARACTERS:])
            if code == REASON and complaint:
                raise ExportFailed(Reason.from_json(complaint.splitlines()[-1]))
            raise ExportFailed(ended_with(code))
        return done
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
        await asyncio.shield(complaining)
        for path in _leftovers(task.path, done=done is not None):
            path.unlink(missing_ok=True)


def ended_with(code: int) -> Reason:
    """Why there is no file when the process ended with this exit code and without a reason of its own."""
    return Reason(ReasonCode.EXPORT_PROCESS_ENDED, code=code)


def _leftovers(path: Path, *, done: bool) -> Iterator[Path]:
    """What a worker that was killed can leave beside its file, and the file itself when it is not whole."""
    yield path.with_suffix(".logs")
    yield path.with_suffix(".errors")
    if not done:
        yield path
