"""RFC 3339 to the nanosecond."""

import random
from datetime import timedelta

import pytest

from schemas.timestamp import EPOCH, nanoseconds_of, parse, to_text

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.000000001Z", SECOND + 1),
        ("1970-01-01T00:00:00.5+00:00", SECOND // 2),
        ("1970-01-01t02:00:00z", 7200 * SECOND),
        ("1970-01-01 02:00:00-03:00", 5 * 3600 * SECOND),
        ("1969-12-31T23:59:59.999999999Z", -1),
    ],
)
def test_an_instant_is_exact(text: str, nanoseconds: int) -> None:
    assert parse(text).nanoseconds == nanoseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-24",
        "2026-11-24T08:00:00",  # no offset
        "2026-11-24T08:00:00.1234567890Z",  # ten digits
        "2026-11-24T08:00:00+0000",
        "2026-11-24T24:00:00Z",
        "2026-06-30T23:59:60Z",
        "2026-02-30T00:00:00Z",
        "2026-11-24T08:00:00+24:00",
        "0001-01-01T00:00:00+14:00",
        "10000-01-01T00:00:00Z",
        "٢٠٢٦-11-24T08:00:00Z",
        "2026-W48-2T08:00:00Z",
        "infinity",
        "2026-11-24T08:00:00Z\n",
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="must be an RFC 3339|does not exist|that exists"):
        parse(text)


def test_text_is_utc_with_microseconds() -> None:
    assert to_text(parse("2026-11-24T05:00:00.123456789-03:00").at) == "2026-11-24T08:00:00.123456Z"


def test_a_datetime_is_exact_in_nanoseconds() -> None:
    """A float has 53 bits: half of the microseconds of today are another in it."""
    draw = random.Random(7)
    for _ in range(1000):
        microseconds = draw.randrange(4_000_000_000_000_000)
        assert nanoseconds_of(EPOCH + timedelta(microseconds=microseconds)) == microseconds * 1000
