"""Reader of a returned workbook: it finds the logs that a person has marked.

An upload can be any file. Before a parser sees it, the number, sizes and kinds of its parts are checked. Afterwards its
sheet about the export and each id must agree with what we would have written.
"""

import re
import uuid
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import openpyxl
from openpyxl.utils.escape import unescape
from openpyxl.workbook.workbook import Workbook

from exports.excel import texts
from exports.excel.about import FORMAT
from schemas.catalogue import BY_NAME, LANGUAGES, Language
from schemas.columns import MARK, log_columns
from schemas.identity import log_id
from schemas.reprocess import MAX_LOG_IDS
from schemas.result import ACCOUNT

MAX_FILE_BYTES = 64 * 1024 * 1024
#: Limit of the unpacked size. A workbook of ours with MAX_ROWS rows has less; a zip bomb has a thousand times more.
MAX_UNPACKED_BYTES = 512 * 1024 * 1024
MAX_PARTS = 200
MAX_ROWS = 200_000
_COLUMNS = 64
#: Parts that we never write, and that can carry code or fetch a document.
_FOREIGN = re.compile(
    r"vbaproject|macro|externallink|embeddings|activex|oleobject|connections\.xml|querytable|customui", re.IGNORECASE
)
_DECLARATION = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARATION_BYTES = 4096  # a document type can only stand before the first element
#: Words and signs for yes.
_YES = frozenset({"x", "s", "sim", "sí", "si", "y", "yes", "1", "true", "verdadeiro", "verdadero", "✔", "✓"})
_NO = frozenset({"", "n", "não", "nao", "no", "0", "false", "falso"})


#: Kinds of refusals, for callers with texts of their own.
RefusalKind = Literal["foreign", "damaged", "altered", "unsafe", "too_large", "too_slow", "too_many", "none", "unclear"]


class WorkbookRefused(Exception):
    """The file is not a workbook that can be read back; the text is a sentence that says why."""

    def __init__(self, kind: RefusalKind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind: RefusalKind = kind


class Marked(NamedTuple):
    """Logs that a person marked. The plan decides later which of them may be reprocessed."""

    account: str
    integration_type: str
    log_ids: list[str]  # with hyphens, in the order of the sheets, none twice; MAX_LOG_IDS at most


def read_marked(path: Path) -> Marked:
    """Return the logs that are marked in the column "Reprocessar?" of an exported workbook.

    Raises WorkbookRefused for a file that is no workbook of ours, was altered, or is too large, and when no rows or too
    many are marked. It blocks while it reads (some seconds for MAX_ROWS): not for an event loop.
    """
    _look_at_parts(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of parts that it does not read
            book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
            try:
                return _read(book)
            finally:
                book.close()
    except WorkbookRefused:
        raise
    except Exception as exc:
        # The parser's own words for a broken file are of every kind: KeyError, ValueError, ParseError, …
        raise WorkbookRefused(
            "damaged", "The file can't be read as a workbook: it is damaged, or was made by something else."
        ) from exc


def _look_at_parts(path: Path) -> None:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise WorkbookRefused("too_large", f"The file has more than {MAX_FILE_BYTES // 1024**2} MiB.")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS:
                raise WorkbookRefused(
                    "foreign", f"The file has more than {MAX_PARTS} parts: it is no workbook of ours."
                )
            if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
                raise WorkbookRefused(
                    "too_large", f"The file unpacks to more than {MAX_UNPACKED_BYTES // 1024**2} MiB."
                )
            names = [part.filename for part in parts]
            if len(set(names)) != len(names) or any(part.flag_bits & 1 for part in parts):
                raise WorkbookRefused("damaged", "The file is protected or damaged: save it without a password.")
            if foreign := next((name for name in names if _FOREIGN.search(name)), None):
                raise WorkbookRefused(
                    "unsafe", f"The file has macros, embedded files or links to other files ({foreign[:100]})."
                )
            for name in names:
                with archive.open(name) as part:
                    if _DECLARATION.search(part.read(_DECLARATION_BYTES)):
                        raise WorkbookRefused(
                            "unsafe", "The file declares a document type, which no workbook of ours does."
                        )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as exc:
        raise WorkbookRefused("foreign", "The file is not a workbook (.xlsx).") from exc


def _read(book: Workbook) -> Marked:
    language, about = _about(book)
    account, name = str(about.get("account")), str(about.get("integration_type"))
    if ACCOUNT.fullmatch(account) is None or name not in BY_NAME:
        raise WorkbookRefused(
            "altered", "The sheet about the export was altered: its account or integration type is none."
        )
    found: dict[str, None] = {}
    rows = 0
    for row in _log_rows(book, language, name):
        rows += 1
        if rows > MAX_ROWS:
            raise WorkbookRefused(
                "too_large", f"The workbook has more than {MAX_ROWS} rows: export with a narrower filter."
            )
        if not _is_marked(row["mark"]):
            continue
        own = str(uuid.UUID(log_id(account, name, str(row["affiliate"]), str(row["key"]))))
        if str(row["id"]).strip().lower() != own:
            raise WorkbookRefused(
                "altered", f"Row {rows + 1} was altered: its key, affiliate and log ID don't belong together."
            )
        found[own] = None
        if len(found) > MAX_LOG_IDS:
            raise WorkbookRefused("too_many", f"More than {MAX_LOG_IDS} rows are marked: use a filter for so many.")
    if not found:
        raise WorkbookRefused("none", "No row is marked: write x in the last column of the rows to reprocess.")
    return Marked(account, name, list(found))


def _about(book: Workbook) -> tuple[Language, dict[str, Any]]:
    for language in LANGUAGES:
        if texts.ABOUT[language] in book.sheetnames:
            rows = book[texts.ABOUT[language]].iter_rows(max_row=50, max_col=3, values_only=True)
            about = {row[2]: row[1] for row in rows if len(row) == 3}
            if about.get("format") == FORMAT:
                return language, about
    raise WorkbookRefused("foreign", "The workbook is no export of Conexões: its sheet about the export is missing.")


def _log_rows(book: Workbook, language: Language, name: str) -> Iterator[dict[str, Any]]:
    wanted = {column.name: column for column in (*log_columns(BY_NAME[name]), MARK)}
    sheets = [each for each in book.sheetnames if re.fullmatch(rf"{texts.LOGS[language]}( \d+)?", each)]
    if not sheets:
        raise WorkbookRefused("altered", "The sheet of logs is missing.")
    for sheet in sheets:
        rows = book[sheet].iter_rows(max_col=_COLUMNS, values_only=True)
        headings = list(next(rows, ()))
        places = {}
        for column in ("key", "affiliate", "id", "mark"):
            heading = wanted[column].labels[language]
            if headings.count(heading) != 1:
                raise WorkbookRefused(
                    "altered", f"The column “{heading}” of the sheet {sheet} is missing, or there twice."
                )
            places[column] = headings.index(heading)
        for row in rows:
            yield {column: _value(row[place] if place < len(row) else None) for column, place in places.items()}


def _value(cell: Any) -> Any:
    return unescape(cell) if isinstance(cell, str) else cell


def _is_marked(cell: Any) -> bool:
    text = str("" if cell is None else cell).strip().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise WorkbookRefused("unclear", f"“{text[:50]}” in the last column is neither yes nor no: write x, or nothing.")
