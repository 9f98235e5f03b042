"""Metrics of a partition: how much waits, and since when the oldest of it does."""

from types import SimpleNamespace
from typing import Any

from faust.types import TP
from prometheus_client import REGISTRY

from agents.kafka.lag import Lag
from agents.kafka.transport import RecordBatch

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
