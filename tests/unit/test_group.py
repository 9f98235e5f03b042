"""The state of a group of errors, by what somebody decided and what came since."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.group import Decision, GroupState, standing

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("decided", "last", "state", "reopened"),
    [
        ("acknowledged", NOON - MOMENT, "acknowledged", False),
        ("acknowledged", NOON, "acknowledged", False),
        ("acknowledged", NOON + MOMENT, "open", True),
        ("ignored", NOON + MOMENT, "ignored", False),
        ("open", NOON + MOMENT, "open", False),
    ],
)
def test_only_what_is_acknowledged_opens_again(
    decided: GroupState, last: datetime, state: GroupState, *, reopened: bool
) -> None:
    found = standing(Decision(state=decided, set_by="maria", set_at=NOON, note="why"), last)
    assert (found.state, found.reopened) == (state, reopened)
    assert (found.state_by, found.state_at, found.note) == ("maria", NOON, "why")


def test_a_group_about_which_nobody_decided_is_open() -> None:
    found = standing(None, NOON)
    assert (found.state, found.reopened, found.state_by, found.state_at, found.note) == (
        "open",
        False,
        None,
        None,
        None,
    )
