"""The body of a form, within limits."""

import asyncio
from urllib.parse import parse_qsl

from fastapi import Request

from admin.json_body import BODY_SECONDS, MAX_BODY_BYTES
from api.problems import ProblemError

MAX_FIELDS = 2000


async def read_form(request: Request) -> list[tuple[str, str]]:
    """Fields in order. 415, 413, 408 or 422 for what is not one urlencoded form of at most MAX_BODY_BYTES."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise ProblemError(415, "unsupported-media-type", "A form must be application/x-www-form-urlencoded.")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise ProblemError(413, "too-large", f"The form must have at most {MAX_BODY_BYTES} bytes.")
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except TimeoutError:
        raise ProblemError(408, "too-slow", f"The form must come within {BODY_SECONDS:g} seconds.") from None
    except ValueError:
        raise ProblemError(422, "invalid-request", "The form can't be read.") from None
