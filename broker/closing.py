"""Closes consumers of aiokafka."""

import asyncio

from aiokafka import AIOKafkaConsumer


async def close_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer, and close its connections, whatever it was about to fetch.

    aiokafka 0.14 cancels a fetch that waits to be tried again, and lets that cancellation out of `stop` before it has
    closed its connections (Fetcher.close). Who called it was not cancelled, and would take itself for it.
    """
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        await consumer._client.close()
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
