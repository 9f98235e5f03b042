"""Incidents as they are kept: read by pages and the API, changed by the worker that judges."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from schemas.incident import Edge, Incident, IncidentEdge, IncidentFacts, IncidentStory, Kind, State
from schemas.incident_change import Change, Known
from storage.database import Connection, Database
from storage.statements import SQL

#: Place before every incident: none is opened later.
_FIRST_PAGE = (datetime.max.replace(tzinfo=UTC), 2**63 - 1)


async def known_incidents(connection: Connection, since: datetime) -> dict[str, list[Known]]:
    """Return, by account, the incidents that aren't over, and those that were only after `since`."""
    found: dict[str, list[Known]] = {}
    for row in await SQL["known_incidents"].fetch(connection, since=since):
        found.setdefault(row["account"], []).append(_known(row))
    return found


async def keep(connection: Connection, account: str, changes: Iterable[Change]) -> None:
    """Store changes of incidents, each with its edge, in the caller's transaction: both or neither are there."""
    for incident, edge in changes:
        facts = incident.facts.model_dump_json(exclude_none=True)
        values = {
            **{name: getattr(incident, name) for name in ("integration_type", "changed_at", "resolved_at", "severity")},
            "kind": incident.kind.value,
            "state": incident.state.value,
            "facts": facts,
        }
        number = incident.incident_id
        if number is None:
            number = await SQL["insert_incident"].fetchval(
                connection,
                account=account,
                affiliate=incident.affiliate,
                subject=incident.subject,
                opened_at=incident.opened_at,
                **values,
            )
        else:
            await SQL["update_incident"].execute(connection, incident_id=number, **values)
        if edge is not None:
            await SQL["insert_incident_edge"].execute(
                connection, incident_id=number, account=account, edge=edge.value, at=incident.changed_at, facts=facts
            )


async def list_incidents(
    database: Database,
    account: str,
    *,
    where: Mapping[str, Sequence[str]],
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Incident]:
    """Return the incidents of an account, opened last first, after `after`.

    `where`: the states, kinds, affiliates and types that are asked for, by name of the column; empty: any.
    """
    at, number = after or _FIRST_PAGE
    async with database.reading(account) as connection:
        rows = await SQL["list_incidents"].fetch(
            connection, account=account, after_at=at, after_id=number, limit=limit, **where
        )
    return [Incident(**_fields(row)) for row in rows]


async def worst_incidents(connection: Connection, account: str, limit: int) -> list[Incident]:
    """Return incidents that aren't over, critical ones first, then those that were opened last."""
    rows = await SQL["worst_incidents"].fetch(connection, account=account, limit=limit)
    return [Incident(**_fields(row)) for row in rows]


async def get_incident(database: Database, account: str, incident_id: int) -> IncidentStory | None:
    """Return one incident with its edges; None when the account has no such."""
    async with database.snapshot(account) as connection:
        row = await SQL["get_incident"].fetchrow(connection, account=account, incident_id=incident_id)
        if row is None:
            return None
        edges = await SQL["incident_edges"].fetch(connection, account=account, incident_id=incident_id)
    return IncidentStory(
        **_fields(row),
        edges=[IncidentEdge(edge=Edge(each["edge"]), at=each["at"], facts=_facts(each)) for each in edges],
    )


async def count_open(database: Database, account: str) -> int:
    """Return the number of incidents that aren't over."""
    async with database.reading(account) as connection:
        count: int = await SQL["count_open_incidents"].fetchval(connection, account=account)
    return count


def _known(row: Any) -> Known:
    fields = _fields(row)
    del fields["account"]
    return Known(**fields | {"kind": Kind(row["kind"]), "state": State(row["state"])})


def _fields(row: Any) -> dict[str, Any]:
    return {**dict(row), "facts": _facts(row)}


def _facts(row: Any) -> IncidentFacts:
    """Read facts. An erasure may have put its mark in the place of a number or time: what it is no more is left out."""
    told = json.loads(row["facts"])
    try:
        return IncidentFacts.model_validate(told)
    except ValidationError as exc:
        erased = {error["loc"][0] for error in exc.errors()}
        return IncidentFacts.model_validate({name: value for name, value in told.items() if name not in erased})
