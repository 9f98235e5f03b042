"""Changes in the request of a log since its last success: values by JSON Pointer, digit for digit."""

from datetime import datetime
from typing import NamedTuple

from admin.pages.evidence import original
from schemas.json_difference import difference
from schemas.raw_json import RawJson, is_json
from schemas.shown.log import Attempt

#: Limit of the changes that are shown, and of the characters of each value.
MOST_CHANGES = 20
MOST_CHARACTERS = 200


class ShownChange(NamedTuple):
    """One value that is not what it was, as text; None where there was none, or is none any more."""

    pointer: str
    before: str | None
    after: str | None


class Changed(NamedTuple):
    """A comparison with the last success."""

    since: datetime  # when that was processed
    changes: list[ShownChange]  # empty: the request is the same
    cut: bool  # there are more


def compare(before: Attempt, now: Attempt) -> Changed | None:
    """Compare the requests of two attempts; None where they are not both JSON, or are too long to compare."""
    old, new = _json(before.request), _json(now.request)
    found = difference(old, new, MOST_CHANGES) if old and new else None
    if found is None:
        return None
    changes = [ShownChange(each.pointer, _text(each.before), _text(each.after)) for each in found.changes]
    return Changed(before.processed_at, changes, found.cut)


def _json(value: RawJson | None) -> RawJson | None:
    """Return evidence as JSON: also that within a string, as connectors log it."""
    if value is None or not value.text.startswith('"'):
        return value
    text = original(value).strip()
    return RawJson(text) if text[:1] in {"{", "["} and is_json(text) else None


def _text(value: RawJson | None) -> str | None:
    if value is None:
        return None
    return value.text if len(value.text) <= MOST_CHARACTERS else value.text[:MOST_CHARACTERS] + "…"
