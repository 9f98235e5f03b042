"""Reads groups of equal errors: which there are from the kept counts, then what is known about each of a page."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.filter import LogFilter
from schemas.group import Cure, Decision, ErrorGroup, GroupSample, Trend, standing
from schemas.reprocess import ItemState
from storage.database import Connection, Database
from storage.filters import DIMENSIONS, EVERY_FIELD, Conditions, conditions
from storage.log_page import found_by_name
from storage.places import BEFORE_EVERY_GROUP, CountAndText
from storage.spans import DAY, HOUR, take_apart
from storage.statements import SQL

_ENDED: Final = (ItemState.FIXED, ItemState.SAME_ERROR, ItemState.DIFFERENT_ERROR, ItemState.SILENT)


async def list_groups(
    database: Database,
    account: str,
    integration_type: str,
    filter_: LogFilter,
    *,
    now: datetime,
    after: CountAndText | None,
    limit: int,
) -> list[ErrorGroup]:
    """`limit` groups of the logs that the filter matches, most logs first, then by fingerprint, after `after`.

    `now` is what the trend ends at. The playbook is left out. Exactly what the list with the same filter shows in the
    same moment; from one page to the next the counts may have changed, and a group with them its place.
    """
    place = after or BEFORE_EVERY_GROUP
    async with database.reading(account) as connection:
        own = [account, integration_type]
        if filter_.q is None:
            rows = await _groups(connection, own, filter_, place, limit)
            fingerprints = [row["fingerprint"] for row in rows]
            samples = await _samples(connection, own, filter_, fingerprints)
        else:
            found = await found_by_name(connection, account, integration_type, filter_.q)
            rows = await _fetch(connection, "list_groups_one_by_one", [*own, limit, *place], filter_, found)
            fingerprints = [row["fingerprint"] for row in rows]
            samples = await _fetch(connection, "sample_groups_one_by_one", [*own, fingerprints], filter_, found)
        hour = now.replace(minute=0, second=0, microsecond=0) + HOUR - DAY
        faults = await connection.fetch(SQL["read_faults"], *own, fingerprints, hour, hour - timedelta(hours=24))
        cures = await connection.fetch(SQL["count_cures"], account, fingerprints)
        decisions = await _decisions(connection, account, integration_type, fingerprints)
    sample_of = {row["fingerprint"]: row for row in samples}
    fault_of = {row["fingerprint"]: row for row in faults}
    return [
        _group(row, sample_of[name], fault_of[name], _cure(name, cures), decisions.get(name))
        for row, name in zip(rows, fingerprints, strict=True)
    ]


async def _groups(
    connection: Connection, own: Sequence[Any], filter_: LogFilter, place: CountAndText, limit: int
) -> list[Any]:
    parts = take_apart(filter_.processed_from, filter_.processed_to, days=True)
    spans = [parts.days, *parts.hours, *parts.rows, parts.whole_hours]
    arguments = [*own, limit, *(at for span in spans for at in span), *place]
    where = conditions(filter_, len(arguments), DIMENSIONS)
    statement = SQL["list_groups"].replace("{filter}", where.sql)
    return list(await connection.fetch(statement, *arguments, *where.arguments))


async def _samples(
    connection: Connection, own: Sequence[Any], filter_: LogFilter, fingerprints: list[str]
) -> list[Any]:
    arguments = [*own, fingerprints]
    facets = conditions(filter_, len(arguments), DIMENSIONS)
    arguments += facets.arguments
    logs = conditions(filter_, len(arguments), EVERY_FIELD - DIMENSIONS)
    statement = SQL["sample_groups"].replace("{facet_filter}", facets.sql).replace("{filter}", logs.sql)
    return list(await connection.fetch(statement, *arguments, *logs.arguments))


async def _fetch(
    connection: Connection, name: str, own: Sequence[Any], filter_: LogFilter, found: list[Any] | None
) -> list[Any]:
    """By looking at each of `found`, or at every log when that is None."""
    arguments = list(own)
    if found is None:
        where = conditions(filter_, len(arguments))
    else:
        arguments.append(found)
        rest = conditions(filter_, len(arguments), EVERY_FIELD - {"q"})
        where = Conditions(f"AND s.id = ANY(${len(arguments)}::uuid[]) {rest.sql}", rest.arguments)
    return list(await connection.fetch(SQL[name].replace("{filter}", where.sql), *arguments, *where.arguments))


async def _decisions(
    connection: Connection, account: str, integration_type: str, fingerprints: list[str]
) -> Mapping[str, Decision]:
    rows = await connection.fetch(SQL["read_fault_states"], account, integration_type, fingerprints)
    return {row["fingerprint"]: decision(row) for row in rows}


def decision(row: Any) -> Decision:
    """From a row of `read_fault_states`."""
    return Decision(state=row["state"], set_by=row["set_by"], set_at=row["set_at"], note=row["note"])


def _group(row: Any, sample: Any, fault: Any, cure: Cure, decided: Decision | None) -> ErrorGroup:
    return ErrorGroup(
        **dict(standing(decided, fault["last_received_at"])),
        fingerprint=row["fingerprint"],
        code=row["code"],
        affiliates=row["affiliates"],
        statuses=row["statuses"],
        logs=row["logs"],
        first_seen_at=fault["first_seen_at"],
        last_seen_at=fault["last_seen_at"],
        results=fault["results"],
        trend=Trend(last_24_hours=fault["last_24_hours"], the_24_hours_before=fault["the_24_hours_before"]),
        cure=cure,
        sample=GroupSample(log_id=str(sample["id"]), key=sample["key"], message=sample["message"]),
        playbook=None,
    )


def _cure(fingerprint: str, rows: Sequence[Any]) -> Cure:
    items = Counter({row["state"]: row["items"] for row in rows if row["fingerprint"] == fingerprint})
    ended = {state: items[state] for state in _ENDED}
    total = sum(ended.values())
    return Cure(
        reprocessed=total + items[ItemState.SENT],
        **{state.value: count for state, count in ended.items()},
        rate=ended[ItemState.FIXED] / total if total else None,
    )
