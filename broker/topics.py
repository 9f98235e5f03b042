"""Creates the topics that are missing, and says what is wrong with those that are there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from broker.errors import BrokerUnavailable
from broker.settings import BrokerSettings

_TIMEOUT_MS = 15_000


async def create_topics(servers: str, settings: BrokerSettings) -> list[str]:
    """Create every topic of `settings.topics` that is not there. Returns the names of the new ones.

    Topics that are there are left as they are: see `check_topics`. Raises BrokerUnavailable.
    """
    async with _admin(servers) as admin:
        present = set(await admin.list_topics())
        wanted = [
            NewTopic(
                name=name,
                num_partitions=settings.topic_partitions,
                replication_factor=settings.topic_replication,
                topic_configs={"max.message.bytes": str(_with_overhead(size))},
            )
            for name, size in settings.topics.all()
            if name not in present
        ]
        if wanted:
            answer = await admin.create_topics(wanted, timeout_ms=_TIMEOUT_MS)
            for _name, code, message in answer.topic_errors:
                if code not in (0, TopicAlreadyExistsError.errno):
                    raise BrokerUnavailable(f"{for_code(code).__name__}: {message}")
        return [topic.name for topic in wanted]


async def check_topics(servers: str, settings: BrokerSettings) -> list[str]:
    """One sentence a fault: a topic that is missing, or that takes smaller records than are promised."""
    async with _admin(servers) as admin:
        present = set(await admin.list_topics())
        faults = [f"topic {name} is missing" for name, _size in settings.topics.all() if name not in present]
        for name, size in settings.topics.all():
            if name in present:
                limit = await _max_message_bytes(admin, name)
                if limit < size:
                    faults.append(f"topic {name} takes records up to {limit} bytes; it must take {size}")
        return faults


def _with_overhead(size: int) -> int:
    """Room for the batch header, the key and the headers around a value of `size` bytes."""
    return size + 128 * 1024


async def _max_message_bytes(admin: AIOKafkaAdminClient, topic: str) -> int:
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    for answer in await admin.describe_configs([resource]):
        for entry in answer.resources[0][4]:
            if entry[0] == "max.message.bytes":
                return int(entry[1])
    return 0


@asynccontextmanager
async def _admin(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client for one block; its errors are BrokerUnavailable."""
    client = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=_TIMEOUT_MS)
    try:
        await client.start()
        yield client
    except (KafkaError, OSError) as exc:
        raise BrokerUnavailable(str(exc) or type(exc).__name__) from exc
    finally:
        await client.close()
