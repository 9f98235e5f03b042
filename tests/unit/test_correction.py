"""Corrections: only the named values of a kept request change, each by one of its kind; all else keeps its digits."""

import json
import uuid
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas import raw_json
from schemas.correction import (
    MAX_VALUE_CHARACTERS,
    Change,
    Corrected,
    Correction,
    KeptCorrection,
    corrected,
    corrected_again,
    editable_fields,
    text_of,
)
from schemas.json_pointer import found, parts_of, pointer_of, replaced, scalars
from schemas.policy import Policy
from schemas.raw_json import Members, RawJson
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason, each_of
from schemas.redaction import DEFAULT, REDACTED, Redaction
from schemas.replay import MAX_REQUEST_BYTES
from tests.support.json_texts import TEXTS

EVERYWHERE = ["/*", "/*/*", "/*/*/*", "/*/*/*/*", "/*/*/*/*/*"]
OF_KIND = {"text": '"new \\" é"', "number": "1234567890123456789.10", "boolean": "true", "null": "0.10"}
ID = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"


def change(pointer: str, value: str) -> Change:
    return Change(pointer=pointer, value=value)


def codes(made: Corrected | Reason) -> list[str]:
    return [each.code for each in each_of(made)] if isinstance(made, Reason) else []


@given(st.lists(st.text(max_size=5), min_size=1, max_size=4))
def test_a_pointer_is_read_as_it_was_written(names: list[str]) -> None:
    assert parts_of(pointer_of(tuple(names))) == tuple(names)


def _leaves(value: Any) -> int:
    if isinstance(value, Members):
        return sum(map(_leaves, dict(value).values()))
    return sum(map(_leaves, value)) if isinstance(value, list) else 1


@given(TEXTS)
def test_of_any_json_every_scalar_is_named_once_and_only_it_changes(text: str) -> None:
    came = raw_json.load(text)
    assume(isinstance(came, list))
    named = list(scalars(came, [parts_of(each) for each in EVERYWHERE]))
    assert len({pointer for pointer, _value in named}) == len(named)
    for pointer, value in named:
        assert found(came, parts_of(pointer)) is value
        made = replaced(came, parts_of(pointer), RawJson('"*"'))
        others = [each for each in scalars(made, [parts_of(each) for each in EVERYWHERE]) if each[0] != pointer]
        assert others == [each for each in named if each[0] != pointer]
        assert _leaves(made) == _leaves(came)


def _is_only_change(text: str, request: str, after: str, at: int) -> bool:
    """Tell if `request` is `text` with `after` in the place of one value, which begins at `at`."""
    rest = request[at + len(after) :]
    before = text[at : len(text) - len(rest)]
    return request == text[:at] + after + rest and text == text[:at] + before + rest and raw_json.is_json(before)


@given(TEXTS, st.data())
def test_what_is_not_changed_stays_digit_for_digit(text: str, data: st.DataObject) -> None:
    text = text.strip()
    fields = editable_fields(text, EVERYWHERE)
    assume(isinstance(fields, list) and fields)
    assert isinstance(fields, list)
    assert editable_fields(text, EVERYWHERE, 2) == fields[:2]
    field = data.draw(st.sampled_from(fields))
    made = corrected(text, [change(field.pointer, OF_KIND[field.kind])], EVERYWHERE)
    if isinstance(made, Reason):
        assert made.code == ReasonCode.CORRECTION_NOTHING
        assert text_of(field.value) == OF_KIND[field.kind]
        return
    [difference] = made.differences
    assert (difference.before, difference.after) == (text_of(field.value), OF_KIND[field.kind])
    assert any(_is_only_change(text, made.request, difference.after or "", at) for at in range(len(text)))
    assert found(raw_json.load(made.request), parts_of(field.pointer)) == raw_json.load(difference.after or "")
    assert corrected_again(text, made.kept) == made.request


@given(TEXTS, st.sampled_from(["/a", "/0", "/data/price", "/*/a"]), st.sampled_from([*OF_KIND.values(), "null", "[]"]))
def test_no_change_of_any_json_is_an_error(text: str, pointer: str, value: str) -> None:
    try:
        wanted = change(pointer, value)
    except ValidationError:
        assert value == "[]"
        return
    made = corrected(text.strip(), [wanted], EVERYWHERE)
    assert isinstance(made, Reason) or raw_json.is_json(made.request)


KEPT = '{"price": 19.90, "title": "a", "on": true, "gtin": null, "price": 10.00, "items": [{"q": 1}, {"q": 2}]}'


def test_of_equal_names_the_last_is_the_field_as_postgresql_reads_it() -> None:
    made = corrected(KEPT, [change("/price", "24.90"), change("/gtin", '"789"')], ["/price", "/gtin"])
    assert isinstance(made, Corrected)
    assert made.request == KEPT.replace("10.00", "24.90").replace("null", '"789"')
    assert made.differences == (("/price", "10.00", "24.90"), ("/gtin", "null", '"789"'))


@pytest.mark.parametrize(
    ("request_", "pointer", "value", "code"),
    [
        (KEPT, "/title", '"b"', ReasonCode.CORRECTION_NOT_ALLOWED),
        (KEPT, "/items/2/q", "3", ReasonCode.CORRECTION_NO_FIELD),
        (KEPT, "/price", '"24.90"', ReasonCode.CORRECTION_KIND),
        (KEPT, "/price", "null", ReasonCode.CORRECTION_KIND),
        (KEPT, "/items/0", "1", ReasonCode.CORRECTION_NOT_ALLOWED),
        (KEPT, "/items/0/q", "1", ReasonCode.CORRECTION_NOTHING),
        (KEPT, "/gtin", f'"x{REDACTED}"', ReasonCode.CORRECTION_REDACTED),
        (KEPT, "/gtin", '"529.982.247-25"', ReasonCode.CORRECTION_REDACTED),
        ('"<price>10</price>"', "/price", "1", ReasonCode.CORRECTION_NOT_JSON),
        (f'{{"price": 1, "token": "{REDACTED}"}}', "/price", "2", ReasonCode.CORRECTION_NO_REQUEST),
        (None, "/price", "1", ReasonCode.CORRECTION_NO_REQUEST),
        (f'{{"gtin": {json.dumps("x" * MAX_VALUE_CHARACTERS)}}}', "/gtin", '"y"', ReasonCode.FIELD_TOO_LONG),
        (
            f'{{"price": 1, "all": {json.dumps("x" * (MAX_REQUEST_BYTES - 30))}}}',
            "/price",
            "1" * 40,
            ReasonCode.CORRECTION_TOO_LARGE,
        ),
    ],
)
def test_each_refusal_says_why(request_: str | None, pointer: str, value: str, code: ReasonCode) -> None:
    editable = ["/price", "/gtin", "/items/*/q"]
    assert codes(corrected(request_, [change(pointer, value)], editable, Redaction((DEFAULT,)))) == [code]


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = [change("/title", '"b"'), change("/no", "1"), change("/price", "true"), change("/items/1/q", "3")]
    assert codes(corrected(KEPT, wrong, ["/price", "/items/*/q"])) == [
        "correction_not_allowed",
        "correction_no_field",
        "correction_kind",
    ]


def test_nothing_is_sent_that_is_not_what_was_asked_for() -> None:
    made = corrected(KEPT, [change("/price", "24.90")], ["/price"])
    assert isinstance(made, Corrected)
    assert corrected_again(KEPT, made.kept) == made.request
    assert corrected_again(None, made.kept) is None
    assert corrected_again(KEPT.replace('"a"', '"b"'), made.kept) is None
    assert corrected_again('{"other": 1}', made.kept) is None
    for after in ("24.91", "[erased]", None):
        other = made.differences[0]._replace(after=after)
        assert corrected_again(KEPT, KeptCorrection((other,), made.kept.digest)) is None


@pytest.mark.parametrize("value", ["{}", "[1]", "24,90", "x", "NaN", '"\\ud800"', '"a', "1 2", "", '"\\u0000"'])
def test_a_value_is_one_scalar_of_json_that_can_be_stored(value: str) -> None:
    with pytest.raises(ValidationError):
        change("/price", value)


def test_a_value_keeps_its_digits_and_needs_no_escapes() -> None:
    assert change("/price", " 1E400 ").value == "1E400"
    assert change("/price", "12345678901234567890.120").value == "12345678901234567890.120"
    assert change("/price", '"Jos\\u00e9\\/"').value == '"José/"'


@pytest.mark.parametrize("pointer", ["", "price", "/a~2", "/a\x00", "//" + "x" * 500])
def test_a_pointer_is_one_of_the_rfc(pointer: str) -> None:
    with pytest.raises(ValidationError):
        change(pointer, "1")
    with pytest.raises(ValidationError):
        Policy.model_validate({"price": {"*": {"editable": [pointer]}}})


def test_a_correction_changes_each_field_once() -> None:
    one = change("/price", "1")
    with pytest.raises(ValidationError, match="each field once"):
        Correction(log_id=uuid.UUID(ID), event_id="e", changes=[one, one])


def test_nothing_may_be_edited_but_what_the_policy_names_and_can_be_sent_again() -> None:
    assert Policy().for_("price", "MLB").correctable == ()
    named = {"editable": ["/price"]}
    policy = Policy.model_validate({"price": {"*": named, "AMZ": {"replay_request": False}, "B": {"mode": "refresh"}}})
    assert policy.for_("price", "MLB").correctable == ("/price",)
    for affiliate in ("AMZ", "B"):
        assert policy.for_("price", affiliate).correctable == ()
    with pytest.raises(ValidationError, match="may only be refreshed"):
        Policy.model_validate({"orders": {"*": named}})
