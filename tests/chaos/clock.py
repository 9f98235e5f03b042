"""A clock of a process that is off, by a library that is preloaded into it."""

import asyncio
import shutil
import sys
from pathlib import Path

_SOURCE = Path(__file__).with_suffix(".c")


def lacks() -> str | None:
    """Name of what is missing for it on this machine; None when all is there."""
    if sys.platform != "linux":
        return "Linux"
    return None if shutil.which("cc") else "a C compiler"


async def shifted(directory: Path, seconds: int) -> dict[str, str]:
    """The environment of a process whose clock is so many seconds ahead, or behind."""
    library = directory / "clock.so"
    if not library.exists():
        compiler = await asyncio.create_subprocess_exec(
            "cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE)
        )
        assert await compiler.wait() == 0
    return {"LD_PRELOAD": str(library), "CHAOS_CLOCK_AHEAD_SECONDS": str(seconds)}
