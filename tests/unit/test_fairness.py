"""Fair division of room between lanes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agents.reprocess.fairness import fair, share
from schemas.breaker import Breaker
from storage.reprocess.claims import BucketName, Lane

DEMANDS = st.lists(st.integers(0, 50), max_size=8)


def lane(account: str, command: str, affiliate: str = "MLB", ready: int = 100) -> Lane:
    fields: dict[str, Any] = {
        "integration_type": "price", "per_second": None, "automatic": False, "released": None
    }  # fmt: skip
    return Lane(account=account, command_id=command, affiliate=affiliate, ready=ready, breaker=Breaker(), **fields)


@given(st.integers(0, 200), DEMANDS, st.integers(0, 100))
def test_parts_are_as_equal_as_demands_allow(room: int, demands: list[int], turn: int) -> None:
    parts = fair(room, demands, turn)
    assert sum(parts) == min(room, sum(demands))
    assert all(0 <= part <= demand for part, demand in zip(parts, demands, strict=True))
    unmet = [part for part, demand in zip(parts, demands, strict=True) if part < demand]
    assert not unmet or max(parts) <= min(unmet) + 1


def test_what_can_t_be_divided_goes_round() -> None:
    given_to = [sum(parts) for parts in zip(*(fair(1, [9, 9, 9], turn) for turn in range(30)), strict=True)]
    assert given_to == [10, 10, 10]


def test_accounts_come_first_then_their_commands() -> None:
    lanes = [lane("a", "1"), lane("a", "2"), lane("a", "3"), lane("b", "4"), lane("b", "5", ready=2)]
    assert share(lanes, 60, {}, lambda _lane: ()) == [10, 10, 10, 28, 2]


def test_a_single_item_is_always_among_the_first() -> None:
    lanes = [lane("a", f"bulk{n}", ready=100_000) for n in range(9)] + [lane("a", "single", ready=1)]
    assert share(lanes, 10, {}, lambda _lane: ())[-1] == 1


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("123"), st.sampled_from(["MLB", "AMZ"])), unique=True),
    st.integers(0, 100),
    st.integers(0, 30),
)
def test_a_bucket_never_gives_more_than_it_has(names: list[tuple[str, str, str]], room: int, tokens: int) -> None:
    lanes = [lane(*each) for each in names]
    bucket = BucketName("*", "price/MLB")
    parts = share(lanes, room, {bucket: tokens}, lambda each: [bucket] if each.affiliate == "MLB" else [])
    drawn = sum(part for part, each in zip(parts, lanes, strict=True) if each.affiliate == "MLB")
    assert drawn <= tokens
    assert sum(parts) <= room
