"""Characters of keys and affiliates: every category of Unicode, and what pages mark."""

import json
import re
import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import BY_NAME, LANGUAGES
from schemas.characters import REFUSED, is_unseen, named, parts, refused_in
from schemas.reasons.say import say
from schemas.refusal import Refusal
from schemas.result import Result, read
from tests.support.events import data, raw

NOW = time.time_ns()
#: Bidi_Control of Unicode's PropList.txt.
BIDI_CONTROLS = {0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def read_named(field: str, text: str) -> Result | Refusal:
    [found] = read(BY_NAME["price"], raw(b"").headers, None, json.dumps(data(**{field: text})).encode(), NOW)
    return found


def is_refused(code: int) -> bool:
    category = unicodedata.category(chr(code))
    return category in {"Cc", "Zl", "Zp", "Cs"} or code in BIDI_CONTROLS or code == 0xFFFD


def test_every_character_of_unicode_is_taken_or_refused_by_its_category() -> None:
    wrong = [hex(code) for code in range(sys.maxunicode + 1) if (refused_in(f"a{chr(code)}") == 1) != is_refused(code)]
    assert wrong == []


@pytest.mark.parametrize("field", ["key", "affiliate"])
@pytest.mark.parametrize(
    "category", sorted({unicodedata.category(chr(code)) for code in range(0x10000)} - {"Cs", "Cc", "Zl", "Zp"})
)
def test_a_name_with_a_character_of_a_category_is_read_exactly(field: str, category: str) -> None:
    codes = (code for code in range(0x10000) if unicodedata.category(chr(code)) == category and not is_refused(code))
    for code in list(codes)[:: 200 if category in {"Lo", "Co", "Cn"} else 7]:
        name = f"a{chr(code)}b"
        found = read_named(field, name)
        assert isinstance(found, Result), name
        assert getattr(found, field) == name
        assert not found.altered


@pytest.mark.parametrize("field", ["key", "affiliate"])
@pytest.mark.parametrize("code", [0x01, 0x09, 0x0A, 0x7F, 0x85, 0x2028, 0x2029, 0xFFFD, *sorted(BIDI_CONTROLS)])
def test_a_refusal_names_the_character_and_its_place(field: str, code: int) -> None:
    found = read_named(field, f"ab{chr(code)}c")
    assert isinstance(found, Refusal)
    for language in LANGUAGES:
        sentence = say(found.reason, language)
        assert f"U+{code:04X}" in sentence
        assert "2)" in sentence
        assert f"data.{field}" in sentence
        assert chr(code) not in sentence or code == 0xFFFD  # it would hide itself, or turn the sentence around


def test_the_pattern_of_the_schemas_is_that_of_the_code() -> None:
    pattern = re.compile(f"[{REFUSED}]")
    for code in range(0x10000):
        if not 0xD800 <= code <= 0xDFFF:
            assert (pattern.match(chr(code)) is not None) == is_refused(code), hex(code)


@pytest.mark.parametrize(
    ("code", "name"),
    [(0xA0, "U+00A0 NO-BREAK SPACE"), (0x200B, "U+200B ZERO WIDTH SPACE"), (1, "U+0001"), (0x1F527, "U+1F527 WRENCH")],
)
def test_a_character_has_its_number_and_its_name(code: int, name: str) -> None:
    assert named(chr(code)) == name


@pytest.mark.parametrize("character", "\u00a0\u3000\u2009\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u3164\ufe0f\u2800")
def test_what_looks_like_nothing_or_like_a_space_is_unseen(character: str) -> None:
    assert is_unseen(character)


@pytest.mark.parametrize("character", " aÇ商👩-\u0301")
def test_what_is_seen_is_not(character: str) -> None:
    assert not is_unseen(character)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SKU 1", [("SKU 1", "")]),
        ("SKU\u00a01", [("SKU", ""), ("\u00a0", "\u00a0"), ("1", "")]),
        (" a", [(" ", " "), ("a", "")]),
        ("a  b", [("a", ""), ("  ", "  "), ("b", "")]),
        ("\u200b\u200b", [("\u200b\u200b", "\u200b\u200b")]),
        ("x👩\u200d🔧y", [("x", ""), ("👩\u200d🔧", "\u200d"), ("y", "")]),
        ("", []),
    ],
)
def test_a_name_is_taken_apart_at_what_is_not_seen(text: str, found: list[tuple[str, str]]) -> None:
    assert [(part.text, "".join(part.unseen)) for part in parts(text)] == found


@given(st.text())
def test_the_parts_of_a_name_are_the_name(text: str) -> None:
    found = list(parts(text))
    assert "".join(part.text for part in found) == text
    assert all(set(part.unseen) <= set(part.text) for part in found)
