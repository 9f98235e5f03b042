"""Pages of incidents: from the overview to the rows."""

from datetime import UTC, datetime

import asyncpg
import pytest

from schemas.incident import Kind, State
from storage.database import Database
from storage.incidents.sources import learn_sources
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Visit
from tests.support.events import result
from tests.support.learned import an_incident, have_had, learn, sources_have_had

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


@pytest.mark.parametrize(
    ("language", "silent", "each_by_itself"),
    [
        ("pt", "Em silêncio", "cada um aparece por si"),
        ("en", "Silent", "each is shown by itself"),
        ("es", "En silencio", "cada uno aparece por separado"),
    ],
)
async def test_connectors_are_under_their_type_where_it_has_several(
    visit: Visit, owner: asyncpg.Connection, writer: Database, language: str, silent: str, each_by_itself: str
) -> None:
    prices = ("acme", "price", "MLB")
    await have_had(owner, [prices, ("acme", "orders", "MLB")])
    await sources_have_had(owner, prices, {"/erp-a": 0})
    await learn(owner)
    await learn_sources(writer)
    browser = await visit("viewer")
    page = (await browser.get(f"/acme/freshness?lang={language}")).text
    assert "/erp-a" not in page
    assert each_by_itself not in page
    await sources_have_had(owner, prices, {"/erp-b": 6})
    await learn(owner)
    await learn_sources(writer)
    page = (await browser.get(f"/acme/freshness?lang={language}")).text
    assert page.count("/erp-a") == page.count("/erp-b") == 1
    assert page.count(silent) == 1
    assert each_by_itself in page
