"""What a filter selected at one time: for the plan, which counts it, and for the agents, which make items of it.

A log is selected when its row matched the filter at `as_of`. Rows that nothing happened to since are read as they
are; for the others, what they showed then is found among their attempts.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from schemas.filter import LogFilter, ReprocessFilter
from schemas.shown.plan import PlannedLog
from storage.cursors import NEWEST_BY_ID, OLDEST_BY_ID, TimeAndId
from storage.database import Connection
from storage.filters import DIMENSIONS, EVERY_FIELD, Conditions, conditions
from storage.logs.page import found_by_name
from storage.statements import SQL

Phase = Literal["counting", "unchanged", "changed", "joining", "ending", "made"]


class Group(NamedTuple):
    """Selected logs that are alike in all that a verdict depends on."""

    affiliate: str
    status: str
    in_flight: bool
    changed: bool
    logs: int
    sample: list[uuid.UUID]  # ten of them, or all


class Selection(NamedTuple):
    """A command with a filter whose items are being made, and how far that is."""

    account: str
    command_id: str
    phase: Phase
    after: TimeAndId | None
    next_position: int
    integration_type: str
    state: str  # of the command
    mode: str
    as_of: datetime
    stepped: bool
    reason: str | None
    asked: str  # the command's filter, JSON

    @property
    def filter(self) -> LogFilter:
        """What was asked for. Raises ValidationError when this version knows no such filter."""
        return ReprocessFilter.model_validate(json.loads(self.asked)).filter


async def settled_until(connection: Connection) -> datetime:
    """The latest `as_of` of which all is known. To be asked before the transaction that uses it."""
    at: datetime = await connection.fetchval(SQL["settled_until"])
    return at


async def survey(
    connection: Connection, account: str, integration_type: str, filter_: LogFilter, as_of: datetime
) -> list[Group]:
    """Everything that is selected, counted. Within a transaction."""
    await connection.execute(SQL["plan_for_values"])
    found = await _found(connection, account, integration_type, filter_)
    now = _in_facets(filter_, _as_shown_now(filter_, found, 3), 3)
    then = conditions(filter_, 3 + len(now.arguments))
    statement = _statement("survey_selection", now=now, then=then)
    rows = await connection.fetch(statement, account, integration_type, as_of, *now.arguments, *then.arguments)
    return [Group(*row) for row in rows]


async def survey_rows(
    connection: Connection, account: str, integration_type: str, log_ids: Sequence[uuid.UUID]
) -> list[Group]:
    """Those of `log_ids` that are logs of this account and type, counted as they are now."""
    rows = await connection.fetch(SQL["survey_rows"], account, integration_type, log_ids)
    return [Group(*row) for row in rows]


async def sample_logs(connection: Connection, account: str, log_ids: Sequence[uuid.UUID]) -> list[PlannedLog]:
    """What a plan shows of some logs, newest processing date first."""
    rows: list[Any] = await connection.fetch(SQL["sample_logs"], account, log_ids)
    return [PlannedLog(**{**row, "log_id": str(row["log_id"])}) for row in rows]


async def next_logs(connection: Connection, selection: Selection, limit: int) -> list[TimeAndId]:
    """The next logs of a phase, each with its place."""
    filter_ = selection.filter
    own: list[Any] = [selection.account, selection.integration_type, selection.as_of]
    if selection.phase == "unchanged":
        own += [*(selection.after or NEWEST_BY_ID), limit]
        found = await _found(connection, selection.account, selection.integration_type, filter_)
        where = _as_shown_now(filter_, found, len(own))
    else:
        own += [*(selection.after or OLDEST_BY_ID), limit, selection.command_id]
        where = conditions(filter_, len(own))
    statement = _statement(f"select_{selection.phase}", now=where, then=where)
    rows = await connection.fetch(statement, *own, *where.arguments)
    return [(row["processed_at"], row["id"]) for row in rows]


async def count_joined_since(connection: Connection, selection: Selection) -> int:
    """New failures that match the filter and are not the command's."""
    found = await _found(connection, selection.account, selection.integration_type, selection.filter)
    where = _as_shown_now(selection.filter, found, 4)
    statement = _statement("count_joined_since", now=where, then=where)
    own = [selection.account, selection.integration_type, selection.as_of, selection.command_id]
    count: int = await connection.fetchval(statement, *own, *where.arguments)
    return count


async def set_joined_since(connection: Connection, selection: Selection, count: int) -> None:
    await connection.execute(SQL["set_joined_since"], selection.account, selection.command_id, count)


async def insert_selection(connection: Connection, account: str, command_id: str) -> None:
    """Let items be made of what a recorded command's filter selects."""
    await connection.execute(SQL["insert_selection"], account, command_id)


async def claim_selection(connection: Connection) -> Selection | None:
    """The selection that waited longest, kept from other workers until the transaction ends; None: there is none.

    One that is made waits until its command is over.
    """
    row = await connection.fetchrow(SQL["claim_selection"])
    if row is None:
        return None
    fields = {name: row[name] for name in Selection._fields if name != "after"}
    after = None if row["after_id"] is None else (row["after_at"], row["after_id"])
    return Selection(**fields, after=after)


async def move_selection(connection: Connection, selection: Selection) -> None:
    """Keep how far it is: it has failed no more."""
    await connection.execute(
        SQL["move_selection"],
        selection.account,
        selection.command_id,
        selection.phase,
        *(selection.after or (None, None)),
        selection.next_position,
    )


async def set_selection_aside(connection: Connection, selection: Selection, *, own_fault: bool) -> int:
    """Let every other selection have its turn first. Returns how often this one failed in a row by its own fault."""
    failures: int = await connection.fetchval(
        SQL["set_selection_aside"], selection.account, selection.command_id, int(own_fault)
    )
    return failures


async def set_selected(connection: Connection, selection: Selection, count: int) -> None:
    await connection.execute(SQL["set_selected"], selection.account, selection.command_id, count)


def by_affiliate(groups: Sequence[Group]) -> dict[str, int]:
    """How many logs of each affiliate."""
    counts: dict[str, int] = {}
    for each in groups:
        counts[each.affiliate] = counts.get(each.affiliate, 0) + each.logs
    return counts


async def _found(connection: Connection, account: str, integration_type: str, filter_: LogFilter) -> list[Any] | None:
    """What the filter's search finds by the indexes; None when it has none, or finds too many to pick out."""
    if filter_.q is None:
        return None
    await connection.execute(SQL["look_as"], account)
    return await found_by_name(connection, account, integration_type, filter_.q)


def _as_shown_now(filter_: LogFilter, found: list[Any] | None, before: int) -> Conditions:
    """Conditions on logs as they are; the search as what it found, where that is known.

    A log that is changed between the search and the statement has changed since `as_of`, and is looked at as such.
    """
    if found is None:
        return conditions(filter_, before)
    where = conditions(filter_, before, EVERY_FIELD - {"q"})
    placeholder = f"${before + len(where.arguments) + 1}"
    return Conditions(f"{where.sql}\n AND s.id = ANY({placeholder}::uuid[])", [*where.arguments, found])


def _in_facets(filter_: LogFilter, where: Conditions, before: int) -> Conditions:
    """The same logs, by the index of their facets: what is asked for is seldom more than a part of the list."""
    which = conditions(filter_, before + len(where.arguments), DIMENSIONS)
    if not which.sql:
        return where
    facets = SQL["in_facets"].replace("{dimensions}", which.sql)
    return Conditions(f"{where.sql}\n{facets}", [*where.arguments, *which.arguments])


def _statement(name: str, *, now: Conditions, then: Conditions) -> str:
    """`now` for logs that nothing happened to since, `then` for the others."""
    changed = SQL["changed_logs"].replace("{filter}", then.sql)
    return SQL[name].replace("{changed}", changed).replace("{filter}", now.sql)
