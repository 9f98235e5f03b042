"""Creates missing topics, and checks existing ones."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError, for_code

from broker.errors import BrokerUnavailable
from broker.reason import why_not
from broker.security import PLAINTEXT, Security
from broker.settings import BrokerSettings

_TIMEOUT_MS = 15_000
#: Records are dated by the broker: `processed_at` is held against that too, so that no worker's clock refuses it.
_BROKER_S_TIME = {"message.timestamp.type": "LogAppendTime"}


async def create_topics(servers: str, settings: BrokerSettings) -> list[str]:
    """Create every topic of `settings.topics` that does not exist. Returns the names of the new ones.

    Existing topics are not changed: see `check_topics`. Raises BrokerUnavailable.
    """
    async with _admin(servers, settings.security) as admin:
        present = set(await admin.list_topics())
        wanted = [
            NewTopic(
                name=name,
                num_partitions=settings.topic_partitions,
                replication_factor=settings.topic_replication,
                topic_configs={"max.message.bytes": str(_with_overhead(size)), **_BROKER_S_TIME},
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
    """Return one sentence for each fault: a topic that is missing, or that refuses records of the promised size."""
    async with _admin(servers, settings.security) as admin:
        present = set(await admin.list_topics())
        # Kafka has one error for both.
        missing = "is missing" if settings.security == PLAINTEXT else "is missing, or we may not Describe it"
        faults = [f"topic {name} {missing}" for name, _size in settings.topics.all() if name not in present]
        for name, size in settings.topics.all():
            if name in present:
                faults += await _faults(admin, name, size)
        return faults


def _with_overhead(size: int) -> int:
    """Add room for the batch header, the key and the headers to a value of `size` bytes."""
    return size + 128 * 1024


async def _faults(admin: AIOKafkaAdminClient, topic: str, size: int) -> list[str]:
    """Return the faults of an existing topic that must accept records of `size` bytes."""
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    code, message, _kind, _name, entries = answer.resources[0]
    if code:
        return [f"topic {topic}: its settings can't be read: {message or for_code(code).__name__}"]
    limit = next((int(entry[1]) for entry in entries if entry[0] == "max.message.bytes"), 0)
    return [] if limit >= size else [f"topic {topic} takes records up to {limit} bytes; it must take {size}"]


@asynccontextmanager
async def _admin(servers: str, security: Security) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client for one block; its errors are raised as BrokerUnavailable."""
    client = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=_TIMEOUT_MS, **security.arguments)
    try:
        await client.start()
        yield client
    except KafkaConnectionError as exc:
        raise BrokerUnavailable(await why_not(servers, security) or str(exc)) from exc
    except (KafkaError, OSError) as exc:
        raise BrokerUnavailable(str(exc) or type(exc).__name__) from exc
    finally:
        await client.close()
