"""The style sheet: each colour in one place, by light and by dark."""

import re
from collections import Counter

from cli.documents.__main__ import ROOT

TEXT = (ROOT / "admin" / "static" / "pages.css").read_text("utf-8")
DEFINED = re.findall(r"(--[a-z-]+):\s*([^;]+);", TEXT)


def test_no_name_is_given_a_value_twice() -> None:
    assert [name for name, count in Counter(name for name, _value in DEFINED).items() if count > 1] == []


def test_every_colour_is_said_for_light_and_for_dark() -> None:
    for name, value in DEFINED:
        outside = re.sub(r"light-dark\(#[0-9a-f]+, #[0-9a-f]+\)", "", value)
        assert "#" not in outside, (name, value)
    assert "prefers-color-scheme" not in TEXT


def test_every_name_that_is_used_is_defined() -> None:
    assert set(re.findall(r"var\((--[a-z-]+)", TEXT)) <= {name for name, _value in DEFINED}
