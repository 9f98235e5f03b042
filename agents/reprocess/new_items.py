"""Decides one item for each entity of a command: queued, or refused with a verdict. Pure: all facts are passed in."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from schemas.correction import KeptCorrection
from schemas.identity import item_id
from schemas.item_state import ItemState
from schemas.policy import Policy
from schemas.reasons.reason import Reason
from schemas.reprocess import Mode
from schemas.verdict import REASONS, Facts, reason, verdict
from storage.reprocess.writer import LockedLog, NewItem


class Asked(NamedTuple):
    """The request of a command, by log ids or by filter."""

    account: str
    command_id: str
    integration_type: str
    mode: Mode


def new_items(
    asked: Asked,
    log_ids: Sequence[uuid.UUID],
    logs: Mapping[uuid.UUID, LockedLog],
    policy: Policy,
    paused: Collection[str],
    *,
    corrections: Mapping[uuid.UUID, KeptCorrection | Reason] = MappingProxyType({}),
    is_over: bool = False,
) -> list[NewItem]:
    """Return one item for each log id, in order. A repeated id counts once.

    `logs` are those of the ids that the database has, `paused` the affiliates that a person has paused, `corrections`
    those of requests by log, or why one can't be made. `is_over`: the command sends nothing any more, so that what it
    would have sent is cancelled.
    """
    items = [
        _corrected(_new_item(asked, each, logs.get(each), policy, paused), corrections.get(each))
        for each in dict.fromkeys(log_ids)
    ]
    return [_cancelled(each) for each in items] if is_over else items


def _new_item(
    asked: Asked, log_id: uuid.UUID, found: LockedLog | None, policy: Policy, paused: Collection[str]
) -> NewItem:
    item = item_id(asked.account, asked.command_id, log_id)
    if found is None:
        state = ItemState.NOT_FOUND
        return NewItem(item, log_id, state, asked.mode, reason(state, None))
    rule = policy.for_(asked.integration_type, found.affiliate)
    facts = Facts(found.status, found.in_flight is not None, found.changed, found.affiliate in paused)
    state = verdict(facts, rule)
    joined = found.in_flight if state is ItemState.IN_FLIGHT else None
    return NewItem(item, log_id, state, rule.mode or asked.mode, reason(state, rule), found, joined)


def _cancelled(item: NewItem) -> NewItem:
    if item.state is not ItemState.QUEUED:
        return item
    return item._replace(state=ItemState.CANCELLED, reason=REASONS[ItemState.CANCELLED])


def _corrected(item: NewItem, correction: KeptCorrection | Reason | None) -> NewItem:
    """Return an item with its correction. One that can't be made refuses the item: what is wrong is not sent again."""
    if correction is None or item.state is not ItemState.QUEUED:
        return item
    if isinstance(correction, KeptCorrection):
        return item._replace(correction=correction)
    since = correction == REASONS[ItemState.CHANGED_SINCE]
    state = ItemState.CHANGED_SINCE if since else ItemState.NOT_REPROCESSABLE
    return item._replace(state=state, reason=correction)
