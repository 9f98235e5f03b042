"""The workbook: four kinds of sheets, written in one pass in bounded memory by rustpy-xlsxwriter (decision 0011)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from rustpy_xlsxwriter import Format, write_worksheets

from exports.excel import texts
from exports.excel.about import about_rows
from exports.excel.summary import Summary
from schemas.catalogue import BY_NAME
from schemas.columns import MARK, Column, error_columns, log_columns
from schemas.export import ExportOrder

#: Rows of a sheet without its heading: support.microsoft.com, "Excel specifications and limits".
MAX_SHEET_ROWS = 1_048_576 - 1
#: Limit of clickable links, each of which takes a kilobyte and a half of memory. With more logs, links are plain text.
MAX_CLICKABLE = 10_000
_TIME_FORMAT = "yyyy-mm-dd hh:mm:ss.000"
_SUMMARY_WIDTHS = [18.0, 60.0, 10.0, 14.0, 14.0, 10.0, 14.0, 12.0, 12.0, 10.0, 3.0, 12.0, 12.0, 12.0, 12.0]
_ABOUT_WIDTHS = [24.0, 80.0, 20.0]
#: Text and background colour of a status, dark on light: the contrast is over 4.5 to 1.
_COLOURS = {"success": ("#0B5A2B", "#D9F2E3"), "warning": ("#6B4E00", "#FFF0C2"), "error": ("#8A1C1C", "#FBDADA")}


class Contents(NamedTuple):
    """Contents of a workbook."""

    order: ExportOrder
    as_of: datetime
    summary: Summary
    logs: Iterable[Sequence[Any]]
    log_count: int
    errors: Iterable[Sequence[Any]]
    error_count: int
    statuses: Mapping[str, str]  # status → its word


class _Sheet(NamedTuple):
    name: str
    headings: list[str]
    rows: Iterable[Sequence[Any]]
    columns: Sequence[Column]  # none: plain text, widths given
    widths: list[float]
    is_empty: bool


def write_workbook(path: Path, contents: Contents, *, max_rows: int = MAX_SHEET_ROWS) -> None:
    """Write `contents` to `path`; past `max_rows` rows, logs and errors go on in further sheets.

    Nothing is at `path` when this raises. It blocks: not for an event loop.
    """
    order = contents.order
    language = order.language
    of_type = BY_NAME[order.integration_type]
    sheets = [_summary_sheet(contents)]
    for word, columns, all_rows, count in (
        (texts.LOGS, (*log_columns(of_type), MARK), contents.logs, contents.log_count),
        (texts.ERRORS, error_columns(of_type), contents.errors, contents.error_count),
    ):
        rows = iter(all_rows)
        for number in range(1, max(1, -(-count // max_rows)) + 1):
            name = word[language] if number == 1 else f"{word[language]} {number}"
            headings = [column.heading(language, order.timezone) for column in columns]
            widths = [column.width for column in columns]
            sheets.append(_Sheet(name, headings, islice(rows, max_rows), columns, widths, is_empty=count == 0))
    sheets.append(_about_sheet(contents))
    tables = [sheet for sheet in sheets if sheet.columns]
    logs = [sheet for sheet in tables if MARK in sheet.columns]
    link = next(index for index, column in enumerate(logs[0].columns) if column.name == "link")
    clickable = contents.log_count <= MAX_CLICKABLE
    write_worksheets(
        [(sheet.name, _records(sheet)) for sheet in sheets],
        str(path),
        freeze_panes={sheet.name: {"row": 1, "col": 1 if sheet.columns else 0} for sheet in sheets},
        autofilter={sheet.name: True for sheet in tables},
        column_widths={sheet.name: sheet.widths for sheet in sheets},
        column_formats={sheet.name: [_format(column) for column in sheet.columns] for sheet in tables},
        header_format={sheet.name: _heading_format() for sheet in sheets},
        conditional_formats={sheet.name: _colours(sheet, contents.statuses) for sheet in tables},
        url_columns={sheet.name: [sheet.headings[link]] for sheet in logs} if clickable else None,
        data_validations={sheet.name: {MARK.labels[language]: _mark_rule(contents)} for sheet in logs},
        ignore_errors={sheet.name: _text_headings(sheet) for sheet in tables},
        charts={sheets[0].name: [_chart(contents)]},
    )


def _records(sheet: _Sheet) -> Iterator[dict[str, Any]]:
    # The writer takes the headings from the first row: an empty one is none in the file.
    rows = iter([[None] * len(sheet.headings)]) if sheet.is_empty else sheet.rows
    for row in rows:
        yield dict(zip(sheet.headings, row, strict=True))


def _summary_sheet(contents: Contents) -> _Sheet:
    summary = contents.summary
    name = texts.SUMMARY[contents.order.language]
    widths = _SUMMARY_WIDTHS[: len(summary.headings)]
    return _Sheet(name, summary.headings, summary.rows, (), widths, is_empty=False)


def _about_sheet(contents: Contents) -> _Sheet:
    language = contents.order.language
    rows = about_rows(contents.order, as_of=contents.as_of, logs=contents.log_count, errors=contents.error_count)
    headings = [each[language] for each in texts.ABOUT_HEADINGS]
    return _Sheet(texts.ABOUT[language], headings, rows, (), _ABOUT_WIDTHS, is_empty=False)


def _heading_format() -> Format:
    return Format().set_bold().set_background_color("#E7EAEE").set_border_bottom("thin")


def _format(column: Column) -> Format:
    if column.kind == "time":
        return Format().set_num_format(_TIME_FORMAT)
    return Format() if column.kind == "number" else Format().set_num_format("@")


def _text_headings(sheet: _Sheet) -> list[str]:
    """Return the columns in which a number is meant to be text, on which Excel would put a warning."""
    pairs = zip(sheet.columns, sheet.headings, strict=True)
    return [heading for column, heading in pairs if column.kind not in {"time", "number"} and column is not MARK]


def _colours(sheet: _Sheet, statuses: Mapping[str, str]) -> dict[str, dict[str, Any] | list[dict[str, Any]]]:
    heading = next(
        heading for column, heading in zip(sheet.columns, sheet.headings, strict=True) if column.name == "status"
    )
    return {
        heading: [
            {
                "type": "text",
                "criteria": "begins_with",
                "value": statuses[status],
                "format": Format().set_font_color(text).set_background_color(ground),
            }
            for status, (text, ground) in _COLOURS.items()
        ]
    }


def _mark_rule(contents: Contents) -> dict[str, Any]:
    return {"type": "list", "values": ["x"], "input_message": texts.MARK_HELP[contents.order.language]}


def _chart(contents: Contents) -> dict[str, Any]:
    summary = contents.summary
    return {
        "type": "column_stacked",
        "series": summary.series,
        "categories": summary.day,
        "title": texts.BY_DAY[contents.order.language],
        "row": 1,
        "col": len(summary.headings) + 1,
        "width": 720,
        "height": 360,
    }
