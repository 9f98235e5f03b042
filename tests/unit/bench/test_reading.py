"""Records of the measurement of reading, and what it says of them."""

import json

from bench.events import simulated, with_more_errors
from bench.reading import measure


def test_failures_have_one_to_four_errors_and_successes_stay() -> None:
    events = simulated(600, "price")
    counts = set()
    for before, after in zip(events, with_more_errors(events), strict=True):
        value = json.loads(after.record.value or b"")
        counts.add(len(value.get("errors", ())))
        assert ("errors" in value) == ("errors" in json.loads(before.record.value or b""))
    assert counts == {0, 1, 2, 3, 4}


def test_each_kind_of_record_is_read_both_ways_in_each_round() -> None:
    section = measure(simulated(100, "price"), 2)
    assert len({row["name"] for row in section["rows"]}) == 5
    for row in section["rows"]:
        assert [one["fast_share"] for one in row["rounds"]] == [1.0, 1.0]
        assert all(one["fast_us"] > 0 and one["full_us"] > 0 for one in row["rounds"])
