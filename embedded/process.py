"""Child processes that are servers: started in a session of their own, logged to a file, stopped in order."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedded.errors import EmbeddedError


@dataclass(frozen=True, kw_only=True)
class SystemUser:
    """Another user of the system, by user and group id."""

    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command line, with its directory, log and user."""

    argv: Sequence[str]
    directory: Path  # working directory
    log: Path  # standard output and error are appended here
    user: SystemUser | None = None  # None = our own user
    environment: Mapping[str, str] = field(default_factory=dict)  # beside ours

    async def spawn(self, *, dies_with_us_by: signal.Signals) -> asyncio.subprocess.Process:
        """Start it in its own session: the terminal's Ctrl-C then reaches only us, and we choose the order of stopping.

        Linux sends it `dies_with_us_by` when the *thread* that runs this loop ends, killed or not.
        """
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *_tether(dies_with_us_by),
                *self.argv,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # The servers would read settings from PG* variables; ours are in files.
                env={name: value for name, value in os.environ.items() if not name.startswith("PG")}
                | dict(self.environment),
                start_new_session=True,
                user=self.user.uid if self.user else None,
                group=self.user.gid if self.user else None,
                extra_groups=[] if self.user else None,
            )

    async def run(self, *, seconds: float) -> int:
        """Run it to its end and return its exit code; ended by force after `seconds` (EmbeddedError) or on cancel."""
        process = await self.spawn(dies_with_us_by=signal.SIGKILL)
        try:
            return await asyncio.wait_for(process.wait(), seconds)
        except TimeoutError as error:
            name = Path(self.argv[0]).name
            raise EmbeddedError(f"{name} did not finish in {seconds:g} seconds; see the end of {self.log}.") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def stop(process: asyncio.subprocess.Process, *steps: tuple[signal.Signals, float]) -> None:
    """Send each step's signal and wait its seconds for the end, then kill. Does nothing to a process that has ended.

    When cancelled while it waits, it kills the process before the cancellation goes on: no process outlives us.
    """
    try:
        for number, seconds in steps:
            if process.returncode is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), seconds)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _tether(number: signal.Signals) -> list[str]:
    """Return a command prefix that ends the child when we end, if the system has one (util-linux).

    `preexec_fn` with prctl is no choice: Python code between fork and exec can deadlock once other threads run.
    Without the prefix a server may outlive a killed owner; the next start stops it (`leftovers`).
    """
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [] if setpriv is None else [setpriv, "--pdeathsig", number.name.removeprefix("SIG"), "--"]
