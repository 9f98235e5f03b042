"""The fast writer of workbooks: rustpy-xlsxwriter, in one pass and bounded memory (decision 0011)."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import Format, write_worksheets

from exports.excel.sheet import CHART_HEIGHT, CHART_WIDTH, HEADING_GROUND, NUMBER_FORMATS, Chart, Form, Sheet

#: The number of an error of the system, as the library writes it: in a panic where the disk is full, in a RuntimeError
#: for its temporary files, and in an OSError that has no `errno`.
_SYSTEM_ERROR = re.compile(r"\bOs \{ code: (\d+)|\(os error (\d+)\)")


def write(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write `sheets` to `path`. Raises OSError. It blocks: not for an event loop."""
    tables = [sheet for sheet in sheets if sheet.is_table]
    clickable: dict[str, list[str] | dict[str, str]] = {
        sheet.name: [sheet.clickable] for sheet in sheets if sheet.clickable is not None
    }
    with _system_errors():
        write_worksheets(
            [(sheet.name, _records(sheet)) for sheet in sheets],
            str(path),
            freeze_panes={sheet.name: {"row": 1, "col": 1 if sheet.is_table else 0} for sheet in sheets},
            autofilter={sheet.name: True for sheet in tables},
            column_widths={sheet.name: list(sheet.widths) for sheet in sheets},
            column_formats={sheet.name: [_format(form) for form in sheet.forms] for sheet in sheets if sheet.forms},
            header_format={sheet.name: _heading_format() for sheet in sheets},
            conditional_formats={sheet.name: _colours(sheet) for sheet in tables if sheet.coloured is not None},
            url_columns=clickable or None,
            data_validations={
                sheet.name: {heading: {"type": "list", "values": [right], "input_message": hint}}
                for sheet in sheets
                if sheet.choices is not None
                for heading, right, hint in (sheet.choices,)
            },
            ignore_errors={sheet.name: list(sheet.numbers_as_text) for sheet in tables},
            charts={sheet.name: [_chart(sheet, sheet.chart)] for sheet in sheets if sheet.chart is not None},
        )


@contextmanager
def _system_errors() -> Iterator[None]:
    """Raise OSError for an error of the system, in whatever form the library raises it."""
    try:
        yield
    except BaseException as exc:  # a panic is no Exception
        if (found := _SYSTEM_ERROR.search(str(exc))) is None:
            raise
        number = int(found[1] or found[2])
        raise OSError(number, os.strerror(number)) from exc


def _records(sheet: Sheet) -> Iterator[dict[str, Any]]:
    for row in sheet.rows:
        yield dict(zip(sheet.headings, row, strict=True))


def _heading_format() -> Format:
    return Format().set_bold().set_background_color(HEADING_GROUND).set_border_bottom("thin")


def _format(form: Form) -> Format:
    return Format() if form == "plain" else Format().set_num_format(NUMBER_FORMATS[form])


def _colours(sheet: Sheet) -> dict[str, dict[str, Any] | list[dict[str, Any]]]:
    return {
        str(sheet.coloured): [
            {
                "type": "text",
                "criteria": "begins_with",
                "value": each.begins_with,
                "format": Format().set_font_color(each.text).set_background_color(each.ground),
            }
            for each in sheet.colours
        ]
    }


def _chart(sheet: Sheet, chart: Chart) -> dict[str, Any]:
    return {
        "type": "column_stacked",
        "series": list(chart.series),
        "categories": chart.categories,
        "title": chart.title,
        "row": 1,
        "col": len(sheet.headings) + 1,
        "width": CHART_WIDTH,
        "height": CHART_HEIGHT,
    }
