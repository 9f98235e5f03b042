"""Incidents and freshness by the API; what is kept of them, and for how long."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from schemas.incident import Kind, State
from storage.database import Database
from storage.incidents.sources import MAX_SOURCES, learn_sources
from storage.logs.compaction import compact_results
from storage.retention import forget_incidents, forget_received
from tests.integration.api.conftest import Caller, Store
from tests.support.events import result
from tests.support.learned import an_incident, have_had, learn, sources_have_had

API = "/api/v1/accounts/acme"
NOW = datetime.now(UTC)


async def test_the_list_is_filtered_and_walked_and_one_has_its_story(viewer: Caller, owner: asyncpg.Connection) -> None:
    for number, (kind, state) in enumerate([(Kind.SILENCE, State.OPEN), *((each, State.RESOLVED) for each in Kind)]):
        at = NOW - timedelta(hours=number // 2)  # two at once
        await an_incident(owner, kind=kind, state=state, opened_at=at, affiliate=("MLB", "AMZ")[number % 2])
    walked, address = [], f"{API}/incidents?page_size=3"
    while True:
        page = (await viewer.get(address)).json()
        walked += [each["incident_id"] for each in page["items"]]
        if page["next_page_token"] is None:
            break
        address = f"{API}/incidents?page_size=3&page_token={page['next_page_token']}"
    assert walked == [2, 1, 4, 3, 6, 5, 8, 7]
    assert sorted(walked) == list(range(1, 9))

    async def found(query: str) -> list[int]:
        answer = await viewer.get(f"{API}/incidents?{query}")
        assert answer.status_code == 200, answer.text
        return [each["incident_id"] for each in answer.json()["items"]]

    assert await found("state=open&state=escalated") == [1]
    assert await found("kind=silence") == [1, 7]
    assert await found("affiliate=AMZ") == [2, 4, 6, 8]
    assert await found("integration_type=price&state=open") == [1]
    assert await found("integration_type=orders") == []
    story = (await viewer.get(f"{API}/incidents/1")).json()
    assert [each["edge"] for each in story["edges"]] == ["opened", "escalated"]
    assert story["edges"][0]["facts"]["count"] == 212
    for absent in ("9", "0", "x", "9" * 30, "-1"):
        assert (await viewer.get(f"{API}/incidents/{absent}")).status_code == 404, absent
    assert (await viewer.get(f"{API}/incidents?kind=other")).status_code == 422


async def test_what_has_no_history_is_not_known_and_what_has_is_judged_by_what_is_complete(
    viewer: Caller, owner: asyncpg.Connection, writer: Database, store_events: Store
) -> None:
    await have_had(owner, [("acme", "price", "OLD")])
    await store_events(result("a"))
    async with writer.transaction() as connection:
        await compact_results(connection, 1000)
    new, old = sorted((await viewer.get(f"{API}/freshness")).json()["items"], key=lambda each: each["affiliate"])
    assert (new["affiliate"], new["state"], new["usual_interval_seconds"]) == ("MLB", None, None)
    # No agents have said how far the data goes.
    assert (old["state"], old["as_of"]) == (None, None)


@pytest.mark.parametrize("by", ["key", "alias"])
async def test_an_order_that_is_known_by_its_tracking_only_is_named(
    viewer: Caller, store_events: Store, by: str
) -> None:
    named = {"key": "O-1"} if by == "key" else {"key": "other", "aliases": {"marketplace_order_id": "o-1"}}
    await store_events(
        result("t1", "tracking", key="O-1"),
        result("t2", "tracking", key="O-2"),
        result("o1", "orders", **named),
        result("o2", "orders", key="O-2", affiliate="AMZ"),  # another one's
    )
    found = (await viewer.get(f"{API}/freshness")).json()["tracking_only"]
    assert (found["looked_at"], [each["key"] for each in found["orders"]]) == (2, ["O-2"])


async def test_incidents_are_kept_for_years_after_they_are_over(owner: asyncpg.Connection, writer: Database) -> None:
    await an_incident(owner, state=State.RESOLVED, resolved_at=NOW - timedelta(days=1096))
    await an_incident(owner, state=State.RESOLVED, resolved_at=NOW - timedelta(days=1094))
    await an_incident(owner, opened_at=NOW - timedelta(days=2000))
    await have_had(owner, [("acme", "price", "OLD")])
    async with writer.transaction() as connection:
        assert not await forget_incidents(connection, 1095)
        assert await forget_received(connection) == 0  # ten weeks, and a day
    assert {row[0] for row in await owner.fetch("SELECT incident_id FROM incidents")} == {2, 3}
    assert {row[0] for row in await owner.fetch("SELECT incident_id FROM incident_edges")} == {2, 3}


PRICES = ("acme", "price", "MLB")


async def sources_of(viewer: Caller, integration_type: str = "price") -> list[dict[str, Any]]:
    answer = await viewer.get(f"{API}/freshness")
    assert answer.status_code == 200, answer.text
    [item] = [each for each in answer.json()["items"] if each["integration_type"] == integration_type]
    found: list[dict[str, Any]] = item["sources"]
    return found


async def test_sources_of_a_type_that_has_several_are_judged_each_by_its_own_rhythm(
    viewer: Caller, owner: asyncpg.Connection, writer: Database
) -> None:
    await have_had(owner, [PRICES, ("acme", "orders", "MLB"), ("globex", "price", "MLB")])
    await sources_have_had(owner, PRICES, {"/erp-a": 0, "/erp-b": 6, "/left-for-good": 29 * 24})
    await sources_have_had(owner, ("acme", "orders", "MLB"), {"/erp-a": 0, "/left-for-good": 29 * 24})
    await sources_have_had(owner, ("globex", "price", "MLB"), {"/theirs": 0, "/theirs-too": 0})
    await owner.execute(
        "INSERT INTO source_times VALUES ('acme', 'price', 'MLB', '/new', now() - interval '2 days', now())"
    )
    await learn(owner)
    await learn_sources(writer)
    [pair] = [each for each in (await viewer.get(f"{API}/freshness")).json()["items"] if each["sources"]]
    assert (pair["integration_type"], pair["state"]) == ("price", "fresh")
    first, second, new = await sources_of(viewer)
    assert (first["source"], first["state"]) == ("/erp-a", "fresh")
    assert (second["source"], second["state"]) == ("/erp-b", "silent")
    assert second["last_result_at"] < second["late_from"] < second["silent_from"] < first["last_result_at"]
    assert (new["source"], new["state"], new["usual_interval_seconds"]) == ("/new", None, None)


@pytest.fixture
async def _two_sources(owner: asyncpg.Connection, writer: Database) -> None:
    await have_had(owner, [PRICES])
    await sources_have_had(owner, PRICES, {"/erp-a": 0, "/erp-b": 6})
    await learn(owner)
    await learn_sources(writer)


@pytest.mark.usefixtures("_two_sources")
async def test_sources_are_not_told_apart_where_there_were_too_many(viewer: Caller, owner: asyncpg.Connection) -> None:
    assert len(await sources_of(viewer)) == 2
    await sources_have_had(owner, PRICES, {"": 24})
    assert await sources_of(viewer) == []


@pytest.mark.usefixtures("_two_sources")
async def test_names_that_are_made_up_for_each_run_are_no_sources(viewer: Caller, owner: asyncpg.Connection) -> None:
    made_up = """INSERT INTO source_times
        SELECT 'acme', 'price', 'MLB', '/made-up/' || n, now(), now() FROM generate_series($1::integer, $2) n"""
    await owner.execute(made_up, 3, MAX_SOURCES)
    assert len(await sources_of(viewer)) == MAX_SOURCES
    await owner.execute(made_up, 1, 1)
    assert await sources_of(viewer) == []
