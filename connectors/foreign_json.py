"""JSON that somebody else's server answers, kept as its text: what it says is evidence, digit for digit."""

import json

from schemas.json_document import dump
from schemas.raw_json import RawJson, is_json


def read_json(body: bytes) -> RawJson | None:
    """Return the value of a body in UTF-8, UTF-16 or UTF-32, with a byte order mark or not; None for no JSON.

    NaN and infinities, which many servers write and JSON has not, become their names as texts: one number that is none
    costs nobody all that is around it.
    """
    try:
        text = body.decode(json.detect_encoding(body)).strip()
        if not is_json(text):
            lax = json.loads(text, parse_int=RawJson, parse_float=RawJson, parse_constant=str)
            text = dump(lax).decode()
    except (ValueError, TypeError, RecursionError):
        return None
    return RawJson(text)
