"""The contents of a workbook's cell."""

import pytest

from exports.excel.cell import MAX_CELL_UNITS, cell_text
from tests.support.naughty import TEXTS

MARK = " [cut]"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_fits_stays(text: str) -> None:
    assert cell_text(text, MARK) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x" * (MAX_CELL_UNITS + 1), MAX_CELL_UNITS - len(MARK)),
        ("😀" * MAX_CELL_UNITS, (MAX_CELL_UNITS - len(MARK)) // 2),  # two units each
        ("\x0b" * MAX_CELL_UNITS, (MAX_CELL_UNITS - len(MARK)) // 7),  # written as _x000B_
        ("_x0041_" * MAX_CELL_UNITS, None),
        ("_" * (MAX_CELL_UNITS + 1), MAX_CELL_UNITS - len(MARK)),  # no escape, whatever its beginning
    ],
    ids=["ASCII", "two units", "escaped", "like an escape", "underscores"],
)
def test_what_does_not_fit_is_cut_and_marked(text: str, kept: int | None) -> None:
    cell = cell_text(text, MARK)
    assert cell.endswith(MARK)
    assert text.startswith(cell.removesuffix(MARK))
    if kept is not None:
        assert len(cell) == kept + len(MARK)


def test_a_lone_surrogate_is_replaced_and_a_pair_is_kept() -> None:
    assert cell_text("a\ud800b😀", MARK) == "a\ufffdb😀"


@pytest.mark.parametrize(
    ("text", "units", "kept"),
    [("x", 1, 32_761), ("é", 1, 32_761), ("😀", 2, 16_380), ("\x0b", 7, 4680), ("_x0041_", 13, 17_641)],
)
def test_a_cell_holds_32767_units(text: str, units: int, kept: int) -> None:
    """As Excel counts: two for what is beyond 16 bits, seven for what is written as an escape."""
    most, rest = divmod(32_767, units)
    fits = text * most + "x" * rest
    assert cell_text(fits, MARK) == fits
    assert cell_text(fits + "x", MARK) == fits[:kept] + MARK


@pytest.mark.parametrize("length", [4681, 4682, 32_761, 32_766, 32_767])
def test_text_that_needs_no_closer_look_stays(length: int) -> None:
    assert cell_text("x" * length, MARK) == "x" * length


def test_all_of_a_cell_is_used_where_nothing_marks_the_cut() -> None:
    assert cell_text("x" * 32_768, "") == "x" * 32_767
