"""The body of a form, within limits."""

from urllib.parse import parse_qsl

from fastapi import Request

from admin.body import read_bytes
from api.problems import ProblemError

MAX_FIELDS = 2000


async def read_form(request: Request) -> list[tuple[str, str]]:
    """Fields in order. 415, 413, 408 or 422 for what is not one urlencoded form of at most MAX_BODY_BYTES."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise ProblemError(415, "unsupported-media-type", "A form must be application/x-www-form-urlencoded.")
    body = await read_bytes(request, "form")
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise ProblemError(
            422, "invalid-request", f"The form must be urlencoded UTF-8 of at most {MAX_FIELDS} fields."
        ) from None
