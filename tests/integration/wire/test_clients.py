"""Clients of others on the wire: what each writes is read as it was written, and what is sent to it is read by it."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from broker.settings import BrokerSettings
from schemas import raw_json
from schemas.catalogue import BY_NAME
from storage.database import Database
from storage.logs.reader import FoundLog, LogReader
from storage.settings import StorageSettings
from tests.integration.wire.plan import CODECS, DATA, plan_of, stored_events
from tests.integration.wire.programs import running
from tests.support.agents import log_ids, running_worker, send_command
from tests.support.node import node
from tests.support.waiting import eventually

pytestmark = pytest.mark.law

HERE = Path(__file__).parent
#: Modes of every client. Data that an SDK has as bytes becomes `data_base64`.
MODES = ("binary", "structured", "batch", "bytes")
#: Modes of one client. The first API of the SDK for Python gives a structured event the content-type of its data.
OWN_MODES = {"librdkafka": ("json",)}
#: Commands of the clients. Each has a CloudEvents SDK of its own.
CLIENTS: dict[str, Callable[[pytest.FixtureRequest], list[str]]] = {
    "kafkajs": lambda _request: [node(), str(HERE / "client.mjs")],
    "java": lambda request: [*request.getfixturevalue("java"), "Client"],
    "librdkafka": lambda _request: [sys.executable, "-m", "tests.integration.wire.librdkafka_client"],
    "aiokafka": lambda _request: [sys.executable, "-m", "tests.integration.wire.aiokafka_client"],
}
#: Building takes minutes, and modules from a registry of its own, so that it is asked for: no machine needs Go.
if os.environ.get("WIRE_GO"):
    CLIENTS["sarama"] = lambda request: list(request.getfixturevalue("sarama"))


def as_sent(found: FoundLog) -> dict[str, Any]:
    """Return a stored log as the event that it came from."""
    log, attempt = found.log, found.last_attempt
    assert attempt is not None
    assert (log.status, log.message, log.code, log.errors) == ("error", DATA["message"], "price.minimum", 2)
    assert (attempt.altered, attempt.extra, attempt.extensions) == (False, {}, {})
    shown = json.loads(raw_json.dump(attempt.model_dump()))
    same = ("operation", "message", "errors", "request", "response", "aliases", "status")
    return {
        "id": attempt.event_id,
        "source": attempt.source,
        "data": {"account": log.account, "affiliate": log.affiliate, "key": log.key}
        | {name: shown[name] for name in same},
    }


def wanted(event: dict[str, Any]) -> dict[str, Any]:
    """Return of an event what a log tells again."""
    data = {name: value for name, value in event["data"].items() if name not in {"processed_at", "sequence"}}
    return {"id": event["id"], "source": event["source"], "data": data}


@pytest.mark.parametrize("client", CLIENTS)
async def test_what_a_client_sends_is_stored_whole_and_its_answers_count(
    client: str,
    request: pytest.FixtureRequest,
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    tmp_path: Path,
    owner: asyncpg.Connection,
    reader: Database,
) -> None:
    """Try each mode, with each codec, by each kind of producer; what a transaction took back is not there."""
    plan = plan_of(client, (*MODES, *OWN_MODES.get(client, ())), CODECS, broker_settings)
    (tmp_path / "plan.json").write_text(json.dumps(plan), "utf-8")
    sent = {event["data"]["key"]: event for event in stored_events(plan)}
    command = [*CLIENTS[client](request), str(tmp_path / "plan.json")]
    async with (
        running_worker(broker_settings, storage_settings, data_dir),
        running(command, tmp_path / "log") as program,
    ):
        assert await program.line() == "sent"
        ids = await log_ids(owner, len(sent))
        logs = LogReader(reader, lambda *_: [], evidence=True)
        for key, event in sent.items():
            found = await logs.one("acme", "price", ids[key])
            assert found is not None
            assert as_sent(found) == wanted(event), key
        await send_command(broker_settings, "c1", list(ids.values()))
        retries = [json.loads(await program.line()) for _ in sent]
        await program.end()

        async def all_fixed() -> bool:
            return bool(await owner.fetchval("SELECT bool_and(state = 'fixed') FROM reprocess_items"))

        await eventually(all_fixed)
    items = {row["key"]: row["id"] for row in await owner.fetch("SELECT key, id::text FROM reprocess_items")}
    assert {retry["data"]["key"]: retry["id"] for retry in retries} == items
    for retry in retries:
        data = retry["data"]
        assert (retry["type"], retry["source"]) == (BY_NAME["price"].retry_event_type, "/conexoes/reprocess")
        assert (retry["subject"], retry["correlationid"]) == (data["key"], "c1")
        assert (data["last_event_id"], data["aliases"]) == (sent[data["key"]]["id"], DATA["aliases"])
    assert await owner.fetchval("SELECT count(*) FROM received_results") == 2 * len(sent)
