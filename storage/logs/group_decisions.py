"""Acts of people on groups of equal errors: decisions, and what they write. Both are only ever added."""

from collections.abc import Sequence

from schemas.filter import MAX_GROUPS, LogFilter, ReprocessFilter
from schemas.group import GroupDecision, GroupLabels, GroupNotes
from schemas.group_state import Standing, Until
from schemas.incident import Kind
from schemas.signal import ESCALATES_TIMES, Signal
from storage.database import Connection, Database
from storage.filters import filtered, no_dimensions
from storage.logs.triage import read_triage
from storage.statements import SQL


async def decide(
    database: Database, fingerprint: str, wanted: GroupDecision, *, key_name: str | None = None
) -> Standing | None:
    """Add a decision, unless the same one, by the same person with the same note, holds already.

    `key_name`: of the access key that it came by. Returns the state of the group afterwards; None when no
    result of this account and type ever had this error.
    """
    own = (wanted.account, wanted.integration_type, fingerprint)
    async with database.transaction() as connection:
        if not await _lock(connection, *own):
            return None
        now = (await read_triage(connection, *own)).standing(fingerprint)
        until = wanted.model_dump(include=set(Until.model_fields))
        as_wanted = {"state": wanted.state, "state_by": wanted.set_by, "note": wanted.note, **until}
        if now.model_dump(include=set(as_wanted)) != as_wanted:
            await SQL["insert_fault_state"].execute(
                connection,
                account=wanted.account,
                integration_type=wanted.integration_type,
                fingerprint=fingerprint,
                state=wanted.state,
                set_by=wanted.set_by,
                key_name=key_name,
                note=wanted.note,
                **until,
            )
            now = (await read_triage(connection, *own)).standing(fingerprint)
        return now


async def write(
    database: Database, fingerprint: str, wanted: GroupNotes, *, key_name: str | None = None
) -> GroupLabels | None:
    """Add what a person wrote about a group; an owner, tags and a ticket only where they change.

    Returns them as they are afterwards; None when no result of this account and type ever had this error.
    """
    own = (wanted.account, wanted.integration_type, fingerprint)
    async with database.transaction() as connection:
        if not await _lock(connection, *own):
            return None
        triage = await read_triage(connection, *own)
        owner, ticket = triage.owners.get(fingerprint), triage.tickets.get(fingerprint)
        kept = {
            "owner": [] if owner is None else [owner],
            "tags": triage.tags.get(fingerprint, []),
            "ticket": [] if ticket is None else [ticket],
        }
        for kind, value in wanted.written.items():
            if kept.get(kind) == value:
                continue
            kept[kind] = value
            await SQL["insert_fault_note"].execute(
                connection,
                account=wanted.account,
                integration_type=wanted.integration_type,
                fingerprint=fingerprint,
                kind=kind,
                value=value,
                noted_by=wanted.noted_by,
                key_name=key_name,
            )
    return GroupLabels(
        owner=next(iter(kept["owner"]), None), tags=kept["tags"], ticket=next(iter(kept["ticket"]), None)
    )


async def left_out_by(
    connection: Connection, account: str, integration_type: str, filter_: ReprocessFilter
) -> tuple[str, ...]:
    """Return the groups that a plan or a command of this filter leaves out, since they are ignored now."""
    if filter_.ignored or filter_.means_all:
        return ()
    return await list_ignored(connection, account, integration_type, filter_.filter)


async def list_ignored(
    connection: Connection, account: str, integration_type: str, filter_: LogFilter
) -> tuple[str, ...]:
    """Return the ignored groups that logs of the filter can be in, as many as its `exclude_fingerprint` has room for.

    Those that it excludes already are not among them, nor those of which the time to be ignored has ended.
    """
    ignored = (await read_triage(connection, account, integration_type)).ignored
    if not ignored:
        return ()
    statement = filtered(
        "list_ignored",
        filter_,
        handled=no_dimensions(),
        account=account,
        integration_type=integration_type,
        fingerprints=ignored,
        limit=MAX_GROUPS - len(filter_.exclude_fingerprint),
    )
    return tuple(row["fingerprint"] for row in await statement.fetch(connection))


async def end_ignored(connection: Connection, signals: Sequence[tuple[str, Signal]]) -> int:
    """Keep which of the groups that escalate are ignored until then, and so are not any more. Returns their number.

    `signals`: those of a moment, each with its account. Where none escalates, nothing is asked.
    """
    rising = [
        (account, each.types[0], each.subject, each.facts.count or 0)
        for account, each in signals
        if each.kind is Kind.GROUP_ESCALATES and each.opens
    ]
    if not rising:
        return 0
    accounts, types, fingerprints, counts = (list(column) for column in zip(*rising, strict=True))
    rows = await SQL["waiting_for_escalation"].fetch(
        connection, accounts=accounts, types=types, fingerprints=fingerprints, counts=counts, times=ESCALATES_TIMES
    )
    if rows:
        await SQL["mark_escalated"].execute(
            connection,
            accounts=[row["account"] for row in rows],
            types=[row["integration_type"] for row in rows],
            fingerprints=[row["fingerprint"] for row in rows],
        )
    return len(rows)


async def _lock(connection: Connection, account: str, integration_type: str, fingerprint: str) -> bool:
    """Lock a group against other acts until the transaction ends. Returns False for one that never was."""
    own = {"account": account, "integration_type": integration_type, "fingerprint": fingerprint}
    await SQL["lock_fault"].execute(connection, **own)
    return await SQL["last_received"].fetchval(connection, **own) is not None
