"""Our reader of CloudEvents agrees with the `cloudevents` library, and says what is wrong where that raises."""

import json
from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings.kafka import from_kafka_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import BATCH, MAX_BATCH_EVENTS, MAX_HEADERS, STRUCTURED, Envelope, read
from schemas.reasons.say import say
from schemas.refusal import Refusal
from schemas.timestamp import parse

TIME = "2026-11-24T08:00:00.123456Z"
ATTRIBUTES = {"specversion": "1.0", "type": "t", "source": "/s", "id": "i", "time": TIME}


def structured(**changes: object) -> bytes:
    event = {**ATTRIBUTES, "data": {"a": 1}, **changes}
    return json.dumps({name: value for name, value in event.items() if value is not None}).encode()


def binary(**changes: str | None) -> list[tuple[str, bytes]]:
    named = {**{f"ce_{name}": value for name, value in ATTRIBUTES.items()}, "content-type": "application/json"}
    named.update({name.replace("__", "-"): value for name, value in changes.items()})  # type: ignore[misc]
    return [(name, value.encode()) for name, value in named.items() if value is not None]


@given(
    event_id=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20),
    subject=st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20),
    correlation=st.none() | st.uuids().map(str),
    data=st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers(-(2**53), 2**53) | st.text()),
)
def test_it_reads_what_the_library_writes(
    event_id: str, subject: str | None, correlation: str | None, data: dict[str, int | str]
) -> None:
    attributes = {"type": "t.v1", "source": "/s", "id": event_id, "time": datetime.now(UTC)}
    attributes |= {"subject": subject} if subject else {}
    attributes |= {"correlationid": correlation} if correlation else {}
    attributes["datacontenttype"] = "application/json"
    event = CloudEvent(attributes, data)
    for write in (to_binary_event, to_structured_event):
        message = write(event)
        [ours] = read(list(message.headers.items()), message.value)
        theirs = from_kafka_event(message)
        if isinstance(ours, Refusal):
            assert "\\u0000" in json.dumps(data) or "\\ud" in json.dumps(data)
            continue
        assert (ours.type, ours.source, ours.id) == (theirs.get_type(), theirs.get_source(), theirs.get_id())
        assert ours.subject == theirs.get_subject()
        assert ours.correlationid == theirs.get_extension("correlationid")
        assert ours.time is not None
        assert ours.time.at == theirs.get_time()
        if not ours.altered:
            assert ours.data == theirs.get_data()


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        (binary(), b'{"a": 1}'),
        (binary(content__type=None), b'{"a": 1}'),
        (binary(content__type="application/vnd.vtex+json; charset=utf-8"), b'{"a": 1}'),
        ([("content-type", b"application/cloudevents+json")], structured()),
        ([("content-type", b"application/cloudevents+json; charset=UTF-8")], structured()),
        ([], structured()),
        ([], structured(datacontenttype="application/json")),
        ([*binary(ce_id="first"), ("ce_id", b"i")], b'{"a": 1}'),  # the last of equal headers counts
        ([("content-type", BATCH.encode())], b"[" + structured() + b"]"),
    ],
)
def test_each_mode_is_read(headers: list[tuple[str, bytes]], value: bytes) -> None:
    [event] = read(headers, value)
    assert isinstance(event, Envelope), event
    assert (event.type, event.source, event.id, event.data) == ("t", "/s", "i", {"a": 1})
    assert event.time == parse(TIME)


@pytest.mark.parametrize(
    ("headers", "value", "code", "word"),
    [
        ([], b'{"a": 1}', "envelope", "CloudEvent"),
        ([("content-type", b"application/json")], b"{}", "envelope", "CloudEvent"),
        ([("content-type", b"application/cloudevents+avro")], structured(), "envelope", "content-type"),
        ([], structured(specversion="2.0"), "envelope", "specversion"),
        ([], structured(id=""), "envelope", "id"),
        ([], structured(id=7), "envelope", "id"),
        ([], structured(source=None), "envelope", "source"),
        ([], structured(source="a b"), "envelope", "URI"),
        ([], structured(source="/" + "x" * 2048), "envelope", "2048"),
        ([], structured(type=None), "envelope", "type"),
        ([], structured(data_base64="e30="), "envelope", "data_base64"),
        ([], structured(datacontenttype="text/xml"), "envelope", "datacontenttype"),
        (binary(content__type="text/xml"), b"{}", "envelope", "content-type"),
        ([("content-type", STRUCTURED.encode())], b"[1]", "envelope", "object"),
        ([("content-type", BATCH.encode())], b"{}", "envelope", "list"),
        ([("content-type", BATCH.encode())], b"[" + b"{}," * MAX_BATCH_EVENTS + b"{}]", "too_large", "1000"),
        ([("x", b"")] * (MAX_HEADERS + 1), b"{}", "too_large", "headers"),
        ([("x", b"y" * 70_000)], b"{}", "too_large", "bytes"),
    ],
)
def test_what_is_wrong_is_named(headers: list[tuple[str, bytes]], value: bytes, code: str, word: str) -> None:
    [refusal] = read(headers, value)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert word in say(refusal.reason, "en")


def test_one_bad_event_of_a_batch_is_refused_alone() -> None:
    value = b"[" + b",".join([structured(id="a"), structured(id=""), b"7", structured(id="b")]) + b"]"
    events = list(read([("content-type", BATCH.encode())], value))
    assert [isinstance(each, Refusal) for each in events] == [False, True, True, False]
    assert isinstance(events[1], Refusal)
    assert "event 1 of the batch" in say(events[1].reason, "en")


def test_each_event_of_a_batch_has_its_own_bytes_digit_by_digit() -> None:
    huge = structured(data={"n": 0}).replace(b'"n": 0', b'"n": 18446744073709551617000')
    bad = b'{"specversion" :  "0.1", "n": 18446744073709551618}'
    good, refused = read([("content-type", BATCH.encode())], b"[" + huge + b" ,\n" + bad + b"]")
    assert isinstance(good, Envelope)
    assert (good.body, good.part) == (huge, huge)
    assert isinstance(refused, Refusal)
    assert refused.part == bad
