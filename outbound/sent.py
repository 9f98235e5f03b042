"""Outcomes of one try to send, whatever the way."""

from typing import Literal, NamedTuple

#: sent: the other side took it. again: it may be taken later. refused: it never will be.
Outcome = Literal["sent", "again", "refused"]
MAX_ERROR_CHARACTERS = 500


class Sent(NamedTuple):
    """One try. `error` says why it failed, in one line without any address or secret of the channel."""

    outcome: Outcome
    error: str | None = None
    after_seconds: float = 0.0  # that the other side asks to wait, by `Retry-After`


def failed(outcome: Outcome, error: str) -> Sent:
    """Return a failed try; of the error the first line is kept, without NUL, which PostgreSQL does not take."""
    line = (error.replace("\0", "").strip().splitlines() or ["no reason was given"])[0]
    return Sent(outcome, line[:MAX_ERROR_CHARACTERS])
