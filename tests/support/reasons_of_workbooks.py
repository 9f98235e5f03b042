"""A workbook, or an end of the process that reads it, for every reason why one is refused."""

import signal
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from openpyxl.workbook import Workbook

from admin.body import MAX_BODY_BYTES
from admin.pages.corrections import correction_of, need_few, need_room
from exports.excel import marked
from exports.excel.about import FORMAT
from exports.excel.marked import Fixes, Marked, WorkbookRefused, read_marked
from exports.excel.marked_process import read_output, too_slow
from exports.excel.texts import ABOUT, LOGS
from schemas.catalogue import BY_NAME
from schemas.columns import MARK, log_columns
from schemas.identity import log_id
from schemas.reasons.code import ReasonCode as Code
from schemas.reasons.reason import Reason
from schemas.reprocess import MAX_CORRECTIONS
from storage.reprocess.corrections import ShownRequest

_COLUMNS = ("key", "affiliate", "id", "mark")
_DOCTYPE = b"<?xml version='1.0'?><!DOCTYPE a>"


def _refused(read: Callable[[], Any]) -> Reason:
    with pytest.raises(WorkbookRefused) as refused:
        read()
    return refused.value.reason


def _of_file(make: Callable[[Path], Any], **limits: int) -> Reason:
    """Return why the file that `make` writes is refused, with other limits."""
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        for name, limit in limits.items():
            patch.setattr(marked, name, limit)
        path = Path(directory) / "a.xlsx"
        make(path)
        return _refused(lambda: read_marked(path))


def _parts(*parts: str, content: bytes = b"<a/>", flag: int = 0) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for each in parts:
                archive.writestr(each, content)
        if flag:
            found = path.read_bytes()
            at = found.index(b"PK\x01\x02") + 8  # the flags in the directory of the archive
            path.write_bytes(found[:at] + bytes([flag]) + found[at + 1 :])

    return make


def _of_book(*rows: tuple[str, ...], account: str = "acme", logs: bool = True, mark: str = "", **limits: int) -> Reason:
    """Return why a workbook of ours with such rows (key, affiliate, id, mark) is refused."""

    def make(path: Path) -> None:
        book = Workbook()
        about = book.active
        about.title = ABOUT["en"]
        for name, value in (("format", FORMAT), ("account", account), ("integration_type", "price")):
            about.append([name, value, name])
        if logs:
            sheet = book.create_sheet(LOGS["en"])
            wanted = {each.name: each.labels["en"] for each in (*log_columns(BY_NAME["price"]), MARK)}
            sheet.append([mark if mark and each == "mark" else wanted[each] for each in _COLUMNS])
            for row in rows:
                sheet.append(row)
        book.save(path)

    return _of_file(make, **limits)


def _row(key: str, text: str = "x") -> tuple[str, ...]:
    return (key, "MLB", str(uuid.UUID(log_id("acme", "price", "MLB", key))), text)


def _formula() -> object:
    cells = Fixes(str(uuid.uuid4()), "e", {"/price": "=B2"}, "Logs", 2)
    return correction_of(cells, ShownRequest("MLB", "e", '{"price": 1}'))


WORKBOOKS: Mapping[Code, Callable[[], Reason]] = {
    Code.WORKBOOK_NOT_XLSX: lambda: _of_file(Path.touch),
    Code.WORKBOOK_FOREIGN: lambda: _of_file(Workbook().save),
    Code.WORKBOOK_ELSEWHERE: lambda: _refused(lambda: Marked("acme", "price", []).need("acme", "products")),
    Code.WORKBOOK_DAMAGED: lambda: _of_file(_parts("xl/workbook")),
    Code.WORKBOOK_PROTECTED: lambda: _of_file(_parts("xl/workbook", flag=1)),
    Code.WORKBOOK_UNSAFE: lambda: _of_file(_parts("xl/vbaProject.bin")),
    Code.WORKBOOK_DOCTYPE: lambda: _of_file(_parts("xl/workbook", content=_DOCTYPE)),
    Code.WORKBOOK_TOO_MANY_PARTS: lambda: _of_file(_parts("a", "b"), MAX_PARTS=1),
    Code.WORKBOOK_TOO_LARGE: lambda: _of_file(_parts("a"), MAX_FILE_BYTES=1),
    Code.WORKBOOK_UNPACKS_TOO_FAR: lambda: _of_file(_parts("a"), MAX_UNPACKED_BYTES=1),
    Code.WORKBOOK_TOO_MANY_ROWS: lambda: _of_book(_row("1"), _row("2"), MAX_ROWS=1),
    Code.WORKBOOK_TOO_SLOW: lambda: too_slow(60.0).reason,
    Code.WORKBOOK_TOO_MUCH_CPU: lambda: _refused(lambda: read_output(-signal.SIGXCPU, b"", b"", 15)),
    Code.WORKBOOK_READER_FAILED: lambda: _refused(lambda: read_output(1, b"", b"", 15)),
    Code.WORKBOOK_ABOUT_ALTERED: lambda: _of_book(account="ACME"),
    Code.WORKBOOK_NO_LOGS: lambda: _of_book(logs=False),
    Code.WORKBOOK_COLUMN: lambda: _of_book(mark="another"),
    Code.WORKBOOK_ROW_ALTERED: lambda: _of_book(("1", *_row("2")[1:])),
    Code.WORKBOOK_MARK_UNCLEAR: lambda: _of_book(_row("1", "perhaps")),
    Code.WORKBOOK_TOO_MANY_MARKED: lambda: _of_book(_row("1"), _row("2"), MAX_LOG_IDS=1),
    Code.WORKBOOK_NONE_MARKED: _of_book,
    Code.WORKBOOK_FORMULA: lambda: _refused(_formula),
    Code.WORKBOOK_CORRECTS_TOO_MANY: lambda: _refused(lambda: need_few(MAX_CORRECTIONS + 1)),
    Code.WORKBOOK_CORRECTS_TOO_MUCH: lambda: _refused(lambda: need_room("x" * MAX_BODY_BYTES, 0)),
}
