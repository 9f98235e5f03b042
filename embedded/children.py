"""Runs our own commands as child processes: starts them together, restarts those that fail, stops them together."""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded.process import Command, stop

#: A child that ran at least this long is restarted at once. One that fails sooner waits 1, 2, 4 … 30 s.
STEADY_SECONDS = 30.0
LAST_PAUSE_SECONDS = 30.0
STOP_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Child:
    """A command to keep running."""

    name: str  # of its log file: logs/<name>.log
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)  # beside ours
    ends: bool = False  # it may come to an end of its own, with exit code 0


class Children:
    """A context manager. Inside, each child runs, or is about to be restarted; outside, none runs."""

    def __init__(
        self, children: Sequence[Child], data_dir: Path, say: Callable[[str], None] = lambda _line: None
    ) -> None:
        """`say` gets a sentence for each child that ended by itself."""
        self._children = children
        self._data_dir = data_dir
        self._say = say
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        (self._data_dir / "logs").mkdir(parents=True, exist_ok=True)
        for child in self._children:
            task = asyncio.create_task(self._keep_running(child), name=child.name)
            self._stack.push_async_callback(_cancelled, task)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the last child first: it feeds the others."""
        await self._stack.aclose()

    def log(self, child: Child) -> Path:
        """The log file of a child."""
        return self._data_dir / "logs" / f"{child.name}.log"

    async def _keep_running(self, child: Child) -> None:
        pause = 1.0
        while True:
            started = time.monotonic()
            command = Command(argv=child.argv, directory=Path.cwd(), log=self.log(child), environment=child.environment)
            process = await command.spawn(dies_with_us_by=signal.SIGTERM)
            try:
                await process.wait()
            finally:
                await stop(process, (signal.SIGTERM, STOP_SECONDS))
            if child.ends and process.returncode == 0:
                return
            self._say(f"{child.name} ended ({_how(process.returncode)}) and is started again; see {self.log(child)}")
            if time.monotonic() - started > STEADY_SECONDS:
                pause = 1.0
                continue
            await asyncio.sleep(pause)
            pause = min(pause * 2, LAST_PAUSE_SECONDS)


def _how(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
