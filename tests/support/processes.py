"""Processes as a user starts them."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path


@asynccontextmanager
async def conexoes(*arguments: str, log: Path, **settings: str) -> AsyncIterator[Process]:
    """`conexoes …` with these CONEXOES_ settings, its output in `log`; killed at the end of the block if need be."""
    process = await start(*arguments, log=log, settings=settings)
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def start(
    *arguments: str,
    log: Path,
    settings: Mapping[str, str],
    environment: Mapping[str, str] | None = None,
    own_session: bool = False,
    module: str = "cli",
) -> Process:
    """`conexoes …` with these CONEXOES_ settings, and `environment` beside ours; Ctrl-C reaches no `own_session`.

    `module`: another one that takes the same command line.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CONEXOES_")},
        **{f"CONEXOES_{name}": value for name, value in settings.items()},
        **(environment or {}),
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=own_session,
        )


async def end(process: Process, number: signal.Signals = signal.SIGTERM, seconds: float = 60.0) -> int:
    """Stop it by a signal; its exit code. TimeoutError when it does not end."""
    process.send_signal(number)
    return await asyncio.wait_for(process.wait(), seconds)
