"""Rows of the workbook from rows of the database: values for cells, by the table of columns."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from exports.excel.advice import NONE, Advice, Adviser
from exports.excel.cell import cell_text
from exports.excel.texts import CUT, SYMBOLS
from exports.names import log_link
from schemas.columns import ERROR_COLUMNS, ERROR_FIELDS, LOG_COLUMNS, Column, Kind
from schemas.export import ExportOrder
from schemas.fault import group_of
from schemas.raw_json import RawJson, elements
from schemas.result import ResultError
from schemas.words import STATES, STATUSES

#: Day 0 of a workbook. From March 1900 on, its days are real ones.
_DAY_ZERO = datetime(1899, 12, 30)
_DAY_SECONDS = 86_400

#: Function that makes a cell from a row of export_logs and its errors, or one of them.
Cell = Callable[[Any, Any], Any]


class WorkbookRows:
    """Maker of rows for one order, in its language and time zone."""

    def __init__(self, order: ExportOrder, adviser: Adviser) -> None:
        language = order.language
        self._type = order.integration_type
        self._adviser = adviser
        self._zone = ZoneInfo(order.timezone)
        self._mark = CUT[language]
        self._link = log_link(order)
        self._states = {name: word.long[language] for name, word in STATES.items()}
        self.statuses = {name: f"{SYMBOLS[name]} {word.long[language]}" for name, word in STATUSES.items()}
        self._log_cells = [self._of_log(column) for column in LOG_COLUMNS]
        self._error_cells = [self._of_error(column) for column in ERROR_COLUMNS]

    def log(self, row: Any, errors: Iterable[Any]) -> list[Any]:
        """Return one row of export_logs, with its errors as `errors_of` gives them.

        The cell to mark, beside the key, is empty.
        """
        advice = NONE if row["status"] == "success" else self._advice(row, row, row["fingerprint"])
        key, *others = (cell(row, errors) for cell in self._log_cells)
        return [key, None, *others, *advice]

    def errors(self, row: Any, errors: Iterable[Any]) -> list[list[Any]]:
        """Return the rows of the sheet of errors for one log."""
        if row["status"] == "success":
            return []
        listed = list(errors) or [{"code": row["code"], "message": row["message"]}]
        groups = [row["fingerprint"]] if len(listed) == 1 else [self._group(row, error) for error in listed]
        return [
            [
                *(cell(row, {**error, "fingerprint": group}) for cell in self._error_cells),
                *self._advice(row, error, group),
            ]
            for error, group in zip(listed, groups, strict=True)
        ]

    def _advice(self, row: Any, error: Any, group: str | None) -> Advice:
        return self._adviser.about(
            row["affiliate"],
            code=error.get("code"),
            message=error.get("message"),
            category=error.get("category"),
            fingerprint=group,
        )

    def _group(self, row: Any, error: Mapping[str, Any]) -> str | None:
        """Return the group of one of several errors of a log."""
        told = ResultError.model_construct(**{"message": "", **error})
        return group_of(self._type, row["affiliate"], row["key"], told)

    def _of_log(self, column: Column) -> Cell:
        """Return the function that makes a cell of this column from a row and its errors."""
        name, text, serial, offset = column.of or column.name, self._text, self.serial, self._offset
        statuses, states, link = self.statuses, self._states, self._link
        cells: dict[Kind, Cell] = {
            "name": lambda row, _errors: row[name],
            "number": lambda row, _errors: row[name],
            "text": lambda row, _errors: text(row[name]),
            "time": lambda row, _errors: None if row[name] is None else serial(row[name]),
            "offset": lambda row, _errors: None if row[name] is None else offset(row[name]),
            "status": lambda row, _errors: statuses[row[name]],
            "state": lambda row, _errors: states.get(row[name], row[name]),
            "errors": lambda _row, errors: text("\n".join(map(_line, errors)) or None),
            "aliases": lambda row, _errors: text(row[name]),
            "link": lambda row, _errors: f"{link}{row['id']}",
            "id": lambda row, _errors: str(row[name]),
        }
        return cells[column.kind]

    def _of_error(self, column: Column) -> Cell:
        """Return the function that makes a cell of this column from a row and one of its errors."""
        if column.name != "fingerprint" and column not in ERROR_FIELDS:
            return self._of_log(column)
        name, text = column.name, self._text
        return lambda _row, error: text(error.get(name))

    def serial(self, at: datetime) -> float:
        """Return a time as a workbook has it: days, in the order's zone, cut to the millisecond as CSV has it.

        A workbook would round the rest up, at midnight to the next day.
        """
        local = at.astimezone(self._zone).replace(tzinfo=None, microsecond=at.microsecond // 1000 * 1000)
        return (local - _DAY_ZERO).total_seconds() / _DAY_SECONDS

    def _offset(self, at: datetime) -> str:
        """Return the zone's offset at that time, as `UTC-03:00`; CSV has the same."""
        return f"UTC{at.astimezone(self._zone).isoformat(timespec='minutes')[16:22]}"

    def _text(self, text: str | None) -> str | None:
        return None if text is None else cell_text(text, self._mark)


def _line(error: Mapping[str, str]) -> str:
    """Return an error as a line of a cell, as CSV has it."""
    return ": ".join(each for name in ("code", "message") if (each := error.get(name)))


def errors_of(row: Any) -> list[dict[str, str]]:
    """Return the errors of a row of export_logs, the fields of each as text; none when it lists none."""
    return [_texts_of(RawJson(text)) for text in elements(row["errors"])] if row["errors"] else []


def _texts_of(error: RawJson) -> dict[str, str]:
    said = ((name, value.said) for name, value in error.fields.items())
    return {name: text for name, text in said if text is not None}
