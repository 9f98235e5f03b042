"""Reading of a returned workbook in a process of its own, within a time limit."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import structlog
from pydantic import ValidationError

from exports.excel.marked import Marked, WorkbookRefused
from exports.excel.marked_worker import READING, Refused
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

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
        "exports.niced",
        "exports.excel.marked_worker",
        str(path),
        str(cpu_seconds),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            out, complaint = await process.communicate()
    except TimeoutError:
        raise too_slow(seconds) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
    return read_output(process.returncode, out, complaint, cpu_seconds)


def too_slow(seconds: float) -> WorkbookRefused:
    """The refusal of a workbook that takes longer than a person waits."""
    return WorkbookRefused(Reason(ReasonCode.WORKBOOK_TOO_SLOW, seconds=seconds))


def read_output(exit_code: int | None, out: bytes, complaint: bytes, cpu_seconds: int) -> Marked:
    """Return what the ended process found. Raises WorkbookRefused."""
    if exit_code in {-signal.SIGXCPU, -signal.SIGKILL}:
        raise WorkbookRefused(Reason(ReasonCode.WORKBOOK_TOO_MUCH_CPU, seconds=cpu_seconds))
    try:
        reading = READING.validate_json(out)
    except ValidationError:
        stderr = complaint.decode("utf-8", "replace")[-_MAX_LOGGED_CHARACTERS:]
        log.warning("workbook reader failed", code=exit_code, stderr=stderr)
        raise WorkbookRefused(Reason(ReasonCode.WORKBOOK_READER_FAILED)) from None
    if isinstance(reading, Refused):
        raise WorkbookRefused(Reason.from_json(reading.reason))
    return reading
