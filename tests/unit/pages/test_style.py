"""The style sheets: each colour, size, corner and motion in one place, colours by light and by dark."""

import re
from collections import Counter

import pytest

from admin.pages.assets import STATIC
from admin.pages.names import DOTS, dot_of
from admin.pages.site import TEMPLATES
from schemas.columns import LOG_COLUMNS

TOKENS = (STATIC / "tokens.css").read_text("utf-8")
PAGES = re.sub(r"/\*.*?\*/", "", (STATIC / "pages.css").read_text("utf-8"), flags=re.DOTALL)
#: Names with their values; those of the media queries, which change some of them, are not among these.
DEFINED = re.findall(r"(--[\w-]+):\s*([^;]+);", TOKENS.partition("@media")[0])
#: Values that only tokens.css may say.
_OF_TOKENS = re.compile(
    r"#[0-9a-f]{3,8}\b|light-dark\(|rgba?\(|hsla?\(|oklch\("
    r"|font-size: [\d.]+rem|font-weight: \d+|border-radius: [\d.]+px|(?:transition|animation): [^;}]*?[\d.]+m?s\b"
)


def test_no_name_is_given_a_value_twice() -> None:
    assert [name for name, count in Counter(name for name, _value in DEFINED).items() if count > 1] == []


def test_every_colour_is_said_for_light_and_for_dark() -> None:
    for name, value in DEFINED:
        outside = re.sub(r"light-dark\(#[0-9a-f]+, #[0-9a-f]+\)", "", value)
        assert "#" not in outside or name in {"--veil", "--sheet"}, (name, value)
    assert "prefers-color-scheme" not in TOKENS + PAGES


def test_every_name_that_is_used_is_defined() -> None:
    own = set(re.findall(r"(--[\w-]+):", PAGES))  # of one part, set beside it
    assert set(re.findall(r"var\((--[\w-]+)", TOKENS + PAGES)) <= {name for name, _value in DEFINED} | own


def test_the_pages_say_no_value_of_their_own() -> None:
    assert _OF_TOKENS.findall(PAGES) == []


@pytest.mark.parametrize(
    ("css", "found"), [("a { color: #fff; }", 1), ("a { font-size: 1.1rem; }", 1), ("#main { }", 0)]
)
def test_what_counts_as_one(css: str, found: int) -> None:
    assert len(_OF_TOKENS.findall(css)) == found


def test_each_colour_of_affiliates_is_there_and_an_affiliate_keeps_its_own() -> None:
    names = [name for name, _value in DEFINED if name.startswith("--dot-")]
    assert names == [f"--dot-{letter}" for letter in DOTS]
    affiliates = [*(f"A{number}" for number in range(200)), "MLB", "Loja São João", "😀", ""]
    assert {dot_of(each) for each in affiliates} == set(DOTS)
    assert [dot_of(each) for each in ("MLB", "AMZ", "SHP")] == ["e", "h", "c"]


#: Classes that htmx gives.
_OF_HTMX = {"htmx-request"}


def _written() -> set[str]:
    """Return every name that a template, a script or a page may give an element."""
    templates = "\n".join(path.read_text("utf-8") for path in TEMPLATES.rglob("*.html"))
    said = re.findall(r'(?:class|id)="((?:[^"{]|\{\{.*?\}\}|\{%.*?%\})*)"', templates)
    said += re.findall(r"\{% (?:macro|set|block body_class) .*", templates)
    for path in (*STATIC.glob("*.js"), *TEMPLATES.parent.glob("pages/*.py")):
        said += re.findall(r'"[^"\n]*"|`[^`\n]*`', path.read_text("utf-8"))
    columns = {f"{before}-{column.name}" for column in LOG_COLUMNS for before in ("c", "has")}
    return set(re.findall(r"[\w-]+", "\n".join(said))) | set(DOTS) | columns | _OF_HTMX


def test_a_style_is_for_something_that_is_there() -> None:
    """Every class and id of a selector is one that a page may have: what no page has is not sent to each visitor."""
    selectors = "\n".join(re.findall(r"([^{}]+)\{", re.sub(r'"[^"]*"', "", PAGES)))
    assert set(re.findall(r"[.#]([A-Za-z][\w-]*)", selectors)) - _written() == set()
