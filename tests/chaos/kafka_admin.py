"""What an operator does to topics."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient


async def deleted_topic(servers: str, name: str) -> None:
    """Delete a topic; return when Kafka does not know it any more."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.delete_topics([name])
        while name in await admin.list_topics():
            await asyncio.sleep(0.05)
    finally:
        await admin.close()
