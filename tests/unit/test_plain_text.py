"""A message out of whatever it was wrapped in."""

import json

import pytest

from schemas.fingerprint import fingerprint, normalize
from schemas.fingerprint.digest import without_key
from schemas.fingerprint.plain_text import plain


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("", ""),
        ("a", "a"),
        ('"', '"'),
        ('""', ""),
        ('"a"', "a"),
        ("'a'", "a"),
        ("`a`", "a"),
        ("\"a'", "\"a'"),
        ('"a" and "b"', '"a" and "b"'),
        ("aba", "aba"),
        ("cafe\u0301", "café"),
        ("a < b & c", "a < b & c"),
        ("a &lt; b", "a < b"),
        ("a &amp; b", "a & b"),
        ("<p>no price</p>", "no price"),
        ("<p title='x'>no</p>", "no"),
        ("<![CDATA[no price]]>", "no price"),
        ("<e message='no price'/>", "no price"),
        ("<e message=\"no price\" code='7'/>", "no price\ncode 7"),
        ("<title>Bad</title><body>gone</body>", "Bad\n\nBad\n\ngone"),
        ("<script>var a</script>gone", "gone"),
        ('{"message": "no price"}', "no price"),
        ('{"message": "no price", "id": 5}', "no price"),
        ('failed: {"error": {"message": "no price"}}', "failed: no price"),
        ("{'message': 'no price'}", "no price"),
        ('{"message": ""}', "message :"),
        ('{"id": "5"}', "id : 5"),
        ('{"message": "a\\nb\\u0041\\t\\r\\x"}', "a\nbA x"),
        ("no [price]", "no [price]"),
        ("gone at org.x.Y.z(Y.java:5)", "gone"),
        ("gone at noon", "gone at noon"),
        ("gone\n  at org.x.Y.z(Y.java:5)\nCaused by: it", "gone \nCaused by: it"),
        (
            "Traceback (most recent call last)\n  File x\nError: gone",
            "Traceback (most recent call last)\n \nError: gone",
        ),
        ("Error: gone\n  indented", "Error: gone\n indented"),
    ],
)
def test_what_it_says_is_kept(message: str, text: str) -> None:
    assert plain(message) == text


@pytest.mark.parametrize(("depth", "left"), [(1, ""), (2, ""), (3, ""), (4, "message")])
def test_json_in_json_is_read_three_deep(depth: int, left: str) -> None:
    message = "no price"
    for _ in range(depth):
        message = json.dumps({"message": message})
    assert ("{" in plain(message)) == bool(left)
    assert plain(message).endswith("no price") or left


@pytest.mark.parametrize("before", ["", "<p>"])
def test_two_thousand_characters_are_read(before: str) -> None:
    read = 2000 - (1 if before else 0)
    assert len(plain(before + "x" * read)) == read
    assert len(plain(before + "x" * (read + 1))) == read


def test_a_fault_is_told_by_400_characters() -> None:
    assert normalize("x" * 400) != normalize("x" * 399)
    assert normalize("x" * 400) == normalize("x" * 401) == "x" * 400


def test_a_key_of_three_characters_is_taken_out() -> None:
    assert without_key("SKU abc has no price", "abc") == "SKU 0 has no price"
    assert without_key("SKU ab has no price", "ab") == "SKU ab has no price"
    assert without_key("abc abcd xabc abc", "abc") == "0 abcd xabc 0"
    assert without_key("abcabc", "abc") == "abcabc"
    assert without_key("(abc)", "abc") == "(0)"
    assert without_key("x-abc y", "abc") == "x-0 y"


def test_a_fault_has_the_name_it_always_had() -> None:
    """Groups, decisions and playbooks are kept by it."""
    assert fingerprint("price", "MLB", "c", "No price for SKU-1", "SKU-1") == "946535efd15fefc6"
    assert fingerprint("price", "MLB", "c", "No price for SKU-2", "SKU-2") == "946535efd15fefc6"
    assert fingerprint("price", "MLB", None, None) == "5e09845bf0b9b3b2"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("see https://a.example/b?c=1 now", "see <link> now"),
        ("see www.a.example now", "see <link> now"),
        ("ask ana@a.example now", "ask <mail> now"),
        ("the 'x' is bad", "the <quoted> is bad"),
        ("of 'x', 'y' and 'z' one", "of <quoted> one"),
        ("sku=abc reason=none", "sku=# reason=none"),
        ("HTTP 503 from them", "http 503 from them"),
        ("status code: 404", "status code 404"),
        ("Status 404", "status 404"),
        ("SKU 123 has 5 units", "sku # has # units"),
        ("on 5 March 2026 it failed", "on # it failed"),
        ("on Monday, March 5, 2026 it failed", "on # it failed"),
        ("R$ 10,00 is too low", "# is too low"),
        ("USD 10 is too low", "# is too low"),
        ("10 USD is too low", "# is too low"),
        ("1, 2, 3 and 4 failed", "# failed"),
        ("  No   price.  ", "no price"),
    ],
)
def test_words_are_left(message: str, words: str) -> None:
    assert normalize(message) == words
