"""A command is stopped by someone's word."""

from enum import StrEnum

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from storage.database import Database
from storage.reprocess.audit import NO_KEY, UsedKey
from storage.reprocess.writer import cancel
from storage.statements import SQL


class Cancellation(StrEnum):
    """What became of the wish."""

    CANCELLED = "cancelled"
    OVER = "over"  # it is done, or was cancelled before
    NOT_RECORDED = "not recorded"  # Kafka has it, and the agents have not recorded it yet
    UNKNOWN = "unknown"  # this account has no such command that we know of


def note_of(requested_by: str, reason: str | None) -> Reason:
    """Return the note of a command that a person cancelled."""
    if reason:
        return Reason(ReasonCode.CANCELLED_BY_BECAUSE, by=requested_by, reason=reason)
    return Reason(ReasonCode.CANCELLED_BY, by=requested_by)


async def cancel_command(
    writer: Database, account: str, command_id: str, *, requested_by: str, reason: str | None, key: UsedKey = NO_KEY
) -> Cancellation:
    """Let nothing more of a command be taken to be sent. Safe to repeat.

    What a worker has taken already is on its way to Kafka, and still goes: its outcome is followed.
    Raises StorageUnavailable.
    """
    note = note_of(requested_by, reason)
    async with writer.transaction() as connection:
        if await cancel(connection, account, command_id, requested_by=requested_by, reason=reason, note=note, key=key):
            return Cancellation.CANCELLED
        row = await SQL["get_command"].fetchrow(connection, account=account, command_id=command_id)
    if row is None:
        return Cancellation.UNKNOWN
    return Cancellation.NOT_RECORDED if row["state"] == "accepted" else Cancellation.OVER
