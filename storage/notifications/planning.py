"""Edges of incidents that are to be told, and the messages that are planned about them."""

import json
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from schemas.incident import Edge, Kind
from schemas.notification.heard import Heard
from schemas.notification.message import Content, MessageState, message_id
from schemas.notification.notice import Reader, Told, names_of
from schemas.notification.rule import SEVERITIES, Due, Rule, Scope, Window, digest_after
from schemas.playbook import Playbook, WrittenEntries
from storage.database import Connection
from storage.playbook import list_entries
from storage.readable import readable
from storage.statements import SQL


class InForce(NamedTuple):
    """A rule with one of its channels."""

    account: str
    rule_id: uuid.UUID
    rule: Rule
    channel_id: uuid.UUID
    reader: Reader


async def plan_alone(connection: Connection) -> datetime | None:
    """Take the lock under which messages are planned, until the transaction ends. Returns PostgreSQL's time.

    None while another worker has it.
    """
    now: datetime | None = await SQL["plan_alone"].fetchval(connection)
    return now


async def take_edges(connection: Connection, at_most: int) -> list[Told]:
    """Take the next edges of which no message was planned yet, in order: with the end of the transaction they are."""
    return readable("edge", None, await SQL["take_edges"].fetch(connection, limit=at_most), told_of)


async def tell_log_edges(connection: Connection, at_most: int) -> int:
    """Put events about logs that failed or recovered into the outbox. Returns the number of these edges."""
    told: int = await SQL["tell_log_edges"].fetchval(connection, limit=at_most)
    return told


async def edges_told(connection: Connection, edge_ids: Sequence[int]) -> list[Told]:
    """Return the edges of a digest, in order."""
    return readable("edge", None, await SQL["edges_told"].fetch(connection, edge_ids=list(edge_ids)), told_of)


async def rules_in_force(connection: Connection, accounts: Collection[str]) -> list[InForce]:
    """Return the rules of these accounts, once for each of their channels."""
    rows = await SQL["rules_in_force"].fetch(connection, accounts=list(accounts))
    return readable(
        "rule of notifications",
        None,
        rows,
        lambda row: InForce(
            row["account"],
            row["rule_id"],
            Rule.model_validate_json(row["rule"]),
            row["channel_id"],
            Reader(row["language"], ZoneInfo(row["time_zone"])),
        ),
    )


async def with_own_entries(connection: Connection, playbook: Playbook, account: str) -> Playbook:
    """Return the playbook with the account's own entries."""
    return playbook.with_own(WrittenEntries(each.entry for each in await list_entries(connection, account)))


async def windows_in_force(
    connection: Connection, accounts: Collection[str], now: datetime
) -> list[tuple[str, Window]]:
    """Return the maintenance windows of these accounts that are not over, each with its account."""
    rows = await SQL["windows_in_force"].fetch(connection, accounts=list(accounts), now=now)
    return readable(
        "maintenance window",
        None,
        rows,
        lambda row: (row["account"], Window(row["begins_at"], row["ends_at"], Scope.model_validate_json(row["scope"]))),
    )


async def supersede(connection: Connection, told: Told, by: InForce, now: datetime) -> bool:
    """End what waits to tell of an earlier edge. Returns True when something has waited for its time.

    What waits for another try is the better message than one that more has joined.
    """
    of = _of(told, by.rule_id, by.channel_id)
    ended = await SQL["supersede"].fetchval(connection, **of, now=now, tried=told.edge is not Edge.JOINED)
    taken = await SQL["take_from_digests"].fetchval(connection, **of, now=now)
    return bool(ended or taken)


async def edges_heard(
    connection: Connection, told: Told, rule_id: uuid.UUID | None, channel_id: uuid.UUID
) -> list[Heard]:
    """Return the edges of an incident before one of which its reader was told by a rule, or will be, in order."""
    rows = await SQL["heard"].fetch(connection, **_of(told, rule_id, channel_id), edge_id=told.edge_id)
    return [Heard(Edge(row["edge"]), names_of(json.loads(row["facts"]), "kinds")) for row in rows]


def _of(told: Told, rule_id: uuid.UUID | None, channel_id: uuid.UUID) -> dict[str, Any]:
    return {
        "account": told.account,
        "incident_id": told.incident_id,
        "rule_id": rule_id,
        "channel_id": channel_id,
    }


async def add_notice(
    connection: Connection, told: Told, by: InForce, due: Due, *, content: Content, state: MessageState
) -> None:
    """Put a message about one edge into the outbox, once whatever happens: its id is made of edge, rule and channel."""
    await SQL["insert_message"].fetchval(
        connection,
        account=told.account,
        id=message_id(told.edge_id, by.rule_id, by.channel_id),
        channel_id=by.channel_id,
        kind="notice",
        state=state,
        rule_id=by.rule_id,
        incident_id=told.incident_id,
        edge_ids=[told.edge_id],
        maintenance=due.maintenance,
        content=content.model_dump_json(),
        due_at=due.at,
    )


async def add_to_digest(connection: Connection, told: Told, by: InForce, at: datetime) -> bool:
    """Add an edge to the digest of `at`. Returns False when that has its content already."""
    added = await SQL["add_to_digest"].fetchval(
        connection,
        account=told.account,
        id=message_id("digest", at.isoformat(), by.rule_id, by.channel_id),
        channel_id=by.channel_id,
        rule_id=by.rule_id,
        edge_id=told.edge_id,
        due_at=at,
    )
    return added is not None


async def put_into_digest(connection: Connection, told: Told, by: InForce, at: datetime) -> None:
    """Add an edge to the digest of `at`, or to the first one after that which has no content yet."""
    while not await add_to_digest(connection, told, by, at):
        at = digest_after(by.rule, at, by.reader.zone)


def told_of(row: Any) -> Told:
    """Return the edge of a row with `told_columns`. Raises ValueError for words that this version does not know."""
    return Told(
        row["edge_id"],
        row["incident_id"],
        row["account"],
        Edge(row["edge"]),
        row["at"],
        Kind(row["kind"]),
        SEVERITIES[SEVERITIES.index(row["severity"])],
        row["integration_type"],
        row["affiliate"],
        row["opened_at"],
        row["began_at"],
        json.loads(row["facts"]),
    )
