"""The plan of a client: what it sends, in each mode, with each codec, by each kind of producer; how it answers."""

import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from broker.settings import BrokerSettings
from schemas.catalogue import BY_NAME
from tests.support.events import at

PRODUCERS = ("plain", "idempotent", "transactional")
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
#: Events of a record in mode `batch`.
BATCH = 2

#: All that a result may carry; each SDK reads it and writes it again. No number has more digits than a double.
DATA: dict[str, Any] = {
    "account": "acme",
    "affiliate": "MLB",
    "status": "error",
    "processed_at": at(0),
    "sequence": 7,
    "operation": "update-price",
    "message": "Preço abaixo do mínimo: 商品 👍",
    "errors": [
        {"code": "price.minimum", "message": "O preço 9.90 é menor", "field": "price"},
        {"code": "item.paused", "message": "El anuncio está en pausa", "severity": "warning"},
    ],
    "request": {
        "sku": "SKU 1",
        "price": 19.9,
        "stock": 9007199254740991,
        "tags": [],
        "note": None,
        "é": {"\\": '"\n\t'},
    },
    "response": '<erro código="1">\r\n\t<preço>9.90</preço>\r\n</erro>',
    "aliases": {"ean": "7891234567895"},
}
#: Attributes of a retry that a client prints, and `data`.
NAMES = ("id", "type", "source", "subject", "correlationid")
ANSWER: dict[str, Any] = {"account": "acme", "affiliate": "MLB", "status": "success", "message": "enviado"}


def plan_of(client: str, modes: Sequence[str], codecs: Sequence[str], broker: BrokerSettings) -> dict[str, Any]:
    """Make the plan of one client, which is JSON."""
    source = f"/wire/{client}"
    records = [
        _record(source, producer, codec, mode, aborted=aborted)
        for producer in PRODUCERS
        for codec in codecs
        for mode in modes
        for aborted in ([False, True] if producer == "transactional" else [False])
    ]
    return {
        "servers": broker.kafka_bootstrap_servers,
        "results": broker.topics.results("price"),
        "retries": broker.topics.retry("price"),
        "group": f"{broker.topic_prefix}-{client}",
        "records": records,
        "answer": ANSWER,
    }


def stored_events(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events that are to be stored: those of no aborted transaction."""
    return [event for record in plan["records"] if not record["aborted"] for event in record["events"]]


def answer_to(plan: dict[str, Any], key: str, retry_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the answer to a retry of `key`, after the record whose mode, codec and producer it is to have."""
    record = next(each for each in plan["records"] if any(event["data"]["key"] == key for event in each["events"]))
    time = datetime.now(UTC).isoformat()
    return record, {
        **record["events"][0],
        "id": f"answer-{retry_id}",
        "time": time,
        "subject": key,
        "correlationid": retry_id,
        "data": {**plan["answer"], "key": key, "processed_at": time},
    }


def say(line: str) -> None:
    """Write a line for the test that runs this client."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _record(source: str, producer: str, codec: str, mode: str, *, aborted: bool) -> dict[str, Any]:
    name = f"{mode}/{codec}/{producer}" + ("/aborted" if aborted else "")
    keys = [f"{name}/{number}" for number in range(BATCH)] if mode == "batch" else [name]
    return {
        "producer": producer,
        "codec": codec,
        "mode": mode,
        "aborted": aborted,
        "key": f"{DATA['account']}/{DATA['affiliate']}/{keys[0]}",
        "events": [_event(source, key) for key in keys],
    }


def _event(source: str, key: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": source,
        "type": BY_NAME["price"].result_event_type,
        "subject": key,
        "time": at(0),
        "datacontenttype": "application/json",
        "data": {**DATA, "key": key},
    }
