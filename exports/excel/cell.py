"""Text that a cell of a workbook can hold.

The writers (decision 0011) write every text as text: never a formula, a number, a link or an error, whatever it begins
with. Characters that XML can't hold, and text that looks like an escape, they write as Excel's own escapes (`_x000B_`),
which Excel and LibreOffice turn back. This module does the rest: it cuts text to the limit of a cell.
"""

import re
from bisect import bisect_right

#: Limit of a cell in UTF-16 code units: support.microsoft.com, "Excel specifications and limits".
MAX_CELL_UNITS = 32_767
#: Characters that a writer escapes. Each counts as seven while a program reads it.
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9a-fA-F]{4}_)")
_UNITS_MORE = 6


def cell_text(text: str, mark: str) -> str:
    """Return `text`, or as much of its beginning as a cell holds with `mark` after it; lone surrogates as U+FFFD."""
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if len(text) * (1 + _UNITS_MORE) <= MAX_CELL_UNITS or _units(text) <= MAX_CELL_UNITS:
        return text
    room = MAX_CELL_UNITS - _units(mark)
    lengths = range(min(len(text), MAX_CELL_UNITS) + 1)
    return text[: bisect_right(lengths, room, key=lambda length: _units(text[:length])) - 1] + mark


def escaped(text: str) -> str:
    """Return `text` with Excel's own escapes, for a writer that does not make them."""
    return _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2 + _UNITS_MORE * len(_ESCAPED.findall(text))
