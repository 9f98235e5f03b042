"""The bound for Python: aiokafka, our decoding and our SQL, with nothing around them.

Decodes the next batch while PostgreSQL writes the one before, in one process, without group membership trouble,
dead letters, a watermark or a way to stop: what a worker could reach if all of that were free.
"""

import asyncio
import os
import time

from aiokafka import AIOKafkaConsumer

from schemas.catalogue import BY_NAME
from schemas.reading.reader import ResultsReader
from schemas.result import Result
from storage.database import Database
from storage.results import store
from storage.settings import StorageSettings

MAX_ROWS = 5000


async def main() -> None:
    settings = StorageSettings()
    database = Database(str(settings.database_url), "writer", settings)
    consumer = AIOKafkaConsumer(
        os.environ["BENCH_TOPIC"],
        bootstrap_servers=os.environ["CONEXOES_KAFKA_BOOTSTRAP_SERVERS"],
        group_id=os.environ["BENCH_GROUP"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    reader = ResultsReader([BY_NAME["price"]])
    writing: asyncio.Task[None] | None = None
    while True:
        batches = await consumer.getmany(timeout_ms=1000, max_records=MAX_ROWS)
        results = [
            event
            for records in batches.values()
            for record in records
            for event in reader.read(record.headers, record.key, record.value, time.time_ns())
            if isinstance(event, Result)
        ]
        if writing is not None:
            await writing
            await consumer.commit()
        writing = asyncio.create_task(_write(database, results)) if results else None


async def _write(database: Database, results: list[Result]) -> None:
    async with database.transaction() as connection:
        await store(connection, results)


if __name__ == "__main__":
    asyncio.run(main())
