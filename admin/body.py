"""The bytes of a request's body, within limits that are checked while it arrives."""

import asyncio
from typing import Final

from fastapi import Request

from api.problems import ProblemError
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

MAX_BODY_BYTES: Final = 256 * 1024
#: Time limit for the whole body.
BODY_SECONDS: Final = 10.0


def refuse_encoded(request: Request) -> None:
    """Raise 415 for a body that is compressed: its limit would be of other bytes than those that are read."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(415, "unsupported-media-type", Reason(ReasonCode.CONTENT_ENCODING))


async def read_bytes(request: Request, name: str, limit: int = MAX_BODY_BYTES, seconds: float | None = None) -> bytes:
    """Read the whole body, called `name` in errors. 413 or 408 for more than `limit` bytes or `seconds`.

    `seconds`: None is BODY_SECONDS.
    """
    seconds = BODY_SECONDS if seconds is None else seconds
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    reason = Reason(ReasonCode.BODY_TOO_LARGE, field=name, limit=limit)
                    raise ProblemError(413, "too-large", reason)
    except TimeoutError:
        reason = Reason(ReasonCode.BODY_TOO_SLOW, field=name, seconds=seconds)
        raise ProblemError(408, "too-slow", reason) from None
    return bytes(body)
