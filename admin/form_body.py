"""The body of a form, within limits."""

from urllib.parse import parse_qsl

from fastapi import Request

from admin.body import read_bytes
from api.problems import ProblemError, refusal
from schemas.media_type import media_type
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

MAX_FIELDS = 2000
_MEDIA_TYPE = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> list[tuple[str, str]]:
    """Read fields in order. 415, 413, 408 or 422 unless the body is a urlencoded form of at most MAX_BODY_BYTES."""
    unreadable = Reason(ReasonCode.FORM_UNREADABLE, expected=_MEDIA_TYPE, limit=MAX_FIELDS)
    if media_type(request.headers.get("content-type", "")) != _MEDIA_TYPE:
        raise ProblemError(415, "unsupported-media-type", unreadable)
    body = await read_bytes(request, "form")
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise refusal([unreadable]) from None
