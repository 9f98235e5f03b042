"""Two processes of one worker id: the one that came last has it, and the other ends with a reason."""

import asyncio
from pathlib import Path

import asyncpg

from agents.process import crash
from broker.settings import BrokerSettings
from storage.settings import StorageSettings
from tests.support.agents import produce, stored
from tests.support.events import result
from tests.support.processes import conexoes, end
from tests.support.waiting import eventually


async def test_the_one_that_was_there_ends_and_says_why(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    servers = str(broker_settings.kafka_bootstrap_servers)
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TOPIC_PREFIX": broker_settings.topic_prefix,
        "DATABASE_URL": str(storage_settings.database_url),
        "WORKER_ID": "the-one",
    }
    logs = [tmp_path / "first.log", tmp_path / "second.log"]
    async with conexoes("agents", log=logs[0], DATA_DIR=str(tmp_path / "first"), **settings) as first:

        async def ready() -> bool:
            return '"ready"' in logs[0].read_text()

        await eventually(ready)
        async with conexoes("agents", log=logs[1], DATA_DIR=str(tmp_path / "second"), **settings) as second:
            assert await asyncio.wait_for(first.wait(), 60) == crash.EXIT_CODE
            assert "another process has this worker id (CONEXOES_WORKER_ID)" in logs[0].read_text()
            assert "another process had this worker id a moment ago" in logs[1].read_text()
            await produce(servers, broker_settings.topic_prefix, [result(f"e{n}", key=f"SKU-{n}") for n in range(50)])
            await stored(owner, 50)
            assert await end(second) == 0
    assert await owner.fetchval("SELECT count(*) FROM workers") == 0
