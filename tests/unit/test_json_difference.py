"""The difference of two JSON texts: complete, digit for digit, bounded."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.json_difference import MOST_CHANGES, MOST_CHARACTERS, MOST_LEVELS, difference
from schemas.raw_json import RawJson
from tests.support.json_texts import TEXTS

NAMES = st.sampled_from(["a", "b", "c", "a/b", "m~n", "", "0"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("aé/~", max_size=2),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


def changes(before: str, after: str) -> list[tuple[str, str | None, str | None]]:
    found = difference(RawJson(before), RawJson(after), most=1_000)
    assert found is not None
    assert not found.cut
    return [(each.pointer, _text(each.before), _text(each.after)) for each in found.changes]


def _text(value: RawJson | None) -> str | None:
    return None if value is None else value.text


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('{"price":19.90}', '{"price":19.9}', [("/price", "19.90", "19.9")]),
        (
            "12345678901234567890.10",
            "12345678901234567890.1",
            [("", "12345678901234567890.10", "12345678901234567890.1")],
        ),
        ('{"a":1,"b":2}', '{ "b" : 2, "a":1 }', []),
        ('"\\u00e9"', '"é"', []),
        ('"1"', "1", [("", '"1"', "1")]),
        ("true", "1", [("", "true", "1")]),
        ('{"a":null}', "{}", [("/a", "null", None)]),
        ("{}", '{"a":null}', [("/a", None, "null")]),
        ("[1,2,3]", "[0,1,2,3]", [("/0", None, "0")]),
        ("[1,2,3]", "[1,3]", [("/1", "2", None)]),
        ('[{"sku":1,"n":1},2]', '[{"sku":1,"n":5},2]', [("/0/n", "1", "5")]),
        ('{"a/b":{"m~n":1}}', '{"a/b":{"m~n":2}}', [("/a~1b/m~0n", "1", "2")]),
        ('{"a":1,"a":2}', '{"a":1,"a":3}', [("/a", "2", "3")]),
        ('{"a":{"x": [1,  2]}}', '{"a":{"x":[1,2]}}', []),
        ('{"a":{}}', '{"a":[]}', [("/a", "{}", "[]")]),
    ],
)
def test_each_change_is_named_by_its_pointer_with_both_values_as_they_came(
    before: str, after: str, expected: list[tuple[str, str | None, str | None]]
) -> None:
    assert changes(before, after) == expected


def patched(value: Any, pointer: str, text: str | None, *, insert: bool) -> Any:
    """Apply a change to a parsed value, as JSON Patch would."""
    if pointer == "":
        return json.loads(text or "null")
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]
    holder = value
    for part in way:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    if isinstance(holder, dict):
        if text is None:
            del holder[last]
        else:
            holder[last] = json.loads(text)
    elif text is None:
        del holder[int(last)]
    elif insert:
        holder.insert(int(last), json.loads(text))
    else:
        holder[int(last)] = json.loads(text)
    return value


def told_apart(value: Any) -> str:
    return json.dumps(value, sort_keys=True)  # 1 and true are equal in Python


@given(VALUES, VALUES)
def test_the_changes_turn_the_one_value_into_the_other(before: Any, after: Any) -> None:
    found = changes(json.dumps(before), json.dumps(after))
    value = json.loads(json.dumps(before))
    # What is gone from an array goes from its end, so that places before it stay.
    for pointer, was, now in [each for each in found if each[2] is not None] + [
        each for each in found[::-1] if each[2] is None
    ]:
        value = patched(value, pointer, now, insert=was is None)
    assert told_apart(value) == told_apart(after)


@given(TEXTS)
def test_a_text_does_not_differ_from_itself_however_it_is_laid_out(text: str) -> None:
    assert changes(text, f" {text}\n") == []


def test_a_difference_is_bounded_in_changes_size_and_depth() -> None:
    before, after = (json.dumps({str(name): number for name in range(200)}) for number in (1, 2))
    found = difference(RawJson(before), RawJson(after))
    assert found is not None
    assert (len(found.changes), found.cut) == (MOST_CHANGES, True)
    assert difference(RawJson("1"), RawJson("1" * (MOST_CHARACTERS + 1))) is None
    deep = [("[" * 40_000) + number + ("]" * 40_000) for number in "12"]
    assert difference(RawJson(deep[0]), RawJson(deep[1])) is None
    one, other = (json.dumps(_nested(MOST_LEVELS + 10, number)) for number in (1, 2))
    assert [pointer.count("/") for pointer, _, _ in changes(one, other)] == [MOST_LEVELS]


def test_the_dearest_texts_are_compared_soon() -> None:
    """The worst that is allowed: all of it as deep as is compared, and different at its end."""
    leaf = MOST_CHARACTERS - 40 * MOST_LEVELS
    one, other = (json.dumps(_nested(MOST_LEVELS, "x" * (leaf - 1) + end)) for end in "ab")
    began = time.process_time()
    assert len(changes(one, other)) == 1
    assert time.process_time() - began < 5  # 100 times what it takes


def _nested(levels: int, leaf: Any) -> Any:
    for _ in range(levels):
        leaf = {"inner": leaf}
    return leaf
