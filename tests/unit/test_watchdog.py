"""A worker that looks alive and does nothing."""

from collections.abc import Iterator

from agents.process.watchdog import Progress


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
