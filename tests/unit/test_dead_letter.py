"""The contents of a dead letter."""

import json
import time
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord

from agents.kafka.transport import RecordBatch
from agents.results.ingest import decode
from schemas.catalogue import BY_NAME
from schemas.dead_letter import DeadLetter
from schemas.envelope import BATCH, MAX_BATCH_EVENTS
from tests.support.events import SOURCE, at, data

TOPIC = "conexoes.results.price"


def record(value: bytes, key: bytes | None = None, headers: Any = ()) -> ConsumerRecord:
    headers = (("content-type", BATCH.encode()), *headers)
    return ConsumerRecord(TOPIC, 0, 5, 0, 0, key, value, None, len(key or b""), len(value), headers)


def letters(*records: ConsumerRecord) -> list[DeadLetter]:
    batch = RecordBatch((TOPIC, 0), 0, list(records), 0, 6)  # type: ignore[arg-type]
    return decode(BY_NAME["price"], batch, time.time_ns()).refused


def event(number: int, **changes: Any) -> str:
    """One event of a batch, of about a kilobyte."""
    attributes = {"specversion": "1.0", "type": "conexoes.price.result.v1", "source": SOURCE, "id": f"e{number}"}
    body = data(key=f"SKU-{number}", message="x" * 300, **changes)
    return json.dumps({**attributes, "time": at(0), "data": body})


@pytest.mark.parametrize("changes", [{"status": "no-status"}, {"account": "Not An Account"}], ids=["status", "schema"])
def test_a_batch_of_bad_events_is_stored_about_once(changes: dict[str, str]) -> None:
    texts = [event(n, **changes) for n in range(MAX_BATCH_EVENTS)]
    value = f"[{', '.join(texts)}]".encode()
    large = [("big", b"h" * 60_000)]
    found = letters(record(value, b"acme/MLB/SKU-0", large))
    assert [each.value for each in found] == [text.encode() for text in texts]
    assert [each.position for each in found] == list(range(MAX_BATCH_EVENTS))
    stored = sum(
        len(each.value) + len(each.key or b"") + sum(len(v or b"") for _n, v in each.headers) for each in found
    )
    assert stored <= len(value) + 1024 * MAX_BATCH_EVENTS


def test_an_event_of_a_batch_keeps_small_headers_and_its_account() -> None:
    bad = event(1, status="no-status")
    [letter] = letters(record(f"[{event(0)}, {bad}]".encode(), b"acme/MLB/SKU-0"))
    assert letter.account == "acme"
    assert letter.key == b"acme/MLB/SKU-0"
    assert ("content-type", BATCH.encode()) in letter.headers
    assert dict(letter.header_items())["x-dead-letter-position"] == b"1"
    assert letter.value == bad.encode()
