"""The series over HTTP: whole buckets beside last week's, and clear refusals."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.series import MAX_DAYS, SeriesQuery
from tests.integration.api.conftest import Caller, Store
from tests.support.events import result

SERIES = "/api/v1/accounts/acme/price/results/series"
NOON = (datetime.now(UTC) - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)


async def test_results_are_counted_where_they_were_processed(viewer: Caller, store_events: Store) -> None:
    await store_events(
        result("a", processed_at=(NOON - timedelta(days=7)).isoformat()),
        result("b", processed_at=NOON.isoformat()),
        result(
            "c", processed_at=(NOON + timedelta(minutes=59)).isoformat(), status="success", errors=None, message=None
        ),
        result("d", processed_at=(NOON + timedelta(hours=1)).isoformat()),
        result("e", processed_at=NOON.isoformat(), account="globex"),
    )
    asked = {"processed_from": NOON.isoformat(), "processed_to": (NOON + timedelta(hours=2)).isoformat()}
    found = (await viewer.get(SERIES, params=asked)).json()
    assert {name: found[name] for name in ("bucket", "timezone", "by", "total", "counts", "other")} == {
        "bucket": "hour",
        "timezone": "UTC",
        "by": "status",
        "total": 3,
        "counts": {"error": 2, "success": 1},
        "other": 0,
    }
    assert [each["counts"] for each in found["buckets"]] == [{"error": 1, "success": 1}, {"error": 1}]
    assert [each["last_week"]["counts"] for each in found["buckets"]] == [{"error": 1}, {}]
    assert datetime.fromisoformat(found["last_week"]["from"]) == NOON - timedelta(days=7)
    by_code = (await viewer.get(SERIES, params={**asked, "by": "code", "last_week": "false"})).json()
    assert (by_code["total"], by_code["counts"], by_code["last_week"]) == (3, {"price.minimum": 2}, None)


async def test_nothing_is_counted_as_nothing(viewer: Caller) -> None:
    found = (await viewer.get(SERIES)).json()
    assert (found["bucket"], found["total"], found["counts"]) == ("day", 0, {})
    assert len(found["buckets"]) in {8, 9}  # seven days from some hour on


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=bad", "query.status.0"),
        ("by=fingerprint", "query.by"),
        ("bucket=week", "query.bucket"),
        ("timezone=localtime", "query.timezone"),
        ("q=SKU-1", "query.q"),
        ("by=status&by=code", "query.by"),
        ("processed_from=yesterday", "query.processed_from"),
        ("processed_from=0001-01-01T00:00:00Z", "query.processed_from"),
        ("processed_to=9999-12-31T23:59:59Z", "query.processed_to"),
        ("bucket=hour&processed_from=2026-01-01T00:00:00Z&processed_to=2026-02-02T00:00:01Z", "query.processed_from"),
        ("processed_from=2020-01-01T00:00:00Z&processed_to=2026-02-01T00:00:00Z", "query.processed_from"),
        ("processed_from=2000-01-01T00:00:00Z", "query.processed_from"),
        ("affiliate=", "query.affiliate.0"),
    ],
)
async def test_a_bad_parameter_is_named(viewer: Caller, query: str, field: str) -> None:
    response = await viewer.get(f"{SERIES}?{query}")
    assert response.status_code == 422, response.text
    assert [each["field"] for each in response.json()["errors"]] == [field]


async def test_a_span_that_ends_before_it_begins_is_refused(viewer: Caller) -> None:
    asked = {"processed_from": NOON.isoformat(), "processed_to": NOON.isoformat()}
    response = await viewer.get(SERIES, params=asked)
    assert response.status_code == 422
    assert "processed_from must be before processed_to" in response.json()["detail"]


@pytest.mark.parametrize("bucket", MAX_DAYS)
async def test_the_longest_span_is_answered(viewer: Caller, bucket: str) -> None:
    start = NOON + timedelta(minutes=30)
    asked = {
        "bucket": bucket,
        "processed_from": start.isoformat(),
        "processed_to": (start + timedelta(days=MAX_DAYS[bucket])).isoformat(),
    }
    assert (await viewer.get(SERIES, params=asked)).status_code == 200


async def test_several_values_of_a_parameter_are_any_of_them(viewer: Caller, store_events: Store) -> None:
    await store_events(
        *(result(name, key=name, affiliate=name, processed_at=NOON.isoformat()) for name in ("MLB", "AMZ", "B2W"))
    )
    found = (await viewer.get(f"{SERIES}?affiliate=MLB&affiliate=AMZ&code=price.minimum&code=x&by=affiliate")).json()
    assert found["counts"] == {"AMZ": 1, "MLB": 1}


def test_a_span_that_begins_in_the_future_is_not_empty() -> None:
    start, end = SeriesQuery(processed_from=NOON + timedelta(days=30)).span(NOON)
    assert end > start
