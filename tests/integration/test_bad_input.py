"""Every bad input that we know of, through the real Kafka, agents and PostgreSQL, all in one topic.

Each ends as design section 3 says (and where that is silent, as our catalogue of bad inputs says), and none
holds up its neighbours.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest

from broker.settings import BrokerSettings
from schemas.envelope import BATCH
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reasons.say import say
from schemas.topics import MAX_EVENT_BYTES
from storage.settings import StorageSettings
from tests.support.agents import produce, records, running_worker
from tests.support.events import SOURCE, Event, at, attributes, data, raw, result
from tests.support.stored import sentences, texts
from tests.support.waiting import eventually

pytestmark = pytest.mark.law


class Case(NamedTuple):
    """One input. `stored`: how many results it becomes; `codes`: of its dead letters; `check`: of its attempt row."""

    name: str
    event: Callable[[str], Event]  # takes an event id of the case's own
    stored: int = 0
    codes: tuple[str, ...] = ()
    check: Callable[[Any], bool] = lambda _row: True


def body(event_id: str, **changes: Any) -> bytes:
    """Valid data of an entity of the case's own, as JSON text."""
    return json.dumps(data(key=event_id, **changes)).encode()


def text(**changes: Any) -> Callable[[str], Event]:
    return lambda event_id: raw(body(event_id, **changes), event_id)


def value(make: Callable[[bytes], bytes]) -> Callable[[str], Event]:
    return lambda event_id: raw(make(body(event_id)), event_id)


def literally(value_: bytes | None) -> Callable[[str], Event]:
    return lambda event_id: raw(value_, event_id)


def evidence(fragment: bytes) -> Callable[[str], Event]:
    """Valid data with a `request` of exactly these bytes."""
    return value(lambda valid: valid[:-1] + b', "request": ' + fragment + b"}")


def batch(event_id: str) -> Event:
    good = {
        "specversion": "1.0",
        "type": "conexoes.price.result.v1",
        "source": SOURCE,
        "id": event_id,
        "time": at(0),
        "data": data(key=event_id),
    }
    events = [good, {**good, "id": f"{event_id}-bad", "data": {}}, {**good, "id": f"{event_id}-2"}]
    return Event(None, json.dumps(events).encode(), [("content-type", BATCH.encode())])


def tenant_mismatch(event_id: str) -> Event:
    return result(event_id)._replace(key=b"other/MLB/SKU-1")


def with_headers(extra: list[tuple[str, bytes]], key: bytes | None = None) -> Callable[[str], Event]:
    def make(event_id: str) -> Event:
        event = result(event_id, key=event_id)
        return event._replace(headers=[*event.headers, *extra], key=key if key is not None else event.key)

    return make


CASES = [
    Case("E1 empty", literally(b""), codes=("empty",)),
    Case("E2 tombstone", lambda event_id: raw(None, event_id, key=b"acme/MLB/x")),
    Case("E3 invalid UTF-8", literally(b"\xff\xfe\x00"), codes=("encoding",)),
    Case("E4 byte order mark", value(lambda valid: b"\xef\xbb\xbf" + valid), stored=1),
    Case("E5 UTF-16", value(lambda valid: valid.decode().encode("utf-16")), codes=("encoding",)),
    Case("E6 truncated", value(lambda valid: valid[:-5]), codes=("json",)),
    Case("E6 trailing garbage", value(lambda valid: valid + b"x"), codes=("json",)),
    Case("E6 two documents", value(lambda valid: valid + valid), codes=("json",)),
    *(Case(f"E7 top level {each!r}", literally(each), codes=("schema",)) for each in (b"[]", b'"x"', b"7", b"null")),
    Case("E8 NaN", evidence(b"NaN"), codes=("json",)),
    Case("E8 Infinity", evidence(b"Infinity"), codes=("json",)),
    Case("E8 1e400", evidence(b"1e400"), stored=1, check=lambda row: "1e400" in row["body"]),
    Case(
        "E9 duplicate keys: the last counts",
        value(lambda valid: b'{"status": "success", ' + valid[1:]),
        stored=1,
        check=lambda row: row["status"] == "error",
    ),
    Case("E10 nesting 100,000", evidence(b"[" * 100_000), codes=("too_deep",)),
    Case("E10 nesting 65", evidence(b"[" * 64 + b"]" * 64), codes=("too_deep",)),
    Case("E11 5,000-digit integer", evidence(b"1" * 5000), stored=1, check=lambda row: "1" * 5000 in row["body"]),
    Case("E12 sequence 2^63", text(sequence=2**63), codes=("schema",)),
    Case("E13 1e131071", evidence(b"1e131071"), stored=1, check=lambda row: "1e131071" in row["body"]),
    Case("E14 boolean for a number", text(sequence=True), codes=("schema",)),
    Case("E15 number as text", text(sequence="5"), codes=("schema",)),
    Case("E15 Arabic digits in a date", text(processed_at="٢٠٢٦-01-01T00:00:00Z"), codes=("timestamp",)),
    Case(
        "E16 NUL in text",
        text(message="a\x00b"),
        stored=1,
        check=lambda row: row["altered"] and row["message"] == "a\ufffdb",
    ),
    Case(
        "E17 NUL in evidence",
        evidence(rb'"a\u0000b"'),
        stored=1,
        check=lambda row: row["altered"] and "u0000" not in row["body"],
    ),
    Case("E18 lone surrogate", evidence(rb'"a\ud800b"'), stored=1, check=lambda row: row["altered"]),
    Case("E19 U+FFFE and U+FFFF", text(message="a\ufffe\uffff"), stored=1),
    Case("E20 control characters", text(message="a\x01\x1f\x7fb"), stored=1),
    Case("E21 bidirectional override", text(message="\u202eabc\u200b"), stored=1),
    Case("E21 homoglyph in an account", text(account="аcme"), codes=("schema",)),
    Case(
        "E22 key of 1 MB",
        value(lambda valid: valid.replace(b'"key": "', b'"key": "' + b"k" * 900_000)),
        codes=("schema",),
    ),
    Case("E23 alias over its limit", text(aliases={"ean": "9" * 201}), stored=1, check=lambda row: row["altered"]),
    Case(
        "E23 message over the list's limit",
        text(message="m" * 9000),
        stored=1,
        check=lambda row: len(row["message"]) == 4096 and "m" * 9000 in row["body"],
    ),
    Case("E24 JSON key of 1 MB", evidence(b'{"' + b"k" * MAX_EVENT_BYTES + b'": 1}'), codes=("too_large",)),
    Case("E25 100,000 items", evidence(b"[" + b"1," * 100_000 + b"1]"), stored=1),
    Case(
        "E25 over 1,000 errors",
        text(errors=[{"code": "c", "message": "m"}] * 1001),
        stored=1,
        check=lambda row: row["altered"] and row["errors"] == 1000,
    ),
    Case("E26 exactly 1 MiB", lambda event_id: raw(_filled(event_id, MAX_EVENT_BYTES), event_id), stored=1),
    Case(
        "E26 one byte more",
        lambda event_id: raw(_filled(event_id, MAX_EVENT_BYTES + 1), event_id),
        codes=("too_large",),
    ),
    Case("E30 naive time", text(processed_at="2026-11-24T08:00:00"), codes=("timestamp",)),
    *(
        Case(f"E31 {each}", text(processed_at=each), codes=("timestamp",))
        for each in (
            "10000-01-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00+24:00",
        )
    ),
    Case("E32 year 1 at +14:00", text(processed_at="0001-01-01T00:00:00+14:00"), codes=("timestamp",)),
    Case("E33 milliseconds", text(processed_at=1_764_000_000_000), codes=("timestamp",)),
    Case("E35 10 years ahead", text(processed_at="2036-11-24T08:00:00Z"), codes=("timestamp",)),
    Case(
        "E36–E38 money is evidence, kept to the letter",
        evidence(b'{"price": 1.005, "currency": "", "n": -0}'),
        stored=1,
        check=lambda row: '{"price": 1.005, "currency": "", "n": -0}' in row["body"],
    ),
    Case("E39 unknown status", text(status="parked"), codes=("status_not_allowed",)),
    Case(
        "E40 higher version of the type",
        lambda event_id: _typed(event_id, "conexoes.price.result.v2"),
        codes=("type_mismatch",),
    ),
    Case("E41 extra fields", text(colour="blue"), stored=1, check=lambda row: '"colour": "blue"' in row["body"]),
    Case("E42 no account", text(account=None), codes=("schema",)),
    Case("E43 account of the key differs", tenant_mismatch, codes=("envelope",)),
    *(
        Case(f"E44 account {each[:10]}", text(account=each), codes=("schema",))
        for each in ("../x", "a'--", "ACME", "a" * 300)
    ),
    Case("E45 account that nobody knows", text(account="new-store"), stored=1),
    Case(
        "E46 order event on the price topic",
        lambda event_id: _typed(event_id, "conexoes.orders.result.v1"),
        codes=("type_mismatch",),
    ),
    Case("E52 no key", lambda event_id: result(event_id, key=event_id)._replace(key=None), stored=1),
    Case("E52 key of 500 kB, not UTF-8", with_headers([], key=b"\xff" * 500_000), stored=1),
    Case("E53 10,000 headers", with_headers([("x", b"y")] * 10_000), codes=("too_large",)),
    Case("E53 header of 1 MB", with_headers([("x", b"y" * 1_000_000)]), codes=("too_large",)),
    Case(
        "E53 equal names: the last counts",
        with_headers([("ce_id", b"E53-last")]),
        stored=1,
        check=lambda row: row["event_id"] == "E53-last",
    ),
    Case("E53 header that is not UTF-8", with_headers([("x", b"\xff\xfe")]), stored=1),
    Case(
        "E54 reply-to of Faust",
        with_headers([("Faust-Ag-ReplyTo", b"evil"), ("Faust-Ag-CorrelationId", b"1")]),
        stored=1,
    ),
    Case("E55 a Faust model named in the body", evidence(b'{"__faust": {"ns": "faust.models"}}'), stored=1),
    Case(
        "E56 markup",
        text(message="<script>alert(1)</script>"),
        stored=1,
        check=lambda row: row["message"] == "<script>alert(1)</script>",
    ),
    Case("E57 format strings and escapes", text(message="%s {0} ${jndi:ldap://x} \x1b[31m\r\n"), stored=1),
    Case("a batch with one bad event", batch, stored=2, codes=("schema",)),
    Case("not a CloudEvent", lambda _id: Event(None, b'{"a": 1}', []), codes=("envelope",)),
]


def _filled(event_id: str, size: int) -> bytes:
    empty = body(event_id, response="")
    return body(event_id, response="x" * (size - len(empty)))


def _typed(event_id: str, event_type: str) -> Event:
    headers = [each for each in attributes(event_id, "price", event_id, at(0)) if each[0] != "ce_type"]
    return Event(None, body(event_id), [*headers, ("ce_type", event_type.encode())])


async def test_every_bad_input_ends_as_it_must(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    sent = {f"case-{number:03}": case for number, case in enumerate(CASES)}
    async with running_worker(broker_settings, storage_settings, data_dir):
        for event_id, case in sent.items():
            # One at a time, and a neighbour after each, so that a case that kills its batch is seen.
            await produce(servers, prefix, [case.event(event_id), result(f"after-{event_id}", key=f"after-{event_id}")])
        good = sum(case.stored for case in CASES) + len(CASES)
        bad = sum(len(case.codes) for case in CASES)

        async def all_there() -> bool:
            counts = await owner.fetchrow(
                "SELECT (SELECT count(*) FROM attempts) >= $1 AND (SELECT count(*) FROM dead_letters) >= $2", good, bad
            )
            return bool(counts and counts[0])

        await eventually(all_there)
        letters = await records(servers, broker_settings.topics.dead_letter, bad)
    rows = await owner.fetch("SELECT * FROM attempts")
    codes = await owner.fetch('SELECT code, topic, partition, "offset", value, reason FROM dead_letters')
    by_event: dict[str, list[Any]] = {}
    for row in rows:
        by_event.setdefault(row["event_id"].removesuffix("-2"), []).append(row)
    faults = []
    for event_id, case in sent.items():
        event = case.event(event_id)
        found = by_event.get(event_id, []) or (by_event.get("E53-last", []) if "last counts" in case.name else [])
        kept = json.dumps(json.loads(event.value or b"")[1]).encode() if case.event is batch else event.value or b""
        found_codes = tuple(row["code"] for row in codes if bytes(row["value"]) == kept and case.codes)
        if len(found) != case.stored or not all(case.check(row) for row in found):
            faults.append(f"{case.name}: stored {len(found)}, wanted {case.stored}")
        if case.codes and not set(case.codes) <= set(found_codes):
            faults.append(f"{case.name}: codes {found_codes}, wanted {case.codes}")
        if f"after-{event_id}" not in by_event:
            faults.append(f"{case.name}: its neighbour is missing")
    assert not faults, "\n".join(faults)
    assert len(rows) == good
    assert len(codes) == bad
    assert {Reason.from_json(row["reason"]).code for row in codes} <= set(ReasonCode)
    assert sentences(await texts(owner)) == {}
    by_place = {(row["topic"], row["partition"], row["offset"]): row for row in codes}
    for letter in letters:
        headers = dict(letter.headers)
        place = tuple(headers[f"x-dead-letter-{each}"].decode() for each in ("topic", "partition", "offset"))
        row = by_place[place[0], int(place[1]), int(place[2])]
        assert headers["x-dead-letter-code"].decode() == row["code"] or b"cloudevents-batch" in headers["content-type"]
        assert headers["x-dead-letter-reason"].decode() == say(Reason.from_json(row["reason"]), "en")
        assert letter.value == bytes(row["value"])


async def test_a_compressed_bomb_becomes_a_dead_letter(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    """E27: 100 MiB in a few kilobytes, which the broker lets in."""
    from aiokafka import AIOKafkaProducer

    servers = str(broker_settings.kafka_bootstrap_servers)
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, compression_type="gzip", max_request_size=200 * 1024 * 1024, max_batch_size=1024
    )
    await producer.start()
    bomb = b'"' + b"x" * (100 * 1024 * 1024) + b'"'
    assert len(gzip.compress(bomb)) < MAX_EVENT_BYTES
    await producer.send_and_wait(broker_settings.topics.results("price"), bomb)
    await producer.stop()
    await produce(servers, broker_settings.topic_prefix, [result("after")])
    async with running_worker(broker_settings, storage_settings, data_dir):

        async def both() -> bool:
            return bool(
                await owner.fetchval("SELECT (SELECT code FROM dead_letters) = 'too_large' AND EXISTS (TABLE attempts)")
            )

        await eventually(both)
