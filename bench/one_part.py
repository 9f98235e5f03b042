"""The parts of ingest, one after the other in one process: reading from the broker, decoding, and the database.

Each alone and to its end, so that together they are what a worker would take without doing two things at once.
Prints one JSON object: for each part seconds and CPU seconds of this process, and PostgreSQL's for the last.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer

from bench.machine import cpu_seconds
from schemas.catalogue import BY_NAME
from schemas.result import Result, read
from storage.database import Database
from storage.results import store
from storage.settings import StorageSettings

MAX_ROWS = 5000
POSTGRES_PID = int(os.environ["BENCH_POSTGRES_PID"])


async def main() -> None:
    wanted = int(os.environ["BENCH_COUNT"])
    parts: dict[str, dict[str, float]] = {}
    consumer = AIOKafkaConsumer(
        os.environ["BENCH_TOPIC"],
        bootstrap_servers=os.environ["CONEXOES_KAFKA_BOOTSTRAP_SERVERS"],
        auto_offset_reset="earliest",
    )
    await consumer.start()
    with _timed(parts, "broker"):
        records: list[Any] = []
        while len(records) < wanted:
            for of_partition in (await consumer.getmany(timeout_ms=1000, max_records=MAX_ROWS)).values():
                records.extend(of_partition)
    await consumer.stop()
    now = time.time_ns()
    with _timed(parts, "decoding"):
        results = [
            event
            for record in records
            for event in read(BY_NAME["price"], record.headers, record.key, record.value, now)
            if isinstance(event, Result)
        ]
    settings = StorageSettings()
    database = Database(str(settings.database_url), "writer", settings)
    async with database.transaction() as connection:
        await connection.fetchval("SELECT 1")
    with _timed(parts, "database"):
        for start in range(0, len(results), MAX_ROWS):
            async with database.transaction() as connection:
                await store(connection, results[start : start + MAX_ROWS])
    await database.close()
    sys.stdout.write(json.dumps({"events": len(results), "parts": parts}))


@contextmanager
def _timed(parts: dict[str, dict[str, float]], name: str) -> Iterator[None]:
    wall, own, database = time.perf_counter(), time.process_time(), cpu_seconds([POSTGRES_PID])
    yield
    parts[name] = {
        "seconds": time.perf_counter() - wall,
        "worker_cpu": time.process_time() - own,
        "database_cpu": cpu_seconds([POSTGRES_PID]) - database,
    }


if __name__ == "__main__":
    asyncio.run(main())
