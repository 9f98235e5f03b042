"""Corrections that an assistant asks for: the kept request of a log, and the difference that a correction makes. Pure.

The API and the agents judge every correction themselves. This is for who has to see the difference before.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from mcp_server.refused import RefusedError
from schemas.correction import MAX_FIELDS, Change, Corrected, Difference, corrected
from schemas.raw_json import members
from schemas.reasons.reason import Reason, each_of
from schemas.reasons.say import say
from schemas.timestamp import parse

_PLAN_AGAIN: Final = "Make the plan again, and look at it."


class KeptLog(NamedTuple):
    """One log of the API's, with what was sent for its last result."""

    log_id: str
    affiliate: str
    key: str
    updated_at: datetime
    event_id: str | None  # None when retention has dropped the result
    request: str | None  # JSON, every digit as it came
    editable: tuple[str, ...]  # JSON pointers; none where it is refused
    refused: str | None  # why it can't be reprocessed now, in a sentence

    def difference(self, changes: Sequence[Change]) -> Corrected | Reason:
        """Return what changes would make of the request, or all that is against it.

        Where more fields may be corrected than the API lists, a pointer that is not listed is left to the API.
        """
        unlisted = [each.pointer for each in changes] if len(self.editable) >= MAX_FIELDS else []
        return corrected(self.request, changes, [*self.editable, *unlisted])

    def check_seen(self, event_id: str, seen: Sequence[Difference], as_of: datetime) -> None:
        """Raise RefusedError unless sending it would make the very difference that was `seen` at `as_of`."""
        if self.event_id != event_id or self.updated_at > as_of:
            raise RefusedError(f"{self.key}: the log has changed since the plan. {_PLAN_AGAIN}")
        if self.refused is not None:
            raise RefusedError(f"{self.key}: {self.refused}")
        now = self.difference([Change.model_construct(pointer=each.pointer, value=str(each.after)) for each in seen])
        if isinstance(now, Reason):
            raise RefusedError(f"{self.key}: {' '.join(sentences_of(now))} {_PLAN_AGAIN}")
        if {*now.differences} != {*seen}:
            raise RefusedError(f"{self.key}: The difference is not the one that the plan showed. {_PLAN_AGAIN}")


def sentences_of(refusal: Reason) -> list[str]:
    """Return all that is against a correction, a sentence each."""
    return [say(each, "en") for each in each_of(refusal)]


def kept_log(text: str) -> KeptLog:
    """Read a log from the API's answer. Raises RefusedError when the key may not see what was sent."""
    log = dict(members(text))
    attempt = {} if log["last_attempt"] == "null" else dict(members(log["last_attempt"]))
    if attempt.get("evidence") == '"not_permitted"':
        raise RefusedError("This key may not see evidence: who can't see what was sent can't correct it.")
    read = {name: json.loads(log[name]) for name in ("id", "affiliate", "key", "updated_at", "actions")}
    request = attempt.get("request")
    return KeptLog(
        log_id=read["id"],
        affiliate=read["affiliate"],
        key=read["key"],
        updated_at=parse(read["updated_at"]).at,
        event_id=json.loads(attempt["event_id"]) if attempt else None,
        request=None if request == "null" else request,
        editable=tuple(json.loads(log.get("editable", "[]"))),  # an admin app of before has none
        refused=_against(read["actions"][0]),
    )


def _against(action: dict[str, Any]) -> str | None:
    """Return why a log is not reprocessed; a reason is no condition here, since every call has one."""
    if action["allowed"] or action["verdict"] == "reason_required":
        return None
    return str(action["reason"] or action["verdict"])
