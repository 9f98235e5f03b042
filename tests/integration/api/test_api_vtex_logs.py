"""VTEX's log contract, answered from our logs; and read back by our own bridge."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from fastapi import FastAPI

from broker.settings import BrokerSettings
from conexoes_connector.connector import Connector
from connectors.vtex_logs.bridge import Reading
from connectors.vtex_logs.endpoint import Endpoint
from connectors.vtex_logs.settings import VtexLogsSettings
from outbound import http as outbound
from schemas import vtex_log as vtex
from schemas.catalogue import BY_NAME, CATALOGUE
from storage import access_keys
from storage.database import Database
from storage.logs import reader as log_reader
from tests.integration.api.conftest import Caller, Store
from tests.integration.connectors.test_vtex_logs import results
from tests.support.events import at, result
from tests.support.http_server import HERE
from tests.support.served import served

LOGS = "/vtex/acme/logs/"
DAY = at(0)[:10]
NOON = datetime.fromisoformat(f"{DAY}T12:00:00+00:00") - timedelta(days=1)  # certainly past
YESTERDAY = NOON.date().isoformat()


async def messages(client: Caller, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get(LOGS, params={"DateAt": YESTERDAY, **query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["Messages"]
    return found


def noon(seconds: float = 0) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat()


async def test_a_log_is_a_message_with_every_member_that_vtex_names(operator: Caller, store_events: Store) -> None:
    await store_events(
        result(
            "e1",
            processed_at=noon(),
            message="The price 10.00 is below the minimum",
            request={"price": 10},
            response="<error/>",
            ContentSource='{"skuId": 1}',
        )
    )
    [message] = await messages(operator)
    assert list(message)[:9] == [
        "id",
        "Operation",
        "Direction",
        "ContentSource",
        "ContentTranslated",
        "ContentTransalted",
        "ContentDestination",
        "BusinessMessage",
        "Status",
    ]
    assert {name: message[name] for name in message if name != "id"} == {
        "Operation": "Price update",
        "Direction": "VTEX to Marketplace",
        "ContentSource": '{"skuId": 1}',
        "ContentTranslated": '{"price": 10}',
        "ContentTransalted": '{"price": 10}',
        "ContentDestination": "<error/>",
        "BusinessMessage": "The price 10.00 is below the minimum",
        "Status": "Error",
        "IntegrationType": "price",
        "Affiliate": "MLB",
        "Key": "SKU-1",
        "ProcessedAt": noon().replace("+00:00", "Z"),
        "Errors": [{"code": "price.minimum", "message": "below the minimum"}],
    }


async def test_every_type_and_status_is_listed_newest_first_and_can_be_asked_for(
    viewer: Caller, store_events: Store
) -> None:
    pairs = [(each.name, status) for each in CATALOGUE for status in each.statuses]
    events = [
        result(f"e{n}", name, key=f"{name} {status}", status=status, processed_at=noon(n))
        for n, (name, status) in enumerate(pairs)
    ]
    await store_events(*events)
    found = await messages(viewer)
    assert [(each["IntegrationType"], each["Status"]) for each in found] == [
        (name, vtex.STATUSES[status]) for name, status in reversed(pairs)
    ]
    for name, of in BY_NAME.items():
        assert {each["Operation"] for each in found if each["IntegrationType"] == name} == {vtex.operations_of(of)[0]}
    asked = {
        "all": {"Success", "Error", "Alert"},
        "sucess,error": {"Success", "Error"},
        "success": {"Success"},
        "alert": {"Alert"},
        "warning,pending": {"Alert"},
        "pending": set(),
        "pending,all": {"Success", "Error", "Alert"},
    }
    for status, words in asked.items():
        assert {each["Status"] for each in await messages(viewer, status=status)} == words, status


@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo", "Asia/Tokyo"])
async def test_a_day_begins_and_ends_at_midnight_of_its_time_zone(
    viewer: Caller, store_events: Store, zone: str
) -> None:
    begin = datetime(NOON.year, NOON.month, NOON.day, tzinfo=ZoneInfo(zone)) - timedelta(days=1)
    moments = {"before": -1e-6, "first": 0, "last": 86_400 - 1e-6, "after": 86_400}
    await store_events(
        *(
            result(name, key=name, processed_at=(begin.astimezone(UTC) + timedelta(seconds=seconds)).isoformat())
            for name, seconds in moments.items()
        )
    )
    day = begin.date().isoformat()
    assert [each["Key"] for each in await messages(viewer, DateAt=day, timezone=zone)] == ["last", "first"]


async def test_every_page_together_is_the_whole_day_and_no_message_twice(viewer: Caller, store_events: Store) -> None:
    names = list(BY_NAME)
    await store_events(
        *(result(f"e{n}", names[n % len(names)], key=f"K{n}", processed_at=noon(n // 7)) for n in range(40)),
        result("other day", key="other", processed_at=at(0)),
        result("other account", account="globex", processed_at=noon()),
    )
    keys: list[str] = []
    path: str | None = f"{LOGS}?DateAt={YESTERDAY}&page_size=7"
    while path:
        answer = await viewer.get(path)
        page = answer.json()["Messages"]
        assert len(page) <= 7
        keys += [each["Key"] for each in page]
        path = answer.links.get("next", {}).get("url")
    assert sorted(keys) == sorted(f"K{n}" for n in range(40))


async def test_a_page_ends_early_where_its_evidence_is_large(
    operator: Caller, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_reader, "MAX_TIMELINE_BYTES", 25_000)
    await store_events(*(result(f"e{n}", key=f"K{n}", processed_at=noon(n), request="x" * 10_000) for n in range(5)))
    answer = await operator.get(LOGS, params={"DateAt": YESTERDAY})
    assert [each["Key"] for each in answer.json()["Messages"]] == ["K4", "K3"]
    following = await operator.get(answer.links["next"]["url"])
    assert [each["Key"] for each in following.json()["Messages"]] == ["K2", "K1"]
    monkeypatch.setattr(log_reader, "MAX_TIMELINE_BYTES", 1)
    answer = await operator.get(LOGS, params={"DateAt": YESTERDAY})
    assert [each["Key"] for each in answer.json()["Messages"]] == ["K4"]


async def test_without_the_right_to_evidence_the_contents_are_empty_and_after_retention_the_message_stays(
    app: FastAPI, owning: Database, owner: asyncpg.Connection, store_events: Store
) -> None:
    await store_events(result("e1", processed_at=noon(), request="x", response="y", ContentSource="z"))
    key = await access_keys.create(owning, "acme", "viewer", "k", may_see_evidence=False)
    async with Caller(app, key) as client:
        [message] = await messages(client)
        contents = [name for name in message if name.startswith("Content")]
        assert [message[name] for name in contents] == [""] * 4
        assert message["BusinessMessage"] == "The price 10.00 is below the minimum"
        await owner.execute("DELETE FROM attempts")
        [message] = await messages(client)
    assert (message["Key"], message["Status"], message["Errors"]) == ("SKU-1", "Error", [])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "query.DateAt"),
        ({"DateAt": "28/11/2026"}, "query.DateAt"),
        ({"DateAt": "2026-02-30"}, "query.DateAt"),
        ({"DateAt": "0001-01-01"}, "query.DateAt"),
        ({"DateAt": YESTERDAY, "status": "done"}, "query.status"),
        ({"DateAt": YESTERDAY, "status": ""}, "query.status"),
        ({"DateAt": YESTERDAY, "timezone": "Mars/Base"}, "query.timezone"),
        ({"DateAt": YESTERDAY, "dateAt": YESTERDAY}, "query.dateAt"),
        ({"DateAt": [YESTERDAY, YESTERDAY]}, "query.DateAt"),
    ],
)
async def test_a_bad_parameter_is_named(viewer: Caller, query: dict[str, Any], field: str) -> None:
    answer = await viewer.get(LOGS, params=query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize("day", ["2000-01-01", "2999-12-31"])
async def test_the_first_and_the_last_day_are_days(viewer: Caller, day: str) -> None:
    assert await messages(viewer, DateAt=day, timezone="America/Sao_Paulo") == []


async def test_a_token_is_of_its_day_and_zone(viewer: Caller, store_events: Store) -> None:
    await store_events(*(result(f"e{n}", key=f"K{n}", processed_at=noon(n)) for n in range(2)))
    answer = await viewer.get(LOGS, params={"DateAt": YESTERDAY, "page_size": 1})
    following = answer.links["next"]["url"]
    for changed in (DAY, f"{YESTERDAY}&timezone=Asia/Tokyo", f"{YESTERDAY}&status=error"):
        assert (await viewer.get(following.replace(YESTERDAY, changed))).status_code == 400, changed


async def test_our_own_bridge_reads_our_own_endpoint_and_gets_the_same_results(
    app: FastAPI, keys: dict[str, str], store_events: Store, broker_settings: BrokerSettings, data_dir: Path
) -> None:
    """Type, entity, status, time, message, errors and contents; of every type and status, over several pages."""
    pairs = [(each.name, status) for each in CATALOGUE for status in each.statuses]
    sent: dict[str, dict[str, Any]] = {
        f"{name} {status} {n}": {
            "integration_type": name,
            "affiliate": f"M {n}",
            "status": status,
            "processed_at": f"{noon(n)[:19]}.12345{n % 10}+00:00",
            "message": None if n % 4 == 3 else f"said {n}",
            "request": {"n": n} if n % 2 else f"<n>{n}</n>",
            "response": f'{{"status": {400 + n}}}',
        }
        for n, (name, status) in enumerate(pairs)
    }
    await store_events(*(result(f"e-{key}", key=key, **each) for key, each in sent.items()))
    async with (
        served(app) as url,
        outbound.session(HERE, 30) as session,
        Connector(
            str(broker_settings.kafka_bootstrap_servers), source="/vtex", topic_prefix=broker_settings.topic_prefix
        ) as connector,
    ):
        settings = VtexLogsSettings(
            vtex_logs_url=f"{url}/vtex/{{account}}/logs/?page_size=3",
            vtex_logs_account="acme",
            vtex_logs_affiliate="unused",
            vtex_logs_source="/vtex",
            vtex_logs_allowed_networks=HERE,
        )
        endpoint = Endpoint(session, settings.vtex_logs_url, "acme", f"Bearer {keys['operator']}")
        reading = Reading(connector, endpoint, settings, data_dir, clock=lambda: NOON + timedelta(hours=1))
        await reading.once()
        await reading.once()
        reading.close()
    assert reading.counts == {"sent": len(sent)}
    for name in BY_NAME:
        wanted = {key: each for key, each in sent.items() if each["integration_type"] == name}
        for each in await results(broker_settings, len(wanted), name):
            was, body = wanted.pop(each.key), json.loads(each.body)
            assert (each.affiliate, each.status) == (was["affiliate"], was["status"])
            assert each.processed_at == datetime.fromisoformat(str(was["processed_at"]))
            assert each.message == (was["message"] or "below the minimum")
            assert body["errors"] == [{"code": "price.minimum", "message": "below the minimum"}]
            request = was["request"]
            assert body["request"] == (request if isinstance(request, str) else json.dumps(request))
            assert body["response"] == was["response"]
        assert wanted == {}
