"""Reader of a returned workbook: it finds the logs that a person has marked.

An upload can be any file. Before a parser sees it, the number, sizes and kinds of its parts are checked. Afterwards its
sheet about the export and each id must agree with what we would have written.
"""

import re
import uuid
import warnings
import zipfile
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
from openpyxl.utils.escape import unescape
from openpyxl.workbook.workbook import Workbook

from exports.excel import texts
from exports.excel.about import FORMAT
from exports.excel.fixes import EVENT_ID, pointer_of_heading
from schemas.catalogue import BY_NAME, LANGUAGES, Language
from schemas.columns import MARK, log_columns
from schemas.identity import log_id
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason, Value
from schemas.reasons.say import say
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


class WorkbookRefused(Exception):
    """The file is not a workbook that can be read back. `reason` says why; the text is its sentence in English."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(say(reason, "en"))
        self.reason = reason


def _refused(code: ReasonCode, **parameters: Value) -> WorkbookRefused:
    return WorkbookRefused(Reason(code, **parameters))


class Fixes(NamedTuple):
    """Cells of a marked row in which a request may have been corrected."""

    log_id: str
    event_id: str  # of the result whose request it was
    cells: dict[str, str]  # by pointer; what was cleared is empty
    sheet: str
    row: int


class Marked(NamedTuple):
    """Logs that a person marked. The plan decides later which of them may be reprocessed."""

    account: str
    integration_type: str
    log_ids: list[str]  # with hyphens, in the order of the sheets, none twice; MAX_LOG_IDS at most
    fixes: tuple[Fixes, ...] = ()  # of those of a workbook with columns for it; at most one of a log

    def need(self, account: str, integration_type: str | None) -> None:
        """Raise WorkbookRefused unless they are of this account and type; None is any type."""
        if self.account != account or integration_type not in {None, self.integration_type}:
            code = ReasonCode.WORKBOOK_ELSEWHERE
            raise _refused(code, account=self.account, integration_type=self.integration_type)


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
        raise _refused(ReasonCode.WORKBOOK_DAMAGED) from exc


def _look_at_parts(path: Path) -> None:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise _refused(ReasonCode.WORKBOOK_TOO_LARGE, limit=MAX_FILE_BYTES // 1024**2)
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS:
                raise _refused(ReasonCode.WORKBOOK_TOO_MANY_PARTS, limit=MAX_PARTS)
            if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
                raise _refused(ReasonCode.WORKBOOK_UNPACKS_TOO_FAR, limit=MAX_UNPACKED_BYTES // 1024**2)
            names = [part.filename for part in parts]
            if len(set(names)) != len(names) or any(part.flag_bits & 1 for part in parts):
                raise _refused(ReasonCode.WORKBOOK_PROTECTED)
            if foreign := next((name for name in names if _FOREIGN.search(name)), None):
                raise _refused(ReasonCode.WORKBOOK_UNSAFE, part=foreign[:100])
            for name in names:
                with archive.open(name) as part:
                    if _DECLARATION.search(part.read(_DECLARATION_BYTES)):
                        raise _refused(ReasonCode.WORKBOOK_DOCTYPE, part=name[:100])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as exc:
        raise _refused(ReasonCode.WORKBOOK_NOT_XLSX) from exc


def _read(book: Workbook) -> Marked:
    language, about = _about(book)
    account, name = str(about.get("account")), str(about.get("integration_type"))
    if ACCOUNT.fullmatch(account) is None or name not in BY_NAME:
        raise _refused(ReasonCode.WORKBOOK_ABOUT_ALTERED)
    found: dict[str, None] = {}
    fixes: dict[str, Fixes] = {}
    column = MARK.labels[language]
    with closing(_log_rows(book, language, name)) as rows:
        for count, (sheet, number, row) in enumerate(rows, 1):
            if count > MAX_ROWS:
                raise _refused(ReasonCode.WORKBOOK_TOO_MANY_ROWS, limit=MAX_ROWS)
            marked = _is_marked(row["mark"])
            if marked is None:
                text = str(row["mark"]).strip()[:50]
                raise _refused(ReasonCode.WORKBOOK_MARK_UNCLEAR, row=number, sheet=sheet, text=text, column=column)
            if not marked:
                continue
            own = str(uuid.UUID(log_id(account, name, str(row["affiliate"]), str(row["key"]))))
            if str(row["id"]).strip().lower() != own:
                raise _refused(ReasonCode.WORKBOOK_ROW_ALTERED, row=number, sheet=sheet)
            found[own] = None
            if row["fixes"]:
                fixes[own] = Fixes(own, str(row["event_id"] or ""), row["fixes"], sheet, number)
            if len(found) > MAX_LOG_IDS:
                raise _refused(ReasonCode.WORKBOOK_TOO_MANY_MARKED, limit=MAX_LOG_IDS)
    if not found:
        raise _refused(ReasonCode.WORKBOOK_NONE_MARKED, column=column)
    return Marked(account, name, list(found), tuple(fixes.values()))


def _about(book: Workbook) -> tuple[Language, dict[str, Any]]:
    for language in LANGUAGES:
        if texts.ABOUT[language] in book.sheetnames:
            rows = book[texts.ABOUT[language]].iter_rows(max_row=50, max_col=3, values_only=True)
            about = {row[2]: row[1] for row in rows if len(row) == 3}
            if about.get("format") == FORMAT:
                return language, about
    raise _refused(ReasonCode.WORKBOOK_FOREIGN)


def _log_rows(book: Workbook, language: Language, name: str) -> Generator[tuple[str, int, dict[str, Any]]]:
    """Yield each row of the sheets of logs with the sheet's name and the row's number there."""
    wanted = {column.name: column for column in (*log_columns(BY_NAME[name]), MARK)}
    sheets = [each for each in book.sheetnames if re.fullmatch(rf"{texts.LOGS[language]}( \d+)?", each)]
    if not sheets:
        raise _refused(ReasonCode.WORKBOOK_NO_LOGS, sheet=texts.LOGS[language])
    for sheet in sheets:
        with closing(book[sheet].iter_rows(max_col=_COLUMNS, values_only=True)) as rows:
            headings = list(next(rows, ()))
            places = {}
            for column in ("key", "affiliate", "id", "mark"):
                heading = wanted[column].labels[language]
                if headings.count(heading) != 1:
                    raise _refused(ReasonCode.WORKBOOK_COLUMN, column=heading, sheet=sheet)
                places[column] = headings.index(heading)
            named = ((pointer_of_heading(each, language), place) for place, each in enumerate(headings))
            fixed = {pointer: place for pointer, place in named if pointer is not None}
            if fixed:
                if headings.count(EVENT_ID.labels[language]) != 1:
                    raise _refused(ReasonCode.WORKBOOK_COLUMN, column=EVENT_ID.labels[language], sheet=sheet)
                places[EVENT_ID.name] = headings.index(EVENT_ID.labels[language])
            for number, row in enumerate(rows, 2):
                cells = {column: _value(row[place] if place < len(row) else None) for column, place in places.items()}
                typed = {name: _typed(row[place] if place < len(row) else None) for name, place in fixed.items()}
                yield sheet, number, {**cells, "fixes": typed}


def _value(cell: Any) -> Any:
    return unescape(cell) if isinstance(cell, str) else cell


def _typed(cell: Any) -> str:
    """Return what stands in a cell as text: a number without the zeros that a program adds."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(_value(cell))


def _is_marked(cell: Any) -> bool | None:
    """Return None for what is neither yes nor no."""
    text = str("" if cell is None else cell).strip().lower()
    return True if text in _YES else False if text in _NO else None
