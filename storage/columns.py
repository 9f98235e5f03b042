"""Lists of columns for statements, made from the models: a new column is added there only."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, get_args

from schemas.columns import LOG_COLUMNS, Kind
from schemas.shown.log import StatusLog

#: Fields that are columns of what statements of logs answer.
AS_THEY_ARE: Final = tuple(
    name for name in StatusLog.model_fields if name not in {"id", "reprocess", "next_try_at", "actions"}
)
#: Columns of which an export shows more (the whole message, the errors themselves), and one that status_logs lacks.
_MORE_IN_EXPORTS = frozenset({"message", "errors", "conflicts"})
_REPROCESS = ("reprocess_state", "reprocess_item_id", "reprocess_command_id", "reprocess_at")

_LOCAL, _UTC = "({0} AT TIME ZONE :timezone::text)", "({0} AT TIME ZONE 'UTC')"
#: Expressions of CSV by kind. `{0}` is the column of export_logs; parameters are those of export_csv.
_IN_CSV: Final[dict[Kind, str]] = {
    "name": "csv_text({0})",
    "text": "csv_text({0})",
    "time": f"to_char({_LOCAL}, 'YYYY-MM-DD HH24:MI:SS.MS')",
    # As `UTC-03:00`, which a spreadsheet takes for text.
    "offset": f"'UTC' || CASE WHEN {_LOCAL} < {_UTC} THEN '-' ELSE '+' END"
    f" || to_char(greatest({_LOCAL}, {_UTC}) - least({_LOCAL}, {_UTC}), 'HH24:MI')",
    "number": "{0}",
    "status": "coalesce(:statuses::json ->> {0}, {0})",
    "state": "coalesce(:states::json ->> {0}, {0})",
    "errors": "csv_text(listed.text)",
    "aliases": "csv_text({0})",
    "link": ":link::text || id",
    "id": "id",
}


def shown() -> str:
    """Return the columns of status_logs that lists and exports show alike."""
    return ", ".join(f"s.{name}" for name in ("id", *AS_THEY_ARE, *_REPROCESS) if name not in _MORE_IN_EXPORTS)


def in_csv() -> str:
    """Return the expressions of export_csv, in the order of its heading."""
    return ",\n    ".join(_IN_CSV[column.kind].format(column.of or column.name) for column in LOG_COLUMNS)


def in_json() -> str:
    """Return names and values of an object of export_jsonl: those of the query API that do not depend on the caller."""
    return ",\n    ".join(f"'{name}', {value}" for name, value in _members())


def _members() -> Iterator[tuple[str, str]]:
    yield "id", "id"
    for name in AS_THEY_ARE:
        if name == "errors":
            yield name, "coalesce(listed.errors, '[]'::json)"
        else:
            yield name, _utc(name) if _is_time(name) else name
    yield "aliases", "coalesce(named.object, '{}'::json)"
    step = (
        "'state', reprocess_state, 'item_id', reprocess_item_id, 'command_id', reprocess_command_id, "
        f"'at', {_utc('reprocess_at')}"
    )
    yield "reprocess", f"CASE WHEN reprocess_state IS NOT NULL THEN json_build_object({step}) END"
    yield "link", ":link::text || id"


def _is_time(name: str) -> bool:
    annotation = StatusLog.model_fields[name].annotation
    return datetime in (annotation, *get_args(annotation))


def _utc(name: str) -> str:
    return f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
