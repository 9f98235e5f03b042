"""Data directories and ports of their own for each test, and waiting for a condition with a deadline.

Helpers are fixtures, so that this directory, which bears the package's name, need not be importable.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from embedded.ports import free_port

DEADLINE_SECONDS = 20.0

Condition = Callable[[], bool]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def file_for_dir(data_dir: Path) -> Path:
    """A data directory that is a file."""
    data_dir.write_text("not a directory")
    return data_dir


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def until() -> Callable[[Condition], Awaitable[None]]:
    """`await until(condition)` returns when it holds; TimeoutError when it doesn't before the deadline."""

    async def wait(condition: Condition) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition():  # noqa: ASYNC110 - processes and files raise no events
                await asyncio.sleep(0.02)

    return wait


@pytest.fixture
def is_gone() -> Callable[[int | None], bool]:
    """Tell if a process has ended. A zombie has."""

    def check(pid: int | None) -> bool:
        assert pid is not None
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return check
