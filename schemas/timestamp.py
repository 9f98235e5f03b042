"""RFC 3339 timestamps to the nanosecond, which `datetime` alone can't hold."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, WithJsonSchema

from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError, kind_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NANOSECONDS = 1_000_000_000
#: RFC 3339 section 5.6, with an offset and up to nine fraction digits. `[0-9]`, since `\d` takes Arabic digits too.
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.([0-9]{1,9}))?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)

#: The `+` of an offset, as an address has it.
_SPACED_OFFSET = re.compile(r" (?=[0-9]{2}:[0-9]{2}$)")


#: Characters of a date-time in front of its fraction and offset.
_SECOND = 19
#: Limit of seconds that are remembered: a connector's results are of few at a time.
_MAX_SECONDS = 10_000


class Timestamp(NamedTuple):
    """An instant in two forms: exact for comparing, and as PostgreSQL can store it."""

    nanoseconds: int  # since 1970-01-01T00:00:00Z, exact
    at: datetime  # UTC, cut to microseconds


def microseconds(at: datetime) -> int:
    """Return the time as microseconds since the epoch."""
    return (at - EPOCH) // timedelta(microseconds=1)


def nanoseconds_of(at: datetime) -> int:
    """Return an instant in nanoseconds since 1970, exact to the microsecond: a float has fewer figures."""
    return microseconds(at) * 1000


#: Whole seconds that were read, by their text with its offset. A fraction of one is only added to it.
_SECONDS: dict[str, Timestamp] = {}


def parse(text: str) -> Timestamp:
    """Read an RFC 3339 date-time with an offset.

    Raises ReasonError, which takes the name of the field, when it is not one: no offset, a tenth fraction digit, a day
    or second that does not exist (leap seconds included: Python and PostgreSQL can't tell them from the next one).
    """
    offset = -1 if text[-1:] == "Z" else -6  # where it begins, if it is one
    whole = text[:_SECOND] + text[offset:]
    second = _SECONDS.get(whole)
    if second is None:
        found = _parse(text)
        if text[offset] in "Z+-":
            if len(_SECONDS) >= _MAX_SECONDS:
                _SECONDS.clear()
            fraction = found.nanoseconds % NANOSECONDS
            _SECONDS[whole] = Timestamp(found.nanoseconds - fraction, found.at.replace(microsecond=0))
        return found
    if text[_SECOND] != ".":
        return second if len(text) == len(whole) else _parse(text)
    figures = text[_SECOND + 1 : offset]
    if not 0 < len(figures) <= 9 or not (figures.isascii() and figures.isdecimal()):
        return _parse(text)
    nanoseconds = int(figures.ljust(9, "0"))
    # What `fromisoformat` returns needs no moving to UTC only behind a Z.
    at = datetime.fromisoformat(text) if offset == -1 else second.at + timedelta(microseconds=nanoseconds // 1000)
    return Timestamp(second.nanoseconds + nanoseconds, at)


def _parse(text: str) -> Timestamp:
    match = _RFC3339.fullmatch(text)
    if match is None:
        if _RFC3339.fullmatch(_SPACED_OFFSET.sub("+", text)):
            raise ReasonError(ReasonCode.TIME_WITH_SPACE)
        raise ReasonError(ReasonCode.TIME_FORMAT, digits=9)
    try:
        at = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ReasonError(ReasonCode.TIME_IMPOSSIBLE) from None
    since = at - EPOCH
    fraction = match[1]
    fraction_nanoseconds = int(fraction.ljust(9, "0")) if fraction else 0
    return Timestamp((since.days * 86_400 + since.seconds) * NANOSECONDS + fraction_nanoseconds, at)


def to_text(at: datetime) -> str:
    """Return RFC 3339 in UTC with microseconds, ending in Z."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _rfc3339(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ReasonError(ReasonCode.FIELD_NOT_TEXT, got=kind_of(value))
    return parse(value).at


#: A field that takes RFC 3339 text only (pydantic alone would take a number of seconds too), in UTC.
_TEXT = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Rfc3339 = Annotated[datetime, BeforeValidator(_rfc3339, json_schema_input_type=_TEXT)]
