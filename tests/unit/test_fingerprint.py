"""One fault, one fingerprint."""

import json
import re
import string
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fingerprint import fingerprint, normalize
from schemas.fingerprint.code import is_status
from schemas.fingerprint.digest import without_key
from schemas.fingerprint.normalizer import Part
from schemas.fingerprint.plain_text import LOOKED_AT
from tests.support.fault_texts import FAULTS

#: Answers that vendors publish, where this machine has them; they are not ours to keep.
VENDORS = Path("/work/shared/payloads")
_SAYS = re.compile(r"(message|msg|detail|description|error|reason|cause|mensagem)$", re.IGNORECASE)


def said(document: Any, name: str = "") -> Iterator[str]:
    """The texts of a document in fields that say what is wrong."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from said(value, key)
    elif isinstance(document, list):
        for value in document:
            yield from said(value, name)
    elif isinstance(document, str) and document.strip() and _SAYS.search(name):
        yield document


VENDOR_TEXTS = [
    text for path in sorted(VENDORS.rglob("*.json")) for text in said(json.loads(path.read_text("utf-8", "replace")))
]
TEXTS = [*(text for fault in FAULTS for text in fault), *VENDOR_TEXTS]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[0][:40])
def test_what_varies_between_entities_is_left_out(fault: tuple[str, ...]) -> None:
    assert len({normalize(text) for text in fault}) == 1, [normalize(text) for text in fault]


def test_different_faults_stay_different() -> None:
    merged = [(one[0], other[0]) for one, other in combinations(FAULTS, 2) if normalize(one[0]) == normalize(other[0])]
    assert merged == []


def test_texts_of_vendors_are_one_fault_only_where_their_words_are_the_same() -> None:
    by_fault: defaultdict[str, set[str]] = defaultdict(set)
    for text in TEXTS:
        by_fault[normalize(text)].add(text)
    vendors = set(VENDOR_TEXTS)
    merged = [texts for texts in by_fault.values() if len({text.lower() for text in texts & vendors}) > 1]
    assert merged == []
    assert "" not in by_fault  # of every text something is left


def test_other_digits_are_the_same_fault() -> None:
    """Digits of each number that is not a code are ignored, in every text of any format."""
    for text in TEXTS:
        noted: list[tuple[Part, str]] = []
        normalize(text, lambda *each, noted=noted: noted.append(each))
        other = text
        for number in {said for part, said in noted if part is Part.NUMBER}:
            alone = re.compile(rf"(?<![\w.,:/-]){re.escape(number)}(?![\w.,:/-])")
            other = alone.sub(re.sub(r"\d", lambda digit: str((int(digit[0]) + 3) % 10), number), other)
        assert normalize(other) == normalize(text), text


WORDS = ["preço", "inválido", "stock", "missing", "категория", "pedido", "não", "mapped", "anúncio", "warehouse"]
NUMBERS = st.integers(0, 10**15).map(str) | st.decimals(0, 10**6, places=2).map(str)
IDS = (
    st.uuids().map(str)
    | st.from_regex(r"\A[A-Z]{2,4}-?[0-9]{3,12}\Z", fullmatch=True)
    | st.from_regex(r"\A[a-z0-9]{4}[0-9][a-z0-9]{3}\Z", fullmatch=True)
)
DATES = (
    st.datetimes(timezones=st.none()).map(lambda at: at.isoformat())
    | st.dates().map(lambda day: f"{day.day:02}/{day.month:02}/{day.year}")
    | st.dates().map(lambda day: f"{day.day} de {('maio', 'junho', 'outubro')[day.day % 3]} de {day.year}")
)
AMOUNTS = st.decimals(0, 10**6, places=2).map(lambda amount: f"R$ {amount:,.2f}")
TITLES = st.text(string.ascii_letters + string.digits + " áéçñ-/", min_size=1, max_size=60).map(
    lambda title: f'produto "{title}"'
)
#: Two values of one kind.
PAIRS = st.one_of(*(st.tuples(kind, kind) for kind in (NUMBERS, IDS, DATES, AMOUNTS, TITLES)))
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8)


@given(st.lists(st.tuples(SENTENCES, PAIRS), min_size=1, max_size=5))
def test_other_values_are_the_same_fault(parts: list[tuple[list[str], tuple[str, str]]]) -> None:
    one, other = (" ".join(f"{' '.join(words)} {pair[which]}" for words, pair in parts) for which in (0, 1))
    assert normalize(one) == normalize(other)


@given(SENTENCES, SENTENCES, PAIRS, st.data())
def test_another_word_is_another_fault(
    before: list[str], after: list[str], pair: tuple[str, str], data: st.DataObject
) -> None:
    changed = data.draw(st.integers(0, len(before) - 1))
    word = data.draw(st.sampled_from([word for word in WORDS if word != before[changed]]))
    other = [*before[:changed], word, *before[changed + 1 :]]
    assert normalize(" ".join([*before, pair[0], *after])) != normalize(" ".join([*other, pair[1], *after]))


@given(st.text(max_size=300))
def test_any_text_has_a_fault_and_it_is_told_by_it_alone(text: str) -> None:
    assert normalize(text) == normalize(text)
    assert normalize(text) == normalize(text).lower().strip()


TOLD = "O SKU {} (código {}) não tem preço"
KEYS = st.text(string.ascii_letters + string.digits + "-/&+ .çС", min_size=3, max_size=30).filter(
    lambda key: key[0].isalnum() and key[-1].isalnum() and key not in TOLD and not is_status(key)
)


@given(KEYS, KEYS)
def test_the_key_itself_is_never_part_of_the_fault(one: str, other: str) -> None:
    names = [fingerprint("price", "MLB", "c", TOLD.format(key, key), key) for key in (one, other)]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("message", "key", "left"),
    [
        ("SKU Hair-Ties has no price", "Hair-Ties", "SKU 0 has no price"),
        ("SKU a has a price", "a", "SKU a has a price"),
        ("the price of rice", "rice", "the price of 0"),
        ("nothing of it", "Hair-Ties", "nothing of it"),
        ("price", "price", "0"),
        ("", "x", ""),
    ],
)
def test_a_key_is_only_taken_out_where_it_stands_alone(message: str, key: str, left: str) -> None:
    assert without_key(message, key) == left


def test_type_affiliate_and_code_count() -> None:
    base = fingerprint("price", "MLB", "c", "m")
    others = [
        fingerprint("inventory", "MLB", "c", "m"),
        fingerprint("price", "AMZ", "c", "m"),
        fingerprint("price", "MLB", None, "m"),
        fingerprint("price", "MLB", "c", None),
    ]
    assert len({base, *others}) == 5
    assert len(base) == 16


@pytest.mark.parametrize(
    "part",
    [
        "'", "<", "a", "1", '"', "a=", "a-", "a@", "{", '{"', "\\", "<a ", "&", "\n at ", "http://", "# ,", "1 e ",
        "<script>", "<![CDATA[", 'message="', " ", "at a(", "a.", "1.", "1,", "/a", " /a.b", "[[{", '["a",', '{"a":',
        "error 1 ", "'a', ", "request id: ", "A_", "ERR_", "abcdef", "(1, '", "<!--", "<hr><center>", "<a>b</a>",
        "<code>", "<p a='", "<title>", "\n#1 ", " in /a.php", "nginx/1.2 (", "reference #", "【", "“", "nov ", "# de ",
        "R$ 1 ", "a-b.", "x=1,", "[A_A, ", "\u0301", "\ufdfa", "\\u0041", "{'", "ORA-", "Error(", "\n\t/a:1", "\ud800",
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", '{"message":"', "<p>"])
def test_only_the_beginning_of_hostile_text_is_looked_at(part: str, before: str) -> None:
    """A megabyte costs what 50,000 characters cost, of which 2,000 are read; every pattern is bounded in those."""
    text = before + part * (1_000_000 // len(part))
    assert normalize(text) == normalize(text[:LOOKED_AT] + " other " * 1000)
    fingerprint("price", "MLB", None, text, "aaa")
