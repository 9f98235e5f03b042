"""Wire shapes of real producers, through a real Kafka: stored, or refused for their true reason."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import asyncpg

from broker.settings import BrokerSettings
from schemas.envelope import BATCH
from schemas.reasons.reason import Reason, each_of, from_document
from schemas.reasons.say import say
from storage.settings import StorageSettings
from tests.support.agents import produce, running_worker
from tests.support.events import SOURCE, Event, at, attributes, data
from tests.support.waiting import eventually

JSON = [("content-type", b"application/json")]


def whole(key: str, **changes: Any) -> dict[str, Any]:
    event = {"specversion": "1.0", "type": "conexoes.price.result.v1", "source": SOURCE, "id": key, "time": at(0)}
    return {**event, "data": data(key=key), **changes}


def record(event: Any, headers: list[tuple[str, bytes]] | None = None, key: bytes | None = None) -> Event:
    return Event(key, event if isinstance(event, bytes) else json.dumps(event).encode(), headers or [])


def in_base64(key: str) -> dict[str, Any]:
    event = whole(key, data_base64=base64.b64encode(json.dumps(data(key=key)).encode()).decode())
    del event["data"]
    return event


def timeless(key: str) -> dict[str, Any]:
    return {name: value for name, value in whole(key).items() if name != "time"}


STORED: dict[str, Event] = {
    "typed as its data": record(whole("typed as its data"), [("content-type", b"Application/JSON; charset=utf-8")]),
    "quoted type": record(whole("quoted type"), [("content-type", b'"application/cloudevents+json"')]),
    "base64": record(in_base64("base64")),
    "base64 in a batch": record([in_base64("base64 in a batch")], [("content-type", BATCH.encode())]),
    "quoted key": record(whole("quoted key"), key=b'"acme/MLB/quoted key"'),
    "framed key": record(whole("framed key"), key=b"\0\0\0\0\7acme/MLB/framed key"),
    "12/34/56": record(whole("12/34/56"), key=b"12/34/56"),
    "path": record(whole("path"), key=b"/connectors/mlb/path"),
    "no time": record(timeless("no time")),
    "SKU\u00a0NB-1": record(whole("SKU\u00a0NB-1")),
    "商品\u3000ＡＢ-1": record(whole("商品\u3000ＡＢ-1")),
    "SKU-👩\u200d🔧": record(whole("SKU-👩\u200d🔧")),
    "a\u200bb": record(whole("a\u200bb")),
}
ALTERED: dict[str, dict[str, Any]] = {
    "alias null": {"aliases": {"shipment_id": None, "ean": "789"}},
    "alias number": {"aliases": {"marketplace_order_id": 2000008765432109}},
    "code number": {"errors": [{"code": 400, "message": "bad"}]},
    "field list": {"errors": [{"code": "INVALID", "message": "m", "field": ["input", "price"]}]},
    "text errors": {"errors": ["plain"]},
    "errors text": {"errors": "plain"},
    "1,001 errors": {"errors": [{"code": "c", "message": "m"}] * 1001},
    "message object": {"message": {"pt": "não", "en": "no"}},
}
REFUSED: list[tuple[Event, str, list[str]]] = [
    (record(b"\0\0\0\0\7" + json.dumps(whole("x")).encode()), "encoding", ["schema_registry"]),
    (record(gzip.compress(b"{}"), [("content-encoding", b"gzip")]), "encoding", ["compressed"]),
    (record(b"\n\5", [("content-type", b"application/cloudevents+protobuf")]), "envelope", ["content_type_unknown"]),
    (record(b"<r/>", [*attributes("x", "price", "x", at(0)), ("content-type", b"application/xml")]),
     "envelope", ["not_a_json_media_type"]),
    (record(whole("x", id="", time="now", data=data(key="a\u202eb", status="no", processed_at="now"))),
     "envelope", ["field_empty", "field_character", "status_not_allowed", "time_format"]),
]  # fmt: skip


async def test_each_shape_is_stored_or_refused_for_its_true_reason(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    altered = [record(whole(key, data=data(key=key, **fields))) for key, fields in ALTERED.items()]
    events = [*STORED.values(), *altered, *(event for event, _code, _reasons in REFUSED)]

    async def all_there() -> bool:
        counted = "SELECT (SELECT count(*) FROM attempts) + (SELECT count(*) FROM dead_letters)"
        return bool(await owner.fetchval(counted) == len(events))

    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, prefix, events)
        await eventually(all_there)
    rows = {row["key"]: row for row in await owner.fetch("SELECT key, body, altered, alterations FROM attempts")}
    assert set(rows) == {*STORED, *ALTERED}
    assert {key for key, row in rows.items() if row["altered"]} == set(ALTERED)
    for key, fields in ALTERED.items():
        assert json.loads(rows[key]["body"])["data"]["as_it_came"] == fields
        [done] = json.loads(rows[key]["alterations"])
        assert say(from_document(done), "pt").startswith(f"data.{next(iter(fields))}")
    letters = await owner.fetch("SELECT value, code, reason FROM dead_letters")
    found = {bytes(row["value"]): (row["code"], each_of(Reason.from_json(row["reason"]))) for row in letters}
    for event, code, reasons in REFUSED:
        assert (found[event.value or b""][0], [each.code for each in found[event.value or b""][1]]) == (code, reasons)
