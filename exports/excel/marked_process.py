"""Reading of a returned workbook in a process of its own, within a time limit."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import structlog
from pydantic import ValidationError

from exports.excel.marked import Marked, WorkbookRefused
from exports.excel.marked_worker import Reading

log = structlog.get_logger(__name__)

#: Time limit: a person waits for the page that long. A workbook that takes longer is refused.
READ_SECONDS = 60.0
#: Limit of CPU for a file: one of MAX_ROWS takes less than half of it.
CPU_SECONDS = 15
_MAX_LOGGED_CHARACTERS = 10_000


async def marked_by_worker(path: Path, *, seconds: float = READ_SECONDS, cpu_seconds: int = CPU_SECONDS) -> Marked:
    """Return the logs that are marked in the workbook at `path`, as `exports.excel.marked.read_marked` finds them.

    Raises WorkbookRefused, also for a workbook that takes longer than `seconds`, more CPU than `cpu_seconds` or more
    than the memory limit. The process yields to everything else on the machine. It has ended when this returns, raises
    or is cancelled.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "exports.excel.marked_worker",
        str(path),
        str(cpu_seconds),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            out, complaint = await process.communicate()
    except TimeoutError:
        raise WorkbookRefused("too_slow", f"The workbook could not be read within {seconds:g} seconds.") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
    if process.returncode in {-signal.SIGXCPU, -signal.SIGKILL}:
        raise WorkbookRefused("too_slow", f"The workbook could not be read within {cpu_seconds} seconds of CPU.")
    try:
        reading = Reading.model_validate_json(out)
    except ValidationError:
        stderr = complaint.decode("utf-8", "replace")[-_MAX_LOGGED_CHARACTERS:]
        log.warning("workbook reader failed", code=process.returncode, stderr=stderr)
        raise WorkbookRefused("damaged", "The workbook could not be read; why was logged.") from None
    if reading.marked is None:
        raise WorkbookRefused(reading.kind or "damaged", reading.sentence)
    return reading.marked
