"""Channels, rules and maintenance windows of an account, and who changed them."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from schemas.catalogue import Language
from schemas.notification.message import ChannelKind
from schemas.notification.rule import Rule, Scope
from schemas.reasons.reason import Reason
from schemas.shown.notification import ShownChange, ShownChannel, ShownMessage, ShownRule, ShownWindow
from storage.database import Connection, Database
from storage.notifications.outbox import end_removed
from storage.reprocess.audit import NO_KEY, UsedKey
from storage.statements import SQL

#: Most of each that an account has.
MAX_CHANNELS = 100
MAX_RULES = 100
#: Most characters of a channel's address.
MAX_ADDRESS_CHARACTERS = 2000
_WINDOWS_SHOWN = 50
_CHANGES_SHOWN = 50
Subject = Literal["channel", "rule", "window"]
Action = Literal["made", "changed", "removed", "tested"]


class Author(NamedTuple):
    """A person who changes something, and the key that was used."""

    requested_by: str
    key: UsedKey = NO_KEY


class _Change(NamedTuple):
    action: Action
    subject: Subject
    subject_id: uuid.UUID
    name: str


class NewChannel(NamedTuple):
    """A channel that is to be made. `address` and `secret` are sealed."""

    name: str
    kind: ChannelKind
    shown: str
    language: Language
    time_zone: str
    events: Sequence[str]
    address: bytes | None = None
    secret: bytes | None = None


async def list_channels(reader: Database, account: str) -> list[ShownChannel]:
    """Return the channels of an account, by name."""
    async with reader.reading(account) as connection:
        rows = await SQL["list_channels"].fetch(connection, account=account)
    return [ShownChannel(**dict(row) | {"id": str(row["id"])} | _error_of(row)) for row in rows]


async def make_channel(writer: Database, account: str, new: NewChannel, author: Author) -> uuid.UUID:
    """Make a channel. Raises RowRefused for a name that another channel has."""
    id_ = uuid.uuid4()
    async with writer.transaction() as connection:
        described = {
            "name": new.name,
            "kind": new.kind,
            "shown": new.shown,
            "language": new.language,
            "time_zone": new.time_zone,
            "events": list(new.events),
        }
        await SQL["insert_channel"].execute(connection, account=account, id=id_, **described)
        if new.address is not None:
            await SQL["insert_address"].execute(
                connection, account=account, channel_id=id_, address=new.address, secret=new.secret
            )
        await _add_change(connection, account, author, _Change("made", "channel", id_, new.name), described)
    return id_


async def remove_channel(writer: Database, account: str, channel_id: uuid.UUID, author: Author) -> bool:
    """Remove a channel with its address; what waits for it fails, some at once and the rest by maintenance.

    Returns False when there is none.
    """
    async with writer.transaction() as connection:
        name = await SQL["remove_channel"].fetchval(connection, account=account, id=channel_id)
        if name is not None:
            await end_removed(connection, account)
            await _add_change(connection, account, author, _Change("removed", "channel", channel_id, name))
    return name is not None


async def list_rules(reader: Database, account: str) -> list[ShownRule]:
    """Return the rules of an account, by name."""
    async with reader.reading(account) as connection:
        rows = await SQL["list_rules"].fetch(connection, account=account)
    return [
        ShownRule(
            id=str(row["id"]),
            rule=Rule.model_validate_json(row["rule"]),
            channels=[str(each) for each in row["channels"]],
            made_at=row["made_at"],
        )
        for row in rows
    ]


async def put_rule(
    writer: Database, account: str, rule_id: uuid.UUID, rule: Rule, *, channels: Sequence[uuid.UUID], author: Author
) -> None:
    """Make a rule, or change it. Channels that are not there, or are no channels of messages, are left out."""
    text = rule.model_dump_json()
    async with writer.transaction() as connection:
        new = await SQL["put_rule"].fetchval(
            connection, account=account, id=rule_id, rule=text, channels=list(channels)
        )
        details = json.loads(text) | {"channels": [str(each) for each in channels]}
        change = _Change("made" if new else "changed", "rule", rule_id, rule.name)
        await _add_change(connection, account, author, change, details)


async def delete_rule(writer: Database, account: str, rule_id: uuid.UUID, author: Author) -> bool:
    """Remove a rule. What it has planned is sent. Returns False when there is none."""
    async with writer.transaction() as connection:
        name = await SQL["delete_rule"].fetchval(connection, account=account, id=rule_id)
        if name is not None:
            await _add_change(connection, account, author, _Change("removed", "rule", rule_id, name))
    return name is not None


async def list_windows(reader: Database, account: str) -> list[ShownWindow]:
    """Return the last maintenance windows of an account, those that end last first."""
    async with reader.reading(account) as connection:
        rows = await SQL["list_windows"].fetch(connection, account=account, limit=_WINDOWS_SHOWN)
    return [
        ShownWindow(**dict(row) | {"id": str(row["id"]), "scope": Scope.model_validate_json(row["scope"])})
        for row in rows
    ]


async def make_window(
    writer: Database,
    account: str,
    *,
    begins_at: datetime,
    ends_at: datetime,
    scope: Scope,
    reason: str | None,
    author: Author,
) -> uuid.UUID:
    """Make a maintenance window; it must end after it begins."""
    id_ = uuid.uuid4()
    async with writer.transaction() as connection:
        await SQL["insert_window"].execute(
            connection,
            account=account,
            id=id_,
            begins_at=begins_at,
            ends_at=ends_at,
            scope=scope.model_dump_json(),
            reason=reason,
            made_by=author.requested_by,
        )
        details = {
            "begins_at": begins_at.isoformat(),
            "ends_at": ends_at.isoformat(),
            **scope.model_dump(mode="json"),
        }
        await _add_change(connection, account, author, _Change("made", "window", id_, reason or ""), details)
    return id_


async def delete_window(writer: Database, account: str, window_id: uuid.UUID, author: Author) -> bool:
    """Remove a maintenance window. What waits for its end waits on. Returns False when there is none."""
    async with writer.transaction() as connection:
        name = await SQL["delete_window"].fetchval(connection, account=account, id=window_id)
        if name is not None:
            await _add_change(connection, account, author, _Change("removed", "window", window_id, name))
    return name is not None


async def list_messages(
    reader: Database, account: str, *, state: str | None = None, after: int | None = None, limit: int
) -> list[ShownMessage]:
    """Return messages of the log, newest first, those after the number `after`."""
    async with reader.reading(account) as connection:
        rows = await SQL["list_messages"].fetch(connection, account=account, state=state, after=after, limit=limit)
    return [
        ShownMessage(
            **dict(row)
            | {
                name: None if row[name] is None else str(row[name])
                for name in ("id", "incident_id", "channel_id", "rule_id")
            }
            | _error_of(row)
        )
        for row in rows
    ]


async def list_changes(reader: Database, account: str) -> list[ShownChange]:
    """Return the last changes of channels, rules and windows, newest first."""
    async with reader.reading(account) as connection:
        rows = await SQL["list_notification_audit"].fetch(connection, account=account, limit=_CHANGES_SHOWN)
    return [ShownChange(**dict(row) | {name: str(row[name]) for name in ("id", "subject_id")}) for row in rows]


async def add_test(
    writer: Database, account: str, channel: ShownChannel, *, content: Mapping[str, Any], author: Author
) -> uuid.UUID:
    """Put a test message to a channel into the outbox, and end the channel's pause after failures. Returns its id."""
    id_ = uuid.uuid4()
    async with writer.transaction() as connection:
        await SQL["insert_message"].fetchval(
            connection,
            account=account,
            id=id_,
            channel_id=uuid.UUID(channel.id),
            kind="test",
            state="waiting",
            rule_id=None,
            incident_id=None,
            edge_ids=None,
            maintenance=False,
            content=json.dumps(content),
            due_at=None,
        )
        await SQL["try_channel"].execute(connection, account=account, id=uuid.UUID(channel.id))
        await _add_change(
            connection, account, author, _Change("tested", "channel", uuid.UUID(channel.id), channel.name)
        )
    return id_


def _error_of(row: Any) -> dict[str, Reason | None]:
    return {"error": row["error"] and Reason.from_json(row["error"])}


async def _add_change(
    connection: Connection, account: str, author: Author, what: _Change, details: Mapping[str, Any] | None = None
) -> None:
    await SQL["insert_notification_audit"].execute(
        connection,
        account=account,
        **{**what._asdict(), "subject_id": str(what.subject_id)},
        details=json.dumps(details or {}),
        requested_by=author.requested_by,
        key_id=author.key.key_id,
        key_name=author.key.key_name,
    )
