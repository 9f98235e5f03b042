"""Replay of a request: what of a kept one can be sent again as it was."""

from typing import Final

from schemas.redaction import REDACTED
from schemas.topics import MAX_EVENT_BYTES

#: Bytes of a kept request that a retry carries: what stands around it is never as long as the rest of an event.
MAX_REQUEST_BYTES: Final = MAX_EVENT_BYTES - 128 * 1024


def is_as_it_was(request: str) -> bool:
    """Return if a kept request is still what was sent: no secret was taken out of it, and it is not too large."""
    return REDACTED not in request and len(request.encode()) <= MAX_REQUEST_BYTES
