"""Periods, and times as they are read and written, in the zone of the page."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from admin.pages import times
from admin.pages.times import Period, Span
from schemas.catalogue import Language
from schemas.locales import LOCALE

#: 22:30:45 of the 23rd in São Paulo.
NOW = datetime(2026, 11, 24, 1, 30, 45, 678, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("today", datetime(2026, 11, 23, 3, tzinfo=UTC), None),
        ("yesterday", datetime(2026, 11, 22, 3, tzinfo=UTC), datetime(2026, 11, 23, 3, tzinfo=UTC)),
        ("since_yesterday", datetime(2026, 11, 22, 3, tzinfo=UTC), None),
        ("24h", datetime(2026, 11, 23, 1, 30, tzinfo=UTC), None),
        ("7d", datetime(2026, 11, 17, 1, 30, tzinfo=UTC), None),
        ("30d", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), None),
        ("custom", None, None),
    ],
)
def test_a_period_begins_and_ends(period: Period, start: datetime | None, end: datetime | None) -> None:
    found = times.span_of(period, NOW, ZONE)
    assert found == Span(start, end)
    assert all(at is None or at.utcoffset() == timedelta(0) for at in found)


@pytest.mark.parametrize(
    ("now", "tonight"),
    [
        ("2026-11-23T22:30", "2026-11-24T02:00"),
        ("2026-11-24T01:59", "2026-11-24T02:00"),
        ("2026-11-24T02:00", "2026-11-25T02:00"),
    ],
)
def test_tonight_is_the_next_two_o_clock_of_the_zone(now: str, tonight: str) -> None:
    assert times.to_local(times.tonight(times.read_local(now, ZONE), ZONE), ZONE) == tonight


def test_the_time_of_a_field_is_of_the_zone() -> None:
    assert times.read_local("2026-11-23T22:30", ZONE) == datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
    assert times.read_local("2026-11-23T22:30:00Z", ZONE) == datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    assert times.to_local(NOW, ZONE) == "2026-11-23T22:30"
    for bad in ("", "2026-11-23", "22:30", "2026-11-23T24:30", "yesterday", "9999-12-31T23:59", "0000-01-01T00:00"):
        with pytest.raises(ValueError, match="."):
            times.read_local(bad, ZONE)


@pytest.mark.parametrize("at", [datetime.min, datetime.max])
@pytest.mark.parametrize("name", ["America/Sao_Paulo", "UTC", "Pacific/Kiritimati"])
def test_the_first_and_the_last_day_are_shown_in_every_zone(name: str, at: datetime) -> None:
    zone, locale, edge = ZoneInfo(name), Locale.parse("en"), at.replace(tzinfo=UTC)
    for shown in (times.exact(edge, locale, zone), times.to_local(edge, zone)):
        assert str(at.year) in shown
    assert times.brief(edge, locale, zone)


@pytest.mark.parametrize(
    ("language", "exact", "brief", "ago"),
    [
        ("pt", "23 de nov. de 2026 22:30:45", "23 de nov. 22:30", "há 3 minutos"),
        ("en", "Nov 23, 2026, 10:30:45 PM", "Nov 23 10:30 PM", "3 minutes ago"),
        ("es", "23 nov 2026, 10:30:45 p.m.", "23 nov 10:30 p.m.", "hace 3 minutos"),
    ],
)
def test_a_time_as_people_read_it(language: Language, exact: str, brief: str, ago: str) -> None:
    def plain(text: str) -> str:
        return text.replace("\u202f", " ").replace("\u00a0", " ")

    locale = LOCALE[language]
    assert plain(times.exact(NOW, locale, ZONE)) == exact
    assert plain(times.brief(NOW, locale, ZONE)) == brief
    assert plain(times.relative(NOW - timedelta(minutes=3), NOW, locale)) == ago


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-71, "71 seconds ago"),
        (-73, "1 minute ago"),
        (-4319, "72 minutes ago"),
        (4320, "in 1 hour"),
        (0, "1 second ago"),
    ],
)
def test_how_long_ago_is_told_roughly(seconds: int, said: str) -> None:
    assert times.relative(NOW + timedelta(seconds=seconds), NOW, LOCALE["en"]) == said


@pytest.mark.parametrize("language", LOCALE)
def test_utc_is_called_utc(language: Language) -> None:
    assert times.zone_label(ZoneInfo("UTC"), NOW, LOCALE[language]) == "UTC"


@pytest.mark.parametrize(("zone", "offset"), [("America/Sao_Paulo", "-03:00"), ("Asia/Kolkata", "+05:30")])
def test_a_zone_says_what_it_is_from_utc(zone: str, offset: str) -> None:
    label = times.zone_label(ZoneInfo(zone), NOW, LOCALE["en"])
    assert label.endswith(f" (UTC{offset})")
    assert label.index("(") > 1


def test_zones_are_places_and_utc_first() -> None:
    names = times.zone_names()
    assert names[0] == "UTC"
    assert list(names[1:]) == sorted(names[1:])
    assert all("/" in name for name in names[1:])
    assert times.zone("Asia/Kolkata").key == "Asia/Kolkata"
    assert times.zone("UTC").key == "UTC"
    assert times.zone("Etc/GMT+3").key == "America/Sao_Paulo"
