"""The fast way to read and the reader that knows all rules: what the one takes is what the other makes of it."""

import gzip
import json
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.simulator.malformed import MALFORMED
from connectors.simulator.plan import DEMO, Plan
from connectors.simulator.settings import SimulatorSettings
from schemas import timestamp
from schemas.catalogue import BY_NAME
from schemas.envelope import BATCH, STRUCTURED, Headers
from schemas.json_document import BYTE_ORDER_MARK
from schemas.reading import shapes
from schemas.reading.reader import ResultsReader
from schemas.reasons.error import ReasonError
from schemas.redaction import DEFAULT, Redaction
from schemas.refusal import Refusal
from schemas.result import Result, ResultData, ResultError, read
from schemas.topics import Topics
from tests.support.events import SOURCE, at, data, result, whole
from tests.support.json_texts import TEXTS
from tests.support.naughty import TEXTS as NAUGHTY

PRICE = BY_NAME["price"]
NOW = time.time_ns()
KEY = b"acme/MLB/SKU-1"
ITEM = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"
RULES = [None, Redaction((DEFAULT,))]
#: Readers that have met everything before: what they remember must never change an answer.
READERS = [ResultsReader([PRICE], rules) for rules in RULES]


def same(headers: Headers, key: bytes | None, value: bytes) -> list[tuple[int, int]]:
    """Assert that both ways read a record alike, with redaction and without. Return how many events went each way."""
    ways = []
    for reader, rules in zip(READERS, RULES, strict=True):
        found = reader.read(headers, key, value, NOW)
        wanted = list(read(PRICE, headers, key, value, NOW, redaction=rules))
        assert [_said(each) for each in found] == [_said(each) for each in wanted]
        counts = reader.drain()
        assert sum(counts.values()) == len(wanted)
        ways.append((counts["fast"], counts["full"]))
    return ways


def _said(outcome: Result | Refusal) -> Any:
    if isinstance(outcome, Refusal):
        return outcome.code, outcome.reason, outcome.part
    # Their types too: 1 and True are equal, as are times of any zone.
    return repr(outcome), [type(each) for each in outcome]


def in_each_mode(fields: str, attributes: dict[str, Any]) -> Iterator[tuple[Headers, bytes]]:
    """Yield the headers and the value of one event in each mode, and of it among others. `fields`: text of its data."""
    texts = {name: value for name, value in attributes.items() if isinstance(value, str)}
    yield [(f"ce_{name}", text.encode("utf-8", "surrogatepass")) for name, text in texts.items()], fields.encode()
    event = f'{json.dumps(attributes)[:-1]}, "data": {fields}}}'
    yield [("content-type", STRUCTURED.encode())], event.encode()
    usual = json.dumps(whole(result("other")))
    yield [("content-type", BATCH.encode())], f" [{usual} ,{event}\n, {usual}]".encode()


def attributes(**changes: Any) -> dict[str, Any]:
    named = {"specversion": "1.0", "type": PRICE.result_event_type, "source": SOURCE, "id": "e1", "time": at(0)}
    return {name: value for name, value in {**named, **changes}.items() if value is not ...}


USUAL: list[dict[str, Any]] = [
    {},
    {"status": "success", "message": None, "errors": None},
    {"status": "warning", "sequence": 0, "operation": "", "aliases": {}},
    {"sequence": 2**63 - 1, "aliases": {"ean": "789", "é": "ü"}, "message": "não há preço"},
    {"errors": []},
    {"errors": [{"code": "a", "severity": "info", "x": [1]}, {"message": "b", "category": "c", "field": "d"}]},
    {"errors": [{"code": f"e{n}", "message": f"no {n} of SKU-1"} for n in range(4)], "message": None},
    {"status": "success", "errors": [{"message": "said by the way"}], "message": None},
    {"unknown": {"a": [{}, 1.50]}, "request": {"n": 10**30}, "response": "<a>é</a>"},
    {"processed_at": "2026-11-24T05:00:00.123456789-03:00", "key": "a/b&c+d"},
    {"processed_at": "2026-11-24 05:00:00z", "key": "SKU\u00a0\u200b1"},
    {"message": "x" * 5000},
]
VALUES_OF_JSON: list[Any] = [None, "", 5, 1.5, True, [], {}, [1], {"a": 1}, "x" * 2000]
NUMBERS: list[Any] = [-1, 2**63, 2**64, 10**30, 12.0, 12.5, 1e300, True, "5", None]
NO_ALIASES: list[Any] = [[], "a", {"": "a"}, {"a": ""}, {"a": 1}, {"a": None}, {"x" * 65: "a"}]
NO_ERRORS: list[Any] = [None, 1, "a", [], {"code": 5}, {"code": "x" * 201}, {"field": ["a"]}]
ODD: list[dict[str, Any]] = [
    *({name: value} for name in data() for value in VALUES_OF_JSON),
    *({"sequence": value} for value in NUMBERS),
    *({"operation": value} for value in [5, "x" * 201, [], "x" * 200]),
    *({"aliases": value} for value in NO_ALIASES),
    {"aliases": {"a": "x" * 201}},
    {"aliases": {f"n{number}": "v" for number in range(51)}},
    {"errors": [{"code": "c"}] * 1001},
    *({"errors": [value]} for value in NO_ERRORS),
    *({name: text} for name in ("affiliate", "key") for text in NAUGHTY.values()),
    *({"account": value} for value in ("acme\n", "ACME", "a" * 65, "açaí", "a" * 64)),
    *({"processed_at": value} for value in ("1999-12-31T23:59:59Z", "2026-11-24T08:00:00", "now", f"{at(0)}\n")),
    *({"processed_at": (datetime.now(UTC) + timedelta(hours=hours)).isoformat()} for hours in (0.5, 2, 2_000_000)),
    *({"message": text} for text in (*NAUGHTY.values(), "card 4111 1111 1111 1111", "cpf 529.982.247-25")),
    *({"request": value} for value in ({"password": "x"}, "token=abc", '{"a": "\\ntoken: x"}', [["cookie", "x"]])),
    *({"request": {"a": text}} for text in ("52998224725", "x4111111111111111", "\u00e752998224725", "%2052998224725")),
    {"response": {"status": 503}},
    {"response": "HTTP/1.1 429"},
]


@pytest.mark.parametrize("changes", USUAL, ids=lambda each: json.dumps(each)[:40])
def test_what_is_usual_goes_the_fast_way_in_each_mode(changes: dict[str, Any]) -> None:
    fields = json.dumps(data(**changes))
    for headers, value in in_each_mode(fields, attributes(subject=json.loads(fields)["key"])):
        ways = same(headers, KEY, value)
        events = 3 if value.lstrip().startswith(b"[") else 1
        assert ways == [(events, 0)] * len(RULES)


def test_what_is_odd_is_read_alike() -> None:
    for number, changes in enumerate(ODD):
        fields = json.dumps({**data(), **changes}, ensure_ascii=number % 2 == 0)
        for headers, value in in_each_mode(fields, attributes(correlationid=ITEM if number % 3 else ...)):
            same(headers, KEY, value)


NOT_USUAL: list[dict[str, Any]] = [
    *({"source": value} for value in (..., None, "", "a b", "a\x00", "é", "x" * 2049, "x" * 2048, 5, "//")),
    *({"id": value} for value in (..., None, "", "a\x00", "é", "\ud800", "x" * 2049, "x" * 2048, 5)),
    *({"type": value} for value in (..., None, "", "conexoes.orders.result.v1", 5)),
    *({"specversion": value} for value in (..., None, "", "0.3", 1.0)),
    *({"subject": value} for value in (..., None, "", "SKU-1", "SKU-2", "SKU-1\x00", 5)),
    *({"time": value} for value in (..., None, "", "now", "1600-01-01T00:00:00Z", "2300-01-01T00:00:00Z", 5, at(9))),
    *({"time": value} for value in ("2026-11-24T08:00:00", "2026-11-24T08:00:00.1234567890Z", "x" * 3000, [1], False)),
    *(
        {"datacontenttype": value}
        for value in (None, "", "text/xml", "TEXT/JSON", "application/a+json; b=c", 0, "a/json" * 50)
    ),
    *({"correlationid": value} for value in (None, "", ITEM, "not ours", 5)),
    *({"data_base64": value} for value in (None, "", 5, b64encode(json.dumps(data()).encode()).decode())),
    *({name: "a\x00é"} for name in ("traceparent", "dataschema", "anything")),
    {"tracestate": "token=abc", "authorization": "Bearer abcdef123"},
]


def test_attributes_are_read_alike() -> None:
    for changes in NOT_USUAL:
        for of_data in ({"response": {"status": 503}}, {"status": "success"}):
            for headers, value in in_each_mode(json.dumps(data(**of_data)), attributes(**changes)):
                same(headers, KEY, value)


def test_an_answer_is_busy_by_its_evidence_either_way() -> None:
    fields = json.dumps(data(message="failed", errors=None, response={"status": 503}))
    for headers, value in in_each_mode(fields, attributes(correlationid=ITEM)):
        assert all(full == 0 for _fast, full in same(headers, KEY, value))
        found = ResultsReader([PRICE]).read(headers, KEY, value, NOW)
        assert any(isinstance(each, Result) and each.busy for each in found)


BINARY, VALUE = result().headers, result().value or b""
WHOLE = json.dumps(whole(result())).encode()
JSON, ONE, MANY = (("content-type", name.encode()) for name in ("application/json", STRUCTURED, BATCH))
KEYS = [None, b"", KEY, b'"acme/MLB/SKU-1"', b"\0\0\0\0\1" + KEY, b"x/MLB/SKU-1", b"\xff"]
MORE_HEADERS: list[list[tuple[str, bytes | None]]] = [
    *([(name, text)] for name in ("ce_id", "ce_type", "content-type", "x") for text in (b"2", None, b"\xff")),
    *([("ce_a", text)] for text in (b"a\0", None, b"\xff", b"\xef\xbf\xbd")),
    *([(name, text)] for name in ("ce_b\0", "ce_correlationid") for text in (b"a\0", None, b"a\xc3")),
    [(f"h{number}", b"") for number in range(100)],
    [("ce_a", b"x" * 70_000)],
]
ENDINGS = (b"\xff", b"\0")
#: Members behind the last one of a value.
MORE_MEMBERS = [
    *(b'"x": ' + b"[" * depth + b"]" * depth for depth in (63, 64, 2000, 200_000)),
    *(b'"sequence": ' + text for text in (b"-0", b"1e2", b"1e400", b"9" * 5000, b"01", b"+1")),
    *(b'"x": ' + text for text in (b"1e400", b"-1e999", b"9" * 5000, b"01", b"NaN", b"1.", b'"\t"', b'"\xed\xa0\x80"')),
    *(b'"key": ' + text for text in (b'"SKU-1"', b'"SKU-2"', b"5", b'"SKU\\u002d1"')),
    *(b'"message": "' + text + b'"' for text in (rb"\u0000", rb"\ud800", rb"\ud83d\ude00", rb"\\u0000", rb"\q")),
    b'"x": [' + b"[]," * 100 + b"[]]",
]
VALUES = [
    *(b"", b" ", b"null", b"[]", b"{}", BYTE_ORDER_MARK + VALUE, b" \n" + VALUE + b"\t", VALUE + b"x", VALUE[:-1]),
    *(
        VALUE.decode().encode("utf-16"),
        gzip.compress(VALUE),
        VALUE + b" " * (1 << 20),
        VALUE.replace(b"acme", b"a\xff"),
    ),
    *(VALUE[:-1] + b", " + members + b"}" for members in MORE_MEMBERS),
]
#: Batches, as what is between their brackets.
BATCHES = [
    *([], [b"1"], [b"null"], [WHOLE, b""], [WHOLE] * 1001, [WHOLE, b'"\xff"', WHOLE], [WHOLE, b"[" * 63 + b"]" * 63]),
    *([WHOLE, b"[" * 64 + b"]" * 64], [WHOLE, rb'"\ud83d\ude00"', b"1e400", b"5"], [WHOLE, rb'"\ud800"']),
]
RECORDS: list[tuple[Headers, bytes | None, bytes]] = [
    *((BINARY, key, VALUE) for key in KEYS),
    *(([*BINARY, *more], KEY, VALUE) for more in MORE_HEADERS),
    *(([*more, *BINARY[:-1]], KEY, VALUE) for more in ([ONE], [MANY])),
    *(([(n, None if n == name else v) for n, v in BINARY], KEY, VALUE) for name, _ in BINARY),
    *(([(n, v + end if n == name else v) for n, v in BINARY], KEY, VALUE) for name, _ in BINARY for end in ENDINGS),
    ([*BINARY[:-1], ("content-type", b"application/json;" + b" " * 70_000)], KEY, VALUE),
    *((headers, KEY, WHOLE) for headers in ([], [JSON], [ONE, ("x", b"x" * 70_000)], [("ce-specversion", b"1.0")])),
    *(([("content-type", text)], KEY, WHOLE) for text in (b"", b"text/xml", b"application/cloudevents+avro", b"\xff")),
    *((BINARY, KEY, value) for value in VALUES),
    *(([MANY], KEY, b"[" + b",".join(events) + b"]") for events in BATCHES),
    *(([MANY], KEY, value) for value in (b"", b"{}", b"[" + WHOLE, WHOLE)),
]


def test_records_are_read_alike() -> None:
    for record in RECORDS:
        same(*record)


def test_what_a_connector_may_do_wrong_is_refused_alike() -> None:
    """The simulator's records, bad ones too, each as its type and as another's."""
    plan = Plan(SimulatorSettings(), Topics(), "r", DEMO)
    for number in range(300):
        record = plan.one(datetime.now(UTC)).record
        same(record.headers, record.key, record.value or b"")
        bad = list(MALFORMED.values())[number % len(MALFORMED)](record)
        same(bad.headers, bad.key, bad.value or b"")


def test_nearly_all_of_the_demonstration_goes_the_fast_way() -> None:
    readers = {name: ResultsReader([each], RULES[1]) for name, each in BY_NAME.items()}
    plan = Plan(SimulatorSettings(), Topics(), "r", DEMO)
    records = [plan.one(datetime.now(UTC)) for _ in range(2000)]
    for each in records:
        if each.refused is None:
            readers[each.integration_type].read(each.record.headers, each.record.key, each.record.value or b"", NOW)
    counts = [reader.drain() for reader in readers.values()]
    fast, full = (sum(each[way] for each in counts) for way in ("fast", "full"))
    assert fast / (fast + full) > 0.95, (fast, full)


def test_a_reader_of_several_types_tells_each_event_by_its_own() -> None:
    reader = ResultsReader(BY_NAME.values())
    for name, each in BY_NAME.items():
        event = result(integration_type=name)
        [found] = reader.read(event.headers, event.key, event.value or b"", NOW)
        assert _said(found) == _said(next(read(each, event.headers, event.key, event.value or b"", NOW)))
    assert reader.drain() == {"fast": len(BY_NAME), "full": 0}
    unknown = [("ce_type", b"conexoes.moon.result.v1") if name == "ce_type" else (name, text) for name, text in BINARY]
    [refusal] = reader.read(unknown, KEY, VALUE, NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "type_mismatch"


def test_shapes_have_the_fields_of_what_they_stand_for() -> None:
    evidence = {"request", "response"}
    assert set(shapes.UsualData.__struct_fields__) == set(ResultData.model_fields) - evidence
    assert set(shapes.UsualError.__struct_fields__) == set(ResultError.model_fields)


NAMES = st.sampled_from([*data(), "operation", "aliases", "sequence", "request", "response", "unknown"])
MEMBERS = st.lists(st.tuples(NAMES, TEXTS), max_size=3)


@settings(max_examples=50)
@given(MEMBERS, st.sampled_from(USUAL), st.sampled_from([..., ITEM]), st.integers(0, 2))
def test_any_json_is_read_alike(
    members: list[tuple[str, str]], changes: dict[str, Any], answers: Any, mode: int
) -> None:
    """The last one counts of names that are there twice, wherever it stands."""
    fields = json.dumps(data(**changes))[:-1] + "".join(f', "{name}" : {text}' for name, text in members) + "}"
    headers, value = list(in_each_mode(fields, attributes(correlationid=answers)))[mode]
    same(headers, KEY, value)


SNIPPETS = [
    *(
        b"\x00",
        BYTE_ORDER_MARK,
        b"\xff",
        b"\xed\xa0\x80",
        b"\xc3\xa9",
        rb"\u0000",
        rb"\ud800",
        rb"\ud83d\ude00",
        rb"\u002d",
    ),
    *(
        b"\\",
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b" ",
        b"\n",
        b"1e400",
        b"-",
        b"9" * 20,
        b"null",
        b"true",
        b'"x"',
    ),
    *(b"[" * 70, b"password", b"token", b"52998224725", b"4111111111111111", b"Bearer abc123", b"%7E"),
]
SEEDS = [each for changes in USUAL for each in in_each_mode(json.dumps(data(**changes)), attributes())]
CHANGE = st.tuples(
    st.floats(0, 1, exclude_max=True), st.integers(0, 4), st.sampled_from(SNIPPETS) | st.binary(min_size=1, max_size=3)
)


@given(st.sampled_from(SEEDS), st.lists(CHANGE, min_size=1, max_size=3))
def test_changed_bytes_are_read_alike(seed: tuple[Headers, bytes], changes: list[tuple[float, int, bytes]]) -> None:
    headers, value = seed
    for place, removed, inserted in changes:
        start = int(place * len(value))
        value = value[:start] + inserted + value[start + removed :]
    same(headers, KEY, value)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)),
    st.lists(st.text("0123456789", max_size=10), min_size=2, max_size=4),
    st.sampled_from(["Z", "z", "+00:00", "-03:00", "+14:00", "-00:00", "+24:00", "", " 03:00"]),
    st.sampled_from("Tt "),
)
def test_a_second_that_was_read_before_changes_no_time(
    instant: datetime, fractions: list[str], offset: str, mark: str
) -> None:
    begins = f"{instant:%Y-%m-%d}{mark}{instant:%H:%M:%S}"
    texts = [f"{begins}{sign}{fraction}{offset}" for fraction in fractions for sign in (".", "", ",")]
    cold = []
    for text in texts:
        timestamp._SECONDS.clear()
        cold.append(_time(text))
    assert [_time(text) for text in [*texts, *texts]] == [*cold, *cold]


def _time(text: str) -> object:
    try:
        found = timestamp.parse(text)
    except ReasonError as exc:
        return exc.reason
    assert found.at.tzinfo is UTC
    return found
