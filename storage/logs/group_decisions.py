"""Keeps what people decide about groups of equal errors. A decision is only ever added."""

from datetime import datetime

from schemas.group import GroupDecision, Standing, standing
from storage.database import Connection, Database
from storage.logs.groups import decision
from storage.statements import SQL


async def decide(database: Database, fingerprint: str, wanted: GroupDecision) -> Standing | None:
    """Add a decision, unless the same one, by the same person with the same note, holds already.

    Returns how the group stands then; None when no result of this account and type ever had this error.
    """
    group = [wanted.account, wanted.integration_type, fingerprint]
    async with database.transaction() as connection:
        await connection.execute(SQL["lock_fault"], *group)
        last_received_at = await connection.fetchval(SQL["last_received"], *group)
        if last_received_at is None:
            return None
        now = await _standing(connection, group, last_received_at)
        if (now.state, now.state_by, now.note) != (wanted.state, wanted.set_by, wanted.note):
            await connection.execute(SQL["insert_fault_state"], *group, wanted.state, wanted.set_by, wanted.note)
            now = await _standing(connection, group, last_received_at)
        return now


async def _standing(connection: Connection, group: list[str], last_received_at: datetime) -> Standing:
    account, integration_type, fingerprint = group
    rows = await connection.fetch(SQL["read_fault_states"], account, integration_type, [fingerprint])
    return standing(decision(rows[0]) if rows else None, last_received_at)
