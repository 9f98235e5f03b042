"""Writes a workbook, by the writer that is asked for or is there."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from exports.excel import openpyxl_writer
from exports.excel.sheet import Sheet
from exports.excel.sheets import MAX_SHEET_ROWS, Contents, sheets_of
from exports.settings import WorkbookWriter

Write = Callable[[Path, Sequence[Sheet]], None]


def write_workbook(
    path: Path, contents: Contents, *, writer: WorkbookWriter = "auto", max_rows: int = MAX_SHEET_ROWS
) -> None:
    """Write `contents` to `path`; past `max_rows` rows, logs and errors go on in further sheets.

    The writers write the same cells. Nothing is at `path` when this raises: OSError, or ModuleNotFoundError for a
    writer that is not installed. It blocks: not for an event loop.
    """
    _writer(writer)(path, sheets_of(contents, max_rows=max_rows))


def _writer(name: WorkbookWriter) -> Write:
    if name == "openpyxl" or (name == "auto" and find_spec("rustpy_xlsxwriter") is None):
        return openpyxl_writer.write
    # Where there is no wheel of it, nothing may import it.
    from exports.excel import rust_writer  # noqa: PLC0415

    return rust_writer.write
