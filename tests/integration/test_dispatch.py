"""Items that Kafka took and items that it refused are marked in PostgreSQL."""

from collections import Counter

import asyncpg

from agents.reprocess.dispatch import Dispatch
from broker.errors import RecordRefused
from broker.publisher import Publisher, Record, Written
from schemas.policy import Policy
from schemas.reasons.reason import own_words
from schemas.topics import Topics
from storage.reprocess.claims import claim_items, open_lanes
from storage.reprocess.writer import cancel
from tests.support.reprocess import Desk


class Refusing(Publisher):
    """Takes everything but SKU-0 and SKU-1."""

    async def publish(self, record: Record) -> Written:
        if record.key and record.key.endswith((b"/SKU-0", b"/SKU-1")):
            raise RecordRefused("too large")
        return Written(0, 0)


async def test_what_was_sent_and_what_failed_are_two_transactions(desk: Desk, owner: asyncpg.Connection) -> None:
    """One transaction would lock the second's logs after the first's counts, against the order of locks."""
    await desk.fail(range(6))
    await desk.by_filter("c")
    dispatch = Dispatch(
        desk.writer, Refusing("127.0.0.1:9"), Topics(), Policy(), batch=10, poll_seconds=1, lease_seconds=60
    )
    assert await dispatch.send_queued() == 6
    rows = await owner.fetch("SELECT state, xmin::text AS writer FROM reprocess_items")
    assert Counter(row["state"] for row in rows) == {"sent": 4, "failed": 2}
    assert len({row["writer"] for row in rows}) == 2


async def test_nothing_is_claimed_of_a_command_that_was_cancelled_a_moment_ago(desk: Desk) -> None:
    await desk.fail(range(5))
    await desk.by_filter("c")
    async with desk.writer.connection() as connection:
        [lane] = await open_lanes(connection)
        async with connection.transaction():
            assert await cancel(connection, "acme", "c", requested_by="maria", note=own_words("enough"))
        async with connection.transaction():
            assert await claim_items(connection, [(lane, 5)], 60) == []
