"""The place of a fault in the value of a dead letter."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fault_place import place_of, text_of
from schemas.reasons.code import ReasonCode as Code
from schemas.reasons.reason import Reason

STRUCTURED = b'{"id": "1", "data" : {"status":  "maybe", "errors": [{"code": "a"}, {"code": [1, 2]}], "\\u0071": 7}}'
BINARY = b'{"status": "maybe", "data": 1}'


def marked(reason: Reason, value: bytes) -> str | None:
    place = place_of(reason, value)
    return None if place is None else text_of(value)[place.start : place.end]


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("data.status", STRUCTURED, '"maybe"'),
        ("data.errors", STRUCTURED, '[{"code": "a"}, {"code": [1, 2]}]'),
        ("data.errors.1.code", STRUCTURED, "[1, 2]"),
        ("data.q", STRUCTURED, "7"),
        ("id", STRUCTURED, '"1"'),
        ("data.status", BINARY, '"maybe"'),
        ("data.status", b' \n{"data": {"status": 1}}', "1"),
        ("data.status", b'{"data": {"status": 1, "status": 2}}', "2"),
        ("data.missing", STRUCTURED, None),
        ("data.errors.7", STRUCTURED, None),
        ("data.status.more", STRUCTURED, None),
        ("data.status", b"{", None),
        ("data.status", b"", None),
        ("data.status", b"[" * 100_000, None),
        ("data.status", b'{"data": {"status": ', None),
    ],
)
def test_the_value_of_a_field_is_found(field: str, value: bytes, text: str | None) -> None:
    assert marked(Reason(Code.FIELD_NOT_TEXT, field=field), value) == text


def test_a_position_is_that_of_a_character_also_where_the_reason_counts_bytes() -> None:
    assert marked(Reason(Code.NOT_JSON, detail="x", position=3), "çç{x".encode()) == "x"
    assert marked(Reason(Code.NOT_UTF8, position=4), "çç".encode() + b"\xff!") == "\ufffd"
    inside = Reason(Code.NOT_JSON, detail="x", position=1)
    assert marked(Reason(Code.IN_BATCH, position=7, reason=inside), b"ab") == "b"


def test_a_reason_that_names_its_field_in_its_sentence_alone_marks_it() -> None:
    assert marked(Reason(Code.STATUS_NOT_ALLOWED, allowed=(), integration_type="price"), STRUCTURED) == '"maybe"'
    assert marked(Reason(Code.EVENT_TYPE, type="x"), b'{"type": "y"}') == '"y"'


def test_a_position_behind_the_end_marks_the_last_character() -> None:
    assert marked(Reason(Code.NOT_JSON, detail="x", position=99), b"{}") == "}"


def test_what_is_about_no_part_marks_nothing() -> None:
    assert marked(Reason(Code.NO_BYTES), b"") is None
    assert marked(Reason(Code.NOT_JSON, detail="x", position=0), b"") is None
    assert marked(Reason(Code.TOO_MANY_HEADERS, headers=101, limit=100), b"{}") is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcé\n", min_size=1, max_size=3), inner),
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), _JSON, min_size=1), st.data(), st.booleans())
def test_every_value_of_a_document_is_found_where_it_is(
    document: dict[str, object],
    data: st.DataObject,
    ascii_only: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    value: object = document
    path: list[str] = []
    while isinstance(value, dict | list) and value and (not path or data.draw(st.booleans())):
        names = list(value) if isinstance(value, dict) else range(len(value))
        name = data.draw(st.sampled_from(names))
        if "." in str(name):
            break
        path.append(str(name))
        value = value[name]
    text = marked(
        Reason(Code.FIELD_NOT_TEXT, field=".".join(path)), json.dumps(document, ensure_ascii=ascii_only).encode()
    )
    assert text is not None
    assert json.loads(text) == value


@given(st.binary(max_size=40), st.integers(-3, 60), st.sampled_from(["data.a", "a", "data", ""]))
def test_no_bytes_and_no_reason_fail(value: bytes, position: int, field: str) -> None:
    for reason in (
        Reason(Code.NOT_UTF8, position=position),
        Reason(Code.NOT_JSON, detail="", position=position),
        Reason(Code.FIELD_NOT_TEXT, field=field),
    ):
        place = place_of(reason, value)
        assert place is None or 0 <= place.start < place.end <= len(text_of(value))
