"""The heading of a CSV file, and the form in which the database writes its rows.

RFC 4180 with these choices: UTF-8 with a byte order mark (without it, Excel takes the file for the system's code page),
lines end in LF, and text that a spreadsheet would run has an apostrophe before it (csv_text of the database).
Files in Portuguese and Spanish are separated by semicolons, since Excel expects that there: it would split a cell at a
semicolon of its text, after which a formula may begin.
"""

from collections.abc import Iterable

from schemas.catalogue import BY_NAME, Language
from schemas.columns import log_columns
from schemas.export import ExportOrder
from schemas.words import STATES, STATUSES
from storage.exports.reader import CsvView

BYTE_ORDER_MARK = "\ufeff"
DELIMITERS: dict[Language, str] = {"pt": ";", "en": ",", "es": ";"}
_GUARDED = frozenset("=+-@\t\n\r'＝＋－＠")


def csv_view(order: ExportOrder, link: str) -> CsvView:
    """Return the form in which the database writes the rows. `link` is the beginning of the link to a log."""
    language = order.language
    return CsvView(
        delimiter=DELIMITERS[language],
        timezone=order.timezone,
        link=link,
        statuses={name: word.long[language] for name, word in STATUSES.items()},
        states={name: word.long[language] for name, word in STATES.items()},
    )


def csv_heading(order: ExportOrder) -> bytes:
    """Return the first line."""
    columns = log_columns(BY_NAME[order.integration_type])
    headings = [column.heading(order.language, order.timezone) for column in columns]
    return (BYTE_ORDER_MARK + csv_line(headings, order.language)).encode()


def guarded(text: str) -> str:
    """Return `text` for a CSV cell, guarded as the database's csv_text does; a test compares the two."""
    return f"'{text}" if text[:1] in _GUARDED else text


def csv_line(cells: Iterable[str], language: Language) -> str:
    """Return guarded texts as one line, quoted where the database's COPY quotes: a lone carriage return included."""
    delimiter = DELIMITERS[language]
    special = {delimiter, '"', "\n", "\r"}
    return delimiter.join(_quoted(each) if special & set(each) else each for each in cells) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
