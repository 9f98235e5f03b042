"""The records that contestants read."""

import time
from itertools import pairwise
from typing import Any

import pytest

from bench import events as bench_events
from bench.databases import _check_spread, _marks
from bench.events import Event, as_json_batches, partitioned, simulated
from schemas.catalogue import BY_NAME
from schemas.result import Result, read


def _read(events: list[Event]) -> list[Result]:
    found: list[Any] = []
    for each in events:
        record = each.record
        found += read(BY_NAME[each.integration_type], record.headers, record.key, record.value or b"", time.time_ns())
    assert all(isinstance(each, Result) for each in found)
    return found


def test_json_batches_hold_the_same_results_in_the_same_order() -> None:
    events = simulated(1200, "price")
    batches = as_json_batches(events)
    assert [each.results for each in batches] == [1000, 200]
    told = [(each.id, each.log_id, each.version, each.status) for each in _read(events)]
    assert [(each.id, each.log_id, each.version, each.status) for each in _read(batches)] == told
    assert [each.result_id for each in events] == [each[0] for each in told]
    assert batches[-1].result_id == events[-1].result_id


def test_an_entity_is_in_one_partition_in_order() -> None:
    events = simulated(500, "price")
    lists = partitioned(events, 4)
    assert sum(len(each) for each in lists) == 500
    keys = [{event.record.key for event in each} for each in lists]
    assert sum(len(each) for each in keys) == len({event.record.key for event in events})
    for each in lists:
        assert each == sorted(each, key=events.index)


def test_a_mark_is_the_last_result_of_its_entity() -> None:
    events = simulated(1000, "price")
    marks = _marks(events)
    last = {event.record.key: event for event in events}
    assert len(marks) >= 90
    assert [event for _, event in marks] == [events[position] for position, _ in marks]
    assert all(last[event.record.key] is event for _, event in marks)


def test_marks_are_evenly_spread_however_often_entities_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_events, "ENTITIES", 1000)
    for events in partitioned(simulated(60_000, "price"), 2):
        ends = [0, *(position + 1 for position, _ in _marks(events))]
        assert ends[-1] == len(events)
        assert max(later - earlier for earlier, later in pairwise(ends)) <= len(events) * 0.05


@pytest.mark.parametrize("count", [0, 1, 2, 29, 57, 99, 101, 1281])
def test_the_end_is_a_mark(count: int) -> None:
    events = _single(count)
    assert [position for position, _ in _marks(events)][-1:] == [count - 1][:count]


def test_results_that_can_not_tell_a_rate_are_refused() -> None:
    often = _single(1)[0]
    events = [*[often] * 900, *_single(100)]
    with pytest.raises(ValueError, match="901 of 1000 results"):
        _check_spread(events, _marks(events))


def _single(count: int) -> list[Event]:
    """Results that are each the only one of their entity."""
    [one] = simulated(1, "price")
    return [one._replace(record=one.record._replace(key=f"demo/{number}".encode())) for number in range(count)]
