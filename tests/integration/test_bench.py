"""How the benchmark tells what is stored."""

import time

import asyncpg

from bench.databases import Stored
from bench.events import as_json_batches, partitioned, simulated
from schemas.catalogue import BY_NAME
from schemas.result import Result, read
from storage.database import Database
from storage.results import store
from storage.settings import StorageSettings


async def test_what_is_stored_is_known_by_its_marks(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings
) -> None:
    events = simulated(2500, "price")
    partitions = partitioned(events, 2)
    batched = [as_json_batches(each) for each in partitions]
    stored, stored_of_batches = Stored(owner, partitions), Stored(owner, batched)
    assert stored.total == stored_of_batches.total == 2500
    assert await stored.results() == await stored_of_batches.results() == 0
    database = Database(database_url, "writer", storage_settings)
    so_far = 0
    for of_partition, part in ((partitions[0], 1000), (partitions[1], len(partitions[1]))):
        results: list[Result] = []
        for event in of_partition[:part]:
            record = event.record
            [result] = read(BY_NAME["price"], record.headers, record.key, record.value or b"", time.time_ns())
            assert isinstance(result, Result)
            results.append(result)
        async with database.transaction() as connection:
            await store(connection, results)
        so_far += part
        assert so_far - len(of_partition) * 0.1 <= await stored.results() <= so_far
        assert await stored_of_batches.results() == so_far
    await database.close()
