"""Metrics of a partition: how much waits, and since when the oldest of it does."""

from types import SimpleNamespace
from typing import Any

from faust.types import TP
from prometheus_client import REGISTRY

from agents.kafka.lag import Lag
from agents.kafka.record_batch import RecordBatch

A = TP("lag-test", 0)


class Standing:
    """Answers of a consumer about its partitions."""

    def __init__(self, waiting: dict[TP, int], oldest_ms: dict[TP, int]) -> None:
        self._waiting, self._oldest_ms = waiting, oldest_ms

    def assignment(self) -> set[TP]:
        return set(self._waiting)

    def waiting(self) -> dict[TP, int]:
        return self._waiting

    def oldest_waiting_ms(self) -> dict[TP, int]:
        return self._oldest_ms


def shown(lag: Lag, waiting: dict[TP, int], oldest_ms: dict[TP, int]) -> float | None:
    consumer: Any = Standing(waiting, oldest_ms)
    lag.measure(consumer)
    labels = {"topic": A.topic, "partition": str(A.partition)}
    return REGISTRY.get_sample_value("conexoes_oldest_waiting_timestamp_seconds", labels)


def test_the_oldest_is_that_in_flight_else_no_older_than_the_last_that_was_stored() -> None:
    lag = Lag()
    assert shown(lag, {A: 3}, {}) is None  # nothing is known of its time yet
    assert shown(lag, {A: 3}, {A: 5000}) == 5
    lag.stored(RecordBatch(A, 0, [SimpleNamespace(timestamp=5000), SimpleNamespace(timestamp=7000)], 0, 2))
    assert shown(lag, {A: 1}, {}) == 7
    assert shown(lag, {A: 1}, {A: 9000}) == 9
    assert shown(lag, {A: 0}, {}) is None
    assert shown(lag, {A: 1}, {A: 9000}) == 9
    assert shown(lag, {}, {}) is None  # another process has it
    assert shown(lag, {A: 1}, {}) is None


def test_what_may_be_missing_is_as_old_as_the_last_look_at_which_nothing_waited() -> None:
    """Or as the oldest record that waits, where that is younger; behind an open transaction none is known."""
    lag, now = Lag(), 1000.0

    def age(looked_at: float | None, *, whole: bool = False, oldest_ms: int | None = None) -> float | None:
        consumer: Any = SimpleNamespace(
            whole=lambda: {} if looked_at is None else {A: (looked_at, whole)},
            oldest_waiting_ms=lambda: {} if oldest_ms is None else {A: oldest_ms},
        )
        return lag.ages(consumer, clock=lambda: now).get(A)

    assert age(999) is None  # it has never been whole, and nothing is known of what waits
    assert age(998, whole=True) == 2
    assert age(999) == 2  # an open transaction
    assert age(999, oldest_ms=999_500) == 1  # a producer's clock is ahead: no later than the look
    assert age(999, oldest_ms=998_500) == 1.5
    assert age(999, oldest_ms=5_000) == 2  # a producer's clock is off
    assert age(999, whole=True) == 1
    now = 1500.0
    assert age(999, whole=True) == 501  # Kafka is away: there was no look since
    assert age(None) is None  # another process has it
    assert age(1400) is None
