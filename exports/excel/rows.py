"""Rows of the database as rows of the workbook: values for cells, in the order of exports.columns."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from exports.excel.cell import cell_text
from exports.names import log_link
from exports.words import CUT, STATES, STATUSES, SYMBOLS
from schemas.export import ExportOrder

#: Day 0 of a workbook. From March 1900 on, its days are real ones.
_DAY_ZERO = datetime(1899, 12, 30)
_DAY_SECONDS = 86_400
_ERROR_FIELDS = ("code", "message", "severity", "category", "field")


class WorkbookRows:
    """For one order, in its language and time zone."""

    def __init__(self, order: ExportOrder) -> None:
        language = order.language
        self._zone = ZoneInfo(order.timezone)
        self._mark = CUT[language]
        self._link = log_link(order)
        self._states = {name: words[language] for name, words in STATES.items()}
        self.statuses: dict[str, str] = {name: f"{SYMBOLS[name]} {words[language]}" for name, words in STATUSES.items()}

    def log(self, row: Any, errors: Iterable[Any]) -> list[Any]:
        """One row of export_logs, with its errors as `errors_of` gives them. The cell to mark is empty."""
        state = row["reprocess_state"]
        listed = "\n".join(f"{error['code']}: {error['message']}" for error in errors)
        return [
            row["key"],
            row["affiliate"],
            self.statuses[row["status"]],
            self.serial(row["processed_at"]),
            self._text(row["message"]),
            row["code"],
            self._text(listed or None),
            row["attempts"],
            self.serial(row["first_seen_at"]),
            self._states.get(state, state),
            f"{self._link}{row['id']}",
            str(row["id"]),
            None,
        ]

    def errors(self, row: Any, errors: Iterable[Any]) -> list[list[Any]]:
        """The rows of the sheet of errors for one log."""
        if row["status"] == "success":
            return []
        shown = [[self._text(error.get(name)) for name in _ERROR_FIELDS] for error in errors]
        nothing_listed = [[row["code"], self._text(row["message"]), None, None, None]]
        return [
            [
                row["key"],
                row["affiliate"],
                self.statuses[row["status"]],
                self.serial(row["processed_at"]),
                *fields,
                row["fingerprint"],
                str(row["id"]),
            ]
            for fields in shown or nothing_listed
        ]

    def serial(self, at: datetime) -> float:
        """A time as a workbook has it: days, in the order's zone. Exact to the millisecond."""
        local = at.astimezone(self._zone).replace(tzinfo=None)
        return (local - _DAY_ZERO).total_seconds() / _DAY_SECONDS

    def _text(self, text: str | None) -> str | None:
        return None if text is None else cell_text(text, self._mark)


def errors_of(row: Any) -> list[Any]:
    """The errors of a row of export_logs, each a dict; none when it lists none."""
    return orjson.loads(row["errors"]) if row["errors"] else []
