"""Standing of an agents process, as its watchdog sees it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from agents import worker
from agents.worker import START_SECONDS, Standing


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(worker, "_show", lambda _app: None)
    batches = SimpleNamespace(standing=lambda: (True, {"a": 1}))
    lag = SimpleNamespace(measure=lambda _batches: None)
    return SimpleNamespace(joined=False, rebalancing=False, batches=batches, lag=lag, membership_error=lambda: None)


def test_a_process_that_does_not_come_back_into_the_group_ends(app: Any, crashed: list[str]) -> None:
    times: Iterator[float] = iter([0.0, START_SECONDS, START_SECONDS + 1])
    standing = Standing(app, lambda: next(times))
    assert standing.look() == (False, None)  # that is bounded by the start
    app.joined = True
    assert standing.look() == (True, {"a": 1})
    app.joined = False
    assert standing.look() == (False, None)
    assert not crashed
    standing.look()
    assert "joining the group again" in crashed.pop()


def test_what_ends_the_membership_ends_the_process(app: Any, crashed: list[str]) -> None:
    app.joined, app.membership_error = True, lambda: OSError("no right")
    Standing(app).look()
    assert "no right" in crashed.pop()
