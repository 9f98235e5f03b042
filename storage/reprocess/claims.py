"""Items that a worker is sending: claimed for a while in a short transaction, then published outside of any."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.breaker import Breaker
from storage.columns import columns
from storage.database import Connection
from storage.reprocess.affiliates import breaker_of
from storage.statements import SQL

#: Running commands and affiliates that are looked at together; what is beyond has its turn when these are through.
MAX_LANES = 5000

BucketName = tuple[str, str]  # account ('*': all of them), and what in it


class Lane(NamedTuple):
    """What one command has to send to one affiliate."""

    account: str
    command_id: str
    affiliate: str
    integration_type: str
    per_second: float | None  # the command's own pace
    released: int | None  # items up to this position; None: all
    ready: int
    paused: bool  # by a person
    breaker: Breaker


class QueuedItem(NamedTuple):
    """An item to be sent."""

    account: str
    id: uuid.UUID
    command_id: str
    log_id: uuid.UUID
    integration_type: str
    affiliate: str
    key: str
    mode: str
    before_event_id: str
    attempt: int
    aliases: dict[str, str]


class Bucket(NamedTuple):
    """How many tokens there were, and when that was."""

    tokens: float
    refilled_at: datetime


async def open_lanes(connection: Connection) -> list[Lane]:
    """What could be sent, oldest commands first."""
    rows = await connection.fetch(SQL["open_lanes"], MAX_LANES)
    return [
        Lane(*(row[name] for name in Lane._fields[:-1]), breaker=breaker_of(row))  # type: ignore[misc]
        for row in rows
        if row["ready"]
    ]


async def claim_items(
    connection: Connection, takes: Sequence[tuple[Lane, int]], lease_seconds: float
) -> list[QueuedItem]:
    """Up to so many items of each lane, kept from other workers for `lease_seconds`.

    None of a command that is over by now. A cancellation that comes after this stops none of them.
    """
    rows = [(lane.account, lane.command_id, lane.affiliate, take, lane.released) for lane, take in takes]
    claimed = await connection.fetch(SQL["claim_items"], *columns(rows, 5), lease_seconds)
    return [QueuedItem(**{**row, "aliases": json.loads(row["aliases"])}) for row in claimed]


async def release_claims(connection: Connection, items: Sequence[QueuedItem]) -> None:
    """Give up what was not sent, so that whoever comes next may send it at once."""
    await connection.execute(SQL["release_claims"], *columns([(each.account, each.id) for each in items], 2))


async def lock_buckets(connection: Connection, full: Mapping[BucketName, float]) -> dict[BucketName, Bucket]:
    """Buckets by name, locked until the transaction ends; one that is new has the tokens that are given for it."""
    names = sorted(full)
    await connection.execute(SQL["make_buckets"], *columns([(*name, full[name]) for name in names], 3))
    rows = await connection.fetch(SQL["lock_buckets"], *columns(names, 2))
    return {(row["account"], row["name"]): Bucket(row["tokens"], row["refilled_at"]) for row in rows}


async def set_buckets(connection: Connection, buckets: Mapping[BucketName, Bucket]) -> None:
    """Keep what is left in them; to be called with all of them locked."""
    await connection.execute(SQL["set_buckets"], *columns([(*name, *bucket) for name, bucket in buckets.items()], 4))
