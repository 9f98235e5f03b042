"""The sheets of an export: summary, groups, logs, errors, and what the file is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from exports.excel import texts
from exports.excel.about import about_rows
from exports.excel.fixes import fix_columns
from exports.excel.sheet import Chart, Colour, Form, Sheet
from exports.excel.summary import Summary
from schemas.catalogue import BY_NAME, Language
from schemas.columns import ADVICE_COLUMNS, GROUP_COLUMNS, MARK, Column, error_columns, log_columns
from schemas.export import ExportOrder

#: Rows of a sheet without its heading: support.microsoft.com, "Excel specifications and limits".
MAX_SHEET_ROWS = 1_048_576 - 1
#: Limit of clickable links, each of which takes a kilobyte and a half of memory. With more logs, links are plain text.
MAX_CLICKABLE = 10_000
_SUMMARY_WIDTHS = (18.0, 60.0, 10.0, 14.0, 14.0, 10.0, 3.0, 12.0, 12.0, 12.0, 12.0)
_ABOUT_WIDTHS = (24.0, 80.0, 20.0)
#: Text and background colour of a status, dark on light: the contrast is over 4.5 to 1.
_COLOURS = {"success": ("#0B5A2B", "#D9F2E3"), "warning": ("#6B4E00", "#FFF0C2"), "error": ("#8A1C1C", "#FBDADA")}
_FORMS: Mapping[str, Form] = {"time": "time", "number": "plain", "share": "share"}

#: Rows, and how many they are.
Counted = tuple[Iterable[Sequence[Any]], int]


class Contents(NamedTuple):
    """Contents of a workbook. Rows are read once."""

    order: ExportOrder
    as_of: datetime
    summary: Summary
    groups: Sequence[Sequence[Any]]
    logs: Iterable[Sequence[Any]]
    log_count: int
    errors: Iterable[Sequence[Any]]
    error_count: int
    statuses: Mapping[str, str]  # status → its word


def sheets_of(contents: Contents, *, max_rows: int = MAX_SHEET_ROWS) -> list[Sheet]:
    """Return the sheets in their order; past `max_rows` rows, logs and errors go on in further ones."""
    order = contents.order
    of_type = BY_NAME[order.integration_type]
    key, *others = log_columns(of_type)
    return [
        _summary(contents),
        *_tables(contents, texts.GROUPS, GROUP_COLUMNS, (contents.groups, len(contents.groups)), max_rows),
        *_tables(
            contents,
            texts.LOGS,
            (key, MARK, *others, *ADVICE_COLUMNS, *fix_columns(order.fixes)),
            (contents.logs, contents.log_count),
            max_rows,
        ),
        *_tables(
            contents,
            texts.ERRORS,
            (*error_columns(of_type), *ADVICE_COLUMNS),
            (contents.errors, contents.error_count),
            max_rows,
        ),
        _about(contents),
    ]


def _tables(
    contents: Contents, word: Mapping[Language, str], columns: Sequence[Column], counted: Counted, max_rows: int
) -> Iterator[Sheet]:
    all_rows, count = counted
    rows = iter(all_rows)
    for number in range(1, max(1, -(-count // max_rows)) + 1):
        name = word[contents.order.language] + (f" {number}" if number > 1 else "")
        yield _table(contents, name, columns, islice(rows, max_rows), is_empty=count == 0)


def _table(
    contents: Contents, name: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]], *, is_empty: bool
) -> Sheet:
    language = contents.order.language
    headings = [column.heading(language, contents.order.timezone) for column in columns]
    of = {column.name: heading for column, heading in zip(columns, headings, strict=True)}
    forms = [_FORMS.get(column.kind, "text") for column in columns]
    return Sheet(
        name,
        headings,
        # The fast writer takes the headings from the first row: an empty one is none in the file.
        iter([[None] * len(headings)]) if is_empty else rows,
        [column.width for column in columns],
        forms,
        coloured=of.get("status"),
        colours=[Colour(contents.statuses[status], *_COLOURS[status]) for status in _COLOURS] if "status" in of else (),
        clickable=of.get("link") if contents.log_count <= MAX_CLICKABLE else None,
        choices=(of["mark"], "x", texts.MARK_HELP[language]) if MARK in columns else None,
        numbers_as_text=[
            heading
            for column, heading, form in zip(columns, headings, forms, strict=True)
            if form == "text" and column is not MARK
        ],
    )


def _summary(contents: Contents) -> Sheet:
    language, summary = contents.order.language, contents.summary
    return Sheet(
        texts.SUMMARY[language],
        summary.headings,
        summary.rows,
        _SUMMARY_WIDTHS[: len(summary.headings)],
        is_table=False,
        chart=Chart(texts.BY_DAY[language], summary.day, summary.series),
    )


def _about(contents: Contents) -> Sheet:
    language = contents.order.language
    rows = about_rows(contents.order, as_of=contents.as_of, logs=contents.log_count, errors=contents.error_count)
    headings = [each[language] for each in texts.ABOUT_HEADINGS]
    return Sheet(texts.ABOUT[language], headings, rows, _ABOUT_WIDTHS, is_table=False)
