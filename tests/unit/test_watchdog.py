"""A worker that looks alive and does nothing."""

import asyncio
from collections.abc import Iterator

import pytest

from agents.process.watchdog import Progress, show_tasks


def clock(*times: float) -> Iterator[float]:
    return iter(times)


def test_it_is_stalled_while_work_waits_and_nothing_moves() -> None:
    progress = Progress(clock(0, 10, 10, 40, 90).__next__)
    assert progress.stalled_seconds(waiting=True, position=1) == 0
    assert progress.stalled_seconds(waiting=True, position=1) == 30
    assert progress.stalled_seconds(waiting=True, position=1) == 80


def test_progress_or_nothing_to_do_starts_anew() -> None:
    progress = Progress(clock(0, 10, 10, 40, 40, 90, 90).__next__)
    progress.stalled_seconds(waiting=True, position=1)
    assert progress.stalled_seconds(waiting=True, position=2) == 0
    assert progress.stalled_seconds(waiting=False, position=2) == 0


async def test_a_stall_says_where_each_thread_and_task_stands(capfd: pytest.CaptureFixture[str]) -> None:
    async def wait_for_what_never_comes() -> None:
        await asyncio.Event().wait()

    async def outermost() -> None:
        await wait_for_what_never_comes()

    waiting = asyncio.create_task(outermost())
    await asyncio.sleep(0)
    show_tasks([asyncio.get_running_loop()])
    waiting.cancel()
    said = capfd.readouterr().err
    assert "wait_for_what_never_comes" in said
    assert "show_tasks" in said
