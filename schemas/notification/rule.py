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
#: Days that have one on which a digest may be sent, though a change of the clock leaves out its time on one.
_DIGEST_DAYS: Final = 16

#: Monday is 1, as in ISO 8601.
Weekday = Annotated[int, Field(ge=1, le=7)]


class About(NamedTuple):
    """Parts of an incident that rules and windows ask for."""

    affiliate: str | None  # None: of no one affiliate
    integration_types: frozenset[str]
    kinds: frozenset[str]
    severity: Severity


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

    def touches(self, about: About) -> bool:
        """Return True where a part of an incident is in it. What is of none is not in what names some."""
        return self._has_affiliate(about) and (
            not self.integration_types or not about.integration_types.isdisjoint(self.integration_types)
        )

    def covers(self, about: About) -> bool:
        """Return True where all of an incident is in it. What names no type may be of any."""
        return self._has_affiliate(about) and (
            not self.integration_types or set() < about.integration_types <= set(self.integration_types)
        )

    def _has_affiliate(self, about: About) -> bool:
        return not self.affiliates or about.affiliate in self.affiliates


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

    def has_clock(self, clock: time) -> bool:
        """Return True for a time of day that is in these hours on any day."""
        if self.begin < self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end

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

    @property
    def digest_clock(self) -> time | None:
        """The time of day of the digest: when the hours begin, if they never have `digest_at`."""
        if self.digest_at is None or self.hours is None or self.hours.has_clock(self.digest_at):
            return self.digest_at
        return self.hours.begin

    def tells(self, about: About) -> bool:
        """Return True for an incident that is told by this rule: one of its types and one of its kinds are enough."""
        return (
            self.enabled
            and self.touches(about)
            and (not self.kinds or not self.kinds.isdisjoint(about.kinds))
            and SEVERITIES.index(about.severity) >= SEVERITIES.index(self.severity)
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

    def has(self, at: datetime, about: About) -> bool:
        """Return True when it is on, and all of an incident is in it: of what is partly without it is told."""
        return self.begin <= at < self.end and self.scope.covers(about)


def due(rule: Rule, windows: Sequence[Window], zone: ZoneInfo, now: datetime, about: About) -> Due:
    """Return when an edge of now is told by a rule: after maintenance, within hours, or with the digest."""
    at_once = rule.critical_at_once and about.severity == "critical"
    digest = rule.digest_at is not None and not at_once
    at, maintenance = now, False
    while True:
        # Windows may overlap, or follow each other.
        while ends := [each.end for each in windows if each.has(at, about)]:
            at, maintenance = max(ends), True
        if digest:
            at = digest_after(rule, at, zone)
        elif rule.hours is not None and not at_once:
            at = rule.hours.next(at, zone)
        if not any(each.has(at, about) for each in windows):  # which hours and digests know nothing of
            return Due(at, digest, maintenance)


def digest_after(rule: Rule, at: datetime, zone: ZoneInfo) -> datetime:
    """Return the next moment after `at` of the digest of a rule that has one: once a day, also where clocks change, and
    on a day that has it in the hours of the rule.
    """
    clock = rule.digest_clock or time()
    days = (at.astimezone(zone).date() + timedelta(days=day) for day in range(_DIGEST_DAYS))
    moments = [each for each in (_moment(clock, day, zone, fold=0) for day in days) if each > at]
    if rule.hours is None:
        return moments[0]
    within = (each for each in moments if rule.hours.has(each, zone))
    return next(within, rule.hours.next(moments[0], zone))


def _moments(clock: time, at: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the moments of the days around `at` at which it is this time of day."""
    days = [at.astimezone(zone).date() + timedelta(days=day) for day in range(9)]
    return [_moment(clock, day, zone, fold=fold) for day in days for fold in (0, 1)]


def _moment(clock: time, day: date, zone: ZoneInfo, *, fold: int) -> datetime:
    return datetime.combine(day, clock.replace(fold=fold), tzinfo=zone).astimezone(UTC)


def _day_before(day: date) -> int:
    return (day - timedelta(days=1)).isoweekday()
