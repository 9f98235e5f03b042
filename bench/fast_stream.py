"""FastStream's batch subscriber over aiokafka, as its manual shows it. The same decoding and SQL as ours."""

import asyncio
import os
import time
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage

from schemas.catalogue import BY_NAME
from schemas.reading.reader import ResultsReader
from schemas.result import Result
from storage.database import Database
from storage.results import store
from storage.settings import StorageSettings

MAX_ROWS = 5000

settings = StorageSettings()
database = Database(str(settings.database_url), "writer", settings)
reader = ResultsReader([BY_NAME["price"]])
broker = KafkaBroker(os.environ["CONEXOES_KAFKA_BOOTSTRAP_SERVERS"], logger=None)


async def _untouched(message: KafkaMessage) -> Any:
    """Decode nothing: our own reader decodes, and FastStream would decode the JSON a second time."""
    return message.body


@broker.subscriber(  # type: ignore[untyped-decorator]
    os.environ["BENCH_TOPIC"],
    batch=True,
    max_records=MAX_ROWS,
    group_id=os.environ["BENCH_GROUP"],
    auto_offset_reset="earliest",
    ack_policy=AckPolicy.NACK_ON_ERROR,
    decoder=_untouched,
)
async def ingest(_values: list[Any], message: KafkaMessage) -> None:
    results = [
        event
        for record in message.raw_message
        for event in reader.read(record.headers, record.key, record.value, time.time_ns())
        if isinstance(event, Result)
    ]
    async with database.transaction() as connection:
        await store(connection, results)


if __name__ == "__main__":
    asyncio.run(FastStream(broker, logger=None).run())
