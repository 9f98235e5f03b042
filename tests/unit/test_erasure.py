"""Forms in which what is to be erased may be written."""

import json
import re
from collections.abc import Callable

import pytest

from schemas.erasure import MARK, Wanted


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


def test_another_text_is_left() -> None:
    wanted = Wanted("acme", "pattern", 'Maria "Mia"')
    for written in (as_is, in_json, in_a_correction):
        assert not wanted.is_in(written("Maria Mia"))
        assert re.search(wanted.expression, written("Maria Mia")) is None
