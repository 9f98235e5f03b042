"""The bytes of a request's body, within limits that hold while it is still coming in."""

import asyncio
from typing import Final

from fastapi import Request

from api.problems import ProblemError

MAX_BODY_BYTES: Final = 256 * 1024
#: A caller that sends slower than the whole body in this time is not waited for.
BODY_SECONDS: Final = 10.0


async def read_bytes(request: Request, name: str) -> bytes:
    """All of it, which people call `name`. 413 or 408 for more than MAX_BODY_BYTES or BODY_SECONDS."""
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
