"""Evidence laid out for reading: nothing is lost, nothing is interpreted, and hostile text costs no more than any."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.pages.evidence import BEGINNING, indent_markup, lay_out, original
from schemas.raw_json import RawJson
from tests.support.json_texts import TEXTS


def raw(value: object) -> RawJson:
    """A value as a connector writes it."""
    return RawJson(json.dumps(value))


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ({"a": [1, {"b": "e"}]}, "json", '{\n  "a": [\n    1,\n    {\n      "b": "e"\n    }\n  ]\n}'),
        ('{"a":19.90,"a":1E2}', "json", '{\n  "a": 19.90,\n  "a": 1E2\n}'),
        ("[NaN]", "text", "[NaN]"),
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
        found = lay_out(raw(value), whole=whole)
        assert found is not None
        assert (found.kind, found.text, found.cut) == (kind, text, False)


def test_no_evidence_is_none() -> None:
    assert lay_out(None) is None
    assert lay_out(raw(None)) is None


@given(TEXTS.map(str.strip))
def test_any_value_can_be_laid_out(text: str) -> None:
    beginning, whole = lay_out(RawJson(text)), lay_out(RawJson(text), whole=True)
    assert (beginning is None) == (text == "null")
    if beginning is not None and whole is not None:
        assert whole.text.startswith(beginning.text)
        assert not whole.cut


@given(st.text("<>/!-ab \n&;[]CDATA?", max_size=200))
def test_markup_keeps_every_character_but_space(text: str) -> None:
    assert "".join(indent_markup(text, html=False).split()) == "".join(text.split())


@pytest.mark.parametrize("piece", ["<!--", "<![CDATA[", "<a>", "</a>", "<", "<a b='", "{", "[", '{"a":'])
def test_a_megabyte_of_anything_is_laid_out(piece: str) -> None:
    """Layout takes one pass: a quadratic one would not end within the test's own limit."""
    for text in (f"<r>{piece * (1_000_000 // len(piece))}</r>", piece * (1_000_000 // len(piece))):
        beginning, whole = lay_out(raw(text)), lay_out(raw(text), whole=True)
        assert beginning is not None
        assert whole is not None
        assert beginning.cut
        assert beginning.text.count("\n") < BEGINNING.lines
        assert len(whole.text) < 8 * len(text)


def test_what_is_cut_says_so_and_how_large_the_whole_is() -> None:
    found = lay_out(raw("é" * 500_000))
    assert found is not None
    assert found.cut
    assert found.size_bytes == 1_000_000
    assert original(RawJson('{"a" : 1.0}')) == '{"a" : 1.0}'
    lines = lay_out(raw("\n".join(str(number) for number in range(BEGINNING.lines + 1))))
    assert lines is not None
    assert lines.cut
    assert lines.text.endswith(f"\n{BEGINNING.lines - 1}")


def cut_of(value: object) -> tuple[int, int, bool]:
    """Lines and characters that are shown, and whether there is more."""
    found = lay_out(raw(value))
    assert found is not None
    return found.text.count("\n") + 1, len(found.text), found.cut


def test_a_beginning_is_120_lines_or_12000_characters() -> None:
    assert cut_of("\n".join("x" * 120)) == (120, 239, False)
    assert cut_of("\n".join("x" * 121)) == (120, 239, True)
    assert cut_of("x" * 12_000) == (1, 12_000, False)
    assert cut_of("x" * 12_001) == (1, 12_000, True)
    assert cut_of(["x"] * 118) == (120, 118 * 6 + 118 + 2, False)
    assert cut_of(["x"] * 119)[::2] == (120, True)
    whole = lay_out(raw("x\n" * 1000), whole=True)
    assert whole is not None
    assert (whole.text, whole.cut) == ("x\n" * 1000, False)


@pytest.mark.parametrize(("whole", "most"), [(False, 24_000), (True, 300_000)])
def test_markup_is_laid_out_as_far_as_it_is_worth(most: int, *, whole: bool) -> None:
    """Layout of a beginning reads twice the shown characters, since it may remove space. The rest stays as it came."""
    for length, text in (
        (most, "<a>\n  <b></b>\n</a>"),
        (most + 3, "<a>\n  <b></b>\n  </a>"),
        (most + 4, "<a>\n  <b></b></a>"),
    ):
        found = lay_out(raw("<a>" + " " * (length - 14) + "<b></b></a>"), whole=whole)
        assert found is not None
        assert (found.text, found.cut) == (text, not whole and length > most)


@pytest.mark.parametrize(
    ("text", "html", "laid_out"),
    [
        ("<a></a><b></b>", False, "<a></a>\n<b></b>"),
        ("<a>" * 3 + "x" * 200 + "</a>" * 3, False, f"<a>\n  <a>\n    <a>\n      {'x' * 200}\n    </a>\n  </a>\n</a>"),
        ("<a>" + "x" * 93 + "</a>", False, "<a>" + "x" * 93 + "</a>"),
        ("<a>" + "x" * 94 + "</a>", False, "<a>\n  " + "x" * 94 + "\n</a>"),
        ("<a> x </a>", False, "<a>x</a>"),
        ("</b></b><a>x</a>", False, "</b>\n</b>\n<a>x</a>"),
        ("<?xml?><!DOCTYPE a><a><b/><c/></a>", False, "<?xml?>\n<!DOCTYPE a>\n<a>\n  <b/>\n  <c/>\n</a>"),
        ("<a><br class='x' id='y'><b>1</b></a>", True, "<a>\n  <br class='x' id='y'>\n  <b>1</b>\n</a>"),
        ("<a><BR><b>1</b></a>", True, "<a>\n  <BR>\n  <b>1</b>\n</a>"),
        ("<a><br><b>1</b></a>", False, "<a>\n  <br>\n    <b>1</b>\n  </a>"),
        ("<a><!-- <b> --><c>1</c></a>", False, "<a>\n  <!-- <b> -->\n  <c>1</c>\n</a>"),
        ("<a><![CDATA[<b>]]><c>1</c></a>", False, "<a>\n  <![CDATA[<b>]]>\n  <c>1</c>\n</a>"),
        ("<a><b>1</b>", False, "<a>\n  <b>1</b>"),
        ("<a>x", False, "<a>\n  x"),
        ("x<a", False, "x\n<a"),
        ("<>x</>", False, "<>\nx\n</>"),
        ("x", False, "x"),
        (" ", False, ""),
    ],
)
def test_markup_has_each_element_on_a_line(text: str, laid_out: str, *, html: bool) -> None:
    assert indent_markup(text, html=html) == laid_out


def test_depth_is_shown_up_to_twelve() -> None:
    lines = indent_markup("<a>" * 20 + "<b/>", html=False).split("\n")
    assert [len(line) - len(line.lstrip()) for line in lines] == [min(2 * n, 24) for n in range(21)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<!DOCTYPE HTML><p>x</p>", "html"),
        ("<a>" + " " * 192 + "<html></a>", "html"),
        ("<a>" + " " * 193 + "<html></a>", "xml"),
        (" <a/> ", "xml"),
        ("a>", "text"),
        ("<a", "text"),
        ("{1", "text"),
        ("", "text"),
    ],
)
def test_the_kind_is_told_by_how_it_begins_and_ends(text: str, kind: str) -> None:
    found = lay_out(raw(text))
    assert found is not None
    assert found.kind == kind
