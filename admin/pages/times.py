"""Times for people, in a zone that the page names, and the periods of the filter in that zone."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale
from babel.dates import (
    format_datetime,
    format_skeleton,
    format_time,
    format_timedelta,
    get_day_names,
    get_timezone_name,
)

from schemas.timestamp import parse

#: Zone of a visitor who chose none, and whose browser sends none: most stores are there.
DEFAULT_ZONE: Final = "America/Sao_Paulo"
Period = Literal["today", "yesterday", "since_yesterday", "24h", "7d", "30d", "custom"]
PERIODS: tuple[Period, ...] = get_args(Period)
_SECOND: Final = timedelta(seconds=1)
_SPANS: dict[str, timedelta] = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}


class Span(NamedTuple):
    """A span from `start`, included, to `end`, not included; None is open."""

    start: datetime | None
    end: datetime | None


@cache
def zone_names() -> tuple[str, ...]:
    """Return zones to choose from: places, and UTC."""
    continents = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(continents)))


def zone(name: str | None) -> ZoneInfo:
    """Return the zone of that name; the default for an unknown one."""
    if name is not None and name in zone_names():
        try:
            return ZoneInfo(name)
        except ZoneInfoNotFoundError:
            pass
    return ZoneInfo(DEFAULT_ZONE)


def _in_zone(at: datetime, zone: tzinfo) -> datetime:
    """Return a time as that of a zone. On the first and on the last day that there are, it may stay as it is."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


#: Times of a chart's columns, and of rows that were read before. Writing one takes a tenth of a millisecond.
_WRITTEN: Final = 10_000


@lru_cache(_WRITTEN)
def exact(at: datetime, locale: Locale, zone: tzinfo) -> str:
    """Return date and time to the second."""
    return format_datetime(_in_zone(at, zone), "medium", locale=locale)


@lru_cache(_WRITTEN)
def brief(at: datetime, locale: Locale, zone: tzinfo) -> str:
    """Return day and time to the minute, without the year."""
    local = _in_zone(at, zone)
    return f"{format_skeleton('MMMd', local, locale=locale)} {format_time(local, 'short', locale=locale)}"


def relative(at: datetime, now: datetime, locale: Locale) -> str:
    """Return the rough distance from `now`, as in "2 hours ago" or "in 2 hours"; this second is a second ago."""
    distance = at - now
    if abs(distance) < _SECOND:
        distance = -_SECOND
    return format_timedelta(distance, add_direction=True, locale=locale, threshold=1.2)


def elapsed(since: datetime, now: datetime, locale: Locale) -> str:
    """Return the rough time since then, as in "2 hr"."""
    return format_timedelta(now - since, locale=locale, threshold=1.2, format="short")


def zone_label(zone: ZoneInfo, now: datetime, locale: Locale) -> str:
    """Return the zone as the page names it, with its offset from UTC; UTC is no place, and has a name of its own."""
    if zone.key == "UTC":
        return zone.key
    name = get_timezone_name(zone, locale=locale, width="long")
    offset = now.astimezone(zone).strftime("%z")
    return f"{name} (UTC{offset[:3]}:{offset[3:]})"


def span_of(period: Period, now: datetime, zone: tzinfo) -> Span:
    """Return the span of a period at `now`. Days begin at midnight in `zone`. `custom` is open on both sides."""
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    if period == "today":
        return Span(_utc(midnight), None)
    if period in {"yesterday", "since_yesterday"}:
        yesterday = datetime.combine(midnight.date() - timedelta(days=1), time(), zone)
        return Span(_utc(yesterday), _utc(midnight) if period == "yesterday" else None)
    if period in _SPANS:
        return Span((now - _SPANS[period]).replace(second=0, microsecond=0), None)
    return Span(None, None)


def read_local(text: str, zone: tzinfo) -> datetime:
    """Read RFC 3339, or the text of a date-and-time field, which is in `zone`. Raises ValueError for anything else."""
    try:
        return parse(text).at
    except ValueError:
        local = datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=zone)
    try:
        return _utc(local)
    except OverflowError as exc:
        raise ValueError("not a time in UTC") from exc


def weekdays(locale: Locale) -> list[str]:
    """Return the short names of the days, Monday first."""
    names = get_day_names("abbreviated", locale=locale)
    return [names[day] for day in range(7)]


def to_local(at: datetime, zone: tzinfo) -> str:
    """Return a time as the value of a date-and-time field."""
    return _in_zone(at, zone).strftime("%Y-%m-%dT%H:%M")


def tonight(now: datetime, zone: tzinfo) -> datetime:
    """Return the next two o'clock in the morning in `zone`, when shops are quiet."""
    return _next(2, now, zone)


def morning(now: datetime, zone: tzinfo) -> datetime:
    """Return the next eight o'clock in the morning in `zone`, when people are back."""
    return _next(8, now, zone)


def _next(hour: int, now: datetime, zone: tzinfo) -> datetime:
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), time(hour), zone)
    return _utc(today if local < today else datetime.combine(local.date() + timedelta(days=1), time(hour), zone))


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
