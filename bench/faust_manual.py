"""Faust as its manual shows it: `async for`, one transaction an event. The same decoding and SQL as ours."""

import os
import time

import faust

from schemas.catalogue import BY_NAME
from schemas.reading.reader import ResultsReader
from schemas.result import Result
from storage.database import Database
from storage.results import store
from storage.settings import StorageSettings

app = faust.App(
    os.environ["BENCH_GROUP"],
    broker=f"kafka://{os.environ['CONEXOES_KAFKA_BOOTSTRAP_SERVERS']}",
    value_serializer="raw",
    key_serializer="raw",
    store="memory://",
    web_enabled=False,
    topic_disable_leader=True,
    datadir=os.environ["CONEXOES_DATA_DIR"],
)
settings = StorageSettings()
reader = ResultsReader([BY_NAME["price"]])
database = Database(str(settings.database_url), "writer", settings)


@app.agent(app.topic(os.environ["BENCH_TOPIC"], value_type=bytes))
async def ingest(stream):  # type: ignore[no-untyped-def]
    async for event in stream.events():
        headers = list(event.message.headers)
        for result in reader.read(headers, event.message.key, event.message.value, time.time_ns()):
            if isinstance(result, Result):
                async with database.transaction() as connection:
                    await store(connection, [result])


if __name__ == "__main__":
    app.main()
