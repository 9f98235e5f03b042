"""The bytes of a request's body, within limits that are checked while it arrives."""

import asyncio
from typing import Final

from fastapi import Request

from api.problems import ProblemError

MAX_BODY_BYTES: Final = 256 * 1024
#: Time limit for the whole body.
BODY_SECONDS: Final = 10.0


async def read_bytes(request: Request, name: str) -> bytes:
    """Read the whole body, called `name` in errors. 413 or 408 for more than MAX_BODY_BYTES or BODY_SECONDS."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise ProblemError(413, "too-large", f"The {name} must have at most {MAX_BODY_BYTES} bytes.")
    except TimeoutError:
        raise ProblemError(408, "too-slow", f"The {name} must come within {BODY_SECONDS:g} seconds.") from None
    return bytes(body)
