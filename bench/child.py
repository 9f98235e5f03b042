"""Processes that are measured: each with its own settings, and always ended."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from embedded.process import Command, stop

ROOT = Path(__file__).parents[1]


class ChildEndedError(Exception):
    """A process ended before it had done its work; the text has the end of its log."""


@asynccontextmanager
async def python(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python process for the time of the block."""
    async with program([sys.executable, *arguments], environment, log) as process:
        yield process


@asynccontextmanager
async def program(
    argv: Sequence[str], environment: Mapping[str, str], log: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process for the time of the block, killed at its end: what it would still do is not wanted."""
    settings = [f"{name}={value}" for name, value in environment.items()]
    command = Command(argv=["env", *settings, *argv], directory=ROOT, log=log)
    process = await command.spawn(dies_with_us_by=signal.SIGKILL)
    try:
        yield process
    finally:
        await stop(process)


def check(process: asyncio.subprocess.Process, log: Path) -> None:
    """Raise ChildEndedError when it has ended."""
    if process.returncode is not None:
        tail = log.read_text("utf-8", "replace")[-2000:]
        raise ChildEndedError(f"ended with {process.returncode}:\n{tail}")
