"""Claims the items that a worker sends next: by fairness, pace, pauses and breakers, in one short transaction.

A verdict is true when the retry leaves: each item's log is looked at once more. What it shows then is what the answer
is compared with.
"""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from agents.reprocess.fairness import share
from schemas.breaker import Breaker
from schemas.item_state import ItemState
from schemas.policy import Policy
from schemas.verdict import reason, verdict_at_leaving
from storage.database import Connection, Database, clock
from storage.reprocess.breakers import BreakerName, lock_breakers, set_breakers
from storage.reprocess.claims import (
    Bucket,
    BucketName,
    Lane,
    QueuedItem,
    claim_items,
    lock_buckets,
    open_lanes,
    set_before,
    set_buckets,
)
from storage.reprocess.writer import UnneededItem, mark_unneeded

#: The lease of a claim. An item not sent within it is claimed again, with the same id. Sending a batch takes a
#: fraction.
LEASE_SECONDS = 30.0
_EVERY_ACCOUNT = "*"


def refilled(bucket: Bucket, per_second: float, now: datetime) -> Bucket:
    """Return the bucket with the tokens of the time since: one second's worth at most, a capacity of one at least."""
    gained = max((now - bucket.refilled_at).total_seconds(), 0.0) * per_second
    # Never back in time: a worker that waited for the bucket's lock would refill what another has spent.
    return Bucket(min(bucket.tokens + gained, max(per_second, 1.0)), max(now, bucket.refilled_at))


class Claimed(NamedTuple):
    """Items whose turn has come."""

    items: list[QueuedItem]  # to be sent
    unneeded: list[UnneededItem]  # not to be sent any more
    ended: list[ItemState]  # what these became

    @property
    def number(self) -> int:
        """All of them: that many left the queue."""
        return len(self.items) + len(self.unneeded)


class Claiming:
    """Claims items for one worker."""

    def __init__(self, policy: Policy, lease_seconds: float = LEASE_SECONDS) -> None:
        self._policy = policy
        self._lease_seconds = lease_seconds
        self._turn = random.randrange(1000)  # noqa: S311 - workers should not all begin with the same account

    async def claim(self, database: Database, integration_type: str, room: int) -> Claimed:
        """Claim up to `room` items of a type, and let go of those whose logs need no retry any more.

        These take none of the pace, and are no trial of a breaker. Raises StorageUnavailable: then some items may be
        claimed, until their lease ends.
        """
        async with database.transaction() as connection:
            claimed = await self._claim(connection, integration_type, room)
        if claimed.unneeded:
            async with database.transaction() as connection:
                claimed = claimed._replace(ended=await mark_unneeded(connection, claimed.unneeded))
        return claimed

    async def _claim(self, connection: Connection, integration_type: str, room: int) -> Claimed:
        """Claim in one transaction: if it fails, claims, tokens and trials are undone."""
        self._turn += 1
        lanes = await open_lanes(connection, integration_type)
        if not lanes:
            return Claimed([], [], [])
        now = await clock(connection)
        buckets = await self._refill(connection, lanes, now)
        trying = await self._may_be_tried(connection, lanes, now)
        lanes = [lane for lane in lanes if lane.breaker.room(now) is None or lane.breaker_name in trying]
        limits = {name: int(bucket.tokens) for name, bucket in buckets.items()}
        limits |= {_trial(name): 1 for name in trying}
        parts = share(lanes, room, limits, lambda lane: self._limits_of(lane, trying), self._turn)
        takes = [(lane, part) for lane, part in zip(lanes, parts, strict=True) if part]
        if not takes:
            return Claimed([], [], [])
        items: list[QueuedItem] = []
        unneeded: list[UnneededItem] = []
        for item in await claim_items(connection, takes, self._lease_seconds):
            if (refused := self._refused(item)) is None:
                items.append(item)
            else:
                unneeded.append(refused)
        await set_before(connection, items)
        await self._spend(connection, buckets, takes, items)
        tried = {BreakerName(each.account, each.affiliate, integration_type) for each in items} & trying.keys()
        await set_breakers(connection, {name: trying[name].tried(now) for name in tried})
        return Claimed(items, unneeded, [])

    def _refused(self, item: QueuedItem) -> UnneededItem | None:
        """Return what an item becomes instead of being sent; None for one that is sent."""
        rule = self._policy.for_(item.integration_type, item.affiliate)
        if item.corrected:  # a correction is of the request of one result: sent after the next, it may undo that
            rule = rule._replace(only_unchanged=True)
        state = verdict_at_leaving(item.status, rule, changed=item.changed)
        why = reason(state, rule)
        return None if why is None else UnneededItem(item.account, item.id, state, why)

    def _paces(self, lane: Lane) -> dict[BucketName, float]:
        """The token buckets that a lane draws from, with the retries per second of each."""
        paces: dict[BucketName, float] = {}
        policy = self._policy.for_(lane.integration_type, lane.affiliate).per_second
        if policy is not None:
            paces[BucketName(_EVERY_ACCOUNT, f"{lane.integration_type}/{lane.affiliate}")] = policy
        if lane.per_second is not None:
            of = f"automatic/{lane.integration_type}" if lane.automatic else lane.command_id
            paces[BucketName(lane.account, f"{of}/{lane.affiliate}")] = lane.per_second
        return paces

    def _limits_of(self, lane: Lane, trying: dict[BreakerName, Breaker]) -> Sequence[BucketName]:
        names = list(self._paces(lane))
        return [*names, _trial(lane.breaker_name)] if lane.breaker_name in trying else names

    async def _refill(self, connection: Connection, lanes: Sequence[Lane], now: datetime) -> dict[BucketName, Bucket]:
        paces = {name: pace for lane in lanes for name, pace in self._paces(lane).items()}
        if not paces:
            return {}
        full = {name: max(pace, 1.0) for name, pace in paces.items()}
        return {
            name: refilled(bucket, paces[name], now) for name, bucket in (await lock_buckets(connection, full)).items()
        }

    async def _spend(
        self,
        connection: Connection,
        buckets: dict[BucketName, Bucket],
        takes: Sequence[tuple[Lane, int]],
        items: Sequence[QueuedItem],
    ) -> None:
        if not buckets:
            return
        lane_of = {(lane.account, lane.command_id, lane.affiliate): lane for lane, _part in takes}
        for item in items:
            for name in self._paces(lane_of[item.account, item.command_id, item.affiliate]):
                buckets[name] = buckets[name]._replace(tokens=buckets[name].tokens - 1)
        await set_buckets(connection, buckets)

    async def _may_be_tried(
        self, connection: Connection, lanes: Sequence[Lane], now: datetime
    ) -> dict[BreakerName, Breaker]:
        """Breakers that allow one retry now. They are locked, so that only one worker tries."""
        names = sorted({lane.breaker_name for lane in lanes if lane.breaker.room(now) == 1})
        if not names:
            return {}
        locked = await lock_breakers(connection, names)
        return {name: breaker for name, breaker in locked.items() if breaker.room(now) == 1}


def _trial(name: BreakerName) -> BucketName:
    return BucketName(name.account, f"trial/{name.integration_type}/{name.affiliate}")
