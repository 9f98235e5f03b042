"""Text that a cell of a workbook can hold.

The writer (decision 0011) writes every text as text: never a formula, a number, a link or an error, whatever it begins
with. Characters that XML can't hold it writes as Excel's own escapes (`_x000B_`), which Excel and LibreOffice turn
back, and so does it with text that looks like such an escape. What is left to do is here.
"""

import re
from bisect import bisect_right

#: UTF-16 code units: support.microsoft.com, "Excel specifications and limits".
MAX_CELL_UNITS = 32_767
#: What the writer escapes takes the place of seven characters while a program reads it.
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9a-fA-F]{4}_)")
_UNITS_MORE = 6


def cell_text(text: str, mark: str) -> str:
    """`text`, or as much of its beginning as a cell holds and `mark` after it; lone surrogates as U+FFFD."""
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if len(text) * (1 + _UNITS_MORE) <= MAX_CELL_UNITS or _units(text) <= MAX_CELL_UNITS:
        return text
    room = MAX_CELL_UNITS - _units(mark)
    lengths = range(min(len(text), MAX_CELL_UNITS) + 1)
    return text[: bisect_right(lengths, room, key=lambda length: _units(text[:length])) - 1] + mark


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2 + _UNITS_MORE * len(_ESCAPED.findall(text))
