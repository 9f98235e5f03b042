"""Programs in other languages, as processes of their own."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cli.documents.__main__ import ROOT

#: A program that says nothing for so long hangs. Generous: the machines are shared.
_SECONDS = 120.0


class Program:
    """A program that runs. `line` and `end` raise AssertionError with what it wrote to its log."""

    def __init__(self, process: Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def line(self) -> str:
        """Return the next line of its output."""
        assert self._process.stdout is not None
        with suppress(TimeoutError):
            if line := await asyncio.wait_for(self._process.stdout.readline(), _SECONDS):
                return line.decode().strip()
        raise AssertionError(f"it said no more: {self._log.read_text('utf-8')}")

    async def end(self) -> None:
        """Wait until it ends by itself; it must end well."""
        await self._end(0)

    async def stop(self) -> None:
        """Ask it to end, and wait for that. A JVM that ends in order says by its code that it was asked."""
        self._process.send_signal(signal.SIGTERM)
        await self._end(0, 128 + signal.SIGTERM)

    async def _end(self, *well: int) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _SECONDS)
        assert self._process.returncode in well, f"{self._process.returncode}: {self._log.read_text('utf-8')}"


@asynccontextmanager
async def running(command: Sequence[str], log: Path, **environment: str) -> AsyncIterator[Program]:
    """Run a command with `environment` beside ours; it is killed at the end of the block, if it still runs."""
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=errors,
        )
    try:
        yield Program(process, log)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
