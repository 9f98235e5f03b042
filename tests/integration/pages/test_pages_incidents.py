"""Pages of incidents: from the overview to the rows."""

from datetime import UTC, datetime

import asyncpg

from schemas.incident import Kind, State
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Visit
from tests.support.events import result
from tests.support.learned import an_incident

NOW = datetime.now(UTC)


async def test_pages_lead_from_the_overview_to_the_rows(
    visit: Visit, owner: asyncpg.Connection, store_events: Store
) -> None:
    await store_events(result(), result("t", "tracking", key="O-1"))
    await an_incident(owner, kind=Kind.NEW_FAULT)
    await an_incident(owner, state=State.RESOLVED, resolved_at=NOW)
    browser = await visit("operator")
    assert "/acme/incidents" in (await browser.get("/acme/overview")).text
    listed = (await browser.get("/acme/incidents")).text
    assert "/acme/incidents/1" in listed
    assert "/acme/incidents/2" not in listed
    assert "/acme/incidents/2" in (await browser.get("/acme/incidents?over=true")).text
    one = (await browser.get("/acme/incidents/1")).text
    query = "status=error&amp;affiliate=MLB&amp;fingerprint=74dab71393f51981"
    for address in (f"/acme/price?{query}", f"/acme/price/groups?{query}", f"/acme/price/reprocess?{query}"):
        assert address in one
    assert (await browser.get("/acme/incidents/3")).status_code == 404
    assert "/acme/tracking/logs/" in (await browser.get("/acme/freshness")).text
