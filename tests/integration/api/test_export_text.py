"""Text of a connector: it comes out of every format as it went in, and is never run."""

import csv
import json
import zipfile
from pathlib import Path

import asyncpg
import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from exports.csv import DELIMITERS, csv_line, guarded
from exports.excel.cell import MAX_CELL_UNITS
from schemas.catalogue import Language
from tests.integration.api.conftest import Caller, Store
from tests.integration.api.export_answers import LOGS, csv_rows, json_rows, log_rows, sheet_rows
from tests.support.events import Event, at, result
from tests.support.naughty import NAMES, TEXTS, TOO_LONG

#: Characters that a spreadsheet may take for the beginning of a formula, or drops before one.
STARTERS = tuple("=+-@\t\r\n＝＋－＠")
CODE_CHARACTERS = 200


def event(number: int, text: str, *, name: str | None = None) -> Event:
    """A failed result with `text` everywhere, its JSON spread over lines; `name` as key and affiliate."""
    code = text[:CODE_CHARACTERS]
    errors = [{"code": code, "message": text, "field": text[:100], "own": [1e-300, 2**63]}]
    names = {} if name is None else {"affiliate": name[:64]}
    made = result(
        f"e{number}", key=name or f"K{number:04}", message=text, errors=errors, processed_at=at(-number), **names
    )
    body = json.loads(made.value or b"")
    return made._replace(value=json.dumps(body, indent=1, ensure_ascii=False).encode(), key=None)


async def test_json_lines_have_every_text_whole(operator: Caller, store_events: Store) -> None:
    texts = {**TEXTS, **TOO_LONG}
    await store_events(*(event(number, text) for number, text in enumerate(texts.values())))
    rows = json_rows(await operator.get(f"{LOGS}/export.jsonl"))
    found = [(row["message"], row["code"], row["errors"]) for row in rows]
    assert found == [
        (text, code, [{"code": code, "message": text, "field": text[:100]}])
        for text in texts.values()
        for code in [text[:CODE_CHARACTERS]]
    ]


@pytest.mark.parametrize(("language", "delimiter"), [("en", ","), ("pt", ";"), ("es", ";")])
async def test_csv_has_every_text_and_no_formula(
    operator: Caller, store_events: Store, language: str, delimiter: str
) -> None:
    texts = {**TEXTS, **TOO_LONG}
    await store_events(*(event(number, text) for number, text in enumerate(texts.values())))
    answer = await operator.get(f"{LOGS}/export.csv", params={"language": language})
    _heading, *rows = csv_rows(answer, delimiter)
    assert [row[4].removeprefix("'") for row in rows] == list(texts.values())
    assert [row[5].removeprefix("'") for row in rows] == [text[:CODE_CHARACTERS] for text in texts.values()]
    for row in rows:
        assert not [cell for cell in row if cell.startswith(STARTERS)]


async def test_the_guard_of_the_ledger_is_that_of_the_logs(owner: asyncpg.Connection) -> None:
    texts = ["", *TEXTS.values(), *(chr(code) + "1" for code in (*range(1, 0x250), *range(0xFF00, 0xFFEF)))]
    texts = [text for text in texts if "\0" not in text]
    guarded_there = await owner.fetch("SELECT csv_text(text) AS text FROM unnest($1::text[]) AS text", texts)
    assert [guarded(text) for text in texts] == [row["text"] for row in guarded_there]


@pytest.mark.parametrize("language", ["en", "pt"])
def test_a_line_that_we_write_is_read_back(language: Language) -> None:
    cells = ["", "a;b,c", 'quo"te', "line\nbreak", "lone\r=1+1", "plain"]
    line = csv_line(cells, language)
    assert next(csv.reader([line], delimiter=DELIMITERS[language])) == cells
    assert '"lone\r=1+1"' in line


async def test_names_come_out_as_they_are(operator: Caller, store_events: Store, tmp_path: Path) -> None:
    await store_events(*(event(number, "x", name=name) for number, name in enumerate(NAMES.values())))
    names = [(name, name[:64]) for name in NAMES.values()]
    lines = json_rows(await operator.get(f"{LOGS}/export.jsonl"))
    assert [(row["key"], row["affiliate"]) for row in lines] == names
    _heading, *rows = csv_rows(await operator.get(f"{LOGS}/export.csv"))
    assert [tuple(cell.removeprefix("'") for cell in row[:2]) for row in rows] == names
    _heading, *cells = log_rows(await operator.get(f"{LOGS}/export.xlsx"), tmp_path)
    assert [(row[0], row[1]) for row in cells] == names


async def test_a_workbook_has_every_text_as_text(operator: Caller, store_events: Store, tmp_path: Path) -> None:
    await store_events(*(event(number, text) for number, text in enumerate(TEXTS.values())))
    answer = await operator.get(f"{LOGS}/export.xlsx")
    _heading, *logs = log_rows(answer, tmp_path)
    assert [(row[4], row[5]) for row in logs] == [(text, text[:CODE_CHARACTERS]) for text in TEXTS.values()]
    _heading, *errors = sheet_rows(answer, tmp_path, "Errors")
    assert [(row[4], row[5], row[8]) for row in errors] == [
        (text[:CODE_CHARACTERS], text, text[:100]) for text in TEXTS.values()
    ]


async def test_no_cell_of_a_workbook_is_a_formula_or_a_link_of_its_text(
    operator: Caller, store_events: Store, tmp_path: Path
) -> None:
    await store_events(*(event(number, text) for number, text in enumerate(TEXTS.values())))
    path = tmp_path / "export.xlsx"
    path.write_bytes((await operator.get(f"{LOGS}/export.xlsx")).content)
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n", "d"}
    links = [cell for cell in cells if cell.hyperlink]
    assert {cell.column_letter for cell in links} == {"P"}
    assert {cell.hyperlink.target.rpartition("/")[0] for cell in links} == {"http://conexoes.test/acme/price/logs"}
    with zipfile.ZipFile(path) as parts:
        assert not [name for name in parts.namelist() if "externalLink" in name or "vba" in name.lower()]
        sheets = [parts.read(name) for name in parts.namelist() if "worksheets/sheet" in name]
    assert not [each for each in sheets if b"<f>" in each or b"<f " in each]


@pytest.mark.parametrize("text", TOO_LONG.values(), ids=TOO_LONG)
async def test_what_a_cell_does_not_hold_is_cut_and_says_so(
    operator: Caller, store_events: Store, tmp_path: Path, text: str
) -> None:
    await store_events(event(1, text))
    _heading, row = log_rows(await operator.get(f"{LOGS}/export.xlsx"), tmp_path)
    shown, mark, rest = row[4].partition(" […] ")
    assert mark, row[4][-50:]
    assert rest == "text cut: the whole is in the JSON Lines export"
    assert text.startswith(shown)
    assert len(shown) > 4000
    assert len(row[4].encode("utf-16-le")) // 2 <= MAX_CELL_UNITS


def test_openpyxl_leaves_escapes_to_us() -> None:
    """sheet_rows undoes what Excel and LibreOffice undo by themselves."""
    assert unescape("_x005F_x0041__x000D_") == "_x0041_\r"
