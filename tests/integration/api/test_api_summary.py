"""Counts over HTTP: the list's own filter, exact numbers, and clear refusals."""

import pytest

from tests.integration.api.conftest import Caller, Store
from tests.support.events import at, result

SUMMARY = "/api/v1/accounts/acme/price/logs/summary"


async def test_a_summary_counts_what_the_list_shows(viewer: Caller, store_events: Store) -> None:
    await store_events(
        result("a", key="A", processed_at=at(0)),
        result("b", key="B", processed_at=at(1), affiliate="AMZ"),
        result("c", key="C", processed_at=at(2), status="success", errors=None, message=None),
        result("d", key="D", account="globex"),
    )
    found = (await viewer.get(SUMMARY)).json()
    assert found["total"] == 3
    assert found["by_status"] == {"success": 1, "warning": 0, "error": 2}
    assert found["by_affiliate"] == {"MLB": 2, "AMZ": 1}
    assert found["by_code"] == {"price.minimum": 2}
    assert found["other_codes"] == 0
    assert sum(bar["total"] for bar in found["histogram"]) == 3
    assert set(found["histogram"][0]) == {"from", "to", "total", "by_status"}


async def test_nothing_is_counted_as_nothing(viewer: Caller) -> None:
    found = (await viewer.get(SUMMARY)).json()
    assert found["total"] == 0
    assert found["by_status"] == {"success": 0, "warning": 0, "error": 0}
    assert found["histogram"] == []


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("status=error&status=warning", 2),
        ("affiliate=AMZ", 1),
        ("code=price.minimum", 2),
        ("q=A", 1),
        ("q=minimum", 2),
        ("reprocess=silent", 0),
        ("status=success&q=A", 0),
    ],
)
async def test_the_filter_is_the_lists(viewer: Caller, store_events: Store, query: str, total: int) -> None:
    await store_events(
        result("a", key="A"),
        result("b", key="B", affiliate="AMZ"),
        result("c", key="C", status="success", errors=None, message=None),
    )
    assert (await viewer.get(f"{SUMMARY}?{query}")).json()["total"] == total
    listed = (await viewer.get(f"{SUMMARY.removesuffix('/summary')}?{query}")).json()["items"]
    assert len(listed) == total


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page_size=5", "query.page_size"),
        ("statuses=error", "query.statuses"),
        ("status=bad", "query.status.0"),
        ("reprocess=silent&reprocess=busy", "query.reprocess"),
    ],
)
async def test_a_bad_parameter_is_named(viewer: Caller, query: str, field: str) -> None:
    response = await viewer.get(f"{SUMMARY}?{query}")
    assert response.status_code == 422
    assert [each["field"] for each in response.json()["errors"]] == [field]


async def test_no_time_is_too_far(viewer: Caller, store_events: Store) -> None:
    await store_events(result())
    for query in ("processed_from=0001-01-01T00:00:00Z", "processed_to=9999-12-31T23:59:59Z"):
        assert (await viewer.get(f"{SUMMARY}?{query}")).json()["total"] == 1
    assert (await viewer.get(f"{SUMMARY}?processed_from=9999-12-31T23:59:59Z")).json()["total"] == 0
