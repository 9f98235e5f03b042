"""Selection: the logs that a filter matched at one time. The plan counts it; the agents materialise its items.

A log is selected when its row matched the filter at `as_of`. Unchanged rows are read as they are; the earlier state of
changed ones is found among their attempts.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.filter import LogFilter, ReprocessFilter
from schemas.shown.plan import PlannedLog
from storage.constants import Phase
from storage.cursors import NEWEST_BY_ID, OLDEST_BY_ID, TimeAndId
from storage.database import Connection
from storage.filters import filtered, names_command
from storage.logs.page import found_by_search
from storage.statements import SQL


class Group(NamedTuple):
    """Selected logs with equal facts, so with one verdict."""

    affiliate: str
    status: str
    in_flight: bool
    changed: bool
    logs: int
    sample: list[uuid.UUID]  # ten of them, or all; of a FaultsSurvey only `facts` have any


class FaultsSurvey(NamedTuple):
    """Selected logs by the errors that they showed."""

    facts: list[Group]  # each log once
    of_group: dict[str, list[Group]]  # by the fingerprint of a listed group; a log is in each of its groups
    others: list[Group]  # those with an error of any other group, each log once
    shared: int  # logs in several groups
    without_errors: int  # logs in none
    groups: int  # of equal errors, listed or not


class Selection(NamedTuple):
    """A command with a filter whose items are being materialised, and its progress."""

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
    when_back: bool  # what is for a paused affiliate waits
    reason: str | None
    asked: str  # the command's filter, JSON
    ignored_groups: Sequence[str] | None = None  # that it leaves out besides

    @property
    def filter(self) -> LogFilter:
        """Filter that the command chooses by. Raises ValidationError when this version knows no such filter."""
        asked = ReprocessFilter.model_validate(json.loads(self.asked))
        return asked.without_groups(tuple(self.ignored_groups or ())).filter


async def settled_until(connection: Connection) -> datetime:
    """Return the latest `as_of` before which all writes are committed. Call it before the transaction that uses it."""
    at: datetime = await SQL["settled_until"].fetchval(connection)
    return at


async def survey(
    connection: Connection, account: str, integration_type: str, filter_: LogFilter, as_of: datetime
) -> list[Group]:
    """Count the selected logs by group. To be called within a transaction."""
    own = {"account": account, "integration_type": integration_type, "as_of": as_of}
    rows = await _survey("survey_selection", connection, filter_, own)
    return [Group(**row) for row in rows]


async def survey_faults(
    connection: Connection,
    account: str,
    integration_type: str,
    filter_: LogFilter,
    as_of: datetime,
    *,
    largest: int,
    named: Sequence[str],
) -> FaultsSurvey:
    """Count the selected logs by group and errors. To be called within a transaction.

    Listed are the `largest` groups of equal errors, and the `named` ones; all others are counted together.
    """
    own = {
        "account": account,
        "integration_type": integration_type,
        "as_of": as_of,
        "largest": largest,
        "named": list(named),
    }
    rows = await _survey("survey_faults", connection, filter_, own)
    parts: defaultdict[str, list[Group]] = defaultdict(list)
    of_group: defaultdict[str, list[Group]] = defaultdict(list)
    for row in rows:
        group = Group(**{name: row[name] for name in Group._fields if name != "sample"}, sample=row["sample"] or [])
        (parts[row["part"]] if row["fault"] is None else of_group[row["fault"]]).append(group)
    return FaultsSurvey(
        facts=parts["all"],
        of_group=dict(of_group),
        others=parts["others"],
        shared=count_logs(parts["shared"]),
        without_errors=count_logs(parts["without"]),
        groups=rows[0]["groups"] if rows else 0,
    )


async def survey_rows(
    connection: Connection, account: str, integration_type: str, log_ids: Sequence[uuid.UUID]
) -> list[Group]:
    """Count the logs of this account and type among `log_ids`, as they are now."""
    rows = await SQL["survey_rows"].fetch(
        connection, account=account, integration_type=integration_type, log_ids=log_ids
    )
    return [Group(**row) for row in rows]


async def sample_logs(connection: Connection, account: str, log_ids: Sequence[uuid.UUID]) -> list[PlannedLog]:
    """Return the logs of a plan's sample, newest processing date first."""
    rows = await SQL["sample_logs"].fetch(connection, account=account, ids=log_ids)
    return [PlannedLog(**{**row, "log_id": str(row["log_id"])}) for row in rows]


async def next_logs(connection: Connection, selection: Selection, limit: int) -> list[TimeAndId]:
    """Return the next logs of a phase as cursors."""
    filter_ = selection.filter
    at, id_ = selection.after or (NEWEST_BY_ID if selection.phase == "unchanged" else OLDEST_BY_ID)
    own: dict[str, Any] = {**_of(selection), "after_at": at, "after_id": id_, "limit": limit}
    if names_command(filter_):  # a command may have taken three logs, or a million
        await SQL["plan_for_values"].execute(connection)
    if selection.phase == "unchanged":
        found = await _found(connection, selection.account, selection.integration_type, filter_)
        statement = filtered("select_unchanged", filter_, found=found, **own)
    else:
        statement = filtered("select_changed", filter_, command_id=selection.command_id, **own)
    rows = await statement.fetch(connection)
    return [(row["processed_at"], row["id"]) for row in rows]


async def count_joined_since(connection: Connection, selection: Selection) -> int:
    """Count new failures that match the filter and are not items of the command."""
    found = await _found(connection, selection.account, selection.integration_type, selection.filter)
    statement = filtered(
        "count_joined_since", selection.filter, found=found, command_id=selection.command_id, **_of(selection)
    )
    count: int = await statement.fetchval(connection)
    return count


async def set_joined_since(connection: Connection, selection: Selection, count: int) -> None:
    await SQL["set_joined_since"].execute(connection, **_key(selection), logs=count)


async def insert_selection(connection: Connection, account: str, command_id: str) -> None:
    """Start the selection of a recorded command, so that its items are materialised."""
    await SQL["insert_selection"].execute(connection, account=account, command_id=command_id)


async def claim_selection(connection: Connection) -> Selection | None:
    """Claim the selection that waited longest until the transaction ends; None when there is none.

    A selection whose items are all materialised waits until its command is over.
    """
    row = await SQL["claim_selection"].fetchrow(connection)
    if row is None:
        return None
    fields = {name: row[name] for name in Selection._fields if name != "after"}
    after = None if row["after_id"] is None else (row["after_at"], row["after_id"])
    return Selection(**fields, after=after)


async def move_selection(connection: Connection, selection: Selection) -> None:
    """Store the progress of a selection, and reset its count of failures."""
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
    """Put a selection behind all others. Returns how often in a row it failed by its own fault."""
    failures: int = await SQL["set_selection_aside"].fetchval(connection, **_key(selection), failures=int(own_fault))
    return failures


async def set_selected(connection: Connection, selection: Selection, count: int) -> None:
    await SQL["set_selected"].execute(connection, **_key(selection), logs=count)


def count_logs(groups: Iterable[Group]) -> int:
    """Count the logs of groups that have none in common."""
    return sum(each.logs for each in groups)


def by_affiliate(groups: Sequence[Group]) -> dict[str, int]:
    """Count logs by affiliate."""
    counts: dict[str, int] = {}
    for each in groups:
        counts[each.affiliate] = counts.get(each.affiliate, 0) + each.logs
    return counts


async def _survey(name: str, connection: Connection, filter_: LogFilter, own: dict[str, Any]) -> list[Any]:
    await SQL["plan_for_values"].execute(connection)
    found = await _found(connection, own["account"], own["integration_type"], filter_)
    return await filtered(name, filter_, found=found, **own).fetch(connection)


async def _found(connection: Connection, account: str, integration_type: str, filter_: LogFilter) -> list[Any] | None:
    """Return the logs that the filter's search finds by the indexes; None without a search, or with too many logs.

    A log that changes between this and the statement has changed since `as_of`, and is read as a changed one.
    """
    if filter_.q is None:
        return None
    await SQL["look_as"].execute(connection, account=account)
    return await found_by_search(connection, account, integration_type, filter_.q)


def _of(selection: Selection) -> dict[str, Any]:
    """Return the arguments that all statements about a selection take."""
    return {
        "account": selection.account,
        "integration_type": selection.integration_type,
        "as_of": selection.as_of,
    }


def _key(selection: Selection) -> dict[str, Any]:
    return {"account": selection.account, "command_id": selection.command_id}
