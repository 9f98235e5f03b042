"""The sheet about the export: account, time, filter. `exports.excel.marked` reads it back."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from exports.excel import texts
from exports.excel.cell import cell_text
from schemas.export import ExportOrder

FORMAT: Final = "conexoes-export-1"


def about_rows(order: ExportOrder, *, as_of: datetime, logs: int, errors: int) -> list[list[Any]]:
    """Return rows of a label, its value, and its name for programs."""
    values: dict[str, Any] = {
        "format": FORMAT,
        "account": order.account,
        "integration_type": order.integration_type,
        "as_of": as_of.astimezone(ZoneInfo(order.timezone)).isoformat(timespec="seconds"),
        "requested_by": order.requested_by,
        "rows": logs,
        "errors": errors,
        "timezone": order.timezone,
        "filter": _filter_text(order),
    }
    language = order.language
    mark = texts.CUT[language]
    return [[texts.ABOUT_ROWS[name][language], cell_text(str(value), mark), name] for name, value in values.items()]


def _filter_text(order: ExportOrder) -> str:
    """Return the filter with one condition a line, as in the address bar."""
    lines = []
    for name, value in order.filter.model_dump(mode="json", exclude_defaults=True).items():
        lines += [f"{name}={each}" for each in (value if isinstance(value, list) else [value])]
    return "\n".join(lines) or texts.EVERYTHING[order.language]
