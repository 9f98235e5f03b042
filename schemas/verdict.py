"""Whether an entity will be sent, and if not, why: asked by the plan, by the agents, and by what a page offers."""

from typing import NamedTuple

from schemas.policy import Rule
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reprocess import ItemState

#: Where the verdict alone decides it.
REASONS = {
    ItemState.NOT_FOUND: Reason(ReasonCode.LOG_NOT_FOUND),
    ItemState.CHANGED_SINCE: Reason(ReasonCode.CHANGED_SINCE),
    ItemState.ALREADY_SUCCEEDED: Reason(ReasonCode.ALREADY_SUCCEEDED),
    ItemState.IN_FLIGHT: Reason(ReasonCode.JOINED_EARLIER),
    ItemState.CANCELLED: Reason(ReasonCode.COMMAND_ENDED),
    ItemState.PAUSED: Reason(ReasonCode.AFFILIATE_PAUSED),
}


class Facts(NamedTuple):
    """What the verdict on one entity depends on, besides the policy."""

    status: str
    in_flight: bool  # an item of it is queued or sent
    changed: bool = False  # a newer result came after the filter's `as_of`
    paused: bool = False  # its affiliate, by a person


def verdict(facts: Facts, rule: Rule) -> ItemState:
    """`queued` for what will be sent; of several reasons against it the first counts."""
    if facts.changed:
        return ItemState.CHANGED_SINCE
    if not rule.reprocessable:
        return ItemState.NOT_REPROCESSABLE
    if facts.status == "success":
        return ItemState.ALREADY_SUCCEEDED
    if facts.in_flight:
        return ItemState.IN_FLIGHT
    if facts.paused:
        return ItemState.PAUSED
    return ItemState.QUEUED


def reason(state: ItemState, rule: Rule | None) -> Reason | None:
    """Why that is the verdict; None for `queued`."""
    if state is ItemState.NOT_REPROCESSABLE and rule is not None:
        return rule.reason
    return REASONS.get(state)
