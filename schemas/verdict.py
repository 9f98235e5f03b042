"""The verdict on an entity: sent, or why not. The plan, the agents and the actions of a page ask for it."""

from typing import NamedTuple

from schemas.item_state import ItemState
from schemas.policy import Rule
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

#: Reasons that follow from the verdict alone.
REASONS = {
    ItemState.NOT_FOUND: Reason(ReasonCode.LOG_NOT_FOUND),
    ItemState.CHANGED_SINCE: Reason(ReasonCode.CHANGED_SINCE),
    ItemState.ALREADY_SUCCEEDED: Reason(ReasonCode.ALREADY_SUCCEEDED),
    ItemState.IN_FLIGHT: Reason(ReasonCode.JOINED_EARLIER),
    ItemState.CANCELLED: Reason(ReasonCode.COMMAND_ENDED),
    ItemState.HEALED: Reason(ReasonCode.HEALED_BEFORE),
    ItemState.PAUSED: Reason(ReasonCode.AFFILIATE_PAUSED),
}


class Facts(NamedTuple):
    """Facts about one entity on which the verdict depends, besides the policy."""

    status: str
    in_flight: bool  # an item of it is queued or sent
    changed: bool = False  # a newer result came after the filter's `as_of`
    paused: bool = False  # its affiliate, by a person


def verdict(facts: Facts, rule: Rule) -> ItemState:
    """Return `queued` for an entity that will be sent, else the verdict of the first reason against it.

    One that has succeeded since is `already_succeeded`: that says more than that it has changed.
    """
    if facts.changed and facts.status != "success":
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


def verdict_at_leaving(status: str, rule: Rule, *, changed: bool) -> ItemState:
    """Return `queued` for an item that still needs its retry when its turn comes, else what it becomes instead.

    `status` is that of its log now, and `rule` that of now; `changed`: the log has another result than the one that was
    to be reprocessed.
    """
    if status == "success":
        return ItemState.HEALED
    if not rule.reprocessable:
        return ItemState.NOT_REPROCESSABLE
    return ItemState.CHANGED_SINCE if changed and rule.only_unchanged else ItemState.QUEUED


def reason(state: ItemState, rule: Rule | None) -> Reason | None:
    """Return the reason of a verdict; None for `queued`."""
    if state is ItemState.NOT_REPROCESSABLE and rule is not None:
        return rule.reason
    return REASONS.get(state)
