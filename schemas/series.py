"""The series: how many results came over time. A result that comes later adds to it and never rewrites it."""

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from schemas.catalogue import Status
from schemas.export import TimeZone
from schemas.filter import MAX_VALUES, LogFilter, QueryText
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError
from schemas.result import Affiliate
from schemas.timestamp import Rfc3339

Bucket = Literal["hour", "day"]
SeriesBy = Literal["status", "affiliate", "code"]

#: Longest span of each bucket, so that an answer has at most about a thousand of them.
MAX_DAYS: Final = MappingProxyType({"hour": 31, "day": 1100})
#: Span without a `processed_from`.
USUAL_DAYS: Final = 7
#: Longest span that is counted by the hour where no bucket is asked for.
HOURLY_DAYS: Final = 2
#: Values that are counted by name; the rest is one sum.
MAX_NAMES: Final = 50
_HOUR: Final = timedelta(hours=1)
#: No result is of another year, and a week can be taken from either.
_YEARS: Final = (2000, 9998)


def _of_our_years(at: datetime) -> datetime:
    first, last = _YEARS
    if not first <= at.year <= last:
        raise ReasonError(ReasonCode.TIME_OUT_OF_YEARS, first=first, last=last)
    return at


_Time = Annotated[Rfc3339, AfterValidator(_of_our_years)]


class SeriesQuery(BaseModel):
    """A choice of results, and what they are counted by. Without any parameter: the last seven days, by status."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Annotated[tuple[Status, ...], Field(max_length=MAX_VALUES)] = Field(default=(), description="any of these")
    affiliate: Annotated[tuple[Affiliate, ...], Field(max_length=MAX_VALUES)] = Field(
        default=(), description="any of these"
    )
    code: Annotated[tuple[QueryText, ...], Field(max_length=MAX_VALUES)] = Field(
        default=(), description="any of these, among all errors of a result"
    )
    exclude_affiliate: Annotated[tuple[Affiliate, ...], Field(max_length=MAX_VALUES)] = Field(
        default=(), description="none of these"
    )
    exclude_code: Annotated[tuple[QueryText, ...], Field(max_length=MAX_VALUES)] = Field(
        default=(), description="no error of a result has any of these codes; a result without errors has none"
    )
    processed_from: _Time | None = Field(
        default=None,
        description=f"RFC 3339, included, with the whole hour of UTC that it is in; "
        f"unset = {USUAL_DAYS} days before the end",
    )
    processed_to: _Time | None = Field(
        default=None,
        description="RFC 3339, not included; within an hour of UTC, the whole hour counts; unset = now",
    )
    bucket: Bucket | None = Field(
        default=None,
        description=f"at most {MAX_DAYS['hour']} days by hour, {MAX_DAYS['day']} by day; "
        f"unset = `hour` for up to {HOURLY_DAYS} days",
    )
    timezone: TimeZone = Field(
        default="UTC", description="tz database name; a day begins with the hour of UTC that holds its midnight there"
    )
    by: SeriesBy = Field(default="status", description="what the results of each bucket are counted by")
    last_week: bool = Field(default=True, description="count the same local times one week before, too")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.processed_from and self.processed_to and self.processed_from >= self.processed_to:
            raise ReasonError(ReasonCode.RANGE_BACKWARDS, first="processed_from", last="processed_to")
        return self

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """Return the whole hours of UTC that are counted, [from, to).

        Raises ReasonError, about `processed_from`, when they are more than the bucket allows.
        """
        start, end = self.processed_from, self.processed_to
        if end is None:
            end = now if start is None else max(now, start + _HOUR)
        if start is None:
            start = end - timedelta(days=USUAL_DAYS)
        first, last = _hour(start), _hour(end)
        if last < end:
            last += _HOUR
        bucket = self.bucket_of((first, last))
        if last - first > timedelta(days=MAX_DAYS[bucket]) + 2 * _HOUR:  # widened to whole hours
            raise ReasonError(ReasonCode.SPAN_TOO_LONG, days=MAX_DAYS[bucket], bucket=bucket)
        return first, last

    def bucket_of(self, span: tuple[datetime, datetime]) -> Bucket:
        """Return the bucket that is asked for, else the one of the span's length."""
        if self.bucket is not None:
            return self.bucket
        return "hour" if span[1] - span[0] <= timedelta(days=HOURLY_DAYS) + _HOUR else "day"


#: Parameters that may be given more than once.
REPEATABLE_OF_SERIES: Final = frozenset(
    name for name, info in SeriesQuery.model_fields.items() if get_origin(info.annotation) is tuple
)


def series_of(filter_: LogFilter, zone: str) -> SeriesQuery | None:
    """Return the results of the logs that a filter selects, over its time, in buckets of `zone`.

    None when the filter chooses by what results are not counted by (names, words, a fault, a reprocess state), or
    times of which there is no result.
    """
    if uncounted(filter_):
        return None
    try:
        return SeriesQuery(timezone=zone, **_given(filter_))
    except ValidationError:
        return None


def uncounted(filter_: LogFilter) -> list[str]:
    """Return the fields that are set in a filter and by which results are not counted."""
    return [name for name in _given(filter_) if name not in SeriesQuery.model_fields]


def _given(filter_: LogFilter) -> dict[str, Any]:
    return {name: value for name, value in filter_ if value != LogFilter.model_fields[name].default}


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class CountedResults(BaseModel):
    """Results that were processed in [`from`, `to`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    from_: datetime = Field(alias="from")
    to: datetime = Field(description="not included")
    total: int = Field(description="results, each once")
    counts: dict[str, int] = Field(
        description="results by status, affiliate or code, without those that are none; "
        "a result with errors of several codes counts for each of them"
    )
    other: int = Field(
        description=f"the same of all that are not counted by name: the {MAX_NAMES} most frequent are, "
        "those of the span before those of last week"
    )


class SeriesBucket(CountedResults):
    """Results of one span of time, and those of the week before."""

    last_week: CountedResults | None = Field(
        description="the same local times one week before; null when it is not asked for. "
        "Where a clock was put forward or back, they are longer or shorter"
    )


_EXAMPLE: Final[dict[str, JsonValue]] = {
    "from": "2026-11-24T12:00:00Z",
    "to": "2026-11-24T13:00:00Z",
    "total": 3,
    "counts": {"error": 2, "success": 1},
    "other": 0,
    "last_week": {
        "from": "2026-11-17T12:00:00Z",
        "to": "2026-11-17T13:00:00Z",
        "total": 4,
        "counts": {"success": 4},
        "other": 0,
    },
}


class ResultSeries(SeriesBucket):
    """Results of a span, and of each of its buckets, of one snapshot. They are kept longer than attempts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "bucket": "hour",
                    "timezone": "America/Sao_Paulo",
                    "by": "status",
                    **_EXAMPLE,
                    "buckets": [_EXAMPLE],
                }
            ]
        },
    )

    bucket: Bucket
    timezone: str
    by: SeriesBy
    buckets: list[SeriesBucket] = Field(
        description="all of the span, empty ones too; the first and last are cut to its whole hours"
    )
