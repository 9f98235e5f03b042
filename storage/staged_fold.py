"""The fold of a batch as most are: no result came before, so that the worker can tell what each entity shows.

It costs the worker half of what the fold of any batch does, and PostgreSQL less: rows are copied into a table of the
session, each entity is changed once, and what results add to counts is added up here.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any, Final, NamedTuple

from schemas.fault import Fault
from schemas.result import Result
from storage import staging
from storage.database import Connection, translated
from storage.errors import RowRefused
from storage.fold import OTHERS, others, sample
from storage.joins import one_by_one
from storage.statements import SQL, array

#: Columns of the staging table, and the field of Result that each has.
_FIELDS: Final = {
    "result_id": "id",
    "log_id": "log_id",
    "account": "account",
    "integration_type": "integration_type",
    "affiliate": "affiliate",
    "key": "key",
    "status": "status",
    "processed_at": "processed_at",
    "version": "version",
    "source": "source",
    "event_id": "event_id",
    "message": "message",
    "code": "code",
    "category": "category",
    "fingerprint": "fingerprint",
    "errors": "errors",
    "item_id": "correlation_id",
    "body": "body",
    "extensions": "extensions",
    "structured": "structured",
    "altered": "altered",
    "alterations": "alterations",
}
_COLUMNS: Final = [*_FIELDS, "words", *OTHERS, "late", "attempts", "first_seen_at"]
_fields = itemgetter(*(Result._fields.index(name) for name in _FIELDS.values()))
_log_id, _version = attrgetter("log_id"), attrgetter("version")
#: `_beside` of a result without words whose faults are one or none.
_NOTHING: Final = (None,) * (1 + len(OTHERS))


class _Alike(NamedTuple):
    """Number of results that are alike in what they are counted by: a row of result_changes."""

    hour: datetime
    other_codes: str | None
    account: str
    integration_type: str
    affiliate: str
    status: str
    code: str | None
    results: int


_alike = itemgetter(*map(Result._fields.index, ("account", "integration_type", "affiliate", "status", "code")))


class _UnusualError(Exception):
    """The batch must be stored by the fold of any batch."""


async def fold_staged(connection: Connection, results: Sequence[Result]) -> Collection[uuid.UUID] | None:
    """Store `results`, without repetition in the order of delivery, as `fold` does. Returns the ids of new logs.

    None: nothing is stored, and `fold` must be asked, since a result came before or is older than what is kept, or
    PostgreSQL refuses a value, or another writer made a log meanwhile, or the role may not make temporary tables.
    """
    if not await SQL["may_stage"].fetchval(connection):
        return None
    await SQL["stage_results"].execute(connection)
    try:
        with translated():
            async with connection.transaction():
                return await _fold(connection, results)
    except (_UnusualError, RowRefused, ValueError):  # ValueError: the driver can't write a value
        return None


async def _fold(connection: Connection, results: Sequence[Result]) -> Collection[uuid.UUID]:
    """Raises _UnusualError."""
    rows = _rows(results)
    await connection.copy_records_to_table(staging.RESULTS.name, schema_name="pg_temp", columns=_COLUMNS, records=rows)
    async with one_by_one(connection):
        if await SQL["receive_staged"].change(connection) < len(rows):
            raise _UnusualError
        new_logs: Collection[uuid.UUID] = await SQL["fold_staged"].fetchval(
            connection, **_counted(results), **_faulted(results)
        )
    return new_logs


def _rows(results: Sequence[Result]) -> list[tuple[Any, ...]]:
    """Return the rows of the staging table in the order of their logs."""
    ordered = sorted(results, key=_log_id)  # those of one log stay as they were delivered
    ids = [each.log_id for each in ordered]
    of_logs = Counter(ids) if len(set(ids)) < len(ids) else {}
    rows: list[tuple[Any, ...]] = []
    place = 0
    while place < len(ordered):
        each = ordered[place]
        count = of_logs.get(each.log_id, 1)
        if count == 1:  # as for most
            rows.append(_fields(each) + _beside(each) + (False, 1, each.processed_at))
        else:
            rows += _rows_of_log(ordered[place : place + count])
        place += count
    return rows


def _rows_of_log(results: Sequence[Result]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of several results of one log."""
    shown = max(results, key=_version)
    of_log = len(results), min(each.processed_at for each in results)
    newest = b""
    for each in results:
        late, newest = each.version < newest, max(each.version, newest)
        yield _fields(each) + _beside(each) + (late, *(of_log if each is shown else (None, None)))


def _beside(each: Result) -> tuple[str | None, ...]:
    """Return words, and what the faults beside the gravest have, as arrays."""
    if each.words is None and len(each.faults) < 2:
        return _NOTHING
    return array(each.words) if each.words else None, *_others(each)


def _others(each: Result) -> tuple[str | None, ...]:
    return tuple(others(each.faults, field) for field in OTHERS.values()) if len(each.faults) > 1 else _NOTHING[1:]


def _hour(at: datetime) -> datetime:
    """Return the beginning of the hour; `at` is in UTC."""
    return at.replace(minute=0, second=0, microsecond=0)


def _counted(results: Sequence[Result]) -> dict[str, list[Any]]:
    """Return the arrays of the results that are counted together."""
    counts: Counter[tuple[Any, ...]] = Counter()
    hours: dict[int, datetime] = {}
    for each in results:
        at = each.processed_at
        hour = at.toordinal() * 24 + at.hour  # a number, since a time takes much longer to compare
        hours.setdefault(hour, at)
        codes = others(each.faults, "code") if len(each.faults) > 1 else None
        counts[(hour, codes, *_alike(each))] += 1
    found = [_Alike._make((_hour(hours[hour]), *alike, count)) for (hour, *alike), count in counts.items()]
    return {f"counted_{name}": [getattr(each, name) for each in found] for name in _Alike._fields}


class _FaultHour(NamedTuple):
    """Results of one hour with one fault: a row of fault_changes."""

    account: str
    integration_type: str
    fingerprint: str
    hour: datetime
    results: int
    first_seen_at: datetime
    last_seen_at: datetime
    code: str | None
    category: str | None
    message: str | None


def _faulted(results: Iterable[Result]) -> dict[str, list[Any]]:
    """Return the arrays of the faults by hour."""
    told: defaultdict[tuple[str, str, str, datetime], list[tuple[Result, Fault]]] = defaultdict(list)
    for each in results:
        for fault in each.faults:
            hour = _hour(each.processed_at)
            told[each.account, each.integration_type, fault.fingerprint, hour].append((each, fault))
    hours = []
    for key, found in told.items():
        times = [each.processed_at for each, _fault in found]
        faults = [fault for _each, fault in found]
        count = len({each.id for each, _fault in found})
        least = (_least(values) for values in zip(*((f.code, f.category, sample(f)) for f in faults), strict=True))
        hours.append(_FaultHour(*key, count, min(times), max(times), *least))
    return {f"fault_{name}": [getattr(each, name) for each in hours] for name in _FaultHour._fields}


def _least(texts: Iterable[str | None]) -> str | None:
    return min((each for each in texts if each is not None), default=None)
