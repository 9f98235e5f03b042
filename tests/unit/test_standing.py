"""Standing of an agents process, as its watchdog sees it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from agents import worker
from agents.worker import START_SECONDS, Standing


class EndedError(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Any:
    def die(what: str, *_error: object) -> None:
        raise EndedError(what)

    monkeypatch.setattr("agents.process.crash.die", die)
    monkeypatch.setattr(worker, "_show", lambda _app: None)
    batches = SimpleNamespace(standing=lambda: (True, {"a": 1}))
    lag = SimpleNamespace(measure=lambda _batches: None)
    return SimpleNamespace(joined=False, rebalancing=False, batches=batches, lag=lag, membership_error=lambda: None)


def test_a_process_that_does_not_come_back_into_the_group_ends(app: Any) -> None:
    times: Iterator[float] = iter([0.0, START_SECONDS, START_SECONDS + 1])
    standing = Standing(app, lambda: next(times))
    assert standing.look() == (False, None)  # that is bounded by the start
    app.joined = True
    assert standing.look() == (True, {"a": 1})
    app.joined = False
    assert standing.look() == (False, None)
    with pytest.raises(EndedError, match="joining the group again"):
        standing.look()


def test_what_ends_the_membership_ends_the_process(app: Any) -> None:
    app.joined, app.membership_error = True, lambda: OSError("no right")
    with pytest.raises(EndedError, match="no right"):
        Standing(app).look()
