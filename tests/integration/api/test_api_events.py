"""`POST /events/results`: 202 means that Kafka has every event; everything else says what to do, event by event."""

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from admin.app import build_admin
from admin.session import Sessions
from api.authentication import Authenticator
from broker.publisher import Publisher
from broker.settings import BrokerSettings
from broker.topics import create_topics
from schemas.catalogue import BY_NAME
from schemas.envelope import BATCH, MAX_BATCH_EVENTS, STRUCTURED
from schemas.event_batch import MAX_BATCH_BYTES
from schemas.policy import Policy
from schemas.result import Result, read
from schemas.sources import Sources
from schemas.topics import MAX_EVENT_BYTES
from storage import access_keys
from storage.database import Database
from storage.settings import StorageSettings
from tests.integration.api.conftest import BOOTSTRAP, Caller
from tests.support.agents import records, running_worker
from tests.support.events import SOURCE, Event, at, data, result, whole
from tests.support.reprocess import Desk
from tests.support.served import served
from tests.support.waiting import eventually

PATH = "/events/results"
MANY = {"content-type": BATCH}
ONE = {"content-type": STRUCTURED}


def binary(event: Event) -> dict[str, str]:
    """The headers of an event in binary mode."""
    return {name.replace("ce_", "ce-"): quote(value.decode(), safe="/:+") for name, value in event.headers}


@pytest.fixture
async def poster(kafka_app: FastAPI, keys: dict[str, str]) -> AsyncIterator[Caller]:
    """A caller with the key of SOURCE, for MLB of acme."""
    async with Caller(kafka_app, keys["connector"]) as client:
        yield client


async def stored(broker: BrokerSettings, count: int, integration_type: str = "price") -> list[Result]:
    """The first results of a topic, as the agents read them."""
    found: list[Result] = []
    topic = broker.topics.results(integration_type)
    for record in await records(str(broker.kafka_bootstrap_servers), topic, count):
        [each] = read(BY_NAME[integration_type], record.headers, record.key, record.value, record.timestamp * 10**6)
        assert isinstance(each, Result), each
        assert record.key.decode() == f"{each.account}/{each.affiliate}/{each.key}"
        found.append(each)
    return found


@pytest.mark.law
async def test_accepted_means_that_kafka_has_every_event_in_each_mode(
    poster: Caller, broker_settings: BrokerSettings
) -> None:
    key = "SKU 1/é %41"
    event = result("one", key=key, correlationid="r 1")
    answers = [
        await poster.post(PATH, content=event.value, headers=binary(event)),
        await poster.post(PATH, content=json.dumps(whole(event, id="two")), headers=ONE),
        await poster.post(PATH, content=json.dumps([whole(event, id=f"{n}") for n in range(3)]), headers=MANY),
        await poster.post(PATH, content="[]", headers=MANY),
    ]
    assert [(each.status_code, each.json()) for each in answers] == [
        (202, {"accepted": 1, "ids": ["one"]}),
        (202, {"accepted": 1, "ids": ["two"]}),
        (202, {"accepted": 3, "ids": ["0", "1", "2"]}),
        (202, {"accepted": 0, "ids": []}),
    ]
    found = await stored(broker_settings, 5)
    assert [each.event_id for each in found] == ["one", "two", "0", "1", "2"]
    assert {(each.key, each.source) for each in found} == {(key, SOURCE)}


async def test_events_go_to_the_topics_of_their_types(poster: Caller, broker_settings: BrokerSettings) -> None:
    batch = [whole(result(each, each, status="success")) for each in BY_NAME]
    assert (await poster.post(PATH, content=json.dumps(batch), headers=MANY)).json()["ids"] == list(BY_NAME)
    for each in BY_NAME:
        assert [found.event_id for found in await stored(broker_settings, 1, each)] == [each]


async def test_what_a_connector_does_not_own_is_refused_by_position(poster: Caller) -> None:
    batch = [
        whole(result("mine")),
        whole(result("a", account="globex")),
        whole(result("b", affiliate="AMZ")),
        whole(result("c"), source="/connectors/another"),
    ]
    answer = await poster.post(PATH, content=json.dumps(batch), headers=MANY)
    assert answer.status_code == 403, answer.text
    refused = answer.json()["refusals"]
    assert [(each["position"], each["code"]) for each in refused] == [(n, "not_allowed") for n in (1, 2, 3)]
    assert [each["reasons"][0].partition(":")[0] for each in refused] == ["data.account", "data.affiliate", "source"]


@pytest.mark.law
async def test_one_event_that_is_no_result_keeps_all_of_them_out(
    poster: Caller, broker_settings: BrokerSettings
) -> None:
    batch: list[Any] = [whole(result(f"{n}")) for n in range(8)]
    batch[3]["data"]["status"] = "parked"
    batch[5] = whole(result("other"), source="/connectors/another")
    batch[7] = 7
    answer = await poster.post(PATH, content=json.dumps(batch), headers=MANY)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "/problems/invalid-events"
    assert [(each["position"], each["code"]) for each in problem["refusals"]] == [
        (3, "status_not_allowed"),
        (5, "not_allowed"),
        (7, "envelope"),
    ]
    assert "event 3: data.status must be one of" in problem["detail"]
    assert (await poster.post(PATH, content=json.dumps(whole(result("last"))), headers=ONE)).status_code == 202
    assert [each.event_id for each in await stored(broker_settings, 1)] == ["last"]


@pytest.mark.parametrize("who", ["viewer", "operator", "connector", "admin", "other", "every", "bootstrap", ""])
async def test_who_may_post(kafka_app: FastAPI, keys: dict[str, str], who: str) -> None:
    expected = {"viewer": 403, "operator": 403, "other": 403, "": 401}.get(who, 202)
    async with Caller(kafka_app, keys.get(who)) as client:
        event = result()
        answer = await client.post(PATH, content=event.value, headers=binary(event))
    assert answer.status_code == expected, answer.text


async def test_a_connector_is_bound_to_account_source_and_affiliates(kafka_app: FastAPI, owning: Database) -> None:
    key = await access_keys.create(owning, "acme", "connector", "hub", source=SOURCE, affiliates=["MLB", "AMZ"])
    batch = [whole(result("a")), whole(result("b", affiliate="AMZ"))]
    async with Caller(kafka_app, key) as hub:
        assert (await hub.post(PATH, content=json.dumps(batch), headers=MANY)).status_code == 202
        for changes in ({"affiliate": "SHP"}, {"account": "globex"}):
            other = json.dumps(whole(result("c", **changes)))
            assert (await hub.post(PATH, content=other, headers=ONE)).status_code == 403


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "connector"},
        {"role": "connector", "source": "/s"},
        {"role": "connector", "source": "/s", "affiliates": []},
        {"role": "connector", "affiliates": ["MLB"]},
        {"role": "connector", "source": "/s", "affiliates": ["MLB"], "account": access_keys.EVERY_ACCOUNT},
        {"role": "viewer", "source": "/s", "affiliates": ["MLB"]},
    ],
)
async def test_a_key_is_a_connector_s_with_account_source_and_affiliates_only(
    owning: Database, fields: dict[str, Any]
) -> None:
    with pytest.raises(Exception, match="access_keys_connector_check"):
        await access_keys.create(owning, **{"account": "acme", "name": "k", **fields})


async def test_a_dry_run_says_what_would_become_of_each_and_sends_nothing(
    poster: Caller, broker_settings: BrokerSettings
) -> None:
    batch = [whole(result("good")), {}, whole(result("a", account="globex"))]
    answer = await poster.post(f"{PATH}?dry_run=1", content=json.dumps(batch), headers=MANY)
    assert answer.status_code == 200, answer.text
    good, none, other = answer.json()["events"]
    shown = {name: good["result"][name] for name in ("id", "account", "affiliate", "key", "status", "code", "altered")}
    assert shown == {
        "id": "good",
        "account": "acme",
        "affiliate": "MLB",
        "key": "SKU-1",
        "status": "error",
        "code": "price.minimum",
        "altered": False,
    }
    assert [good["refusal"], none["result"], other["result"]] == [None, None, None]
    assert [none["refusal"]["code"], other["refusal"]["code"]] == ["envelope", "not_allowed"]
    whole_body = (await poster.post(f"{PATH}?dry_run=true", content="[1,", headers=MANY)).json()["events"]
    assert [(each["position"], each["refusal"]["code"]) for each in whole_body] == [(None, "json")]
    assert (await poster.post(PATH, content=json.dumps(batch[0]), headers=ONE)).status_code == 202
    assert [each.event_id for each in await stored(broker_settings, 1)] == ["good"]


@pytest.mark.parametrize("query", ["dry_run=maybe", "nope=1", "dry_run=1&dry_run=0"])
async def test_parameters_are_checked(poster: Caller, query: str) -> None:
    assert (await poster.post(f"{PATH}?{query}", content="[]", headers=MANY)).status_code == 422


@pytest.mark.parametrize(
    ("headers", "content", "status", "kind"),
    [
        ({"content-type": "application/x-www-form-urlencoded"}, b"{}", 415, "unsupported-media-type"),
        ({"content-type": "application/xml"}, b"<a/>", 415, "unsupported-media-type"),
        ({"content-type": "application/cloudevents+avro"}, b"x", 415, "unsupported-media-type"),
        ({**ONE, "content-encoding": "gzip"}, b"x", 415, "unsupported-media-type"),
        (ONE, b" " * (MAX_EVENT_BYTES + 1), 413, "too-large"),
        (MANY, b" " * (MAX_BATCH_BYTES + 1), 413, "too-large"),
        (MANY, b"[" + b"0," * MAX_BATCH_EVENTS + b"0]", 413, "too-large"),
        (MANY, b"{}", 422, "invalid-events"),
        (MANY, b"", 422, "invalid-events"),
        (ONE, b"", 422, "invalid-events"),
        (ONE, b"{", 422, "invalid-events"),
        ({"content-type": "application/json"}, b"{}", 422, "invalid-events"),
        ({}, b"{}", 422, "invalid-events"),
    ],
)
async def test_a_body_that_is_not_of_events(
    poster: Caller, headers: dict[str, str], content: bytes, status: int, kind: str
) -> None:
    answer = await poster.post(PATH, content=content, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")


async def test_the_largest_event_and_the_largest_batch_are_accepted(poster: Caller) -> None:
    empty = len(json.dumps(whole(result(request=""))))
    largest = json.dumps(whole(result(request="x" * (MAX_EVENT_BYTES - empty))))
    assert len(largest) == MAX_EVENT_BYTES
    assert (await poster.post(PATH, content=largest, headers=ONE)).status_code == 202
    batch = json.dumps([whole(result(f"{n}")) for n in range(MAX_BATCH_EVENTS)])
    assert (await poster.post(PATH, content=batch, headers=MANY)).json()["accepted"] == MAX_BATCH_EVENTS


async def test_every_answer_says_what_may_still_be_posted(
    reader: Database, writer: Database, broker_settings: BrokerSettings, keys: dict[str, str]
) -> None:
    async with door(reader, writer, broker_settings, events_per_second=1) as app, Caller(app, keys["connector"]) as one:
        batch = json.dumps([whole(result(f"{n}")) for n in range(600)])
        first = await one.post(PATH, content=batch, headers=MANY)
        assert (first.status_code, first.headers["RateLimit-Policy"]) == (202, '"events";q=1000;w=1000')
        assert left_of(first) == pytest.approx(400, abs=60)  # one more for each second of the test
        refused = await one.post(PATH, content="{}", headers=ONE)
        assert refused.status_code == 422
        assert left_of(refused) == pytest.approx(400, abs=60)
        too_many = await one.post(PATH, content=batch, headers=MANY)
        assert (too_many.status_code, too_many.json()["type"]) == (429, "/problems/too-many-events")
        assert int(too_many.headers["Retry-After"]) == pytest.approx(600 - left_of(too_many), abs=2)
        large = await one.post(PATH, content=f"[{' ' * (MAX_BATCH_BYTES - 100)}", headers=MANY)
        assert (large.status_code, large.json()["type"]) == (429, "/problems/too-many-events")  # it was not even read
        async with Caller(app, keys["every"]) as another:
            assert (await another.post(PATH, content=batch, headers=MANY)).status_code == 202


def left_of(answer: httpx.Response) -> int:
    """The events that may follow at once."""
    found = re.fullmatch(r'"events";r=(\d+);t=\d+', answer.headers["RateLimit"])
    assert found is not None
    return int(found[1])


class door:  # noqa: N801 - used as a function
    """An app with settings of its own, closed at the end of the block."""

    def __init__(self, reader: Database, writer: Database, broker: BrokerSettings, **settings: Any) -> None:
        self._publisher = Publisher(str(broker.kafka_bootstrap_servers), timeout_seconds=4)
        self._app = build_admin(
            reader,
            writer,
            self._publisher,
            authenticator=Authenticator(reader, BOOTSTRAP),
            policy=Policy(),
            topics=broker.topics,
            sessions=Sessions(b"secret"),
            **settings,
        )

    async def __aenter__(self) -> FastAPI:
        return self._app

    async def __aexit__(self, *_error: object) -> None:
        await self._publisher.close()


@pytest.mark.law
async def test_without_kafka_it_is_503_and_nothing_is_queued(app: FastAPI, keys: dict[str, str]) -> None:
    async with Caller(app, keys["connector"]) as client:
        answer = await client.post(PATH, content=json.dumps(whole(result())), headers=ONE)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "post the same again" in answer.json()["detail"].lower()
        metrics = (await client.get("/metrics")).text
    assert 'conexoes_posted_events_total{outcome="not_taken"} 1.0' in metrics


async def test_events_are_counted_by_outcome_and_by_nothing_else(poster: Caller) -> None:
    await poster.post(PATH, content=json.dumps([whole(result("a")), whole(result("b"))]), headers=MANY)
    await poster.post(PATH, content=json.dumps([whole(result("a")), {}, {}]), headers=MANY)
    text = (await poster.get("/metrics")).text
    assert 'conexoes_posted_events_total{outcome="accepted"} 2.0' in text
    assert 'conexoes_posted_events_total{outcome="refused"} 3.0' in text
    assert "acme" not in text


async def test_sources_hold_for_results_by_http_and_name_their_topics(
    reader: Database, writer: Database, broker_settings: BrokerSettings, keys: dict[str, str]
) -> None:
    sources = Sources.model_validate({SOURCE: {"affiliates": ["MLB"], "connector": "own"}})
    broker = broker_settings.model_copy(update={"sources": sources})
    async with door(reader, writer, broker, sources=sources) as app, Caller(app, keys["every"]) as client:
        refused = [
            (await client.post(PATH, content=json.dumps(each), headers=ONE)).json()["refusals"][0]
            for each in (whole(result("a", affiliate="AMZ")), whole(result("b"), source="/unknown"))
        ]
        assert [each["code"] for each in refused] == ["not_allowed", "not_allowed"]
        await create_topics(str(broker.kafka_bootstrap_servers), broker)
        assert (await client.post(PATH, content=json.dumps(whole(result("mine"))), headers=ONE)).status_code == 202
        topic = broker.topics.results("price", "own")
        [record] = await records(str(broker.kafka_bootstrap_servers), topic, 1)
        assert json.loads(record.value)["id"] == "mine"


@pytest.mark.law
async def test_a_repeat_counts_once_and_an_answer_to_a_retry_fixes_its_item(
    kafka_app: FastAPI,
    keys: dict[str, str],
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    desk: Desk,
    owner: asyncpg.Connection,
) -> None:
    """Delivered three times, a result is one attempt; the outcome of a retry comes by HTTP as by Kafka."""
    async with (
        Caller(kafka_app, keys["connector"]) as connector,
        Caller(kafka_app, keys["operator"]) as operator,
        running_worker(broker_settings, storage_settings, data_dir),
    ):
        failed = json.dumps(whole(result("failed")))
        for _ in range(3):
            assert (await connector.post(PATH, content=failed, headers=ONE)).status_code == 202
        logs = "/api/v1/accounts/acme/price/logs"

        async def log() -> dict[str, Any] | None:
            items = (await operator.get(logs)).json()["items"]
            return items[0] if items else None

        async def is_there() -> bool:
            return await log() is not None

        await eventually(is_there)
        found = await log()
        assert found is not None
        asked = {"account": "acme", "integration_type": "price", "requested_by": "m", "log_ids": [found["id"]]}
        command = await operator.post("/commands/reprocess", json=asked, headers={"Idempotency-Key": "k"})
        servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.retry("price")
        [retry] = await records(servers, topic, 1)
        answer = result("fixed", status="success", errors=None, processed_at=at(5), correlationid=None)
        body = json.dumps(whole(answer, correlationid=json.loads(retry.value)["id"]))
        for _ in range(2):
            assert (await connector.post(PATH, content=body, headers=ONE)).status_code == 202

        async def is_fixed() -> bool:
            shown = await operator.get(command.json()["status_url"])
            return shown.status_code == 200 and shown.json()["items"] == {"fixed": 1}

        await eventually(is_fixed)
        now = await log()
        assert now is not None
        assert (now["status"], now["attempts"]) == ("success", 2)


async def test_a_client_of_plain_http_1_1_is_served(kafka_app: FastAPI, keys: dict[str, str]) -> None:
    """Requests as PHP's streams and curl make them: a connection for each, and a body that waits for 100 Continue."""
    event = result()
    names = {**binary(event), "Authorization": f"Bearer {keys['connector']}", "Expect": "100-continue"}
    assert event.value is not None
    async with served(kafka_app) as address:
        for _ in range(2):
            reader, writer = await asyncio.open_connection(*address.removeprefix("http://").split(":"))
            lines = [f"POST {PATH} HTTP/1.1", "Host: h", "Connection: close", f"Content-Length: {len(event.value)}"]
            lines += [f"{name}: {value}" for name, value in names.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 Continue")
            writer.write(event.value)
            answer = await reader.read()
            writer.close()
            assert answer.startswith(b"HTTP/1.1 202 Accepted")
            assert answer.endswith(b'{"accepted":1,"ids":["e1"]}')


async def test_posts_at_once_of_one_key_are_all_answered(kafka_app: FastAPI, keys: dict[str, str]) -> None:
    chosen = random.Random(7)
    async with Caller(kafka_app, keys["connector"]) as client:

        async def post(number: int) -> httpx.Response:
            batch = [whole(result(f"{number}-{n}", key=f"SKU-{n}")) for n in range(chosen.randrange(1, 60))]
            return await client.post(PATH, content=json.dumps(batch), headers=MANY)

        answers = await asyncio.gather(*(post(number) for number in range(30)))
    assert {each.status_code for each in answers} == {202}


async def test_data_of_another_event_is_not_taken_for_an_envelope(poster: Caller) -> None:
    """Binary mode goes by its headers, whatever fields the data have."""
    event = result()
    body = json.dumps(data(type="conexoes.orders.result.v1", specversion="9"))
    answer = await poster.post(f"{PATH}?dry_run=1", content=body, headers=binary(event))
    assert answer.json()["events"][0]["result"]["integration_type"] == "price"
