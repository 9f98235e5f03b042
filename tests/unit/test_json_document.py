"""Every way in which bytes are not one JSON document that we can keep."""

import json
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.json_document import MAX_DEPTH, dump, load, value_of
from schemas.raw_json import elements
from schemas.refusal import DeadLetterCode, Refusal
from schemas.topics import MAX_EVENT_BYTES
from tests.support.counted import steps

#: Text with much nesting, brackets and quotes in strings, escapes before quotes, and what is no JSON at all.
_FRAGMENTS = st.lists(
    st.sampled_from(
        [b"[", b"]", b"{", b"}", b'"', b"\\", b'\\"', b"\\\\", b'"[[["', b"[" * 40, b"]" * 40, b'{"a":' * 30, b"}" * 30]
    )
)
DEEP = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "encoding"),
        ('{"a": 1}'.encode("utf-16"), "encoding"),
        ('{"a": 1}'.encode("utf-16-be"), "encoding"),
        ('{"a": 1}'.encode("utf-32-le"), "encoding"),
        (b'{"a": 1', "json"),
        (b'{"a": 1} x', "json"),
        (b"{}{}", "json"),
        (b'{"a": NaN}', "json"),
        (b'{"a": -Infinity}', "json"),
        (b'{"a": 1e400, "b": NaN}', "json"),
        (b'{"a": 1e400', "json"),
        (b'{"a": ' + b"1" * 5000 + b"} x", "json"),
        (b'{"a": "\x01"}', "json"),
        (b'{"a": "' + b"x" * MAX_EVENT_BYTES + b'"}', "too_large"),
        (b"[" * 100_000, "too_deep"),
        (b"[" + DEEP + b"]", "too_deep"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "too_deep"),
        (b"[]" * 65 + b'\\"' * 500_000, "json"),  # half an hour, were it searched from every quote
        (b"[]" * 65 + b'"' + b'\\"' * 400_000 + b"\\", "json"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value[:20]),
)
def test_it_is_refused_with_its_code(raw: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        load(raw)
    assert refused.value.code == DeadLetterCode(code)
    assert refused.value.reason


@pytest.mark.parametrize(
    "raw",
    [
        DEEP,
        b"[" + b"[]," * 5000 + b"[]]",  # many, but not deep
        b'{"a": "' + b"[{" * 500 + b'\\"[["}',  # brackets in a string
        b'{"a": "' + b"x" * (MAX_EVENT_BYTES - 9) + b'"}',
        b'{"a": 1, "a": 2}',
        b'{"a": 1e400, "b": -1E+400}',
        b'{"a": 1e131071}',
        b'{"a": ' + b"1" * 5000 + b"}",
    ],
    ids=lambda value: repr(value[:20]),
)
def test_it_is_accepted(raw: bytes) -> None:
    document = load(raw)
    assert document.text == raw
    assert not document.altered


def test_a_byte_order_mark_is_left_out() -> None:
    assert load(b"\xef\xbb\xbf{}").text == b"{}"


@pytest.mark.parametrize(
    ("raw", "value", "altered"),
    [
        (rb'"a\u0000b"', "a\ufffdb", True),
        (rb'"\ud800"', "\ufffd", True),
        (rb'"\uDC00x"', "\ufffdx", True),
        (rb'"\ud83d\ude00"', "\U0001f600", False),
        (rb'"\ud800\ud83d\ude00"', "\ufffd\U0001f600", True),
        (rb'"\\u0000"', r"\u0000", False),  # an escaped backslash, then letters
        (rb'"\\\u0000"', "\\\ufffd", True),
        (rb'"\uDFFF\ud800"', "\ufffd\ufffd", True),
    ],
)
def test_what_postgresql_cannot_hold_is_replaced_and_said(raw: bytes, value: str, altered: bool) -> None:  # noqa: FBT001
    document = load(raw)
    assert (document.value, document.altered) == (value, altered)
    document.value.encode("utf-8")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=4)))
def test_whatever_python_writes_is_read_as_storable(value: object) -> None:
    document = load(json.dumps(value).encode("utf-8", "surrogatepass"))
    assert "\x00" not in document.text.decode("utf-8")
    assert b"\\u0000" not in document.text or document.text.count(b"\\\\u0000")


def test_large_integers_are_written_exactly() -> None:
    assert dump({"n": 10**40}) == b'{"n":' + str(10**40).encode() + b"}"


@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    ),
    st.sampled_from(["", " ", "\n\t ", "\r\n"]),
)
def test_an_array_is_cut_into_the_texts_of_its_elements(values: list[object], space: str) -> None:
    texts = [json.dumps(each) for each in values]
    array = f"{space}[{space}{f'{space},{space}'.join(texts)}{space}]{space}"
    assert list(elements(array)) == texts


def test_the_digits_of_any_number_stay_as_they_came() -> None:
    numbers = [str(2**64), "9" * 5000, "1e400", "1.10"]
    assert list(elements(f"[{','.join(numbers)}]")) == numbers


def _depth(text: bytes) -> int:
    """Character by character, as one would explain it."""
    deepest = depth = 0
    in_string = escaped = False
    for char in text.decode("latin-1"):
        if in_string:
            in_string = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
        else:
            in_string = char == '"'
    return deepest


@given(
    st.recursive(
        st.text(alphabet='[]{}"\\a'),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='[]{}"\\a'), inner),
    )
)
def test_many_brackets_are_taken_exactly_when_they_are_not_deep(value: object) -> None:
    wrapped: object = [[] for _ in range(MAX_DEPTH)]
    for around in (MAX_DEPTH - 8, MAX_DEPTH + 1):
        deep = value
        for _ in range(around):
            deep = [deep]
        text = dump([wrapped, deep])
        if _depth(text) <= MAX_DEPTH:
            assert load(text).value == [wrapped, deep]
        else:
            with pytest.raises(Refusal) as refused:
                load(text)
            assert refused.value.code == DeadLetterCode.TOO_DEEP


@given(_FRAGMENTS)
def test_what_is_no_json_never_reaches_the_parser_when_it_is_deep(fragments: list[bytes]) -> None:
    with pytest.raises(Refusal) as refused:
        load(b"[" * (MAX_DEPTH + 1) + b"".join(fragments) + b"x")
    assert refused.value.code == DeadLetterCode.TOO_DEEP


@pytest.mark.parametrize(
    "part",
    [b"]", b"[", b"[],", b"[[]", DEEP, DEEP + b",", b'"[",', b'\\"', b"\\\\", b'"', b"{}", b'{"a":'],
    ids=lambda part: repr(part[:10]),
)
@pytest.mark.parametrize("before", [b"", b"[", b"]", b'["'])
def test_hostile_text_of_any_length_takes_few_steps(before: bytes, part: bytes) -> None:
    def reading(times: int) -> int:
        text = before + part * times + b"[" * (MAX_DEPTH + 1)

        def read() -> None:
            with suppress(Refusal):
                load(text)

        read()  # what is made once, a compiled pattern, is made
        return steps(read)

    assert reading(2000) == reading(1000)


#: Integers about those that need one bit, digit or sign more.
_EDGES = [sign * (base + step) for base in (2**53, 2**63, 2**64, 10**19) for step in (-2, -1, 0, 1) for sign in (1, -1)]


@given(st.one_of(st.sampled_from(_EDGES), st.integers(-(10**25), 10**25)))
def test_an_integer_beside_a_number_that_no_float_holds_is_what_it_is_alone(number: int) -> None:
    alone = orjson.loads(str(number))
    beside, _infinity = value_of(b"[%d, 1e400]" % number)
    assert (beside, type(beside)) == (alone, type(alone))
