"""Record batches that are small on the wire and immense when they are decompressed: C4 of the fault rig."""

import asyncio
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from broker.settings import BrokerSettings
from schemas.topics import MAX_RECORD_BYTES
from storage.settings import StorageSettings
from tests.support.agents import committed, produce, records, stored
from tests.support.events import result
from tests.support.kafka_admin import admin_of
from tests.support.processes import conexoes
from tests.support.record_batch import CODECS, bomb, produce_batch, record_batch
from tests.support.waiting import eventually

pytestmark = pytest.mark.law

#: Memory limit of a worker's container.
LIMIT = 512 * 1024 * 1024


async def test_a_worker_of_512_mib_outlives_a_gibibyte_in_every_codec(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price")
    await _let_in(servers, topic, 16 * 1024 * 1024)
    # A gibibyte of snappy is 50 MB on the wire.
    bombs = {name: bomb(name, 1024 if name != "snappy" else 128) for name in CODECS}
    for number, raw in enumerate(bombs.values()):
        await produce_batch(servers, topic, 0, record_batch([result(f"before{number}", key=f"b{number}")]))
        await produce_batch(servers, topic, 0, raw)
        await produce_batch(servers, topic, 0, record_batch([result(f"after{number}", key=f"a{number}")], gzip=True))
    await produce(servers, broker_settings.topic_prefix, [result(f"e{n}", key=f"SKU-{n}") for n in range(200)])
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TOPIC_PREFIX": broker_settings.topic_prefix,
        "DATABASE_URL": str(storage_settings.database_url),
        "DATA_DIR": str(data_dir),
    }
    peak = 0
    async with conexoes("agents", log=data_dir / "agents.log", **settings) as process:

        async def all_committed() -> bool:
            nonlocal peak
            assert process.returncode is None
            peak = max(peak, psutil.Process(process.pid).memory_info().rss)
            return await committed(broker_settings) == 208 + 3 * 1024 + 128

        async def watch() -> None:
            nonlocal peak
            while True:
                peak = max(peak, psutil.Process(process.pid).memory_info().rss)
                await asyncio.sleep(0.02)

        watching = asyncio.create_task(watch())
        await stored(owner, 208)
        await eventually(all_committed)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert peak < LIMIT, f"{peak / 2**20:.0f} MiB"
    rows = await owner.fetch('SELECT code, value, reason FROM dead_letters ORDER BY "offset"')
    assert [(row["code"], len(row["value"])) for row in rows] == [
        ("too_large", min(len(raw), MAX_RECORD_BYTES)) for raw in bombs.values()
    ]
    assert all('"batch_expands_too_far"' in row["reason"] for row in rows)
    for row, raw in zip(rows, bombs.values(), strict=True):
        assert bytes(row["value"])[61:] == raw[61:MAX_RECORD_BYTES]  # the offset before it is the broker's
    letters = await records(servers, broker_settings.topics.dead_letter, len(bombs))
    assert {dict(each.headers)["x-dead-letter-code"] for each in letters} == {b"too_large"}


async def _let_in(servers: str, topic: str, size: int) -> None:
    async with admin_of(servers) as admin:
        wanted = {"max.message.bytes": str(size)}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=wanted)])
