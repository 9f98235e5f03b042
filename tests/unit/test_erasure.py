"""Forms in which what is to be erased may be written."""

import json
import re
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.erasure import MARK, Wanted, escaped
from tests.support.json_spellings import spelled, spelled_twice


def as_is(text: str) -> str:
    return text


def in_json(text: str) -> str:
    return json.dumps({"name": text}, ensure_ascii=False)


def in_ascii_json(text: str) -> str:
    return json.dumps({"name": text})


def in_a_correction(text: str) -> str:
    """Text of `changes` of reprocess_corrections, as PostgreSQL gives it: JSON texts in JSON."""
    return json.dumps([["/name", '"x"', json.dumps(text, ensure_ascii=False)]], ensure_ascii=False)


@pytest.mark.parametrize(
    "value", ["Maria", "Conceição", 'Maria "Mia" Silva', "a\\b", "line\nbreak", "50/60", "tab\t\x1f"]
)
@pytest.mark.parametrize("written", [as_is, in_json, in_ascii_json, in_a_correction])
def test_a_text_is_found_however_json_escapes_it(value: str, written: Callable[[str], str]) -> None:
    wanted = Wanted("acme", "pattern", value)
    text = written(value)
    assert wanted.is_in(text)
    left = re.sub(wanted.expression, MARK, text)
    assert left == written(MARK)
    assert not wanted.is_in(left)


@given(value=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12), seed=st.randoms())
@pytest.mark.parametrize("write", [spelled, spelled_twice])
def test_a_text_is_found_in_any_spelling_of_json(write: Callable[[str, Random], str], value: str, seed: Random) -> None:
    wanted = Wanted("acme", "pattern", value)
    text = write(value, seed)
    assert re.sub(wanted.expression, MARK, text) == MARK
    assert wanted.is_in(text)
    assert re.sub(wanted.expression_of_bytes, MARK, escaped(text.encode())) == MARK


@given(value=st.text("aZéçßΣ-", min_size=1, max_size=8), seed=st.randoms())
def test_a_pattern_is_found_in_any_case_of_its_letters(value: str, seed: Random) -> None:
    wanted = Wanted("acme", "pattern", value)
    other = "".join(case if len(case := seed.choice([each.upper(), each.lower()])) == 1 else each for each in value)
    text = spelled(other, seed)
    assert re.sub(wanted.expression, MARK, text) == MARK
    assert re.sub(wanted.expression_of_bytes, MARK, escaped(text.encode())) == MARK


@pytest.mark.parametrize("value", [chr(each) for each in range(0xA0, 0x250)])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_no_byte_of_a_letter_is_left_whatever_its_other_case_begins_with(value: str, encoding: str) -> None:
    try:
        text = escaped(value.encode(encoding))
    except UnicodeEncodeError:
        text = escaped(value.encode())
    assert re.sub(Wanted("acme", "pattern", value).expression_of_bytes, MARK, text) == MARK


def test_another_text_is_left() -> None:
    wanted = Wanted("acme", "pattern", 'Maria "Mia"')
    for written in (as_is, in_json, in_a_correction):
        assert not wanted.is_in(written("Maria Mia"))
        assert re.search(wanted.expression, written("Maria Mia")) is None
