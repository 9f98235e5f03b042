"""The first of several reasons against a reprocess counts."""

from itertools import product

import pytest

from schemas.catalogue import SEVERITY
from schemas.item_state import ItemState
from schemas.policy import Policy
from schemas.verdict import REASONS, Facts, reason, verdict, verdict_at_leaving

SENT, NEVER = Policy().for_("price", "MLB"), Policy().for_("orders", "MLB")


@pytest.mark.parametrize("status", SEVERITY)
@pytest.mark.parametrize(("changed", "in_flight", "paused", "allowed"), list(product([False, True], repeat=4)))
def test_the_first_reason_counts(status: str, *, changed: bool, in_flight: bool, paused: bool, allowed: bool) -> None:
    reasons = {
        ItemState.CHANGED_SINCE: changed and status != "success",
        ItemState.NOT_REPROCESSABLE: not allowed,
        ItemState.ALREADY_SUCCEEDED: status == "success",
        ItemState.IN_FLIGHT: in_flight,
        ItemState.PAUSED: paused,
        ItemState.QUEUED: True,
    }
    facts = Facts(status, in_flight=in_flight, changed=changed, paused=paused)
    assert verdict(facts, SENT if allowed else NEVER) is next(state for state, holds in reasons.items() if holds)


@pytest.mark.parametrize("status", SEVERITY)
@pytest.mark.parametrize(("changed", "only_unchanged", "allowed"), list(product([False, True], repeat=3)))
def test_the_first_reason_counts_when_a_retry_leaves(
    status: str, *, changed: bool, only_unchanged: bool, allowed: bool
) -> None:
    reasons = {
        ItemState.HEALED: status == "success",
        ItemState.NOT_REPROCESSABLE: not allowed,
        ItemState.CHANGED_SINCE: changed and only_unchanged,
        ItemState.QUEUED: True,
    }
    rule = (SENT if allowed else NEVER)._replace(only_unchanged=only_unchanged)
    found = verdict_at_leaving(status, rule, changed=changed)
    assert found is next(state for state, holds in reasons.items() if holds)


def test_nothing_has_changed_or_is_paused_unless_it_is_said() -> None:
    assert verdict(Facts("error", in_flight=False), SENT) is ItemState.QUEUED


def test_a_refusal_has_the_reason_of_its_rule_else_of_its_verdict() -> None:
    assert reason(ItemState.NOT_REPROCESSABLE, NEVER) == NEVER.reason
    assert reason(ItemState.NOT_REPROCESSABLE, None) == REASONS.get(ItemState.NOT_REPROCESSABLE)
    assert reason(ItemState.PAUSED, NEVER) == reason(ItemState.PAUSED, None) == REASONS[ItemState.PAUSED]
    assert reason(ItemState.QUEUED, SENT) is None
