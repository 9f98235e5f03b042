"""Reader of reprocess commands and their items."""

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

from schemas.correction import KeptCorrection
from schemas.item_state import Change, ItemState
from schemas.reasons.reason import Reason, own_words
from schemas.reprocess import OURSELVES
from schemas.shown.command import CommandEnding, FieldChange, LedgerItem, ReprocessCommand, ReprocessItem
from storage.cursors import BEFORE_EVERY_ID, NEWEST_BY_TEXT, TimeAndText
from storage.database import Connection, Database
from storage.reprocess.corrections import get_corrections
from storage.statements import SQL

#: Items of an export that one statement reads.
_AT_ONCE = 1000


#: Statements of a list: of all commands, of those that somebody asked for, of those that we did.
_LISTS = {None: "list_commands", False: "list_asked_commands", True: "list_automatic_commands"}


async def list_commands(
    database: Database, account: str, *, after: TimeAndText | None, limit: int, automatic: bool | None = None
) -> list[ReprocessCommand]:
    """Return the newest `limit` commands after `after`: those that are `automatic`, or are not, if that is told."""
    async with database.snapshot(account) as connection:
        at, id_ = after or NEWEST_BY_TEXT
        rows = await SQL[_LISTS[automatic]].fetch(connection, account=account, after_at=at, after_id=id_, limit=limit)
        return await _with_counts(connection, account, rows)


async def count_automatic_commands(database: Database, account: str, limit: int) -> int:
    """Count the commands that we asked for by ourselves, up to `limit`."""
    async with database.reading(account) as connection:
        count: int = await SQL["count_automatic_commands"].fetchval(connection, account=account, limit=limit)
    return count


async def get_command(database: Database, account: str, command_id: str) -> ReprocessCommand | None:
    """Return one command; None when this account has no such one."""
    async with database.snapshot(account) as connection:
        rows = await SQL["get_command"].fetch(connection, account=account, command_id=command_id)
        if not rows:
            return None
        [command] = await _with_counts(connection, account, rows)
        joined = await SQL["count_joined"].fetch(connection, account=account, command_id=command_id)
    return command.model_copy(update={"joined": {row["state"]: row["items"] for row in joined}})


async def list_items(
    database: Database,
    account: str,
    command_id: str,
    *,
    state: ItemState | None,
    after: uuid.UUID | None,
    limit: int,
    evidence: bool = False,
) -> list[LedgerItem] | None:
    """Return `limit` items of a command after `after`; None when this account has no such command.

    `evidence`: the caller may see it.
    """
    async with database.snapshot(account) as connection:
        if await SQL["get_command"].fetchrow(connection, account=account, command_id=command_id) is None:
            return None
        items = await _items(connection, account, command_id, state=state, after=after, limit=limit)
        return await _with_corrections(connection, account, items, evidence=evidence)


async def _with_corrections(
    connection: Connection, account: str, items: Sequence[ReprocessItem], *, evidence: bool
) -> list[LedgerItem]:
    wanted = [uuid.UUID(each.id) for each in items if each.corrected and evidence]
    made = await get_corrections(connection, account, wanted)
    return [LedgerItem(**vars(each), corrections=_changes(made.get(uuid.UUID(each.id)))) for each in items]


def _changes(correction: KeptCorrection | None) -> list[FieldChange] | None:
    return None if correction is None else [FieldChange(**each._asdict()) for each in correction.differences]


async def list_items_by_state(
    database: Database,
    account: str,
    command_id: str,
    states: Sequence[ItemState],
    *,
    after: tuple[int, uuid.UUID] | None,
    limit: int,
    evidence: bool = False,
) -> list[LedgerItem]:
    """Return `limit` items of a command in some states, in the order of `states`.

    They come after `after`: the place of a state among `states`, and an item. `evidence`: the caller may see it.
    """
    place, last = after or (0, BEFORE_EVERY_ID)
    items: list[ReprocessItem] = []
    async with database.snapshot(account) as connection:
        for state in states[place:]:
            items += await _items(connection, account, command_id, state=state, after=last, limit=limit - len(items))
            if len(items) == limit:
                break
            last = BEFORE_EVERY_ID
        return await _with_corrections(connection, account, items, evidence=evidence)


async def count_still_failing(database: Database, account: str, command_id: str, states: Sequence[ItemState]) -> int:
    """Count the logs of a command's items in some states that have not succeeded since, and are not in flight.

    For few items: each log is looked up.
    """
    async with database.reading(account) as connection:
        count: int = await SQL["count_still_failing"].fetchval(
            connection, account=account, command_id=command_id, states=[each.value for each in states]
        )
    return count


async def all_items(
    database: Database, account: str, command_id: str, state: ItemState | None
) -> AsyncIterator[Sequence[ReprocessItem]]:
    """Yield every item of a command, part by part, each of its own moment; no connection is held between parts."""
    after: uuid.UUID | None = None
    while True:
        async with database.reading(account) as connection:
            items = await _items(connection, account, command_id, state=state, after=after, limit=_AT_ONCE)
        if items:
            yield items
        if len(items) < _AT_ONCE:
            return
        after = uuid.UUID(items[-1].id)


async def _items(
    connection: Connection,
    account: str,
    command_id: str,
    *,
    state: ItemState | None,
    after: uuid.UUID | None,
    limit: int,
) -> list[ReprocessItem]:
    own = {"account": account, "command_id": command_id, "after": after or BEFORE_EVERY_ID, "limit": limit}
    if state is None:
        rows = await SQL["list_items"].fetch(connection, **own)
    else:
        stored = [state.value, *([ItemState.QUEUED.value] if state is ItemState.BUSY else [])]
        rows = await SQL["list_items_in_state"].fetch(connection, **own, state=state.value, stored=stored)
    return [_item(row) for row in rows]


async def _with_counts(connection: Connection, account: str, rows: Sequence[Any]) -> list[ReprocessCommand]:
    counts: dict[str, dict[str, int]] = {row["id"]: {} for row in rows}
    for row in await SQL["count_items"].fetch(connection, account=account, command_ids=list(counts)):
        counts[row["command_id"]][row["state"]] = row["items"]
    return [_command(row, counts[row["id"]]) for row in rows]


def _command(row: Any, counts: dict[str, int]) -> ReprocessCommand:
    request = json.loads(row["request"])
    pace = request.get("pace")
    note = row["note"] and Reason.from_json(row["note"])
    own = {"request", "step", "selected", "note", "ending", "automatic"}
    total = sum(counts.values())
    stepped = bool(pace and pace.get("steps"))
    return ReprocessCommand(
        **{name: value for name, value in row.items() if name not in own},
        total=total,
        items=counts,
        filter=request.get("filter"),
        selected=row["selected"] if request.get("filter") else total,
        pace=pace,
        step=row["step"] + 1 if stepped else None,
        note=note,
        automatic=row["automatic"] and Reason.from_json(row["automatic"]),
        ending=row["ending"] and _ending(json.loads(row["ending"]), note),
        joined=None,
    )


def _ending(row: dict[str, Any], note: Reason | None) -> CommandEnding:
    """Make the ending of a command. A person's words are in the audit; the note has the reason of our own doing."""
    told = own_words(row["reason"]) if row["reason"] else None
    return CommandEnding(**{**row, "reason": note if row["by"] == OURSELVES else told})


def _item(row: Any) -> ReprocessItem:
    change = _change(row)
    fields = {name: row[name] for name in ReprocessItem.model_fields if name not in Change._fields}
    for name in ("id", "log_id", "joined_item_id"):
        fields[name] = None if fields[name] is None else str(fields[name])
    fields["reason"] = row["reason"] and Reason.from_json(row["reason"])
    return ReprocessItem(**fields, **{name: list(each) for name, each in change._asdict().items()})


def _change(row: Any) -> Change:
    """Return what an answer changed; nothing before it came. Rows of before migration 0013 have one fault at most."""
    if row["after_status"] is None:
        return Change((), (), ())
    faults: list[list[str]] = []
    for when in ("before", "after"):
        first = row[f"{when}_fingerprint"]
        several = row[f"{when}_fingerprints"]
        faults.append(several if several is not None else [first] if first else [])
    return Change.of(*faults)
