"""Values of a filter's fields as they stand in an address."""

from datetime import datetime, tzinfo
from typing import Any

from admin.pages.times import read_local
from api.problems import invalid
from schemas.reasons.code import ReasonCode
from schemas.timestamp import to_text


def texts_of(value: Any) -> list[str]:
    """Return the values of a field as in an address; none for a field that is not set."""
    if value is None:
        return []
    if isinstance(value, datetime):
        return [to_text(value)]
    return [str(each) for each in value] if isinstance(value, tuple) else [str(value)]


def date_of(name: str, text: str, zone: tzinfo) -> datetime:
    """Return the time that a field has. Raises the 422 problem that names the field, for one that does not exist."""
    try:
        return read_local(text, zone)
    except ValueError:
        raise invalid(name, ReasonCode.TIME_IMPOSSIBLE) from None
