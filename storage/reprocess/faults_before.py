"""The faults that answers are compared with, by the rules of today: an earlier version may have had other fingerprints.

They are those that the log of an item showed when its retry left.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from schemas.fault import faults_of
from schemas.json_document import value_of
from schemas.result import Result
from storage.database import Connection
from storage.statements import SQL


class _KeptError(NamedTuple):
    """An error of a kept result; what is no text there says nothing here."""

    code: str | None
    message: str | None
    severity: str | None
    category: str | None


_NAMED: Final = ("account", "id", "log_id", "source", "event_id")


async def faults_before(
    connection: Connection, rows: Iterable[Any], answers: Mapping[uuid.UUID, Result]
) -> dict[uuid.UUID, list[str]]:
    """Return the fingerprints of the faults that each item is about, by its id. `rows` are those of `lock_answered`.

    An item has the fingerprints of the time when it left, and its answer those of today. Only where the two have none
    in common, the result that the retry was about is read again, if it is kept: else a fault that stayed would be
    another error after an upgrade.
    """
    items = {row["id"]: row for row in rows}
    faults = {id_: _kept(row) for id_, row in items.items()}
    doubtful = [items[id_] for id_, known in faults.items() if known and _has_none_of(answers[id_], known)]
    if doubtful:
        columns = {name: [row[name] for row in doubtful] for name in _NAMED}
        for kept in await SQL["kept_results"].fetch(connection, **columns):
            read_again = _read_again(items[kept["id"]], value_of(kept["data"].encode()))
            if set(read_again).isdisjoint(faults[kept["id"]]):
                faults[kept["id"]] = read_again
    return faults


def _has_none_of(answer: Result, known: Iterable[str]) -> bool:
    """Return True for a failure that has none of these faults; of one that tried nothing, nobody asks."""
    return bool(answer.faults) and not answer.busy and set(known).isdisjoint(answer.fingerprints)


def _kept(row: Any) -> list[str]:
    """Return the faults that an item has. One of before migration 0013 has the first of them alone."""
    if row["before_fingerprints"] is not None:
        return list(row["before_fingerprints"])
    return [row["before_fingerprint"]] if row["before_fingerprint"] else []


def _read_again(row: Any, data: Mapping[str, Any]) -> list[str]:
    told = [_kept_error(each) for each in data.get("errors") or () if isinstance(each, dict)]
    faults = faults_of(row["integration_type"], row["affiliate"], row["key"], told, _text(data.get("message")))
    return list(dict.fromkeys(each.fingerprint for each in faults))


def _kept_error(told: Mapping[str, Any]) -> _KeptError:
    return _KeptError(*(_text(told.get(name)) for name in _KeptError._fields))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
