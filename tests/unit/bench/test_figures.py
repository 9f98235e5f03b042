"""Medians, ratios and percentiles."""

import pytest

from bench.figures import crossing, percentile, ratios, spread


def test_a_spread_is_median_least_and_most() -> None:
    assert spread([3, 1, 2]) == (2, 1, 3)
    assert spread([1, 4]).median == 2.5


def test_ratios_are_taken_round_by_round() -> None:
    # Both twice as slow in the second round: no difference between them.
    assert ratios([100, 50], [50, 25]) == (2, 2, 2)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_of_nothing_there_is_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing"):
        spread([])
    with pytest.raises(ValueError, match="no percentile"):
        percentile([], 0.5)


def test_a_crossing_is_between_two_samples() -> None:
    samples = [(10.0, 0.0), (11.0, 0.0), (12.0, 100.0), (13.0, 100.0)]
    assert crossing(samples, 50) == 11.5
    assert crossing(samples, 100) == 12
    assert crossing([(1.0, 7.0)], 5) == 1
    with pytest.raises(ValueError, match="never reached"):
        crossing(samples, 101)
