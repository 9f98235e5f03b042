"""Columns of a workbook in which fields of kept requests are corrected: a cell that is changed is a correction.

They stand behind all others, and behind them the result that each value is of, so that nobody corrects a newer one by
mistake.
"""

from collections.abc import Sequence
from typing import Any, Final

from exports.excel.cell import cell_text
from schemas.catalogue import Language, labels
from schemas.columns import Column
from schemas.correction import MAX_VALUE_CHARACTERS, text_of
from schemas.raw_json import load
from storage.exports.reader import Fixable

FIX: Final = labels("Corrigir", "Correct", "Corregir")
EVENT_ID: Final = Column(
    name="event_id", labels=labels("ID do resultado", "Result ID", "ID del resultado"), kind="id", width=38
)


def fix_columns(pointers: Sequence[str]) -> list[Column]:
    """Return the columns for fields of requests, each named by its pointer; none without fields."""
    named = [
        Column(name=each, labels={language: f"{word}: {each}" for language, word in FIX.items()}, kind="text", width=20)
        for each in pointers
    ]
    return [*named, EVENT_ID] if named else []


def pointer_of_heading(heading: object, language: Language) -> str | None:
    """Return the pointer of a column's heading; None for that of another column."""
    text = str(heading)
    start = f"{FIX[language]}: /"
    return text[len(start) - 1 :] if text.startswith(start) else None


def fix_cells(pointers: Sequence[str], found: Fixable | None) -> list[str | None]:
    """Return the cells of these columns for one log: empty for what can't be corrected."""
    if not pointers:
        return []
    if found is None:
        return [None] * (len(pointers) + 1)
    return [*map(_cell, found.values), cell_text(found.event_id, "")]


def _cell(written: str | None) -> str | None:
    value: Any = None if written is None or len(written) > MAX_VALUE_CHARACTERS else load(written)
    if value is None or isinstance(value, list):
        return None
    return cell_text(value if isinstance(value, str) else text_of(value), "")
