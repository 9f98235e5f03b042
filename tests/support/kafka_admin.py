"""A client that administers Kafka."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient

from tests.support.waiting import eventually


@asynccontextmanager
async def admin_of(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client that may make, change and delete topics; closed at the end of the block."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def delete_topic(servers: str, name: str) -> None:
    """Delete a topic, and wait until Kafka shows it no more."""
    async with admin_of(servers) as admin:
        await admin.delete_topics([name])

        async def is_gone() -> bool:
            return name not in await admin.list_topics()

        await eventually(is_gone)
