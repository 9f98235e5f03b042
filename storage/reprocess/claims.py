"""Claims of items: a worker leases them in a short transaction, then publishes them outside of any."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.breaker import Breaker
from storage.database import Connection
from storage.reprocess.breakers import BreakerName, breaker_of
from storage.statements import SQL

#: Limit of lanes (running commands by affiliate) that are read together; others have their turn after these.
MAX_LANES = 5000


class BucketName(NamedTuple):
    """The name of a token bucket."""

    account: str  # '*': all of them
    name: str  # of the limit within the account


class Lane(NamedTuple):
    """Items of one command for one affiliate."""

    account: str
    command_id: str
    affiliate: str
    integration_type: str
    per_second: float | None  # the command's own pace
    automatic: bool  # nobody asked for it: its pace is that of all such commands together
    released: int | None  # items up to this position; None: all
    ready: int
    breaker: Breaker

    @property
    def breaker_name(self) -> BreakerName:
        """The breaker that it asks."""
        return BreakerName(self.account, self.affiliate, self.integration_type)


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
    last_event_id: str  # of the result that the retry is about: the one that its log shows now
    attempt: int
    aliases: dict[str, str]
    busy_answers: int = 0  # that it got before
    traceparent: str | None = None  # of its command; else, as it is sent, of the result that it is about
    status: str = "error"  # of its log now
    last_source: str | None = None  # of the result with `last_event_id`; None: not known
    changed: bool = False  # that is another result than the one that was asked about
    outdated: bool = False  # its answer would be compared with an earlier result
    corrected: bool = False  # a person has changed its request


class _Take(NamedTuple):
    """A claim of a number of items of a lane."""

    account: str
    command_id: str
    affiliate: str
    items: int
    released: int | None


class Bucket(NamedTuple):
    """Tokens of a bucket at a time."""

    tokens: float
    refilled_at: datetime


async def types_to_send(connection: Connection) -> set[str]:
    """Return the integration types of which some command has items to send."""
    return {row["integration_type"] for row in await SQL["types_to_send"].fetch(connection)}


async def open_lanes(connection: Connection, integration_type: str) -> list[Lane]:
    """Return the lanes of a type with items that could be sent, oldest commands first."""
    rows = await SQL["open_lanes"].fetch(connection, integration_type=integration_type, limit=MAX_LANES)
    return [
        Lane(*(row[name] for name in Lane._fields[:-1]), breaker=breaker_of(row))  # type: ignore[misc]
        for row in rows
    ]


async def claim_items(
    connection: Connection, takes: Sequence[tuple[Lane, int]], lease_seconds: float
) -> list[QueuedItem]:
    """Claim up to so many items of each lane, kept from other workers for `lease_seconds`.

    A command that is over by now has none. A cancellation that comes after this stops none of them.
    """
    rows = [_Take(lane.account, lane.command_id, lane.affiliate, take, lane.released) for lane, take in takes]
    claimed = await SQL["claim_items"].fetch(connection, rows, lease_seconds=lease_seconds)
    return [QueuedItem(**{**row, "aliases": json.loads(row["aliases"])}) for row in claimed]


async def kept_requests(connection: Connection, items: Sequence[QueuedItem]) -> dict[uuid.UUID, str]:
    """Return the requests that are kept with the results that retries are about, by item, as JSON."""
    rows = await SQL["kept_requests"].fetch(connection, items, **_last_of(items))
    return {row["id"]: row["request"] for row in rows}


async def kept_traces(connection: Connection, items: Sequence[QueuedItem]) -> dict[uuid.UUID, str]:
    """Return what the results of items have as `traceparent`, by item; those that have any."""
    rows = await SQL["kept_traces"].fetch(connection, items, **_last_of(items))
    return {row["id"]: row["traceparent"] for row in rows}


def _last_of(items: Sequence[QueuedItem]) -> dict[str, list[str | None]]:
    """Return the results that retries are about, as statements take them."""
    return {"source": [each.last_source for each in items], "event_id": [each.last_event_id for each in items]}


async def set_before(connection: Connection, items: Sequence[QueuedItem]) -> None:
    """Let the answers to claimed items be compared with the results that their retries are about.

    These are what the logs show now; between the request and now they may have failed otherwise.
    """
    outdated = [each for each in items if each.outdated]
    if outdated:
        await SQL["set_before"].execute(connection, outdated, **_last_of(outdated))


async def release_claims(connection: Connection, items: Sequence[Any]) -> None:
    """Give up items, which have `account` and `id`, that were not sent: the next worker may send them at once."""
    await SQL["release_claims"].execute(connection, items)


async def lock_buckets(connection: Connection, full: Mapping[BucketName, float]) -> dict[BucketName, Bucket]:
    """Return buckets by name, locked until the transaction ends; a new one has the tokens of `full`."""
    names = sorted(full)
    await SQL["make_buckets"].execute(connection, names, tokens=[full[name] for name in names])
    rows = await SQL["lock_buckets"].fetch(connection, names)
    return {BucketName(row["account"], row["name"]): Bucket(row["tokens"], row["refilled_at"]) for row in rows}


async def set_buckets(connection: Connection, buckets: Mapping[BucketName, Bucket]) -> None:
    """Store the tokens that are left; to be called with all of the buckets locked."""
    left = list(buckets.values())
    await SQL["set_buckets"].execute(
        connection,
        list(buckets),
        tokens=[bucket.tokens for bucket in left],
        refilled_at=[bucket.refilled_at for bucket in left],
    )
