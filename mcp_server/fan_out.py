"""Rules of a fan-out that an assistant asks for: a canary first, the plan as it was shown, one command for one call."""

import hashlib
from datetime import datetime
from typing import Final

from mcp_server.refused import RefusedError
from schemas.reprocess import ReprocessRequest
from schemas.steps import default_steps
from schemas.timestamp import to_text

#: Logs that may be named without a plan; more are reprocessed by a filter, which needs one.
MAX_WITHOUT_PLAN: Final = 10
#: The smallest share of fixed items after which an assistant may let a step go on. Less is a person's to accept.
MIN_FIXED_SHARE: Final = 0.5
_AUTHOR: Final = "an assistant"
_MAX_NAME_CHARACTERS: Final = 180


def requested_by(key_name: str) -> str:
    """Return the author of a command: the name of the key, and that an assistant used it."""
    name = key_name.strip()[:_MAX_NAME_CHARACTERS]
    return f"{name}, by {_AUTHOR}" if name else _AUTHOR


def canary(logs: int) -> int:
    """Return how many of so many logs the first step may have: half at most, a hundredth or five of many."""
    return max(1, min(default_steps(logs)[0], logs // 2))


def steps_of(asked: tuple[int, ...] | None, logs: int) -> tuple[int, ...]:
    """Return the steps for so many logs: as asked for, else the usual ones. Raises RefusedError without a canary."""
    most = canary(logs)
    if asked is None:
        return (most, *default_steps(logs)[1:])
    if asked[0] > most:
        raise RefusedError(f"steps: the first step is a canary, and may have at most {most} of {logs} logs")
    return asked


def check_plan(said: int, now: int, tolerance: float) -> None:
    """Raise RefusedError when what would be sent has changed by more than `tolerance`, a share of what was `said`."""
    if now == 0:
        raise RefusedError("Nothing of it would be sent any more. Make the plan again to see why.")
    if abs(now - said) > tolerance * said:
        raise RefusedError(
            f"The plan has changed: {said} logs were to be sent, and now it is {now}, which is more than will_send and "
            "tolerance allow. Make the plan again, and look at it."
        )


def idempotency_key(body: ReprocessRequest, seen: datetime) -> str:
    """Return the Idempotency-Key of a call: the same for the same body, about what was read at the same moment."""
    text = f"{to_text(seen)}\n{body.model_dump_json()}"
    return f"mcp-{hashlib.sha256(text.encode()).hexdigest()}"
