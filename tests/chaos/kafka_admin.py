"""Work of an operator on topics, who does it again when another fault has Kafka just then."""

from collections.abc import Collection, Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from agents.kafka.positions import incarnations
from broker.errors import BrokerUnavailable
from broker.settings import BrokerSettings
from broker.topics import create_topics
from tests.support.waiting import eventually


async def deleted_topic(servers: str, name: str) -> None:
    """Delete a topic; return when Kafka does not know it any more."""

    async def gone() -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=servers)
        try:
            await admin.start()
            if name not in await admin.list_topics():
                return True
            await admin.delete_topics([name])
        except (KafkaError, OSError, TimeoutError):
            pass
        finally:
            await admin.close()
        return False

    await eventually(gone)


async def made_topics(servers: str, settings: BrokerSettings) -> None:
    """Make the topics that are missing; return when there are all of them."""

    async def made() -> bool:
        try:
            await create_topics(servers, settings)
        except (BrokerUnavailable, KafkaError, OSError, TimeoutError):
            return False
        return True

    await eventually(made)


async def known_topics(servers: str, topics: Collection[str]) -> Mapping[str, str]:
    """Look up which topic each name stands for now, of those that are there. Raises KafkaError, OSError."""
    client = AIOKafkaClient(bootstrap_servers=servers)
    try:
        await client.bootstrap()
        return await incarnations(client, topics)
    finally:
        await client.close()
