"""Versions compare as the tuple of design section 3 does."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.version import version

nanoseconds = st.integers(min_value=-(2**62), max_value=2**62)
texts = st.text(st.characters(exclude_characters="\x00"), min_size=1, max_size=4)
parts = st.tuples(
    st.sampled_from([0, 1, -1]) | nanoseconds, st.none() | st.sampled_from([0, 2**63 - 1]), nanoseconds, texts, texts
)


@given(parts, parts)
def test_bytes_compare_as_the_parts_do(one: tuple[int, int | None, int, str, str], other: tuple) -> None:  # type: ignore[type-arg]
    def order(each: tuple) -> tuple:  # type: ignore[type-arg]
        processed, sequence, event, source, event_id = each
        return processed, -1 if sequence is None else sequence, event, source, event_id

    assert (version(*one) < version(*other)) == (order(one) < order(other))
    assert (version(*one) == version(*other)) == (order(one) == order(other))


def test_a_version_is_as_it_is_stored() -> None:
    """Stored versions are compared with new ones, so their form can't change."""
    zero = "8000000000000000"
    assert version(0, 0, 0, "s", "i").hex() == zero * 3 + "730069"
    assert version(1, None, -1, "é", "").hex() == "8000000000000001" + "7fffffffffffffff" * 2 + "c3a900"
    assert version(0, 2**63 - 1, 0, "s", "i").hex() == zero + "f" * 16 + zero + "730069"
