"""JSON as its text: what is cut, changed and laid out keeps every token that it does not replace."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import BY_NAME
from schemas.json_document import load as read_document
from schemas.raw_json import Members, RawJson, dump, elements, is_json, lines, load, members, object_of, spliced
from schemas.redaction import REDACTED, Redaction
from schemas.result import Result, read
from tests.support.events import data, result
from tests.support.json_texts import TEXTS

RULES = Redaction(["password", "token"])  # not by pattern: a drawn number may be that of a card
SECRET = "hunter2-canary"


def tokens(text: str) -> list[str]:
    """The tokens of a JSON text, found by the parser of the standard library."""
    return re.findall(r'"(?:\\.|[^"\\])*"|[^\s\[\]{},:"]+|[\[\]{},:]', text, re.DOTALL)


@given(TEXTS)
def test_a_text_that_is_laid_out_has_the_same_tokens_and_no_others(text: str) -> None:
    laid_out = "\n".join(lines(text))
    assert tokens(laid_out) == tokens(text)
    assert load(laid_out) == load(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "[]"),
        ("{ }", "{}"),
        ('{"a":[ ],"b":{}}', '{\n  "a": [],\n  "b": {}\n}'),
        ('{"a":[1.0,{"b":"x:,y"}]}', '{\n  "a": [\n    1.0,\n    {\n      "b": "x:,y"\n    }\n  ]\n}'),
        ("1e400", "1e400"),
        ('"a\\"b"', '"a\\"b"'),
    ],
)
def test_a_member_or_element_has_a_line(text: str, expected: str) -> None:
    assert "\n".join(lines(text)) == expected


@given(st.lists(TEXTS, max_size=4))
def test_an_object_is_cut_into_the_texts_of_its_values(texts: list[str]) -> None:
    found = list(members("{" + ",".join(f'"n": {each}' for each in texts) + "}"))
    assert found == [("n", each.strip(" \t\r\n")) for each in texts]
    assert [RawJson(each) for each in elements("[" + " ,".join(texts) + "]")] == [RawJson(text) for _, text in found]


@given(TEXTS, TEXTS)
def test_one_value_is_replaced_and_all_else_stays(before: str, after: str) -> None:
    text = f'{{"a": {before}, "b" : [true , "old"],"c":{after}}}'
    came = load(text)
    kept = came.changed(lambda name, value: [value[0], "new"] if name == "b" else value)
    assert spliced(text, came, kept) == text.replace('"old"', '"new"') or '"old"' in before + after
    assert spliced(text, came, came.changed(lambda _name, value: value)) == text


def test_equal_names_are_all_there() -> None:
    came = load('{"a":1,"a":2.50}')
    assert came == Members([("a", RawJson("1")), ("a", RawJson("2.50"))])


def test_a_value_is_written_as_it_came_within_another() -> None:
    assert dump({"x": [RawJson("19.90"), RawJson('{"a" : 1E2}')]}) == b'{"x":[19.90,{"a" : 1E2}]}'


@pytest.mark.parametrize(
    ("text", "said"),
    [('"a\\u00e9"', "aé"), ("null", None), ("19.90", "19.90"), ('{"a" : 1E2}', '{"a" : 1E2}'), ("true", "true")],
)
def test_a_value_says_what_postgresql_says_of_it(text: str, said: str | None) -> None:
    assert RawJson(text).said == said


def test_the_last_of_equal_names_is_the_field() -> None:
    assert RawJson('{"a": 1, "a" : 2.50}').fields == {"a": RawJson("2.50")}
    assert RawJson("[1]").fields == {}


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), TEXTS.map(str.strip)), max_size=4))
def test_an_object_is_made_of_texts(values: list[tuple[str, str]]) -> None:
    assert list(members(object_of(values))) == [(name, text.strip(" \t\r\n")) for name, text in values]


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "[1", "{}{}", "[" * 5000 + "]" * 5000])
def test_what_is_not_json_is_told(text: str) -> None:
    assert not is_json(text)


def stored(field: str, text: str, rules: Redaction | None) -> tuple[str, str]:
    """The value of a result whose field is this JSON text, and the body that is kept of it."""
    value = json.dumps(data())[:-1] + f', "{field}": {text}}}'
    event = result()
    [found] = read(BY_NAME["price"], event.headers, event.key, value.encode(), time.time_ns(), redaction=rules)
    assert isinstance(found, Result), found
    return read_document(value.encode()).text.decode(), found.body


@given(TEXTS, st.sampled_from(["request", "response", "of_its_own"]))
def test_evidence_is_kept_byte_for_byte(text: str, field: str) -> None:
    came, body = stored(field, text, RULES)
    assert body == came


@given(TEXTS, TEXTS, st.sampled_from(["request", "response", "of_its_own"]))
def test_a_redaction_replaces_its_value_and_no_other_byte(before: str, after: str, field: str) -> None:
    text = f'[{before} , {{"password" :"{SECRET}", "price": 19.90, "price":1E2}}, {after}]'
    came, body = stored(field, text, RULES)
    assert body == came.replace(SECRET, REDACTED)


@given(TEXTS)
def test_a_redaction_of_json_within_a_text_replaces_its_value_and_no_other_byte(inner: str) -> None:
    text = f'{{"token":"{SECRET}","a": 19.90, "a":{inner}}}'
    _came, body = stored("request", json.dumps(text), RULES)
    assert json.loads(dict(members(body))["request"]) == text.replace(SECRET, REDACTED)
