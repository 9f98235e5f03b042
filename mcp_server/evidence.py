"""Evidence as text: an assistant sees every digit and name as it came, which a parsed value would have lost."""

import json
from typing import Any, Final

from schemas.raw_json import RawJson, elements, members

#: Fields of an attempt with any JSON value in them, as they came.
OF_ANY_VALUE: Final = frozenset({"errors", "request", "response", "extra", "extensions"})


def log_of(text: str) -> dict[str, Any]:
    """Read one log from the API's answer, the evidence of its last attempt as texts."""
    return {name: attempt_of(each) if name == "last_attempt" else json.loads(each) for name, each in members(text)}


def timeline_of(text: str) -> tuple[list[dict[str, Any]], str | None]:
    """Read a page of a timeline from the API's answer, evidence as texts; also the token of the next page."""
    fields = dict(members(text))
    entries = [
        {name: attempt_of(each) if name == "attempt" else json.loads(each) for name, each in members(entry)}
        for entry in elements(fields["items"])
    ]
    return entries, json.loads(fields["next_page_token"])


def why_of(text: str) -> dict[str, Any]:
    """Read causes from the API's answer, the values of requests as their JSON texts; None where there is none."""
    return {name: _difference(each) if name == "difference" else json.loads(each) for name, each in members(text)}


def _difference(text: str) -> dict[str, Any] | None:
    if text == "null":
        return None
    return {
        name: [_change(change) for change in elements(each)] if name == "changes" else json.loads(each)
        for name, each in members(text)
    }


def _change(text: str) -> dict[str, Any]:
    return {
        name: (None if each == "null" else each) if name in {"before", "after"} else json.loads(each)
        for name, each in members(text)
    }


def attempt_of(text: str) -> dict[str, Any] | None:
    """Read an attempt, evidence as texts; None where there is none."""
    if text == "null":
        return None
    return {name: _as_it_came(name, each) if name in OF_ANY_VALUE else json.loads(each) for name, each in members(text)}


def _as_it_came(name: str, text: str) -> Any:
    if name == "errors":
        return list(elements(text))
    if name in {"extra", "extensions"}:
        return dict(members(text))
    return RawJson(text).said
