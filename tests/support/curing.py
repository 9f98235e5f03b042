"""A connector that cures what it is asked to do again."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import orjson

from broker.settings import BrokerSettings
from tests.support.agents import consuming, produce
from tests.support.events import at, result


@asynccontextmanager
async def curing(broker: BrokerSettings, *, never: Collection[str] = ()) -> AsyncIterator[list[bytes]]:
    """A connector of prices that answers each retry with success; with the same error for the keys in `never`.

    Gives the retries that it has got.
    """
    retries: list[bytes] = []

    async def answer() -> None:
        servers = str(broker.kafka_bootstrap_servers)
        async with consuming(servers, broker.topics.retry("price")) as consumer:
            async for record in consumer:
                retries.append(record.value)
                retry = orjson.loads(record.value)
                fields = {"key": retry["data"]["key"], "processed_at": at(60)}
                if fields["key"] not in never:
                    fields |= {"status": "success", "errors": None}
                await produce(servers, broker.topic_prefix, [result(retry["id"], correlationid=retry["id"], **fields)])

    task = asyncio.create_task(answer())
    try:
        yield retries
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
