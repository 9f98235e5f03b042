"""Items that Kafka took and items that it refused are marked in PostgreSQL."""

import asyncio
from collections import Counter

import asyncpg
import pytest

from agents.reprocess.dispatch import Dispatch
from broker.errors import RecordRefused
from broker.publisher import Publisher, Record, Written
from broker.settings import BrokerSettings
from broker.topics import create_topics
from schemas.policy import Policy
from schemas.reasons.reason import own_words
from schemas.topics import Topics
from storage.reprocess import claims
from storage.reprocess.claims import claim_items, open_lanes
from storage.reprocess.writer import cancel
from tests.support.events import result
from tests.support.kafka_admin import delete_topic
from tests.support.reprocess import Desk
from tests.support.waiting import eventually


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
    assert await dispatch.send_queued("price") == 6
    rows = await owner.fetch("SELECT state, xmin::text AS writer FROM reprocess_items")
    assert Counter(row["state"] for row in rows) == {"sent": 4, "failed": 2}
    assert len({row["writer"] for row in rows}) == 2


HELD_BACK = {
    "paused": """
        INSERT INTO affiliates (account, affiliate, paused_at, paused_by) VALUES ('acme', 'MLB', now(), 'maria')""",
    "its breaker is open": """
        INSERT INTO breakers (account, affiliate, integration_type, state, retry_at)
        VALUES ('acme', 'MLB', 'price', 'open', now() + interval '1 hour')""",
    "tries are not due": "UPDATE reprocess_items SET not_before = now() + interval '1 hour' WHERE command_id <> 'last'",
    "steps are not released": "UPDATE reprocess_commands SET released = 0 WHERE id <> 'last'",
}


@pytest.mark.parametrize("how", HELD_BACK)
async def test_what_can_not_be_sent_hides_nothing_that_can(
    desk: Desk, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(claims, "MAX_LANES", 2)
    await desk.fail(range(3))
    await desk.fail(range(1), "AMZ")
    rows = await owner.fetch("SELECT id::text, affiliate FROM status_logs ORDER BY affiliate DESC, key")
    for row in rows:
        name = f"held-{row['id']}" if row["affiliate"] == "MLB" else "last"
        await desk.command(name, log_ids=[row["id"]], when_back=how == "paused")
    await owner.execute("UPDATE reprocess_items SET position = 1")
    await owner.execute(HELD_BACK[how])
    assert [each.affiliate for each in await desk.claim()] == ["AMZ"]


async def test_nothing_is_claimed_of_a_command_that_was_cancelled_a_moment_ago(desk: Desk) -> None:
    await desk.fail(range(5))
    await desk.by_filter("c")
    async with desk.writer.connection() as connection:
        [lane] = await open_lanes(connection, "price")
        async with connection.transaction():
            assert await cancel(connection, "acme", "c", requested_by="maria", note=own_words("enough"))
        async with connection.transaction():
            assert await claim_items(connection, [(lane, 5)], 60) == []


async def test_a_retry_topic_that_is_missing_holds_back_its_own_type_only(
    desk: Desk, broker_settings: BrokerSettings, owner: asyncpg.Connection
) -> None:
    servers, topics = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics
    await delete_topic(servers, topics.retry("price"))
    names = ("price", "tracking", "inventory")
    await desk.store(*(result(f"{name}-{n}", name, key=f"SKU-{n}") for name in names for n in range(20)))
    for name in names:
        rows = await owner.fetch("SELECT id FROM status_logs WHERE integration_type = $1", name)
        await desk.command(f"c-{name}", integration_type=name, log_ids=[str(row["id"]) for row in rows])
    publisher = Publisher(servers, timeout_seconds=5)
    dispatch = Dispatch(desk.writer, publisher, topics, Policy(), poll_seconds=0.05, lease_seconds=5)
    running = asyncio.create_task(dispatch.run())

    async def sent() -> Counter[str]:
        rows = await owner.fetch("SELECT integration_type FROM reprocess_items WHERE state = 'sent'")
        return Counter(row["integration_type"] for row in rows)

    async def others_are_sent() -> bool:
        return await sent() == {"tracking": 20, "inventory": 20}

    async def all_are_sent() -> bool:
        return await sent() == dict.fromkeys(names, 20)

    try:
        await eventually(others_are_sent)
        await create_topics(servers, broker_settings)
        await eventually(all_are_sent)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await publisher.close()
