"""Whether an entity will be sent, and if not, why: asked by the plan, by the agents, and by what a page offers."""

from typing import NamedTuple

from schemas.policy import Rule
from schemas.reprocess import ItemState

#: A sentence for a person, where the verdict alone decides it.
REASONS = {
    ItemState.NOT_FOUND: "There is no such log in this account and type.",
    ItemState.CHANGED_SINCE: "A newer result came after the filter was looked at.",
    ItemState.ALREADY_SUCCEEDED: "The last result is a success.",
    ItemState.IN_FLIGHT: "An earlier reprocess of this entity is in flight; this request joined it.",
    ItemState.CANCELLED: "Its command ended before this was sent.",
    ItemState.PAUSED: "This marketplace is paused: resume it, then ask again.",
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


def reason(state: ItemState, rule: Rule | None) -> str | None:
    """The sentence of a verdict; None for `queued`."""
    if state is ItemState.NOT_REPROCESSABLE and rule is not None:
        return rule.reason
    return REASONS.get(state)
