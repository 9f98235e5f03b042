"""Computes the actions that a caller may take on a log, by the policy that the agents decide by."""

import asyncio
from functools import cache
from typing import Final

from fastapi import Request

from api.authentication import at_least
from schemas.catalogue import BY_NAME
from schemas.correction import MAX_FIELDS, editable_fields
from schemas.item_state import OPEN_ITEM_STATES, ItemState
from schemas.policy import Policy
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.shown.log import Action, Attempt, StatusLog
from schemas.verdict import Facts, reason, verdict
from storage.access_keys import Grant
from storage.logs.reader import Actions, LogReader

IN_FLIGHT = Reason(ReasonCode.BEING_REPROCESSED)
READ_ONLY = Reason(ReasonCode.READ_ONLY_KEY)
#: Characters of a request that is read in a thread: the event loop would wait for milliseconds.
_LARGE_CHARACTERS: Final = 64 * 1024


def actions_for(grant: Grant, policy: Policy) -> Actions:
    """Return the function that lists the actions of a log, for one caller and one answer."""

    @cache  # the logs of one answer have few different arguments
    def actions(
        integration_type: str,
        affiliate: str,
        status: str,
        reprocess_state: str | None,
        paused: bool,  # noqa: FBT001 - as in Actions
    ) -> list[Action]:
        rule = policy.for_(integration_type, affiliate)
        facts = Facts(status, reprocess_state in OPEN_ITEM_STATES, paused=paused)
        state = verdict(facts, rule)
        if state is not ItemState.QUEUED:
            link = None
            if status != "success" and not rule.reprocessable:
                link = BY_NAME[integration_type].troubleshooting_link(affiliate)
            why = IN_FLIGHT if state is ItemState.IN_FLIGHT else reason(state, rule)
            return [Action(allowed=False, verdict=state, reason=why, link=link)]
        if not at_least(grant, "operator"):
            return [Action(allowed=False, verdict="not_permitted", reason=READ_ONLY)]
        if lack := policy.lacks_reason(integration_type, None, {affiliate: 1}):
            return [Action(allowed=False, verdict=ItemState.REASON_REQUIRED, reason=lack)]
        return [Action(allowed=True)]

    return actions


async def editable_of(policy: Policy, log: StatusLog, attempt: Attempt | None) -> list[str]:
    """Return the pointers of what may be corrected in the request of a log that it shows, as its page offers them.

    There is none where the log can't be reprocessed by the caller now, whatever the reason given.
    """
    editable = policy.for_(log.integration_type, log.affiliate).correctable
    if not editable or attempt is None or attempt.request is None or not any(each.is_offered for each in log.actions):
        return []
    request = attempt.request.text
    if len(request) > _LARGE_CHARACTERS:
        found = await asyncio.to_thread(editable_fields, request, editable, MAX_FIELDS)
    else:
        found = editable_fields(request, editable, MAX_FIELDS)
    return [] if isinstance(found, Reason) else [each.pointer for each in found]


def reader_for(request: Request, grant: Grant) -> LogReader:
    """A reader of status logs for one answer. Its logs carry the actions that the caller may take now."""
    actions = actions_for(grant, request.app.state.policy)
    return LogReader(request.app.state.reader, actions, evidence=grant.may_see_evidence)
