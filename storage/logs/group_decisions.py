"""Decisions of people about groups of equal errors. A decision is only ever added."""

from datetime import datetime

from schemas.filter import MAX_GROUPS, LogFilter
from schemas.group import GroupDecision, Standing, standing
from storage.database import Connection, Database
from storage.filters import filtered, no_dimensions
from storage.logs.groups import decision
from storage.statements import SQL


async def decide(
    database: Database, fingerprint: str, wanted: GroupDecision, *, key_name: str | None = None
) -> Standing | None:
    """Add a decision, unless the same one, by the same person with the same note, holds already.

    `key_name`: of the access key that it came by. Returns the state of the group afterwards; None when no
    result of this account and type ever had this error.
    """
    group = {
        "account": wanted.account,
        "integration_type": wanted.integration_type,
        "fingerprint": fingerprint,
    }
    async with database.transaction() as connection:
        await SQL["lock_fault"].execute(connection, **group)
        last_received_at = await SQL["last_received"].fetchval(connection, **group)
        if last_received_at is None:
            return None
        now = await _standing(connection, wanted, fingerprint, last_received_at)
        if (now.state, now.state_by, now.note) != (wanted.state, wanted.set_by, wanted.note):
            await SQL["insert_fault_state"].execute(
                connection,
                **group,
                state=wanted.state,
                set_by=wanted.set_by,
                key_name=key_name,
                note=wanted.note,
            )
            now = await _standing(connection, wanted, fingerprint, last_received_at)
        return now


async def _standing(
    connection: Connection, wanted: GroupDecision, fingerprint: str, last_received_at: datetime
) -> Standing:
    rows = await SQL["read_fault_states"].fetch(
        connection, account=wanted.account, integration_type=wanted.integration_type, fingerprints=[fingerprint]
    )
    return standing(decision(rows[0]) if rows else None, last_received_at)


async def list_ignored(
    connection: Connection, account: str, integration_type: str, filter_: LogFilter
) -> tuple[str, ...]:
    """Return the ignored groups that logs of the filter can be in, as many as its `exclude_fingerprint` has room for.

    Those that it excludes already are not among them.
    """
    statement = filtered(
        "list_ignored",
        filter_,
        handled=no_dimensions(),
        account=account,
        integration_type=integration_type,
        limit=MAX_GROUPS - len(filter_.exclude_fingerprint),
    )
    return tuple(row["fingerprint"] for row in await statement.fetch(connection))
