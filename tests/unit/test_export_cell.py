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
