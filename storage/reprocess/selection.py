"""What a filter selected at one time: for the plan, which counts it, and for the agents, which make items of it.

A log is selected when its row matched the filter at `as_of`. Rows that nothing happened to since are read as they
are; for the others, what they showed then is found among their attempts.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.filter import LogFilter, ReprocessFilter
from schemas.shown.plan import PlannedLog
from storage.constants import Phase
from storage.cursors import NEWEST_BY_ID, OLDEST_BY_ID, TimeAndId
from storage.database import Connection
from storage.filters import filtered
from storage.logs.page import found_by_name
from storage.statements import SQL


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
    at: datetime = await SQL["settled_until"].fetchval(connection)
    return at


async def survey(
    connection: Connection, account: str, integration_type: str, filter_: LogFilter, as_of: datetime
) -> list[Group]:
    """Everything that is selected, counted. Within a transaction."""
    await SQL["plan_for_values"].execute(connection)
    found = await _found(connection, account, integration_type, filter_)
    own: dict[str, Any] = {"account": account, "integration_type": integration_type, "as_of": as_of}
    rows = await filtered("survey_selection", filter_, found=found, **own).fetch(connection)
    return [Group(**row) for row in rows]


async def survey_rows(
    connection: Connection, account: str, integration_type: str, log_ids: Sequence[uuid.UUID]
) -> list[Group]:
    """Those of `log_ids` that are logs of this account and type, counted as they are now."""
    rows = await SQL["survey_rows"].fetch(
        connection, account=account, integration_type=integration_type, log_ids=log_ids
    )
    return [Group(**row) for row in rows]


async def sample_logs(connection: Connection, account: str, log_ids: Sequence[uuid.UUID]) -> list[PlannedLog]:
    """What a plan shows of some logs, newest processing date first."""
    rows = await SQL["sample_logs"].fetch(connection, account=account, ids=log_ids)
    return [PlannedLog(**{**row, "log_id": str(row["log_id"])}) for row in rows]


async def next_logs(connection: Connection, selection: Selection, limit: int) -> list[TimeAndId]:
    """The next logs of a phase, each with its place."""
    filter_ = selection.filter
    at, id_ = selection.after or (NEWEST_BY_ID if selection.phase == "unchanged" else OLDEST_BY_ID)
    own: dict[str, Any] = {**_of(selection), "after_at": at, "after_id": id_, "limit": limit}
    if selection.phase == "unchanged":
        found = await _found(connection, selection.account, selection.integration_type, filter_)
        statement = filtered("select_unchanged", filter_, found=found, **own)
    else:
        statement = filtered("select_changed", filter_, command_id=selection.command_id, **own)
    rows = await statement.fetch(connection)
    return [(row["processed_at"], row["id"]) for row in rows]


async def count_joined_since(connection: Connection, selection: Selection) -> int:
    """New failures that match the filter and are not the command's."""
    found = await _found(connection, selection.account, selection.integration_type, selection.filter)
    statement = filtered(
        "count_joined_since", selection.filter, found=found, command_id=selection.command_id, **_of(selection)
    )
    count: int = await statement.fetchval(connection)
    return count


async def set_joined_since(connection: Connection, selection: Selection, count: int) -> None:
    await SQL["set_joined_since"].execute(connection, **_key(selection), logs=count)


async def insert_selection(connection: Connection, account: str, command_id: str) -> None:
    """Let items be made of what a recorded command's filter selects."""
    await SQL["insert_selection"].execute(connection, account=account, command_id=command_id)


async def claim_selection(connection: Connection) -> Selection | None:
    """The selection that waited longest, kept from other workers until the transaction ends; None: there is none.

    One that is made waits until its command is over.
    """
    row = await SQL["claim_selection"].fetchrow(connection)
    if row is None:
        return None
    fields = {name: row[name] for name in Selection._fields if name != "after"}
    after = None if row["after_id"] is None else (row["after_at"], row["after_id"])
    return Selection(**fields, after=after)


async def move_selection(connection: Connection, selection: Selection) -> None:
    """Keep how far it is: it has failed no more."""
    at, id_ = selection.after or (None, None)
    await SQL["move_selection"].execute(
        connection,
        **_key(selection),
        phase=selection.phase,
        after_at=at,
        after_id=id_,
        next_position=selection.next_position,
    )


async def set_selection_aside(connection: Connection, selection: Selection, *, own_fault: bool) -> int:
    """Let every other selection have its turn first. Returns how often this one failed in a row by its own fault."""
    failures: int = await SQL["set_selection_aside"].fetchval(connection, **_key(selection), failures=int(own_fault))
    return failures


async def set_selected(connection: Connection, selection: Selection, count: int) -> None:
    await SQL["set_selected"].execute(connection, **_key(selection), logs=count)


def by_affiliate(groups: Sequence[Group]) -> dict[str, int]:
    """How many logs of each affiliate."""
    counts: dict[str, int] = {}
    for each in groups:
        counts[each.affiliate] = counts.get(each.affiliate, 0) + each.logs
    return counts


async def _found(connection: Connection, account: str, integration_type: str, filter_: LogFilter) -> list[Any] | None:
    """What the filter's search finds by the indexes; None when it has none, or finds too many to pick out.

    A log that is changed between this and the statement has changed since `as_of`, and is looked at as such.
    """
    if filter_.q is None:
        return None
    await SQL["look_as"].execute(connection, account=account)
    return await found_by_name(connection, account, integration_type, filter_.q)


def _of(selection: Selection) -> dict[str, Any]:
    """What all statements about what it selects take."""
    return {
        "account": selection.account,
        "integration_type": selection.integration_type,
        "as_of": selection.as_of,
    }


def _key(selection: Selection) -> dict[str, Any]:
    return {"account": selection.account, "command_id": selection.command_id}
