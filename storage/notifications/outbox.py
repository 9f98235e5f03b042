"""Delivery: channels are leased one by one, their messages sent in order, and what became of each is recorded."""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.notification.message import ChannelKind, Content, MessageKind
from schemas.notification.notice import Reader
from schemas.notification.tries import GIVE_UP
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from storage.database import Connection
from storage.readable import readable
from storage.statements import SQL

#: Channels of one account that may have a turn at once, whatever the number of workers: those of one that hang must
#: leave turns to the others.
ACCOUNT_SHARE: Final = 8
#: Messages that one transaction ends.
_ENDED_AT_ONCE: Final = 500

REMOVED: Final = Reason(ReasonCode.CHANNEL_REMOVED)
#: Reason of a message that was never tried; that of another has the error of its last try.
GIVEN_UP: Final = Reason(ReasonCode.MESSAGE_GIVEN_UP, error=Reason(ReasonCode.MESSAGE_HAD_NO_TURN))


class LeasedChannel(NamedTuple):
    """A channel to which this worker alone sends until its lease ends."""

    account: str
    id: uuid.UUID
    kind: ChannelKind
    reader: Reader
    failures: int
    lease: uuid.UUID
    address: bytes | None  # sealed
    secret: bytes | None  # sealed


class Waiting(NamedTuple):
    """A message that is to be sent."""

    id: uuid.UUID
    kind: MessageKind
    rule_id: uuid.UUID | None  # of a notice and a digest
    incident_id: int | None
    edge_ids: list[int]
    event_type: str | None
    event_uuid: uuid.UUID | None
    subject: str | None
    content: Any  # as JSON has it; None of a digest that was not tried yet
    made_at: datetime
    due_at: datetime
    tries: int


class Tried(NamedTuple):
    """The outcome of one try to send a message."""

    id: uuid.UUID
    state: str
    failed: int  # 1 for a try that failed
    error: Reason | None
    pause_seconds: float


async def claim_channels(
    connection: Connection, *, at_most: int, chats: int, lease: uuid.UUID, lease_seconds: float
) -> list[LeasedChannel]:
    """Lease channels that have messages to be sent now, of which `chats` at most are chats, and no account has more
    than ACCOUNT_SHARE at once. One that can't be read is left out until its lease ends.
    """
    rows = await SQL["claim_channels"].fetch(
        connection, limit=at_most, chats=chats, share=ACCOUNT_SHARE, lease=lease, lease_seconds=lease_seconds
    )
    return readable(
        "channel",
        None,
        rows,
        lambda row: LeasedChannel(
            row["account"],
            row["id"],
            row["kind"],
            Reader(row["language"], ZoneInfo(row["time_zone"])),
            row["failures"],
            lease,
            row["address"],
            row["secret"],
        ),
    )


async def messages_to_send(connection: Connection, channel: LeasedChannel, at_most: int) -> list[Waiting]:
    """Return the next messages of a channel, in order."""
    rows = await SQL["messages_to_send"].fetch(
        connection, account=channel.account, channel_id=channel.id, limit=at_most
    )
    return [
        Waiting(
            row["id"],
            row["kind"],
            row["rule_id"],
            row["incident_id"],
            row["edge_ids"] or [],
            row["event_type"],
            row["event_uuid"],
            row["subject"],
            None if row["content"] is None else json.loads(row["content"]),
            row["made_at"],
            row["due_at"],
            row["tries"],
        )
        for row in rows
    ]


async def keep_content(connection: Connection, account: str, digest: Waiting, content: Content) -> bool:
    """Store the content of a digest before its first try. It never changes after that.

    Returns False where an edge came to the digest since it was read: its content would be without that.
    """
    kept = await SQL["keep_content"].fetchval(
        connection, account=account, id=digest.id, edge_ids=list(digest.edge_ids), content=content.model_dump_json()
    )
    return bool(kept)


async def put_off(connection: Connection, account: str, waiting: Waiting, at: datetime) -> None:
    """Let a message wait until a time after maintenance."""
    await SQL["put_off"].execute(connection, account=account, id=waiting.id, at=at)


async def take_out(connection: Connection, account: str, digest: Waiting, edge_ids: Sequence[int]) -> list[int]:
    """Take edges out of a digest that has no content yet. Returns those that are left."""
    left = await SQL["take_out"].fetchval(connection, account=account, id=digest.id, edge_ids=list(edge_ids))
    return list(left or [])


async def mark_tried(connection: Connection, account: str, tried: Sequence[Tried]) -> None:
    """Record what became of messages. Their channel counts those that were sent, events among these are deleted; what
    would wait too long is given up.
    """
    await SQL["mark_tried"].execute(
        connection,
        tried,
        account=account,
        error=[each.error and each.error.to_json() for each in tried],
        after=GIVE_UP,
        given_up=GIVEN_UP.to_json(),
    )
    if sent := [each.id for each in tried if each.state == "sent"]:
        await SQL["delete_sent_events"].execute(connection, account=account, ids=sent)


async def end_removed(connection: Connection, account: str | None = None) -> bool:
    """End some messages to removed channels, of an account or of all. Returns True when there may be more."""
    ended = await SQL["end_removed"].fetchval(
        connection, account=account, limit=_ENDED_AT_ONCE, error=REMOVED.to_json()
    )
    return bool(ended == _ENDED_AT_ONCE)


async def give_up(connection: Connection) -> bool:
    """End some messages that were due longer than GIVE_UP ago. Returns True when there may be more."""
    ended = await SQL["give_up"].fetchval(connection, after=GIVE_UP, limit=_ENDED_AT_ONCE, given_up=GIVEN_UP.to_json())
    return bool(ended == _ENDED_AT_ONCE)


async def release_channel(
    connection: Connection,
    channel: LeasedChannel,
    *,
    failures: int,
    tried: bool,
    error: Reason | None,
    pause_seconds: float,
) -> None:
    """End the lease of a channel. After a failure it is left alone for `pause_seconds`. `tried`: there was a try, whose
    error is that of the channel now.
    """
    await SQL["release_channel"].execute(
        connection,
        account=channel.account,
        id=channel.id,
        lease=channel.lease,
        failures=failures,
        tried=tried,
        error=error and error.to_json(),
        pause_seconds=pause_seconds,
    )
