"""RFC 3339 timestamps to the nanosecond, which `datetime` alone can't hold."""

import re
from datetime import UTC, datetime
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


class Timestamp(NamedTuple):
    """An instant in two forms: exact for comparing, and as PostgreSQL can store it."""

    nanoseconds: int  # since 1970-01-01T00:00:00Z, exact
    at: datetime  # UTC, cut to microseconds


def parse(text: str) -> Timestamp:
    """Read an RFC 3339 date-time with an offset.

    Raises ReasonError, which takes the name of the field, when it is not one: no offset, a tenth fraction digit, a day
    or second that does not exist (leap seconds included: Python and PostgreSQL can't tell them from the next one).
    """
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
