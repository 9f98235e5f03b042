"""A workbook that comes back: what is marked in it, and everything that is refused."""

import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.workbook.workbook import Workbook

from exports.excel import marked
from exports.excel.marked import Marked, WorkbookRefused, read_marked
from schemas.identity import log_id
from tests.integration.api.conftest import Caller, Store
from tests.integration.api.export_answers import LOGS
from tests.support.events import at, result
from tests.support.naughty import NAMES

MARK_COLUMN = 2
Change = Callable[[Workbook], object]


@pytest.fixture
def language() -> str:
    return "en"


@pytest.fixture
async def exported(operator: Caller, store_events: Store, tmp_path: Path, language: str) -> Path:
    """A workbook with a row for every name that an entity may have."""
    names = list(NAMES.values())
    await store_events(*(result(f"e{n}", key=name, processed_at=at(-n)) for n, name in enumerate(names)))
    path = tmp_path / "export.xlsx"
    answer = await operator.get(f"{LOGS}/export.xlsx", params={"language": language})
    path.write_bytes(answer.content)
    return path


def save_with(path: Path, change: Change) -> Path:
    """The workbook as a spreadsheet program would save it after `change`."""
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


def mark(*rows: int, text: object = "x") -> Change:
    def change(book: Workbook) -> None:
        for row in rows:
            book["Logs"].cell(row, MARK_COLUMN, text)

    return change


@pytest.mark.parametrize("language", ["pt", "en", "es"])
async def test_marked_rows_are_logs_and_others_are_not(exported: Path) -> None:
    every = range(2, len(NAMES) + 2, 2)
    found = read_marked(save_with(exported, mark(*every)))
    names = list(NAMES.values())[::2]
    ids = [str(uuid.UUID(log_id("acme", "price", "MLB", name))) for name in names]
    assert found == Marked("acme", "price", ids)


@pytest.mark.parametrize("text", ["X", " sim ", "SÍ", "yes", 1, True, "✔"])
async def test_yes_is_said_in_many_ways(exported: Path, text: object) -> None:
    assert len(read_marked(save_with(exported, mark(3, text=text))).log_ids) == 1


async def test_rows_may_be_sorted_deleted_and_doubled(exported: Path) -> None:
    def change(book: Workbook) -> None:
        sheet = book["Logs"]
        mark(2, 3)(book)
        sheet.append([cell.value for cell in sheet[2]])
        sheet.delete_rows(5, 3)
        sheet.move_range(f"A3:{get_column_letter(sheet.max_column)}3", rows=40)

    assert len(read_marked(save_with(exported, change)).log_ids) == 2


def _without_about(book: Workbook) -> None:
    del book[book.sheetnames[-1]]


def _another_account(book: Workbook) -> None:
    mark(2)(book)
    book[book.sheetnames[-1]]["B3"] = "globex"


def _twice(book: Workbook) -> None:
    book["Logs"]["A1"] = book["Logs"].cell(1, MARK_COLUMN).value


def _no_heading(book: Workbook) -> None:
    book["Logs"].cell(1, MARK_COLUMN, "=1+1")


def _another_key(book: Workbook) -> None:
    mark(2)(book)
    book["Logs"]["A2"] = "another"


def _no_type(book: Workbook) -> None:
    book[book.sheetnames[-1]]["B4"] = "../../etc"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda book: None, "No row is marked"),
        (mark(2, text="maybe"), "neither yes nor no"),
        (mark(2, text='=HYPERLINK("x")'), "neither yes nor no"),
        (_without_about, "no export of Conexões"),
        (lambda book: book.remove(book["Logs"]), "sheet of logs is missing"),
        (_another_account, "don't belong together"),
        (_another_key, "don't belong together"),
        (_no_type, "was altered"),
        (_twice, "missing, or there twice"),
        (_no_heading, "missing, or there twice"),
    ],
    ids=lambda value: getattr(value, "__name__", "").strip("_") or None,
)
async def test_an_altered_workbook_is_refused(exported: Path, change: Change, reason: str) -> None:
    with pytest.raises(WorkbookRefused, match=reason):
        read_marked(save_with(exported, change))


async def test_too_many_marks_are_refused(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marked, "MAX_LOG_IDS", 2)
    with pytest.raises(WorkbookRefused, match="More than 2 rows are marked"):
        read_marked(save_with(exported, mark(2, 3, 4)))


async def test_too_many_rows_are_refused(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marked, "MAX_ROWS", 5)
    with pytest.raises(WorkbookRefused, match="more than 5 rows"):
        read_marked(save_with(exported, mark(2)))


def _zip(path: Path, **parts: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return path


def _bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/a.xml", "w") as part:
        for _ in range(marked.MAX_UNPACKED_BYTES // 1024**2 + 1):
            part.write(bytes(1024**2))
    return path


def _many_parts(path: Path) -> Path:
    return _zip(path, **{f"part{number}": b"" for number in range(marked.MAX_PARTS + 1)})


def _foreign(path: Path) -> Path:
    book = Workbook()
    book.save(path)
    return path


def _text(path: Path) -> Path:
    path.write_text("id;key\n")
    return path


def _empty(path: Path) -> Path:
    path.touch()
    return path


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_bomb, "unpacks to more than"),
        (_many_parts, "parts: it is no workbook"),
        (_foreign, "no export of Conexões"),
        (_text, "not a workbook"),
        (_empty, "not a workbook"),
        (lambda path: _zip(path, xl__workbook=b"<a/>"), "can't be read as a workbook"),
        (lambda path: _zip(path, xl__vbaProject=b"x"), "macros"),
        (lambda path: _zip(path, xl__externalLinks__externalLink1=b"<a/>"), "links to other files"),
        (lambda path: _zip(path, xl__workbook=ENTITIES), "declares a document type"),
    ],
    ids=["bomb", "parts", "foreign", "text", "empty", "no workbook", "macros", "external links", "entities"],
)
def test_what_is_no_workbook_of_ours_is_refused(tmp_path: Path, make: Callable[[Path], Path], reason: str) -> None:
    with pytest.raises(WorkbookRefused, match=reason):
        read_marked(make(tmp_path / "a.xlsx"))


def test_a_large_file_is_refused_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marked, "MAX_FILE_BYTES", 10)
    with pytest.raises(WorkbookRefused, match="more than"):
        read_marked(_foreign(tmp_path / "a.xlsx"))


async def test_one_that_is_cut_anywhere_is_refused(exported: Path, tmp_path: Path) -> None:
    whole = save_with(exported, mark(2)).read_bytes()
    cut = tmp_path / "cut.xlsx"
    for part in range(1, 20):
        cut.write_bytes(whole[: len(whole) * part // 20])
        with pytest.raises(WorkbookRefused):
            read_marked(cut)
    cut.write_bytes(whole)
    assert read_marked(cut).log_ids
