"""Metrics of a partition: how much waits, and since when the oldest of it does."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from prometheus_client import REGISTRY

from agents.app import AgentsApp
from agents.kafka.consumer import BatchConsumer
from agents.kafka.lag import Lag
from agents.kafka.record_batch import RecordBatch
from agents.kafka.watermark import Watermark

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


def stored_until() -> float | None:
    labels = {"topic": A.topic, "partition": str(A.partition)}
    return REGISTRY.get_sample_value("conexoes_stored_until_timestamp_seconds", labels)


def test_a_partition_that_is_taken_away_before_it_was_measured_is_shown_no_longer() -> None:
    lag = Lag()
    lag.stored(RecordBatch(A, 0, [SimpleNamespace(timestamp=7000)], 0, 1))
    assert stored_until() == 7
    assert shown(lag, {}, {}) is None
    assert stored_until() is None


def test_what_is_stored_of_a_partition_that_was_taken_away_is_not_shown() -> None:
    """The batch was read before, and its statement took longer than the rebalance."""
    of_consumer, lag = Watermark(), Lag()
    consumer: Any = SimpleNamespace(
        watermark=of_consumer, _in_flight=SimpleNamespace(remove=lambda _bytes: None), _begins_at={}
    )
    app: Any = SimpleNamespace(batches=SimpleNamespace(done=partial(BatchConsumer.done, consumer)), lag=lag)
    first, second = (
        RecordBatch(A, of_consumer.generation, [SimpleNamespace(timestamp=at)], 0, at) for at in (7000, 8000)
    )
    AgentsApp.done(app, first)
    assert stored_until() == 7
    assert shown(lag, {A: 0}, {}) is None
    of_consumer.new_generation([A])
    assert shown(lag, {}, {}) is None
    AgentsApp.done(app, second)
    assert stored_until() is None
    assert shown(lag, {}, {}) is None
    assert stored_until() is None


def test_what_may_be_missing_is_as_old_as_the_last_look_at_which_nothing_waited() -> None:
    """Or as the oldest record that waits, where that is younger; behind an open transaction none is known."""
    lag = Lag()

    def age(now: float, looked_at: float | None, *, whole: bool = False, oldest_ms: int | None = None) -> float | None:
        consumer: Any = SimpleNamespace(
            whole=lambda: {} if looked_at is None else {A: (looked_at, whole)},
            oldest_waiting_ms=lambda: {} if oldest_ms is None else {A: oldest_ms},
        )
        return lag.ages(consumer, now, lambda: now).get(A)

    assert age(990, 989) is None  # it has never been whole, and nothing is known of what waits
    assert age(1000, 998, whole=True) == 2
    assert age(1001, 1000) == 3  # an open transaction
    assert age(1002, 1001, oldest_ms=1_001_500) == 1  # a producer's clock is ahead: no later than the look
    assert age(1003, 1002, oldest_ms=1_001_500) == 1.5
    assert age(1004, 1003, oldest_ms=5_000) == 6  # a producer's clock is off
    assert age(1005, 1004, whole=True) == 1
    assert age(1500, 1004, whole=True) == 496  # Kafka is away: there was no look since
    assert age(1501, None) is None  # another process has it
    assert age(1502, 1400) is None


@pytest.mark.parametrize("host_ahead", [-7200.0, 0.0, 7200.0])
def test_what_waits_is_as_old_as_by_postgresql_s_clock_whatever_the_host_says(host_ahead: float) -> None:
    """A backlog of half an hour, of which nothing was whole before."""
    now = 1_000_000.0
    found = ages_of(Lag(), now, now + host_ahead, looked_at=now + host_ahead - 1, oldest=now - 1800)
    assert found == pytest.approx(1800)


@pytest.mark.parametrize("step", [-3600.0, -5.0, 0.0, 5.0, 3600.0])
@pytest.mark.parametrize("between", ["look and question", "questions"])
def test_a_host_whose_clock_is_set_claims_nothing_that_it_has_not_seen(step: float, between: str) -> None:
    """Kafka is away for a while, and NTP sets the clock; then Kafka is back, with a look before or after that."""
    lag, now, host = Lag(), 1_000_000.0, 2_000_000.0
    assert ages_of(lag, now, host, looked_at=host - 1, whole=True) == pytest.approx(1)
    host += step
    for _ in range(60):
        now, host = now + 5, host + 5
        found = ages_of(lag, now, host, looked_at=2_000_000.0 - 1, whole=True)
        assert found == pytest.approx(now - 1_000_000.0 + 1)
    looked_at = host + 4  # and a second ago at the next question
    now, host = now + 5, host + 5 + (step if between == "look and question" else 0)
    found = ages_of(lag, now, host, looked_at=looked_at, whole=True)
    assert found is not None
    assert 0 <= found <= 5  # since the last question, whatever the clock was set to
    now, host = now + 100, host + 100
    found = ages_of(lag, now, host, looked_at=looked_at, whole=True)
    assert found is not None
    assert 100 <= found <= 105


def ages_of(
    lag: Lag, now: float, host: float, *, looked_at: float, whole: bool = False, oldest: float | None = None
) -> float | None:
    consumer: Any = SimpleNamespace(
        whole=lambda: {A: (looked_at, whole)},
        oldest_waiting_ms=lambda: {} if oldest is None else {A: int(oldest * 1000)},
    )
    return lag.ages(consumer, now, lambda: host).get(A)
