"""A series is written as its model says, in slices."""

from datetime import UTC, datetime, timedelta

import pytest

from api.series import _written
from schemas.series import CountedResults, ResultSeries, SeriesBucket

T0 = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize("last_week", [True, False])
@pytest.mark.parametrize("buckets", [0, 1, 3])
async def test_it_is_the_json_of_the_model(buckets: int, *, last_week: bool) -> None:
    def counted(day: int) -> dict[str, object]:
        counts = {'a"]}': day, "ção": 2}
        return {
            "from": T0 + timedelta(days=day),
            "to": T0 + timedelta(days=day + 1),
            "total": 9,
            "counts": counts,
            "other": 1,
        }

    def bucket(day: int) -> SeriesBucket:
        week = CountedResults.model_validate(counted(day - 7)) if last_week else None
        return SeriesBucket.model_validate(counted(day) | {"last_week": week})

    series = ResultSeries.model_validate(
        {**bucket(0).model_dump(by_alias=True), "bucket": "day", "timezone": "UTC", "by": "code"}
        | {"buckets": [bucket(day) for day in range(buckets)]}
    )
    assert await _written(series) == series.model_dump_json(by_alias=True)
