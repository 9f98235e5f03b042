"""What a filter selected at one time: for the plan, which counts it, and for the agents, which make items of it.

A log is selected when its row matched the filter at `as_of`. Rows that nothing happened to since are read as they
are; for the others, what they showed then is found among their attempts.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from schemas.filter import LogFilter, ReprocessFilter
from storage.database import Connection
from storage.filters import conditions
from storage.places import NEWEST_BY_ID, OLDEST_BY_ID, TimeAndId
from storage.statements import SQL

Phase = Literal["counting", "unchanged", "changed", "joining", "made"]


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
    filter: LogFilter


async def settled_until(connection: Connection) -> datetime:
    """The latest `as_of` of which all is known. To be asked before the transaction that uses it."""
    at: datetime = await connection.fetchval(SQL["settled_until"])
    return at


async def survey(
    connection: Connection, account: str, integration_type: str, filter_: LogFilter, as_of: datetime
) -> list[Group]:
    """Everything that is selected, counted."""
    where = conditions(filter_, 3)
    statement = _with_filter("survey_selection", where.sql)
    rows = await connection.fetch(statement, account, integration_type, as_of, *where.arguments)
    return [Group(*row) for row in rows]


async def next_logs(connection: Connection, selection: Selection, limit: int) -> list[TimeAndId]:
    """The next logs of a phase, each with its place."""
    where = conditions(selection.filter, 6 if selection.phase == "unchanged" else 7)
    own = [selection.account, selection.integration_type, selection.as_of]
    if selection.phase == "unchanged":
        own += [*(selection.after or NEWEST_BY_ID), limit]
    else:
        own += [*(selection.after or OLDEST_BY_ID), limit, selection.command_id]
    statement = _with_filter(f"select_{selection.phase}", where.sql)
    rows = await connection.fetch(statement, *own, *where.arguments)
    return [(row["processed_at"], row["id"]) for row in rows]


async def count_joined_since(connection: Connection, selection: Selection) -> int:
    """New failures that match the filter and are not the command's."""
    where = conditions(selection.filter, 4)
    statement = _with_filter("count_joined_since", where.sql)
    own = [selection.account, selection.integration_type, selection.as_of, selection.command_id]
    count: int = await connection.fetchval(statement, *own, *where.arguments)
    return count


async def set_joined_since(connection: Connection, selection: Selection, count: int) -> None:
    await connection.execute(SQL["set_joined_since"], selection.account, selection.command_id, count)


async def insert_selection(connection: Connection, account: str, command_id: str) -> None:
    """Let items be made of what a recorded command's filter selects."""
    await connection.execute(SQL["insert_selection"], account, command_id)


async def claim_selection(connection: Connection) -> Selection | None:
    """The selection that waited longest, kept from other workers until the transaction ends; None: there is none."""
    row = await connection.fetchrow(SQL["claim_selection"])
    if row is None:
        return None
    fields = {name: row[name] for name in Selection._fields if name not in {"after", "filter"}}
    after = None if row["after_id"] is None else (row["after_at"], row["after_id"])
    filter_ = ReprocessFilter.model_validate(json.loads(row["filter"])).filter
    return Selection(**fields, after=after, filter=filter_)


async def move_selection(connection: Connection, selection: Selection) -> None:
    """Keep how far it is."""
    await connection.execute(
        SQL["move_selection"],
        selection.account,
        selection.command_id,
        selection.phase,
        *(selection.after or (None, None)),
        selection.next_position,
    )


async def set_selected(connection: Connection, selection: Selection, count: int) -> None:
    await connection.execute(SQL["set_selected"], selection.account, selection.command_id, count)


def by_affiliate(groups: Sequence[Group]) -> dict[str, int]:
    """How many logs of each affiliate."""
    counts: dict[str, int] = {}
    for each in groups:
        counts[each.affiliate] = counts.get(each.affiliate, 0) + each.logs
    return counts


def _with_filter(name: str, where: str) -> str:
    return SQL[name].replace("{changed}", SQL["changed_logs"]).replace("{filter}", where)
