"""Work of an operator on topics."""

from aiokafka.admin import AIOKafkaAdminClient

from tests.support.waiting import eventually


async def deleted_topic(servers: str, name: str) -> None:
    """Delete a topic; return when Kafka does not know it any more."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.delete_topics([name])

        async def gone() -> bool:
            return name not in await admin.list_topics()

        await eventually(gone)
    finally:
        await admin.close()
