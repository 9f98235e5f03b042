"""Wire shapes of real producers are read; others are refused for their true reason, and all their faults."""

import bz2
import gzip
import json
import re
import time
import zlib
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import BY_NAME, LANGUAGES
from schemas.envelope import BATCH, STRUCTURED, Headers
from schemas.reasons.reason import Reason, each_of, from_document
from schemas.reasons.say import say
from schemas.refusal import DeadLetterCode, Refusal
from schemas.reprocess import read_command
from schemas.result import Result, read
from schemas.timestamp import parse
from tests.support.events import SOURCE, at, attributes, data

NOW = time.time_ns()
PLAIN = b"acme/MLB/SKU-1"


def event(**changes: Any) -> dict[str, Any]:
    """A whole event; a change to ... leaves an attribute out."""
    whole = {
        "specversion": "1.0",
        "type": "conexoes.price.result.v1",
        "source": SOURCE,
        "id": "e1",
        "time": at(0),
        "data": data(),
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def read_all(value: Any, headers: Headers = (), key: bytes | None = PLAIN) -> list[Result | Refusal]:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return list(read(BY_NAME["price"], headers, key, raw, NOW))


def stored(value: Any, headers: Headers = (), key: bytes | None = PLAIN) -> Result:
    [found] = read_all(value, headers, key)
    assert isinstance(found, Result), found
    return found


def refused(value: Any, headers: Headers = (), key: bytes | None = PLAIN) -> Refusal:
    [found] = read_all(value, headers, key)
    assert isinstance(found, Refusal), found
    return found


def sentence(refusal: Refusal) -> str:
    return say(refusal.reason, "en")


def binary(content_type: str | None, **changes: str) -> list[tuple[str, bytes]]:
    headers = [each for each in attributes("e1", "price", "SKU-1", at(0)) if each[0] != "content-type"]
    headers = [(name, changes.get(name.removeprefix("ce_"), value.decode()).encode()) for name, value in headers]
    return headers if content_type is None else [*headers, ("content-type", content_type.encode())]


def base64(value: Any) -> str:
    return b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).decode()


def spellings(media_type: str) -> list[str]:
    return [
        media_type,
        media_type.upper(),
        f"{media_type}; charset=utf-8",
        f'{media_type};charset="UTF-8"',
        f" {media_type} ",
        json.dumps(media_type),
        json.dumps(media_type).replace("/", "\\/"),
        json.dumps(f"{media_type}; charset=UTF-8"),
    ]


@pytest.mark.parametrize("content_type", [None, "", *spellings(STRUCTURED), *spellings("application/json")])
def test_a_whole_event_is_read_under_each_content_type(content_type: str | None) -> None:
    headers = [] if content_type is None else [("content-type", content_type.encode())]
    assert stored(event(), headers).key == "SKU-1"


@pytest.mark.parametrize(
    "content_type", [None, "", *spellings("application/json"), "text/json", "application/vnd.vtex.v1+json; a=b"]
)
def test_binary_mode_is_read_under_each_content_type(content_type: str | None) -> None:
    assert stored(data(), binary(content_type)).key == "SKU-1"


@pytest.mark.parametrize("content_type", spellings(BATCH))
def test_a_batch_is_read_under_each_spelling(content_type: str) -> None:
    found = read_all([event(), event(id="e2")], [("content-type", content_type.encode())])
    assert all(isinstance(each, Result) for each in found)


@pytest.mark.parametrize("media_type", [..., None, "", "application/json", "APPLICATION/JSON; charset=utf-8"])
def test_data_in_base64_is_read(media_type: Any) -> None:
    text = '{"n": 12345678901234567890.10, "a": 1, "a": 2}'
    inside = json.dumps(data())[:-1].encode() + b', "request": ' + text.encode() + b"}"
    whole = event(data=..., data_base64=base64(inside), datacontenttype=media_type, traceparent="t")
    for value, headers in (
        (whole, []),
        ({**whole, "data": None}, [("content-type", b"application/json")]),
        ([whole], [("content-type", BATCH.encode())]),
    ):
        found = stored(value, headers)
        plain = stored(event(traceparent="t"))
        assert (found.id, found.log_id, found.version, found.errors) == (plain.id, plain.log_id, plain.version, 1)
        assert found.structured
        assert not found.altered
        assert text in found.body
        assert json.loads(found.body) == {**event(traceparent="t"), "data": json.loads(inside)} | (
            {} if media_type is ... else {"datacontenttype": media_type}
        )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data_base64": base64(data())}, "has data and data_base64"),
        ({"data": ..., "data_base64": "e3!"}, "Base64"),
        ({"data": ..., "data_base64": 7}, "Base64"),
        ({"data": ..., "data_base64": base64(b"{,}")}, "in data_base64: the value is not one JSON"),
        ({"data": ..., "data_base64": base64(b"\xff\xff\xff")}, "in data_base64: the value is not UTF-8 at byte 0"),
        ({"data": ..., "data_base64": base64(data(key=7))}, "data.key must be text, not a number (7)"),
        ({"data": ..., "data_base64": base64(data()), "datacontenttype": "application/xml"}, "application/xml"),
    ],
)  # fmt: skip
def test_base64_that_can_not_be_read_is_refused_for_its_reason(changes: dict[str, Any], words: str) -> None:
    assert words in sentence(refused(event(**changes)))
    batch = read_all([event(**changes), event(id="e2")], [("content-type", BATCH.encode())])
    assert isinstance(batch[0], Refusal)
    assert json.loads(batch[0].part or b"") == event(**changes)
    assert isinstance(batch[1], Result)


FRAME = b"\x00\x00\x00\x00\x0c"


@pytest.mark.parametrize(
    "key",
    [
        None,
        b"",
        b"acme/MLB/SKU-1",
        b'"acme/MLB/SKU-1"',
        b'"acme\\/MLB\\/SKU-1"',
        FRAME + b"acme/MLB/SKU-1",
        FRAME + b'"acme/MLB/SKU-1"',
        b"SKU-1",
        b"12/34/56",
        b"other/MLB/SKU-2",
        b"other/AMZ/SKU-1",
        b"/connectors/mlb/SKU-1",
        b"/MLB/SKU-1",
        b"https://x.example/MLB/SKU-1",
        b'{"a": "x/y/z"}',
        b'"not JSON',
        b'"',
        FRAME,
        b"\xff\xfe/MLB/\xff",
        b"x" * 1_000_000,
    ],
    ids=lambda key: repr(key)[:30],
)
def test_a_record_key_of_any_other_form_is_for_ordering_only(key: bytes | None) -> None:
    stored(event(), key=key)


@pytest.mark.parametrize("name", ["SKU-1", "12/34/56", 'a"b', "SKU\u00a01"])
@pytest.mark.parametrize("account", ["acme", "other"])
def test_the_account_of_a_record_key_must_agree_where_it_names_this_very_entity(name: str, account: str) -> None:
    plain = f"{account}/MLB/{name}"
    for key in (plain.encode(), json.dumps(plain).encode(), FRAME + plain.encode(), FRAME + json.dumps(plain).encode()):
        [found] = read_all(event(data=data(key=name)), key=key)
        assert isinstance(found, Result) is (account == "acme")
        if isinstance(found, Refusal):
            assert found.code is DeadLetterCode.ENVELOPE
            assert "account of the record key" in sentence(found)


def test_a_record_key_that_is_the_entitys_own_stores_it() -> None:
    assert stored(event(data=data(key="12/34/56")), key=b"12/34/56").key == "12/34/56"


@pytest.mark.parametrize("time_", [..., None])
def test_processed_at_stands_for_a_missing_time(time_: Any) -> None:
    found = stored(event(time=time_))
    assert found.version == stored(event(time=data()["processed_at"])).version
    without = [each for each in binary("application/json") if each[0] != "ce_time"]
    assert stored(data(), without).version == found.version
    assert found.processed_at == parse(data()["processed_at"]).at


#: Times that can't be read, as an event may have one, each with words of why.
BAD_TIMES: dict[str, tuple[Any, str]] = {
    "empty": ("", "time is empty"),
    "no time": ("yesterday", "RFC 3339"),
    "a day": ("2026-11-28", "RFC 3339"),
    "no offset": ("2026-11-24T08:00:00", "offset"),
    "a tenth fraction digit": ("2026-11-24T08:00:00.1234567890Z", "9 fraction digits"),
    "a day that is none": ("2026-02-30T00:00:00Z", "exist"),
    "a leap second": ("2026-11-24T23:59:60Z", "exist"),
    "before 1700": ("1699-12-31T23:59:59Z", "1700"),
    "after 2200": ("2201-01-01T00:00:00Z", "2200"),
    "year 9999": ("9999-12-31T23:59:59-12:00", ""),
    "a space for the plus": ("2026-11-24T08:00:00 03:00", "+"),
    "too long": ("2" * 3000, "2048"),
    "a number": (1_795_867_200, "a number"),
    "a boolean": (False, "true or false"),
    "an object": ({"seconds": 1}, "an object"),
    "a list": ([], "a list"),
}


@pytest.mark.parametrize("name", BAD_TIMES)
def test_processed_at_stands_for_a_time_that_can_t_be_read_and_it_is_said(name: str) -> None:
    bad, why = BAD_TIMES[name]
    found = stored(event(time=bad))
    assert found.version == stored(event(time=...)).version
    assert json.loads(found.body)["time"] == bad
    found_too = [found]
    if isinstance(bad, str):
        found_too += [stored(data(), binary("application/json", time=bad))]
    for each in found_too:
        assert each.version == found.version
        assert each.altered
        [done] = json.loads(each.alterations or "[]")
        said = say(from_document(done), "en")
        assert said.startswith("time was left out, and processed_at stands for it: ")
        assert why in said
        assert not isinstance(bad, str) or bad[:40] in said


def test_a_bad_time_is_no_fault_beside_others_and_is_said_beside_what_else_was_done() -> None:
    assert [each.code for each in refused(event(time="now", data=data(key=""))).reasons] == ["field_too_short"]
    done = json.loads(stored(event(time="now", data=data(message=7, operation="a\x00"))).alterations or "[]")
    assert [each["code"] for each in done] == ["altered_characters", "altered_time", "altered_to_text"]


@pytest.mark.parametrize("name", ["id", "subject", "traceparent", "correlationid", "anything"])
@pytest.mark.parametrize("bad", [b"\xff", b"a\x00", b"\xed\xa0\x80", b"\xc3"])
def test_what_is_replaced_in_a_header_is_said(name: str, bad: bytes) -> None:
    headers = [each for each in binary("application/json") if each[0] != f"ce_{name}"]
    key = bad.decode("utf-8", "replace").replace("\x00", "\ufffd") if name == "subject" else "SKU-1"
    if name == "subject":  # which has to be the key, and no key has such a character
        assert [each.code for each in refused(data(key=key), [*headers, (f"ce_{name}", bad)], None).reasons]
        return
    found = stored(data(), [*headers, (f"ce_{name}", bad)])
    assert found.altered
    assert [each["code"] for each in json.loads(found.alterations or "[]")] == ["altered_characters"]


@pytest.mark.parametrize("more", [("x", b"\xff"), ("ce_anything", "\ufffd\u00e9".encode()), ("ce_anything", None)])
def test_a_header_that_is_read_as_it_came_alters_nothing(more: tuple[str, bytes | None]) -> None:
    found = stored(data(), [*binary("application/json"), more])
    assert (found.altered, found.alterations) == (False, None)


@pytest.mark.parametrize("correlation", ["", 7, True, "x" * 3000, None])
def test_a_correlation_that_answers_nothing_of_ours_refuses_nothing(correlation: Any) -> None:
    assert stored(event(correlationid=correlation)).correlation_id is None


ALL = json.dumps(event()).encode()


@pytest.mark.parametrize(
    ("value", "headers", "code", "words"),
    [
        (FRAME + ALL, [], "encoding", "five bytes of a schema registry (schema 12)"),
        (FRAME + b"\x02\x06abc\xff\xff", [], "encoding", "five bytes of a schema registry"),
        (b"\x0a\x05abcde\x12", [("content-type", b"application/cloudevents+protobuf")], "envelope", "+protobuf"),
        (b"\x06Obj\xff", [("content-type", b"application/cloudevents+avro")], "envelope", "cloudevents+avro"),
        (b"<r/>", binary("application/xml"), "envelope", 'since data is JSON ("application/xml")'),
        (b"\xff\xff", binary("avro/binary"), "envelope", "content-type"),
        (b"a=1", [("content-type", b"application/x-www-form-urlencoded")], "envelope", "content-type"),
        (gzip.compress(ALL), [("content-encoding", b"gzip")], "encoding", "compressed by its application (gzip)"),
        (gzip.compress(ALL), [], "encoding", "compressed by its application (gzip)"),
        (zlib.compress(ALL), [], "encoding", "(zlib)"),
        (bz2.compress(ALL), [], "encoding", "(bzip2)"),
        (b"\x28\xb5\x2f\xfd\x00", [], "encoding", "(zstd)"),
        (b"\x8b\x01\x80", [("content-encoding", b"BR")], "encoding", "(br)"),
        (ALL.decode().encode("utf-16"), [], "encoding", "UTF-16"),
        (ALL.decode().encode("utf-16-le"), [], "encoding", "UTF-16"),
        (ALL.decode().encode("utf-16-be"), [], "encoding", "UTF-16"),
        (ALL.decode().encode("utf-32-be"), [], "encoding", "UTF-32"),
        ('{"é": "ã"}'.encode("latin-1"), [], "encoding", "not UTF-8 at byte 2"),
        (ALL[:-1], [], "json", f"it ends after {len(ALL) - 1} characters"),
        (ALL + ALL, [], "json", f"character {len(ALL)} is {{"),
        (b'{"\xc3\xa9":\xc2\xa01}', [], "json", "character 5 is U+00A0 NO-BREAK SPACE"),
        (b'{"a": NaN}', [], "json", "character 6 is N"),
        (b'{"a": 01}', [], "json", "character 6 is 0"),
        (b"{}", [("ce-specversion", b"1.0"), ("ce-id", b"1")], "envelope", "begin with ce-"),
        (b"{}", [("content-type", b"application/json")], "envelope", "not a CloudEvent"),
        (event(specversion=1.0), [], "envelope", "specversion must be text, not a number"),
        (event(specversion=...), [("content-type", STRUCTURED.encode())], "envelope", "specversion is missing"),
        (event(specversion="0.3"), [], "envelope", 'specversion must be 1.0 ("0.3")'),
        (data(), binary(None, specversion='"1.0"'), "envelope", 'specversion must be 1.0 ("\\"1.0\\"")'),
        (event(id=...), [], "envelope", "id is missing"),
        (event(id=""), [], "envelope", "id is empty"),
        (event(id=7), [], "envelope", "id must be text, not a number"),
        (event(id="x" * 2049), [], "envelope", "id must have at most 2048 characters"),
        (event(subject=""), [], "envelope", "subject is empty"),
        (event(data=...), [], "schema", "data is missing"),
        (event(data=data(key="a\u202eb")), [], "schema", "the character U+202E RIGHT-TO-LEFT OVERRIDE"),
        (event(data=data(status="ok")), [], "status_not_allowed", '("ok")'),
        (event(data=data(sequence="12")), [], "schema", 'data.sequence must be a whole number, not text ("12")'),
    ],
)  # fmt: skip
def test_a_refusal_says_the_true_reason(value: Any, headers: Headers, code: str, words: str) -> None:
    found = refused(value, headers)
    assert words in sentence(found)
    assert found.code == code
    assert len(found.reasons) == 1


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T12:00:00+0000",
        "2026-11-28T12:00Z",
        "2026-11-28T12:00:00-03:00[America/Sao_Paulo]",
        "2026-11-28T12:00:00+00",
        "2026-11-28T12:00:60Z",
        "2026-11-28T12:00:00",
        "28/11/2026 12:00",
        "1795867200",
    ],
)
def test_a_time_that_the_contract_does_not_take_is_shown(text: str) -> None:
    found = refused(event(data=data(processed_at=text)))
    assert found.code is DeadLetterCode.TIMESTAMP
    assert "data.processed_at" in sentence(found)
    assert text[:40] in sentence(found)


def test_all_faults_of_an_event_are_named_at_once_those_of_the_event_first() -> None:
    bad = data(account="ACME", affiliate="", key="a\tb", status="parked", processed_at="now", sequence=-1)
    found = refused(event(source="a b", id="", time="now", data=bad))
    assert [each.code for each in found.reasons] == [
        "source_not_a_uri",
        "field_empty",  # id
        "field_pattern",  # account
        "field_too_short",  # affiliate
        "field_character",  # key
        "field_at_least",  # sequence
        "status_not_allowed",
        "time_format",
    ]
    assert found.code is DeadLetterCode.ENVELOPE
    assert sentence(found).count("; ") == len(found.reasons) - 1


@pytest.mark.parametrize(
    ("of_data", "code"),
    [
        ({"data_base64": "e"}, "not_base64"),
        ({"data_base64": 7}, "not_base64"),
        ({"data_base64": "ew=="}, "in_base64"),
        ({"data_base64": "e30=", "data": {}}, "data_twice"),
    ],
)
@pytest.mark.parametrize("in_batch", [False, True])
def test_data_that_can_t_be_taken_out_hides_no_other_fault(
    of_data: dict[str, Any], code: str, *, in_batch: bool
) -> None:
    whole = event(**{"data": ..., "id": "", "source": "a b", "type": "conexoes.orders.result.v1", **of_data})
    found = refused([whole] if in_batch else whole, [("content-type", (BATCH if in_batch else STRUCTURED).encode())])
    reason = found.reason.parameters["reason"] if in_batch else found.reason
    assert isinstance(reason, Reason)
    assert [each.code for each in each_of(reason)] == ["source_not_a_uri", "field_empty", code, "event_type"]
    assert [each.code for each in refused(event(**{"data": ..., **of_data})).reasons] == [code]


def test_faults_that_only_a_whole_event_shows_are_all_named_too() -> None:
    found = refused(
        event(subject="SKU-2", data=data(status="parked", processed_at="1999-01-01T00:00:00Z")), key=b"o/MLB/SKU-1"
    )
    assert [each.code for each in found.reasons] == [
        "subject_differs",
        "account_differs",
        "status_not_allowed",
        "time_too_early",
    ]


def test_what_only_explains_is_no_fault_of_a_refused_event() -> None:
    assert len(refused(event(data=data(key="", errors="bad", aliases=[], message=7))).reasons) == 1


def test_an_event_of_another_type_is_not_held_to_this_ones_statuses() -> None:
    found = refused(event(type="conexoes.orders.result.v1", data=data(status="parked", key="")))
    assert [each.code for each in found.reasons] == ["event_type", "field_too_short"]
    assert found.code is DeadLetterCode.TYPE_MISMATCH


#: Words of our libraries, which mean nothing to the developer of a connector.
OF_LIBRARIES = re.compile(
    r"Value error|Input should|valid (dictionary|string|integer|list)|instance of|Extra inputs|after valid|pydantic"
    r"|ResultError|ResultData|unexpected (character|end)|line 1 column|JSONDecode|codec can't|orjson|NoneType"
    r"|Field required"
)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=250)
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
FIELDS = ["account", "affiliate", "key", "status", "processed_at", "sequence", "errors", "aliases", "message"]
ATTRIBUTES = [
    "specversion",
    "type",
    "source",
    "id",
    "subject",
    "time",
    "datacontenttype",
    "correlationid",
    "data_base64",
]
bad_events = st.builds(
    lambda fields, attributes_: event(**{**attributes_, "data": data(**fields)}),
    st.dictionaries(st.sampled_from(FIELDS), anything, max_size=4),
    st.dictionaries(st.sampled_from(ATTRIBUTES), anything, max_size=2),
)
header_values = st.sampled_from([b"gzip", b"application/xml", b'"x', b"\xff", STRUCTURED.encode(), BATCH.encode()])
odd_headers = st.lists(
    st.tuples(st.sampled_from(["content-type", "ce_specversion", "ce_id", "x"]), header_values), max_size=3
)


@given(bad_events | anything | st.binary(max_size=60), odd_headers, st.none() | st.binary(max_size=20))
def test_no_refusal_has_a_word_of_a_library(value: Any, headers: Headers, key: bytes | None) -> None:
    for each in read_all(value, headers, key):
        if isinstance(each, Refusal):
            for language in LANGUAGES:
                said = say(each.reason, language)
                assert said
                assert not OF_LIBRARIES.search(said) or OF_LIBRARIES.search(str(value)), said
            assert 1 <= len(each.reasons) <= 21


@given(
    st.dictionaries(
        st.sampled_from(
            ["account", "integration_type", "requested_by", "log_ids", "filter", "as_of", "pace", "mode", "own"]
        ),
        anything,
    )
)
def test_no_refusal_of_a_command_has_one_either(fields: dict[str, Any]) -> None:
    command = event(type="conexoes.reprocess.requested.v1", data=fields)
    for each in read_command([], json.dumps(command).encode()):
        assert isinstance(each, Refusal) or fields
        if isinstance(each, Refusal):
            said = say(each.reason, "en")
            assert not OF_LIBRARIES.search(said) or OF_LIBRARIES.search(str(fields)), said
