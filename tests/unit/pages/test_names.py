"""Names on pages: what nobody would see is marked, and a copy of them is unchanged."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.pages.names import group_name, marked


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("SKU 1", "SKU 1"),
        ("price.below_minimum", "price.<wbr>below_<wbr>minimum"),
        ("SKU\u00a01", 'SKU<span class="unseen" title="U+00A0 NO-BREAK SPACE">\u00a0</span>1'),
        ("商品\u3000A", '商品<span class="unseen" title="U+3000 IDEOGRAPHIC SPACE">\u3000</span>A'),
        ("a\u200bb", 'a<span class="unseen" title="U+200B ZERO WIDTH SPACE">\u200b</span>b'),
        ("👩\u200d🔧", '<span class="unseen" title="U+200D ZERO WIDTH JOINER">👩\u200d🔧</span>'),
        (" a", '<span class="unseen" title="U+0020 SPACE"> </span>a'),
        ("<b>\u00ad", '&lt;b&gt;<span class="unseen" title="U+00AD SOFT HYPHEN">\u00ad</span>'),
        ("", ""),
    ],
)
def test_a_name_shows_what_nobody_would_see(name: str, shown: str) -> None:
    assert marked(name) == shown


@given(st.text())
def test_the_text_of_a_name_is_the_name(name: str) -> None:
    assert html.unescape(re.sub(r"<[^>]*>", "", marked(name))).replace("\r", "") == name.replace("\r", "")


@pytest.mark.parametrize(
    ("code", "message", "name"),
    [("price.min", "Too low", "price.min"), (None, "Too low" * 20, ("Too low" * 20)[:80]), (None, None, "01234567")],
)
def test_a_group_is_called_by_what_says_most(code: str | None, message: str | None, name: str) -> None:
    assert group_name(code, message, "0123456789abcdef") == name


def test_the_name_of_a_group_is_escaped_once() -> None:
    name = "FEE&TAX<seller>.too_high"
    assert html.unescape(marked(group_name(name, None, "")).replace("<wbr>", "")) == name
