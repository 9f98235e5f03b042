"""Outcomes of one try to send, whatever the way."""

from typing import Literal, NamedTuple

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

#: sent: the other side took it. again: it may be taken later. refused: it never will be.
Outcome = Literal["sent", "again", "refused"]


class Sent(NamedTuple):
    """One try. `error` says why it failed, without any address or secret of the channel."""

    outcome: Outcome
    error: Reason | None = None
    after_seconds: float = 0.0  # that the other side asks to wait, by `Retry-After`


NO_ANSWER = Reason(ReasonCode.NO_ANSWER_IN_TIME)


def not_connected(exc: Exception) -> Reason:
    """Return what an error of a connection says. Its text is not told, since it may have the address."""
    return NO_ANSWER if isinstance(exc, TimeoutError) else Reason(ReasonCode.NOT_CONNECTED, error=type(exc).__name__)
