"""Writers of workbooks: each makes the same cells, and the same things around them."""

import errno
import random
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import openpyxl
import pytest
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from exports.excel import openpyxl_writer, rust_writer, workbook
from exports.excel.advice import Adviser
from exports.excel.groups import group_rows
from exports.excel.rows import WorkbookRows
from exports.excel.sheets import MAX_CLICKABLE, Contents, sheets_of
from exports.excel.summary import day_list, left_rows, summary
from exports.settings import WorkbookWriter
from schemas.catalogue import BY_NAME, LANGUAGES, Language
from schemas.columns import LOG_COLUMNS
from schemas.export import ExportOrder
from schemas.group import Cure
from schemas.playbook import Playbook
from storage.exports.reader import Count
from storage.logs.triage import Triage
from tests.support.full_disk import files_of_at_most

NOW = datetime(2026, 11, 29, 12, 30, 15, 123000, tzinfo=UTC)
#: Texts that a spreadsheet could take for something else, and characters that its format can't hold.
TEXTS = (
    "=1+1", "+1", "-1", "@SUM(A1)", "{=1}", "00123", "1e5", "TRUE", "#N/A", "2026-11-29", "http://conexoes.test/x",
    "mailto:a@b.c", " both ends ", "two\nlines", "a\rb", "tab\t", "_x000D_", "_x0041", "\x00\x0b\x1f", "\ufffe\uffff",
    "日本語 é 🛒", "'", '"', "<b>&amp;</b>", "a" * 40_000, None,
)  # fmt: skip


def contents(language: Language, *, logs: int = 40, log_count: int | None = None) -> Contents:
    order = ExportOrder(
        account="acme",
        integration_type="price",
        format="xlsx",
        language=language,
        requested_by="=maria",
        key_id=None,
        public_url="http://conexoes.test",
    )
    draw = random.Random(7)
    rows_of = WorkbookRows(order, Adviser(Playbook(), "price", language))
    drawn = [_log(draw, number) for number in range(logs)]
    counts = [
        Count("status", "error", None, None, None, None, 5, 3, 1),
        Count("affiliate", "=MLB", None, None, None, None, 5, 3, 1),
        Count("group", "f1", ["AMZ", "MLB"], "=code", "too\nlow", None, 3, 2, 1),
        Count("group", "f2", ["MLB"], None, None, None, 2, 1, 0),
    ]
    left = left_rows(language, rows_of.statuses, counts)
    days = day_list(len(left), NOW.date())
    return Contents(
        order=order,
        as_of=NOW,
        summary=summary(BY_NAME["price"], language, rows_of.statuses, left=left, days=days, by_day={}),
        groups=group_rows(
            language,
            counts,
            {"f1": Cure.of({"fixed": 5, "same_error": 5})},
            Adviser(Playbook(), "price", language),
            Triage({}, {"f1": "=maria"}, {"f1": ["é"]}, {"f1": "https://tickets.example/1"}),
        ),
        logs=[rows_of.log(row, [{"code": "x", "message": row["message"] or ""}]) for row in drawn],
        log_count=logs if log_count is None else log_count,
        errors=[each for row in drawn for each in rows_of.errors(row, [])],
        error_count=sum(row["status"] != "success" for row in drawn),
        statuses=rows_of.statuses,
    )


def _log(draw: random.Random, number: int) -> dict[str, Any]:
    row: dict[str, Any] = {(column.of or column.name): TEXTS[number % len(TEXTS)] for column in LOG_COLUMNS}
    return row | {
        "key": draw.choice(TEXTS[:8]),
        "affiliate": "MLB",
        "status": draw.choice(("success", "warning", "error")),
        "processed_at": NOW,
        "first_seen_at": NOW.replace(day=1 + number % 28),
        "attempts": number,
        "reprocess_state": draw.choice((None, "silent")),
        "code": draw.choice(TEXTS[:8]),
        "id": f"0b9f1c1e-0000-4000-8000-{number:012}",
        "fingerprint": "f1",
    }


def written(path: Path, contents_: Contents, writer: Any, max_rows: int = 30) -> openpyxl.Workbook:
    writer.write(path, sheets_of(contents_, max_rows=max_rows))
    return openpyxl.load_workbook(path)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", ["some", "none", "too many to be clickable"])
def test_both_writers_make_the_same_cells(tmp_path: Path, language: Language, case: str) -> None:
    logs, count = {"some": (40, None), "none": (0, None)}.get(case, (5, MAX_CLICKABLE + 1))
    # The rows past max_rows of a count that is only said are in no further sheet: those are as empty in both.
    max_rows = 30 if count is None else MAX_CLICKABLE + 1
    books = [
        written(tmp_path / "x.xlsx", contents(language, logs=logs, log_count=count), writer, max_rows)
        for writer in (rust_writer, openpyxl_writer)
    ]
    of_book = [[(name, each.attr_text) for name, each in book.defined_names.items()] for book in books]
    assert of_book[0] == of_book[1]
    assert books[0].active.title == books[1].active.title
    fast, slow = ([_sheet(sheet) for sheet in book.worksheets] for book in books)
    assert [each["name"] for each in fast] == [each["name"] for each in slow]
    for one, other in zip(fast, slow, strict=True):
        assert one == other
    assert len(fast) == (6 if case == "some" else 5)


def _sheet(sheet: Worksheet) -> dict[str, Any]:
    rows = [[_cell(cell) for cell in row] for row in sheet.iter_rows()]
    return {
        "name": sheet.title,
        "state": sheet.sheet_state,
        "names": {name: each.attr_text for name, each in sheet.defined_names.items()},
        "rows": rows,
        "heading": [(cell.font.b, cell.fill.fgColor.rgb, cell.border.bottom.style) for cell in sheet[1]],
        "frozen": sheet.freeze_panes,
        "filter": sheet.auto_filter.ref,
        "widths": sorted(
            (number, round(each.width))
            for each in sheet.column_dimensions.values()
            for number in range(each.min, each.max + 1)
        ),
        "links": [
            (cell.coordinate, cell.hyperlink.ref, cell.hyperlink.target, cell.hyperlink.location)
            for row in sheet.iter_rows()
            for cell in row
            if cell.hyperlink
        ],
        "colours": sorted(
            (
                str(of_range.sqref),
                each.priority,
                each.type,
                each.operator,
                each.text,
                _compared(each.text, *each.formula),
                each.stopIfTrue,
                each.dxf.font.color.rgb,
                each.dxf.fill.bgColor.rgb,
            )
            for of_range in sheet.conditional_formatting
            for each in of_range.rules
        ),
        "choices": sorted(
            (
                str(each.sqref),
                each.type,
                each.operator,
                each.formula1,
                each.formula2,
                bool(each.allow_blank),
                bool(each.showDropDown),
                bool(each.showInputMessage),
                each.promptTitle,
                each.prompt,
                bool(each.showErrorMessage),
                each.errorStyle or "stop",
            )
            for each in sheet.data_validations.dataValidation
        ),
        "charts": [[series.val.numRef.f.replace("'", "") for series in chart.series] for chart in sheet._charts],
    }


def _compared(text: str, formula: str) -> tuple[str, str]:
    """Return the cell that a rule compares, and with what.

    The fast writer counts the bytes of the text: more characters than the cell has, which is then compared as a whole.
    """
    found = re.fullmatch(r'LEFT\((\w+),(\d+)\)="(.+)"', formula)
    assert found
    assert int(found[2]) >= len(text)
    return found[1], found[3]


def _cell(cell: Any) -> tuple[Any, str, str]:
    value = unescape(cell.value) if isinstance(cell.value, str) else cell.value
    if value is None or cell.row == 1:
        return value, "", ""
    return value, cell.data_type, cell.number_format


def test_no_text_is_a_formula_whoever_writes(tmp_path: Path) -> None:
    for writer in (rust_writer, openpyxl_writer):
        written(path := tmp_path / "x.xlsx", contents("pt"), writer)
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.startswith("xl/worksheets/sheet"):
                    assert b"<f>" not in archive.read(name)


@pytest.mark.parametrize("place", ["temporary files", "the workbook"])
def test_a_full_disk_is_an_error_of_the_system_to_the_fast_writer_too(tmp_path: Path, place: str) -> None:
    """The library panics, which is no Exception, or gives the number of the error in a text."""
    if place == "temporary files":
        with files_of_at_most(64 * 1024), pytest.raises(OSError, match="large") as raised:
            written(tmp_path / "x.xlsx", contents("pt", logs=1000), rust_writer)
    else:
        with pytest.raises(OSError, match="space") as raised:
            written(Path("/dev/full"), contents("pt"), rust_writer)
    assert raised.value.errno == (errno.EFBIG if place == "temporary files" else errno.ENOSPC)


@pytest.mark.parametrize("name", get_args(WorkbookWriter))
def test_a_writer_is_chosen_by_its_name(monkeypatch: pytest.MonkeyPatch, name: WorkbookWriter) -> None:
    expected = {"openpyxl": openpyxl_writer, "rustpy-xlsxwriter": rust_writer, "auto": rust_writer}
    assert workbook._writer(name) is expected[name].write
    monkeypatch.setattr(workbook, "find_spec", lambda _name: None)
    assert workbook._writer("auto") is openpyxl_writer.write
