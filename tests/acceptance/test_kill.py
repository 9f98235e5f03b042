"""Agents processes as a user starts them, killed without warning in the middle of their work."""

import asyncio
import random
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import asyncpg
import pytest

from broker.settings import BrokerSettings
from embedded.postgres import EmbeddedPostgres
from storage.migrate import migrate
from tests.support.agents import produce, stored
from tests.support.events import at, result
from tests.support.processes import conexoes, end
from tests.support.waiting import eventually

pytestmark = pytest.mark.law

Agents = Callable[[], AbstractAsyncContextManager[Process]]


def agents_of(broker: BrokerSettings, url: str, data_dir: Path) -> Agents:
    """Starts `conexoes agents` against servers that run already, each time under the same name."""
    return lambda: conexoes(
        "agents",
        log=data_dir / "agents.log",
        KAFKA_BOOTSTRAP_SERVERS=str(broker.kafka_bootstrap_servers),
        TOPIC_PREFIX=broker.topic_prefix,
        DATABASE_URL=url,
        DATA_DIR=str(data_dir),
        WORKER_ID="w1",
    )


async def said(data_dir: Path, words: str, times: int = 1) -> None:
    """Wait until the agents have written `words` so often."""

    async def look() -> bool:
        return (data_dir / "agents.log").read_text().count(words) >= times

    await eventually(look)


@pytest.fixture
def agents(broker_settings: BrokerSettings, database_url: str, data_dir: Path) -> Agents:
    return agents_of(broker_settings, database_url, data_dir)


async def test_kill_9_in_the_middle_of_20_000_events_loses_nothing_and_doubles_nothing(
    agents: Agents, broker_settings: BrokerSettings, owner: asyncpg.Connection
) -> None:
    total = 20_000
    rng = random.Random(9)
    events = [
        result(f"e{n}", key=f"SKU-{rng.randrange(2000)}", processed_at=at(rng.randrange(3000))) for n in range(total)
    ]
    servers = str(broker_settings.kafka_bootstrap_servers)
    sending = asyncio.create_task(produce(servers, broker_settings.topic_prefix, events))
    for share in (0.1, 0.4, 0.7):
        async with agents():  # the end of the block kills it
            await stored(owner, int(total * share))
    await sending
    async with agents() as process:
        await stored(owner, total)
        assert await end(process) == 0
    assert await owner.fetchval("SELECT count(*) FROM attempts") == total
    assert await owner.fetchval("SELECT sum(attempts) FROM status_logs") == total
    stale = await owner.fetchval(
        """SELECT count(*) FROM status_logs s WHERE version <> (
               SELECT max(version) FROM attempts a WHERE a.account = s.account AND a.log_id = s.id)"""
    )
    assert stale == 0


async def test_sigterm_under_load_ends_soon_and_what_was_not_stored_comes_again(
    agents: Agents, broker_settings: BrokerSettings, owner: asyncpg.Connection, data_dir: Path
) -> None:
    total = 5000
    events = (result(f"e{n}", key=f"SKU-{n % 500}", processed_at=at(n % 600)) for n in range(total))
    async with agents() as process:
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, events)
        await stored(owner, 1)
        assert await end(process, seconds=30) == 0
    async with agents() as process:
        await said(data_dir, '"ready"', times=2)
        await stored(owner, total)
        assert await end(process) == 0
    assert await owner.fetchval("SELECT sum(attempts) FROM status_logs") == total


async def test_servers_that_are_away_at_the_start_are_waited_for(
    broker_settings: BrokerSettings, database_url: str, data_dir: Path
) -> None:
    nowhere = broker_settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:9"})
    async with agents_of(nowhere, database_url, data_dir)() as process:
        await said(data_dir, '"waiting"')
        assert process.returncode is None
        assert await end(process, seconds=30) == 0


@pytest.fixture
async def own_postgres(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server of this test's own, to be stopped at will."""
    async with AsyncExitStack() as stack:
        server = EmbeddedPostgres(tmp_path / "own", durable=True)
        stack.push_async_callback(server.stop)
        yield server


async def test_postgresql_stopped_for_ten_seconds_and_back_loses_nothing(
    own_postgres: EmbeddedPostgres, broker_settings: BrokerSettings, data_dir: Path
) -> None:
    url = await own_postgres.start()
    await migrate(url, 90)
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    total = 4000
    events = [result(f"e{n}", key=f"SKU-{n % 300}", processed_at=at(n % 500)) for n in range(total)]
    async with agents_of(broker_settings, url, data_dir)() as process:
        await produce(servers, prefix, events[: total // 4])
        sending = asyncio.create_task(produce(servers, prefix, events[total // 4 :]))
        await own_postgres.stop()
        await asyncio.sleep(10)
        await sending
        assert process.returncode is None, "the agents must wait, not end"
        url_again = await own_postgres.start()
        assert url_again == url
        owner = await asyncpg.connect(url, server_settings={"search_path": "conexoes"})
        await stored(owner, total)
        assert await owner.fetchval("SELECT sum(attempts) FROM status_logs") == total
        await owner.close()
        assert await end(process) == 0
