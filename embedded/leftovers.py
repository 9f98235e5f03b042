"""Stops servers of an earlier run whose owner was killed. They are found by their working directory."""

import asyncio
import contextlib
import logging
import signal
from pathlib import Path

import psutil

logger = logging.getLogger(__name__)


async def stop_leftovers(program: str, directory: Path, polite: signal.Signals, *, seconds: float) -> None:
    """End every process named `program` whose working directory is `directory`, and wait until all are gone.

    The caller must hold the lock of the data directory (`DirectoryLock`): then no owner of these processes is alive.
    Only the main process, with `directory` in its command line, gets the `polite` signal; its children follow by
    themselves. A process that is left after `seconds` is killed.
    """
    found = _running(program, directory)
    if not found:
        return
    logger.warning("stopping %s of an earlier run in %s: pids %s", program, directory, [one.pid for one in found])
    for process in found:
        with contextlib.suppress(psutil.Error):
            if any(str(directory) in argument for argument in process.cmdline()):
                process.send_signal(polite)
    _, alive = await asyncio.to_thread(psutil.wait_procs, found, seconds)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    await asyncio.to_thread(psutil.wait_procs, alive, seconds)


def _running(program: str, directory: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.name() == program and process.cwd() == str(directory):
                found.append(process)
    return found
