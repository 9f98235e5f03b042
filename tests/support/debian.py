"""Debian's packages, of programs of others that the tests run."""

import asyncio
import shutil

_SECONDS = 240


async def program(name: str, package: str) -> str:
    """Find a program, or install the package that has it, as root. AssertionError when that fails."""
    if found := shutil.which(name):
        return found
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", package]):
        await run(*command)
    found = shutil.which(name)
    assert found, f"{name} is needed: install {package}"
    return found


async def run(*command: str) -> None:
    """Run a command to its end. AssertionError with its output when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
    assert process.returncode == 0, out.decode(errors="replace")
