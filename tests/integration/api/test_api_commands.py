"""`POST /commands/reprocess`: 202 means that Kafka has it; everything else is a problem that says what to do."""

import asyncio
import json
import os
import signal
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import orjson
import pytest
from fastapi import FastAPI

from admin import json_body
from admin.body import MAX_BODY_BYTES
from broker.settings import BrokerSettings
from embedded.system import EmbeddedSystem
from schemas.identity import command_id
from schemas.policy import Policy
from schemas.reprocess import Command, read_command
from storage.database import Database
from storage.settings import StorageSettings
from tests.integration.api.conftest import Caller, app_on
from tests.support.agents import records
from tests.support.proxy import proxied
from tests.support.reprocess import Desk
from tests.support.waiting import eventually

PATH = "/commands/reprocess"
LOG = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"


def body(**changes: Any) -> dict[str, Any]:
    """A valid request; a change to None leaves the field out."""
    fields: dict[str, Any] = {
        "account": "acme",
        "integration_type": "price",
        "requested_by": "maria",
        "log_ids": [LOG],
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def headers(key: str | None = "k1", **more: str) -> dict[str, str]:
    given = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in more.items()}}
    return given if key is None else {**given, "Idempotency-Key": key}


async def commands_in(broker: BrokerSettings, count: int) -> list[Command]:
    found: list[Command] = []
    for record in await records(str(broker.kafka_bootstrap_servers), broker.topics.commands, count):
        assert record.key == b"acme"
        for each in read_command(record.headers, record.value):
            assert isinstance(each, Command), each
            found.append(each)
    return found


@pytest.mark.law
async def test_accepted_means_that_kafka_has_the_command(commander: Caller, broker_settings: BrokerSettings) -> None:
    response = await commander.post(PATH, json=body(reason="fixed", mode="replay"), headers=headers())
    assert response.status_code == 202, response.text
    [command] = await commands_in(broker_settings, 1)
    assert response.json() == {
        "command_id": command.id,
        "status_url": f"/api/v1/accounts/acme/reprocess/{command.id}",
    }
    assert command.id == command_id("acme", "k1")
    request = command.request
    assert (request.account, request.integration_type, request.requested_by) == ("acme", "price", "maria")
    assert (request.reason, request.mode, request.log_ids) == ("fixed", "replay", [uuid.UUID(LOG)])


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(("given", "sent"), [(TRACE, TRACE), ("not a trace", None), ("", None)])
async def test_a_command_is_in_the_trace_of_its_request(
    commander: Caller, broker_settings: BrokerSettings, given: str, sent: str | None
) -> None:
    response = await commander.post(PATH, json=body(), headers=headers(traceparent=given))
    assert response.status_code == 202, response.text
    [command] = await commands_in(broker_settings, 1)
    assert command.traceparent == sent


async def test_the_same_key_and_body_is_the_same_answer(commander: Caller, broker_settings: BrokerSettings) -> None:
    """Said in another order, and with the default written out: it is the same request."""
    first = await commander.post(PATH, json=body(), headers=headers())
    again = dict(reversed(list(body(mode="refresh").items())))
    second = await commander.post(PATH, json=again, headers=headers())
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert {each.id for each in await commands_in(broker_settings, 2)} == {first.json()["command_id"]}


async def test_the_same_key_at_once_is_one_command(commander: Caller) -> None:
    responses = await asyncio.gather(*(commander.post(PATH, json=body(), headers=headers()) for _ in range(10)))
    assert {each.status_code for each in responses} == {202}
    assert len({each.json()["command_id"] for each in responses}) == 1


async def test_the_same_key_with_another_body_is_422(commander: Caller) -> None:
    assert (await commander.post(PATH, json=body(), headers=headers())).status_code == 202
    response = await commander.post(PATH, json=body(requested_by="joao"), headers=headers())
    assert response.status_code == 422
    assert "another body" in response.json()["detail"]


@pytest.mark.parametrize(
    "asked",
    [
        {"reason": "fixed"},
        {
            "log_ids": None,
            "filter": {"status": "error", "processed_from": "2026-11-01T00:00:00-03:00"},
            "as_of": "2026-11-24T09:00:00.123456-03:00",
            "pace": {"per_second": 5, "steps": [1, 10]},
        },
    ],
    ids=["by ids", "by filter"],
)
async def test_a_key_that_was_forgotten_is_still_the_same_command(
    commander: Caller,
    broker_settings: BrokerSettings,
    database_url: str,
    storage_settings: StorageSettings,
    owner: asyncpg.Connection,
    asked: dict[str, Any],
) -> None:
    first = await commander.post(PATH, json=body(**asked), headers=headers())
    assert first.status_code == 202, first.text
    [command] = await commands_in(broker_settings, 1)
    desk = Desk(database_url, storage_settings, Policy())
    await desk.record(command)
    await desk.close()
    await owner.execute("DELETE FROM idempotency_keys")
    for _ in range(2):
        assert (await commander.post(PATH, json=body(**asked, mode="replay"), headers=headers())).status_code == 422
        again = await commander.post(PATH, json=body(**asked), headers=headers())
        assert (again.status_code, again.json()) == (202, first.json())


async def test_the_audit_has_the_access_key_whoever_the_caller_says_it_is(
    commander: Caller,
    broker_settings: BrokerSettings,
    database_url: str,
    storage_settings: StorageSettings,
    owner: asyncpg.Connection,
) -> None:
    posted = (await commander.post(PATH, json=body(), headers=headers())).json()["command_id"]
    ledger = "/api/v1/accounts/acme/reprocess"
    assert (await commander.get(f"{ledger}/{posted}")).json()["requested_with"] == "o"
    desk = Desk(database_url, storage_settings, Policy())
    await desk.fail(range(2))
    for command in await commands_in(broker_settings, 1):
        await desk.record(command)
    await desk.by_filter("through-kafka")
    await desk.close()
    who = {"account": "acme", "requested_by": "someone else"}
    cancelled = await commander.post("/commands/reprocess/through-kafka/cancel", json=who)
    assert cancelled.status_code == 200, cancelled.text
    for change in ("pause", "resume"):
        await commander.post(f"/commands/affiliates/{change}", json={**who, "affiliate": "MLB"})
    rows = await owner.fetch("SELECT action, key_name, key_id FROM reprocess_audit ORDER BY at")
    key_id = await owner.fetchval("SELECT id FROM access_keys WHERE account = 'acme' AND name = 'o'")
    assert [tuple(row) for row in rows] == [
        ("requested", "o", key_id),
        ("requested", None, None),
        ("cancelled", "o", key_id),
        ("paused", "o", key_id),
        ("resumed", "o", key_id),
    ]
    listed = (await commander.get(ledger)).json()["items"]
    assert {each["id"]: each["requested_with"] for each in listed} == {posted: "o", "through-kafka": None}


async def test_a_key_belongs_to_its_account(kafka_app: FastAPI, keys: dict[str, str]) -> None:
    async with Caller(kafka_app, keys["every"]) as client:
        first = await client.post(PATH, json=body(), headers=headers())
        second = await client.post(PATH, json=body(account="globex"), headers=headers())
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["command_id"] != second.json()["command_id"]


@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("operator", 503), ("admin", 503), ("other", 404), ("every", 503), ("", 401)]
)
async def test_who_may_command(app: FastAPI, keys: dict[str, str], who: str, status: int) -> None:
    """Kafka is away: a caller who may command gets 503."""
    async with Caller(app, keys.get(who)) as client:
        response = await client.post(PATH, json=body(), headers=headers())
        absent = await client.get("/nowhere")
    assert response.status_code == status, response.text
    if status == 404:
        assert response.content == absent.content


@pytest.mark.law
async def test_without_kafka_it_is_503_within_5_seconds_and_the_retry_is_the_same_command(
    reader: Database, writer: Database, broker_settings: BrokerSettings, keys: dict[str, str], owner: asyncpg.Connection
) -> None:
    """A command that Kafka did not take is not queued: only the caller's retry sends it."""
    async with (
        proxied(f"kafka://{broker_settings.kafka_bootstrap_servers}") as (proxy, _url),
        app_on(reader, writer, proxy.address, broker_settings.topics) as app,
        Caller(app, keys["operator"]) as client,
    ):
        proxy.mode = "refuse"
        started = asyncio.get_running_loop().time()
        refused = await client.post(PATH, json=body(), headers=headers())
        assert asyncio.get_running_loop().time() - started < 6
        assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (503, True)
        assert refused.headers["content-type"] == "application/problem+json"
        proxy.mode = "pass"
        accepted = await client.post(PATH, json=body(), headers=headers())
        assert accepted.status_code == 202, accepted.text
        assert (await client.post(PATH, json=body(mode="replay"), headers=headers())).status_code == 422
    [command] = await commands_in(broker_settings, 1)
    assert command.id == accepted.json()["command_id"]


@pytest.mark.law
@pytest.mark.parametrize("asked_again", [False, True])
async def test_a_command_that_reaches_kafka_after_its_503_is_left_unless_it_is_asked_for_again(
    commander: Caller, servers: EmbeddedSystem, broker_settings: BrokerSettings, desk: Desk, *, asked_again: bool
) -> None:
    """The broker hangs for longer than a caller waits, and takes then what was on its way."""
    assert (await commander.post(PATH, json=body(), headers=headers("first"))).status_code == 202
    assert servers._kafka is not None
    assert servers._kafka.pid is not None
    os.kill(servers._kafka.pid, signal.SIGSTOP)
    try:
        refused = await commander.post(PATH, json=body(), headers=headers("late"))
    finally:
        os.kill(servers._kafka.pid, signal.SIGCONT)
    assert (refused.status_code, "nothing was queued" in refused.text) == (503, True)
    if asked_again:

        async def accepted() -> bool:
            return (await commander.post(PATH, json=body(), headers=headers("late"))).status_code == 202

        await eventually(accepted)
    late = command_id("acme", "late")
    [_first, *arrived] = await commands_in(broker_settings, 2)
    assert {each.id for each in arrived} == {late}
    for each in arrived:
        assert await desk.record(each) is None
    status = await commander.get(f"/api/v1/accounts/acme/reprocess/{late}")
    assert status.status_code == (200 if asked_again else 404)


@pytest.mark.law
async def test_a_command_that_was_taken_at_last_is_recorded_by_a_database_that_knows_of_its_503_alone(
    reader: Database,
    writer: Database,
    broker_settings: BrokerSettings,
    keys: dict[str, str],
    owner: asyncpg.Connection,
    desk: Desk,
) -> None:
    """A backup from between the 503 and the 202 is restored, and the command comes from Kafka."""
    async with (
        proxied(f"kafka://{broker_settings.kafka_bootstrap_servers}") as (proxy, _url),
        app_on(reader, writer, proxy.address, broker_settings.topics) as app,
        Caller(app, keys["operator"]) as client,
    ):
        proxy.mode = "refuse"
        assert (await client.post(PATH, json=body(), headers=headers())).status_code == 503
        backup = await owner.fetchval("SELECT revoked_at FROM idempotency_keys")
        assert backup is not None
        proxy.mode = "pass"
        assert (await client.post(PATH, json=body(), headers=headers())).status_code == 202
        await owner.execute("UPDATE idempotency_keys SET revoked_at = $1, published_at = NULL", backup)
        [command] = await commands_in(broker_settings, 1)
        assert await desk.record(command) is None
        assert (await client.get(f"/api/v1/accounts/acme/reprocess/{command.id}")).status_code == 200


@pytest.mark.law
async def test_a_command_whose_key_was_lost_by_a_failover_is_not_said_to_be_accepted(
    reader: Database, writer: Database, broker_settings: BrokerSettings, keys: dict[str, str], owner: asyncpg.Connection
) -> None:
    """A standby that lagged takes over while Kafka does not answer: neither of them has the command then."""
    async with (
        proxied(f"kafka://{broker_settings.kafka_bootstrap_servers}") as (proxy, _url),
        app_on(reader, writer, proxy.address, broker_settings.topics) as app,
        Caller(app, keys["operator"]) as client,
    ):
        proxy.mode = "mute"
        asking = asyncio.create_task(client.post(PATH, json=body(), headers=headers()))

        async def lost() -> bool:
            return bool(await owner.fetchval("DELETE FROM idempotency_keys RETURNING true"))

        await eventually(lost)
        answer = await asking
        assert (answer.status_code, "not known" in answer.text) == (503, True), answer.text
        proxy.cut()
        proxy.mode = "pass"
        assert (await client.post(PATH, json=body(), headers=headers())).status_code == 202
    [command] = await commands_in(broker_settings, 1)
    assert command.id == command_id("acme", headers()["Idempotency-Key"])


@pytest.mark.law
async def test_a_command_that_the_agents_have_is_accepted_though_kafka_did_not_say_so(
    operator: Caller, desk: Desk
) -> None:
    """Agents recorded it before the caller was answered."""
    assert await desk.command(command_id("acme", "k1"), log_ids=[LOG]) is None
    request = body(requested_by="maria", mode="refresh")
    assert (await operator.post(PATH, json=request, headers=headers("k1"))).status_code == 202
    assert (await operator.post(PATH, json=request, headers=headers("k2"))).status_code == 503


BAD_BODIES: list[tuple[str, bytes, int, str]] = [
    ("empty", b"", 422, "body"),
    ("not JSON", b"{", 422, "body"),
    ("two documents", b"{}{}", 422, "body"),
    ("a list", b"[]", 422, "body"),
    ("null", b"null", 422, "body"),
    ("not UTF-8", b'{"account": "\xff"}', 422, "body"),
    ("UTF-16", json.dumps(body()).encode("utf-16"), 422, "body"),
    ("NaN", b'{"account": NaN}', 422, "body"),
    ("infinity", b'{"account": 1e400}', 422, "body.account"),
    ("nested", b"[" * 100_000, 422, "body"),
    ("NUL", json.dumps(body(requested_by="a\x00b")).encode(), 422, "body"),
    ("lone surrogate", json.dumps(body(requested_by="\ud800")).encode(), 422, "body"),
    ("equal keys", orjson.dumps(body())[:-1] + b',"account":"globex"}', 422, "body.account"),
    ("a million ids", b'{"log_ids": [' + b",".join([b'"x"'] * 60_000) + b"]}", 422, "body.account"),
    ("1,001 ids", orjson.dumps(body(log_ids=[str(uuid.uuid4()) for _ in range(1001)])), 422, "body.log_ids"),
    ("too large", b'{"a": "' + b"a" * MAX_BODY_BYTES + b'"}', 413, ""),
]
BAD_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"account": None}, "body.account"),
    ({"account": "ACME"}, "body.account"),
    ({"account": "*"}, "body.account"),
    ({"account": "../x"}, "body.account"),
    ({"account": 5}, "body.account"),
    ({"integration_type": "prices"}, "body"),
    ({"requested_by": None}, "body.requested_by"),
    ({"requested_by": ""}, "body.requested_by"),
    ({"requested_by": "x" * 201}, "body.requested_by"),
    ({"reason": "x" * 1001}, "body.reason"),
    ({"mode": "again"}, "body.mode"),
    ({"log_ids": []}, "body.log_ids"),
    ({"log_ids": ["x"]}, "body.log_ids.0"),
    ({"log_ids": LOG}, "body.log_ids"),
    ({"log_ids": None}, "body"),
    ({"log_ids": None, "filter": {"status": ["error"]}}, "body"),
    ({"log_ids": None, "filter": {}}, "body.filter"),
    ({"log_ids": None, "filter": {"nope": 1}, "as_of": "2026-01-01T00:00:00Z"}, "body.filter.nope"),
    ({"log_ids": None, "filter": {}, "as_of": "2026-01-01T00:00:00Z"}, "body.filter"),
    ({"filter": {"all": True}, "as_of": "2026-01-01T00:00:00Z"}, "body"),
    ({"pace": {"steps": [0]}}, "body.pace.steps.0"),
    ({"nope": 1}, "body.nope"),
]


@pytest.mark.parametrize(
    ("content", "status", "field"), [each[1:] for each in BAD_BODIES], ids=[each[0] for each in BAD_BODIES]
)
async def test_a_body_that_is_not_a_request(operator: Caller, content: bytes, status: int, field: str) -> None:
    response = await operator.post(PATH, content=content, headers=headers())
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    if field:
        assert field in [each["field"] for each in response.json()["errors"]]


@pytest.mark.parametrize(("changes", "field"), BAD_FIELDS, ids=[str(each[0])[:50] for each in BAD_FIELDS])
async def test_a_bad_field_is_422_and_named(operator: Caller, changes: dict[str, Any], field: str) -> None:
    response = await operator.post(PATH, json=body(**changes), headers=headers())
    assert response.status_code == 422, response.text
    assert field in [each["field"] for each in response.json()["errors"]]


@pytest.mark.parametrize("key", [None, "", " ", "a" * 201, "a\tb", "ção".encode("latin-1")])
async def test_an_idempotency_key_is_required_and_printable(operator: Caller, key: Any) -> None:
    given = headers(None) if key is None else {**headers(None), "Idempotency-Key": key}
    response = await operator.post(PATH, json=body(), headers=given)
    assert response.status_code == 400, response.text


@pytest.mark.parametrize(
    "given",
    [
        {"content_type": "text/plain"},
        {"content_type": "application/json-seq"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": ""},
        {"content_encoding": "gzip"},
    ],
    ids=str,
)
async def test_only_plain_json_is_read(operator: Caller, given: dict[str, str]) -> None:
    response = await operator.post(PATH, content=orjson.dumps(body()), headers=headers(**given))
    assert response.status_code == 415


async def test_a_body_without_end_is_refused_while_it_comes(operator: Caller) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    response = await operator.post(PATH, content=endless(), headers=headers())
    assert response.status_code == 413
    assert sent < 4 * MAX_BODY_BYTES


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_commands_are_posted(operator: Caller, method: str) -> None:
    assert (await operator.request(method, PATH)).status_code == 405


async def test_a_body_of_as_many_names_as_it_can_hold_is_read(operator: Caller) -> None:
    content = orjson.dumps({f"n{n}": 1 for n in range(20_000)})
    assert len(content) < MAX_BODY_BYTES
    assert (await operator.post(PATH, content=content, headers=headers())).status_code == 422


def test_each_name_of_a_body_is_looked_at_once() -> None:
    """A look at every pair of 20,000 takes seconds, in which nobody is served."""
    compared = 0

    class Name(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    json_body._no_equal_names([(Name(f"n{n}"), 1) for n in range(20_000)])
    assert compared < 20_000


async def test_an_unknown_parameter_without_a_key_is_401(app: FastAPI) -> None:
    async with Caller(app, None) as client:
        assert (await client.post(f"{PATH}?nope=1", json=body(), headers=headers())).status_code == 401


async def test_unknown_parameters_are_422(operator: Caller) -> None:
    response = await operator.post(f"{PATH}?nope=1", json=body(), headers=headers())
    assert response.status_code == 422


async def test_the_document_is_for_everyone(app: FastAPI) -> None:
    async with Caller(app, None) as client:
        assert (await client.get("/openapi.json")).status_code == 200
