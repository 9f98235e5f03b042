"""The summary sheet's rows: counts, and what reprocessing did about each group."""

from exports.excel.summary import left_rows
from exports.excel.texts import COUNTS, CURE
from schemas.group import Cure
from storage.exports.reader import Count

STATUSES = {"error": "Error"}


def test_a_group_has_its_cure_with_the_interval_and_nothing_else_has() -> None:
    counts = [
        Count("status", "error", "", None, None, 5, 3, 1),
        Count("group", "f1", "MLB", "price.min", "too low", 3, 2, 1),
        Count("group", "f2", "MLB", None, None, 2, 1, 0),
    ]
    cures = {"f1": Cure.of({"fixed": 5, "same_error": 5, "busy": 90}), "f2": Cure.of({"healed": 3})}
    everything, status, tried, untried = left_rows("en", STATUSES, counts, cures)
    assert {len(each) for each in (everything, status, tried, untried)} == {len(COUNTS) + len(CURE)}
    assert everything[2:] == [5, 3, 1, 2, None, None, None, None]
    assert status[6:] == [None] * 4
    assert tried[2:] == [3, 2, 1, 1, 0.5, 0.2693, 0.7307, 10]
    assert untried[6:] == [None, None, None, 0]
