"""The heading of a CSV file, and how the rest of it is to be written by the database.

RFC 4180 with these choices: UTF-8 with a byte order mark (without it, Excel takes the file for the system's code page),
lines end in LF, and text that a spreadsheet would run has an apostrophe before it (csv_text in migration 0009).
Portuguese and Spanish are separated by semicolons, since Excel expects that there, and would split our commas' cells
at a semicolon of their text, after which a formula may begin.
"""

import csv
import io

from exports.columns import log_columns
from exports.words import STATES, STATUSES
from schemas.catalogue import BY_NAME, Language
from schemas.export import ExportOrder
from storage.export_reader import CsvView

BYTE_ORDER_MARK = "\ufeff"
DELIMITERS: dict[Language, str] = {"pt": ";", "en": ",", "es": ";"}


def csv_view(order: ExportOrder, link: str) -> CsvView:
    """How the database is to write the rows. `link` is what the link to a log begins with."""
    language = order.language
    return CsvView(
        delimiter=DELIMITERS[language],
        timezone=order.timezone,
        link=link,
        statuses={name: words[language] for name, words in STATUSES.items()},
        states={name: words[language] for name, words in STATES.items()},
    )


def csv_heading(order: ExportOrder) -> bytes:
    """The first line."""
    columns = log_columns(BY_NAME[order.integration_type])
    line = io.StringIO()
    writer = csv.writer(line, delimiter=DELIMITERS[order.language], lineterminator="\n")
    writer.writerow([column.heading(order.language, order.timezone) for column in columns])
    return (BYTE_ORDER_MARK + line.getvalue()).encode()
