"""The interval of a share: known values, and what must hold for all."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.group import Cure
from schemas.interval import wilson

Z_95 = 1.959963984540054


@pytest.mark.parametrize(
    ("hits", "cases", "z", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, Z_95, 0.2553, 0.3662),
        (15, 148, Z_95, 0.0624, 0.1605),
        (0, 20, Z_95, 0.0000, 0.1611),
        (1, 29, Z_95, 0.0061, 0.1718),
        # Half of ten by hand: 0.5 ± z·√(0.25/10 + z²/400) / (1 + z²/10).
        (5, 10, 1.6448536269514722, 0.2693, 0.7307),
    ],
)
def test_known_values(hits: int, cases: int, z: float, low: float, high: float) -> None:
    found = wilson(hits, cases, z)
    assert found is not None
    assert math.isclose(found.low, low, abs_tol=5e-5)
    assert math.isclose(found.high, high, abs_tol=5e-5)


def test_no_cases_say_nothing() -> None:
    assert wilson(0, 0) is None


@given(st.integers(1, 10**6).flatmap(lambda cases: st.tuples(st.integers(0, cases), st.just(cases))))
def test_the_share_lies_within_and_more_cases_say_more(drawn: tuple[int, int]) -> None:
    hits, cases = drawn
    found, more, rest = wilson(hits, cases), wilson(10 * hits, 10 * cases), wilson(cases - hits, cases)
    assert found is not None
    assert more is not None
    assert rest is not None
    assert 0 <= found.low <= hits / cases <= found.high <= 1
    assert more.high - more.low < found.high - found.low
    assert math.isclose(found.low, 1 - rest.high, abs_tol=1e-12)


def test_a_cure_is_of_what_was_tried() -> None:
    states = {"fixed": 3, "same_error": 1, "different_error": 0, "busy": 40, "silent": 2, "healed": 9, "sent": 1}
    cure = Cure.of({**states, "failed": 5, "cancelled": 7, "queued": 8})
    assert (cure.tried, cure.rate, cure.busy, cure.healed, cure.awaited) == (4, 0.75, 40, 9, 1)
    assert cure.low is not None
    assert cure.high is not None
    assert cure.low < 0.75 < cure.high
    nothing = Cure.of({"busy": 40, "healed": 3})
    assert (nothing.tried, nothing.rate, nothing.low, nothing.high) == (0, None, None, None)
