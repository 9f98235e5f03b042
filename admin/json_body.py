"""The body of a request as one JSON value, within limits that hold while it is still coming in."""

import json
from typing import Any

from fastapi import Request

from admin.body import read_bytes
from api.problems import ProblemError, invalid
from schemas.json_document import load
from schemas.reasons.say import say
from schemas.refusal import Refusal


async def read_json(request: Request) -> Any:
    """415, 413, 408 or 422 for what is not one JSON document of at most MAX_BODY_BYTES in BODY_SECONDS."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ProblemError(415, "unsupported-media-type", "content-type must be application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(415, "unsupported-media-type", "content-encoding is not accepted: send the body as it is.")
    try:
        document = load(await read_bytes(request, "body"))
    except Refusal as refusal:
        raise invalid("body", say(refusal.reason, "en")) from None
    if document.altered:
        raise invalid("body", "must not contain NUL or lone surrogates")
    json.loads(document.text, object_pairs_hook=_no_equal_names)
    return document.value


def _no_equal_names(pairs: list[tuple[str, Any]]) -> None:
    """A command that says two things of one field is not guessed at."""
    seen: set[str] = set()
    for name, _value in pairs:
        if name in seen:
            raise invalid(f"body.{name[:100]}", "must be given once")
        seen.add(name)
