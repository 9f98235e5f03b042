"""The state machine of a group, over every decision, every end that it may have, and all that may come since."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import get_args

import pytest

from schemas.group import GroupDecision, GroupNotes
from schemas.group_state import (
    UNDECIDED,
    DecidedState,
    Decision,
    EndedBy,
    Evidence,
    GroupState,
    Standing,
    Until,
    standing,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
BASELINE = 40
#: Ends of a decision by name; only an ignored group has one.
UNTIL = {
    "good": Until(),
    "date": Until(until=NOON + timedelta(days=7)),
    "results": Until(until_results=10),
    "escalates": Until(until_escalates=True),
}
DECISIONS = [
    (state, until) for state in get_args(DecidedState) for until in (UNTIL if state == "ignored" else ("good",))
]
#: Times of each thing that may happen: the last moment at which it has not, and the first at which it has.
LAST = (NOON - MOMENT, NOON, NOON + MOMENT)
NOWS = (NOON + timedelta(days=7) - MOMENT, NOON + timedelta(days=7), NOON + timedelta(days=999))
RECEIVED = (BASELINE, BASELINE + 9, BASELINE + 10, BASELINE + 999)
ESCALATED = (None, NOON - MOMENT, NOON, NOON + MOMENT)


def expected(state: DecidedState, until: str, seen: Evidence) -> tuple[GroupState, EndedBy | None]:
    """Return what the table of docs/equal-errors.md says."""
    if state in {"acknowledged", "resolved"} and (seen.received > BASELINE or seen.last_received_at > NOON):
        return ("regressed" if state == "resolved" else "open"), "failed_again"
    ends: dict[str, tuple[bool, EndedBy]] = {
        "date": (seen.now >= NOON + timedelta(days=7), "date"),
        "results": (seen.received >= BASELINE + 10, "results"),
        "escalates": (seen.escalated_at is not None and seen.escalated_at > NOON, "escalated"),
    }
    if state == "ignored" and until in ends and ends[until][0]:
        return "open", ends[until][1]
    return state, None


@pytest.mark.parametrize(("state", "until"), DECISIONS)
def test_every_transition(state: DecidedState, until: str) -> None:
    decision = Decision(
        state=state, set_by="maria", set_at=NOON, note="why", baseline=BASELINE, **UNTIL[until].model_dump()
    )
    reached = set()
    for now, last, received, escalated in product(NOWS, LAST, RECEIVED, ESCALATED):
        seen = Evidence(now, last, received, escalated)
        found = standing(decision, seen)
        assert (found.state, found.reopened_by) == expected(state, until, seen), seen
        assert found.reopened == (found.reopened_by is not None)
        assert (found.state_by, found.state_at, found.note) == ("maria", NOON, "why")
        assert Until(**found.model_dump(include=set(Until.model_fields))) == UNTIL[until]
        assert standing(None, seen) == UNDECIDED
        reached.add(found.state)
    ends = {"open": set(), "acknowledged": {"open"}, "resolved": {"regressed"}, "ignored": {"open"}}[state]
    assert reached == {state} | (ends if (state, until) != ("ignored", "good") else set())


@pytest.mark.parametrize("state", ["acknowledged", "resolved"])
def test_a_decision_without_a_count_ends_by_time_alone(state: DecidedState) -> None:
    decision = Decision(state=state, set_by="maria", set_at=NOON)
    for last, received in product(LAST, RECEIVED):
        assert standing(decision, Evidence(NOWS[0], last, received, None)).reopened == (last > NOON)


def test_every_state_and_end_is_reached() -> None:
    """None of them is a word that nothing brings about."""
    found: list[Standing] = [
        standing(Decision(state=state, set_by="m", set_at=NOON, baseline=0, **UNTIL[until].model_dump()), seen)
        for state, until in DECISIONS
        for seen in (Evidence(NOON, NOON, 0, None), Evidence(NOWS[-1], LAST[-1], 999, ESCALATED[-1]))
    ]
    assert {each.state for each in found} == set(get_args(GroupState))
    assert {each.reopened_by for each in found} == {None, *get_args(EndedBy)}


@pytest.mark.parametrize("state", get_args(DecidedState))
@pytest.mark.parametrize("ends", list(product((None, NOON.isoformat()), (None, 5), (False, True))))
def test_only_an_ignored_group_has_an_end_and_one_at_most(
    state: str, ends: tuple[str | None, int | None, bool]
) -> None:
    fields = dict(zip(("until", "until_results", "until_escalates"), ends, strict=True))
    asked = {"account": "acme", "integration_type": "price", "state": state, "set_by": "m", **fields}
    if sum(bool(each) for each in ends) <= (state == "ignored"):
        assert GroupDecision.model_validate(asked).model_dump(include={"state"}) == {"state": state}
    else:
        with pytest.raises(ValueError, match="at most one of"):
            GroupDecision.model_validate(asked)


def notes(**fields: object) -> GroupNotes:
    return GroupNotes.model_validate({"account": "acme", "integration_type": "price", "noted_by": "m", **fields})


def test_what_is_left_out_stays_and_what_is_null_goes() -> None:
    assert notes(note="n").written == {"note": ["n"]}
    assert notes(owner=None, ticket=None, tags=[], note=None).written == {"owner": [], "tags": [], "ticket": []}
    assert notes(tags=[" To  do", "to do", "A"]).written == {"tags": ["a", "to do"]}
    with pytest.raises(ValueError, match="must have an owner"):
        notes()


@pytest.mark.parametrize(
    ("ticket", "good"),
    [
        ("https://tickets.example/OPS-1", True),
        ("http://10.0.0.1:8080/x?y=1#z", True),
        ("https://[::1]/x", True),
        ("https://tickets.example", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)//https://x", False),
        ("data:text/html,x", False),
        ("ftp://tickets.example/x", False),
        ("//tickets.example/x", False),
        ("https://", False),
        ("https://bank.example@evil.example/x", False),
        ("https://tickets.example/a b", False),
        ('https://tickets.example/"onmouseover="x', True),  # a path, and escaped where it is shown
        ("https://tickets.example/é", False),
        ("https://tickets.example/\nx", False),
        (" https://tickets.example/x", False),
    ],
)
def test_a_ticket_is_a_web_address(ticket: str, *, good: bool) -> None:
    if good:
        assert notes(ticket=ticket).written == {"ticket": [ticket]}
    else:
        with pytest.raises(ValueError, match="ticket"):
            notes(ticket=ticket)
