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

        async def is_there() -> bool:
            return name in await admin.list_topics()

        async def is_gone() -> bool:
            return not await is_there()

        await eventually(is_there)  # one that was made a moment ago would be shown when it is gone already
        await admin.delete_topics([name])
        await eventually(is_gone)
