"""The place of a fault in the value of a dead letter, so that it can be marked where it is read."""

import json
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import NamedTuple

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

_DECODER = json.JSONDecoder()
#: Fields of reasons that are always about the same one.
_FIELDS = {
    ReasonCode.SPECVERSION: "specversion",
    ReasonCode.EVENT_TYPE: "type",
    ReasonCode.SUBJECT_DIFFERS: "subject",
    ReasonCode.ACCOUNT_DIFFERS: "data.account",
    ReasonCode.STATUS_NOT_ALLOWED: "data.status",
}
_SPACE = " \t\n\r"


class FaultPlace(NamedTuple):
    """Characters of a value as text, from `start` to before `end`."""

    start: int
    end: int


def text_of(value: bytes) -> str:
    """Return a value as text: U+FFFD stands for bytes that are not UTF-8."""
    return value.decode("utf-8", "replace")


def place_of(reason: Reason, value: bytes) -> FaultPlace | None:
    """Return the place that a reason is about: a field, or else a position; None when the value has none."""
    text = text_of(value)
    if reason.code == ReasonCode.IN_BATCH and isinstance(inner := reason.parameters.get("reason"), Reason):
        return place_of(inner, value)
    field = reason.parameters.get("field") or _FIELDS.get(reason.code)  # type: ignore[call-overload]
    if isinstance(field, str):
        return _of_field(field, text)
    position = reason.parameters.get("position")
    if not text or not isinstance(position, int) or position < 0:
        return None
    # Of bytes that are not UTF-8 the position is in bytes, elsewhere in characters.
    start = len(text_of(value[:position])) if reason.code == ReasonCode.NOT_UTF8 else position
    start = min(start, len(text) - 1)
    return FaultPlace(start, start + 1)


def _of_field(field: str, text: str) -> FaultPlace | None:
    """Return where a field as `data.errors.0.code` is: in an event, or in its data alone, as binary mode has it."""
    path = field.split(".")
    for parts in (path, path[1:] if path[0] == "data" else []):
        if parts:
            try:
                return _find(text, 0, parts)
            except (LookupError, ValueError, RecursionError):
                continue
    return None


def _find(text: str, at: int, path: list[str]) -> FaultPlace:
    """Return the place of the value at `path` below the value that begins at `at`. Raises LookupError, ValueError."""
    at = _skip(text, at)
    if not path:
        _value, end = _DECODER.raw_decode(text, at)
        return FaultPlace(at, end)
    opening, number = text[at : at + 1], 0
    if opening not in ("{", "["):
        raise LookupError(path[0])
    at = _skip(text, at + 1)
    found: FaultPlace | None = None
    while text[at] not in "}]":
        name = str(number)
        if opening == "{":
            name, at = scanstring(text, at + 1)
            at = _skip(text, _skip(text, at) + 1)
        if name == path[0]:
            found = _find(text, at, path[1:])  # of equal names the last one counts
        _value, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
        number += 1
    if found is None:
        raise LookupError(path[0])
    return found


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at
