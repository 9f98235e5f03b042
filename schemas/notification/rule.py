"""Rules: which edges of incidents are told, and when. Times of day are those of the reader's time zone."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, NamedTuple, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.catalogue import BY_NAME
from schemas.incident import Kind, Severity
from schemas.name import Name
from schemas.result import Affiliate

#: The least first.
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
MAX_CHOICES: Final = 100

#: Monday is 1, as in ISO 8601.
Weekday = Annotated[int, Field(ge=1, le=7)]


class Scope(BaseModel):
    """A part of an account. An empty list limits nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    affiliates: Annotated[tuple[Affiliate, ...], Field(max_length=MAX_CHOICES)] = ()
    integration_types: Annotated[tuple[str, ...], Field(max_length=MAX_CHOICES)] = ()

    @model_validator(mode="after")
    def _known(self) -> Self:
        if unknown := [each for each in self.integration_types if each not in BY_NAME]:
            raise ValueError(f"{', '.join(unknown)}: no integration type")
        return self

    def has(self, affiliate: str | None, integration_type: str | None) -> bool:
        """Return True for what is in it. What is of no one affiliate is in no part that names affiliates."""
        return (not self.affiliates or affiliate in self.affiliates) and (
            not self.integration_types or integration_type in self.integration_types
        )


class Hours(BaseModel):
    """Hours of a week in which messages are sent; in all others, the quiet hours, they wait."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begin: time
    end: time
    days: Annotated[frozenset[Weekday], Field(min_length=1)] = frozenset(range(1, 8))

    @model_validator(mode="after")
    def _plain(self) -> Self:
        if self.begin.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("hours are those of the reader's time zone: give no offset")
        return self

    def has(self, at: datetime, zone: ZoneInfo) -> bool:
        """Return True when a moment is in these hours.

        Hours that end at or before they begin go on past midnight, and are those of the day on which they begin.
        """
        local = at.astimezone(zone)
        clock, today = local.time(), local.isoweekday()
        if self.begin < self.end:
            return today in self.days and self.begin <= clock < self.end
        return (today in self.days and clock >= self.begin) or (
            _day_before(local.date()) in self.days and clock < self.end
        )

    def next(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return `at` when it is in these hours, or else when they begin next."""
        if self.has(at, zone):
            return at
        begins = (each for each in _moments(self.begin, at, zone) if each > at and self.has(each, zone))
        # A change of the clock may leave out the whole of them, on their only day.
        return min(begins, default=at + timedelta(hours=1))


class Rule(Scope):
    """Edges that are told, and when."""

    name: Name
    enabled: bool = True
    kinds: frozenset[Kind] = Field(default=frozenset(), description="kinds of incidents; empty = every kind")
    severity: Severity = Field(default="warning", description="the least that is told")
    hours: Hours | None = Field(default=None, description="null = at any hour")
    critical_at_once: bool = Field(default=True, description="critical ones do not wait for the hours, nor the digest")
    digest_at: time | None = Field(default=None, description="one message a day, at this time; null = one an edge")

    def tells(self, *, affiliate: str | None, integration_type: str | None, kind: Kind, severity: Severity) -> bool:
        """Return True for an incident that is told by this rule."""
        return (
            self.enabled
            and self.has(affiliate, integration_type)
            and (not self.kinds or kind in self.kinds)
            and SEVERITIES.index(severity) >= SEVERITIES.index(self.severity)
        )


class Due(NamedTuple):
    """The moment at which an edge is told."""

    at: datetime
    digest: bool = False  # with all others of that moment, in one message
    maintenance: bool = False  # it waits for the end of a maintenance window


class Window(NamedTuple):
    """A maintenance window: nothing of its scope is told while it lasts."""

    begin: datetime
    end: datetime
    scope: Scope

    def has(self, at: datetime, affiliate: str | None, integration_type: str | None) -> bool:
        return self.begin <= at < self.end and self.scope.has(affiliate, integration_type)


def due(
    rule: Rule,
    windows: Sequence[Window],
    zone: ZoneInfo,
    now: datetime,
    *,
    affiliate: str | None,
    integration_type: str | None,
    severity: Severity,
) -> Due:
    """Return when an edge of now is told by a rule: after maintenance, within hours, or with the digest."""
    at, maintenance = now, False
    # Windows may overlap, or follow each other.
    while ends := [each.end for each in windows if each.has(at, affiliate, integration_type)]:
        at, maintenance = max(ends), True
    if rule.critical_at_once and severity == "critical":
        return Due(at, maintenance=maintenance)
    if rule.digest_at is not None:
        return Due(digest_after(rule.digest_at, at, zone), digest=True, maintenance=maintenance)
    return Due(at if rule.hours is None else rule.hours.next(at, zone), maintenance=maintenance)


def digest_after(clock: time, at: datetime, zone: ZoneInfo) -> datetime:
    """Return the next moment after `at` at which it is this time of day: once a day, also where clocks change."""
    days = (at.astimezone(zone).date() + timedelta(days=day) for day in range(3))
    return min(each for each in (_moment(clock, day, zone, fold=0) for day in days) if each > at)


def _moments(clock: time, at: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the moments of the days around `at` at which it is this time of day."""
    days = [at.astimezone(zone).date() + timedelta(days=day) for day in range(9)]
    return [_moment(clock, day, zone, fold=fold) for day in days for fold in (0, 1)]


def _moment(clock: time, day: date, zone: ZoneInfo, *, fold: int) -> datetime:
    return datetime.combine(day, clock.replace(fold=fold), tzinfo=zone).astimezone(UTC)


def _day_before(day: date) -> int:
    return (day - timedelta(days=1)).isoweekday()
