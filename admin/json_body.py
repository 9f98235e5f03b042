"""The body of a request as one JSON value, within limits that are checked while it arrives."""

import json
from typing import Any

from fastapi import Request

from admin.body import read_bytes, refuse_encoded
from api.problems import ProblemError, invalid, refusal
from schemas.json_document import load
from schemas.media_type import media_type
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.refusal import Refusal

_MEDIA_TYPE = "application/json"


async def read_json(request: Request) -> Any:
    """Read the body. 415, 413, 408 or 422 unless it is JSON of at most MAX_BODY_BYTES in BODY_SECONDS."""
    if media_type(request.headers.get("content-type", "")) != _MEDIA_TYPE:
        raise ProblemError(415, "unsupported-media-type", Reason(ReasonCode.CONTENT_TYPE_UNKNOWN, allowed=_MEDIA_TYPE))
    refuse_encoded(request)
    try:
        document = load(await read_bytes(request, "body"))
    except Refusal as refused:
        raise refusal([refused.reason.of(field="body")]) from None
    if document.altered:
        raise invalid("body", ReasonCode.FIELD_NOT_STORABLE)
    # Numbers as text: Python refuses integers of more than 4,300 digits, and names are all that is looked at.
    json.loads(document.text, object_pairs_hook=_no_equal_names, parse_int=str, parse_float=str)
    return document.value


def _no_equal_names(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object that has a field twice: nobody guesses which one counts."""
    seen: set[str] = set()
    for name, _value in pairs:
        if name in seen:
            raise invalid(f"body.{name[:100]}", ReasonCode.GIVEN_TWICE)
        seen.add(name)
