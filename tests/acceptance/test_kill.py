"""Agents processes as a user starts them, killed without warning in the middle of their work."""

import asyncio
import os
import random
import sys
from asyncio.subprocess import Process
from pathlib import Path

import asyncpg
import pytest

from broker.settings import BrokerSettings
from tests.support.agents import produce, stored
from tests.support.events import at, result
from tests.support.waiting import eventually

pytestmark = pytest.mark.law


async def start_agents(broker: BrokerSettings, url: str, data_dir: Path, worker_id: str = "w1") -> Process:
    """`conexoes agents` against servers that run already."""
    environment = {
        **os.environ,
        "CONEXOES_KAFKA_BOOTSTRAP_SERVERS": str(broker.kafka_bootstrap_servers),
        "CONEXOES_TOPIC_PREFIX": broker.topic_prefix,
        "CONEXOES_DATABASE_URL": url,
        "CONEXOES_DATA_DIR": str(data_dir),
        "CONEXOES_WORKER_ID": worker_id,
    }
    data_dir.mkdir(exist_ok=True)
    with (data_dir / "agents.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "conexoes", "agents", env=environment, stdout=log, stderr=log
        )


async def test_kill_9_in_the_middle_of_20_000_events_loses_nothing_and_doubles_nothing(
    broker_settings: BrokerSettings, database_url: str, data_dir: Path, owner: asyncpg.Connection
) -> None:
    total = 20_000
    rng = random.Random(9)
    events = [
        result(f"e{n}", key=f"SKU-{rng.randrange(2000)}", processed_at=at(rng.randrange(3000))) for n in range(total)
    ]
    servers = str(broker_settings.kafka_bootstrap_servers)
    process = await start_agents(broker_settings, database_url, data_dir)
    sending = asyncio.create_task(produce(servers, broker_settings.topic_prefix, events))
    for share in (0.1, 0.4, 0.7):
        await stored(owner, int(total * share))
        process.kill()
        await process.wait()
        process = await start_agents(broker_settings, database_url, data_dir)
    await sending
    await stored(owner, total)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 30) == 0
    assert await owner.fetchval("SELECT count(*) FROM attempts") == total
    assert await owner.fetchval("SELECT sum(attempts) FROM status_logs") == total
    assert (
        await owner.fetchval(
            """SELECT count(*) FROM status_logs s WHERE version <> (
               SELECT max(version) FROM attempts a WHERE a.account = s.account AND a.log_id = s.id)"""
        )
        == 0
    )


async def test_sigterm_under_load_ends_soon_and_what_was_not_stored_comes_again(
    broker_settings: BrokerSettings, database_url: str, data_dir: Path, owner: asyncpg.Connection
) -> None:
    total = 5000
    process = await start_agents(broker_settings, database_url, data_dir)
    events = (result(f"e{n}", key=f"SKU-{n % 500}", processed_at=at(n % 600)) for n in range(total))
    await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, events)
    await stored(owner, 1)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 30) == 0
    process = await start_agents(broker_settings, database_url, data_dir)
    await stored(owner, total)
    process.terminate()
    await process.wait()
    assert await owner.fetchval("SELECT sum(attempts) FROM status_logs") == total


async def test_servers_that_are_away_at_the_start_are_waited_for(
    broker_settings: BrokerSettings, database_url: str, data_dir: Path
) -> None:
    nowhere = broker_settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:9"})
    process = await start_agents(nowhere, database_url, data_dir)

    async def waits() -> bool:
        return "waiting" in (data_dir / "agents.log").read_text()

    await eventually(waits)
    assert process.returncode is None
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 30) == 0
