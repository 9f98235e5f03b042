"""The writer of workbooks that needs no wheel of Rust: openpyxl, write-only, in one pass and bounded memory.

It writes the same cells as exports.excel.rust_writer, about ten times as slowly (decision 0011). The one difference to
see: openpyxl can't tell Excel that a number is meant to be text, so that Excel marks such cells with a small triangle.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.chart import BarChart, Reference, Series
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from exports.excel.cell import escaped
from exports.excel.sheet import CHART_HEIGHT, CHART_WIDTH, HEADING_GROUND, NUMBER_FORMATS, Chart, Form, Sheet

#: Pixels of a centimetre, in which openpyxl measures a chart, at 96 of them an inch.
_PIXELS_A_CM = 96 / 2.54
#: Width that Excel adds to that of the characters: five pixels, where a character has seven.
_PADDING = 5 / 7


def write(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write `sheets` to `path`. Raises OSError. It blocks: not for an event loop."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        _write_sheet(book.create_sheet(sheet.name), sheet)
    book.save(path)


def _write_sheet(out: Any, sheet: Sheet) -> None:
    # What stands before the rows in the file must be known before the first one is written.
    out.freeze_panes = "B2" if sheet.is_table else "A2"
    for number, width in enumerate(sheet.widths, 1):
        out.column_dimensions[get_column_letter(number)].width = width + _PADDING
    out.append([_heading(out, heading) for heading in sheet.headings])
    forms: Sequence[Form] = sheet.forms or ["plain"] * len(sheet.headings)
    clickable = sheet.headings.index(sheet.clickable) if sheet.clickable is not None else None
    last = 1
    for last, row in enumerate(sheet.rows, 2):
        cells = [_cell(out, value, form) for value, form in zip(row, forms, strict=True)]
        if clickable is not None and cells[clickable] is not None:
            cells[clickable].hyperlink = row[clickable]
            cells[clickable].hyperlink.ref = f"{get_column_letter(clickable + 1)}{last}"
        out.append(cells)
    if sheet.is_table:
        out.auto_filter.ref = f"A1:{get_column_letter(len(sheet.headings))}{last}"
    if sheet.coloured is not None:
        _colour(out, sheet, _range(sheet, sheet.coloured, last))
    if sheet.choices is not None:
        heading, right, hint = sheet.choices
        rule = DataValidation(type="list", formula1=f'"{right}"', allow_blank=True, prompt=hint)
        rule.showInputMessage = rule.showErrorMessage = True
        rule.add(_range(sheet, heading, last))
        out.data_validations.append(rule)
    if sheet.chart is not None:
        out.add_chart(_chart(out, sheet, sheet.chart, last), f"{get_column_letter(len(sheet.headings) + 2)}2")


def _heading(out: Any, heading: str) -> Any:
    cell = _text(out, heading)
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", start_color=_argb(HEADING_GROUND))
    cell.border = Border(bottom=Side("thin"))
    return cell


def _cell(out: Any, value: Any, form: Form) -> Any:
    if value is None:
        return None
    cell = _text(out, value) if isinstance(value, str) else WriteOnlyCell(out, value)
    if form != "plain":
        cell.number_format = NUMBER_FORMATS[form]
    return cell


def _argb(colour: str) -> str:
    return f"FF{colour[1:]}"


def _text(out: Any, text: str) -> Any:
    """Return a cell with this very text: no formula, number, link or error, whatever it begins with."""
    cell = WriteOnlyCell(out, escaped(text))
    cell.data_type = "s"
    return cell


def _range(sheet: Sheet, heading: str, last: int) -> str:
    column = get_column_letter(sheet.headings.index(heading) + 1)
    return f"{column}2:{column}{max(last, 2)}"


def _colour(out: Any, sheet: Sheet, where: str) -> None:
    first = where.partition(":")[0]
    for each in sheet.colours:
        style = DifferentialStyle(
            font=Font(color=_argb(each.text)), fill=PatternFill("solid", end_color=_argb(each.ground))
        )
        text = each.begins_with.replace('"', '""')
        out.conditional_formatting.add(
            where,
            Rule(
                type="beginsWith",
                operator="beginsWith",
                text=each.begins_with,
                formula=[f'LEFT({first},{len(each.begins_with)})="{text}"'],
                dxf=style,
            ),
        )


def _chart(out: Any, sheet: Sheet, chart: Chart, last: int) -> BarChart:
    drawn = BarChart()
    drawn.type, drawn.grouping, drawn.overlap = "col", "stacked", 100
    drawn.title = chart.title
    drawn.width, drawn.height = CHART_WIDTH / _PIXELS_A_CM, CHART_HEIGHT / _PIXELS_A_CM

    def column(heading: str, first: int) -> Reference:
        number = sheet.headings.index(heading) + 1
        return Reference(out, min_col=number, min_row=first, max_row=last)

    for each in chart.series:
        drawn.series.append(Series(column(each, 2), title=each))
    drawn.set_categories(column(chart.categories, 2))
    return drawn
