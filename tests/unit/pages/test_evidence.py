"""Evidence laid out for reading: nothing is lost, nothing is interpreted, and hostile text costs no more than any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.pages.evidence import BEGINNING_LINES, indent_markup, lay_out, original


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ({"a": [1, {"b": "é"}]}, "json", '{\n  "a": [\n    1,\n    {\n      "b": "é"\n    }\n  ]\n}'),
        ('{"a":1}', "json", '{\n  "a": 1\n}'),
        ("[1,2", "text", "[1,2"),
        (12345678901234567890123, "json", "12345678901234567890123"),
        ("<a><b>1</b><c/></a>", "xml", "<a>\n  <b>1</b>\n  <c/>\n</a>"),
        (
            "<html><body><hr><p>x</p></body></html>",
            "html",
            "<html>\n  <body>\n    <hr>\n    <p>x</p>\n  </body>\n</html>",
        ),
        ("<a>no end", "text", "<a>no end"),
        ("Traceback\n  File", "text", "Traceback\n  File"),
        ("", "text", ""),
    ],
)
def test_each_kind_has_its_layout(value: object, kind: str, text: str) -> None:
    for whole in (False, True):
        found = lay_out(value, whole=whole)
        assert found is not None
        assert (found.kind, found.text, found.cut) == (kind, text, False)


def test_no_evidence_is_none() -> None:
    assert lay_out(None) is None


_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@given(_VALUES)
def test_any_value_can_be_laid_out(value: object) -> None:
    beginning, whole = lay_out(value), lay_out(value, whole=True)
    assert (beginning is None) == (value is None)
    if beginning is not None and whole is not None:
        assert whole.text.startswith(beginning.text)
        assert not whole.cut


@given(st.text("<>/!-ab \n&;[]CDATA?", max_size=200))
def test_markup_keeps_every_character_but_space(text: str) -> None:
    assert "".join(indent_markup(text, html=False).split()) == "".join(text.split())


@pytest.mark.parametrize("piece", ["<!--", "<![CDATA[", "<a>", "</a>", "<", "<a b='", "{", "[", '{"a":'])
def test_a_megabyte_of_anything_is_laid_out(piece: str) -> None:
    """It takes one pass: a quadratic one would not end within the test's own limit."""
    for text in (f"<r>{piece * (1_000_000 // len(piece))}</r>", piece * (1_000_000 // len(piece))):
        beginning, whole = lay_out(text), lay_out(text, whole=True)
        assert beginning is not None
        assert whole is not None
        assert beginning.cut
        assert beginning.text.count("\n") < BEGINNING_LINES
        assert len(whole.text) < 8 * len(text)


def test_what_is_cut_says_so_and_how_large_the_whole_is() -> None:
    found = lay_out("é" * 500_000)
    assert found is not None
    assert found.cut
    assert found.size_bytes == 1_000_000
    assert original({"a": 1}) == '{\n  "a": 1\n}'
    lines = lay_out("\n".join(str(number) for number in range(BEGINNING_LINES + 1)))
    assert lines is not None
    assert lines.cut
    assert lines.text.endswith(f"\n{BEGINNING_LINES - 1}")
