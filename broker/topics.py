"""Creates missing topics, checks existing ones, and gives them more partitions."""

import asyncio
from collections.abc import AsyncIterator, Container, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError, for_code

from broker.errors import BrokerUnavailable
from broker.reason import why_not
from broker.security import PLAINTEXT, Security
from broker.settings import BrokerSettings

_TIMEOUT_MS = 15_000
_BETWEEN_LOOKS = 0.05  # seconds
_DAY_MS = 24 * 3600 * 1000
#: Replicas of a topic where there are as many brokers: one may be lost while another is being replaced.
REPLICAS = 3
#: Records are dated by the broker: `processed_at` is held against that too, so that no worker's clock refuses it.
_BROKER_S_TIME = "LogAppendTime"


class Wanted(NamedTuple):
    """Requirements of one topic."""

    name: str
    size: int  # of the largest value, in bytes
    partitions: int
    replicas: int
    retention_ms: int

    @property
    def in_sync(self) -> int:
        """Replicas that must have a record before it is acknowledged: one may be away, where there are three."""
        return max(1, self.replicas - 1)

    def new(self) -> NewTopic:
        configs = {
            "max.message.bytes": str(_with_overhead(self.size)),
            "message.timestamp.type": _BROKER_S_TIME,
            "min.insync.replicas": str(self.in_sync),
            "retention.ms": str(self.retention_ms),
        }
        return NewTopic(self.name, self.partitions, self.replicas, topic_configs=configs)


class Found(NamedTuple):
    """State of one topic."""

    partitions: int
    replicas: int  # of the partition that has the fewest
    configs: Mapping[str, str]


def wanted(settings: BrokerSettings, brokers: int) -> Iterator[Wanted]:
    """Every topic, as it must be on a Kafka of so many brokers."""
    for name, size in settings.topics.all():
        dead_letter = name == settings.topics.dead_letter
        days = settings.dead_letter_retention_days if dead_letter else settings.topic_retention_days
        replicas = settings.topic_replication or min(REPLICAS, brokers)
        yield Wanted(name, size, settings.topic_partitions, replicas, days * _DAY_MS)


def faults_of(topic: Wanted, found: Found) -> Iterator[str]:
    """One sentence for each way in which an existing topic is less than it must be."""
    if found.partitions < topic.partitions:
        yield f"has {found.partitions} partitions, not {topic.partitions}: run `conexoes topics --raise-partitions`"
    if found.replicas < topic.replicas:
        yield (
            f"has {found.replicas} of {topic.replicas} replicas: a lost disk may lose acknowledged records. Reassign "
            "it with kafka-reassign-partitions, or set CONEXOES_TOPIC_REPLICATION if that is meant"
        )
    configs = found.configs
    limit = int(configs.get("max.message.bytes", 0))
    if limit < topic.size:
        yield f"takes records up to {limit} bytes; it must take {topic.size}"
    in_sync = int(configs.get("min.insync.replicas", 1))
    # More than there are replicas would refuse every record; as many stop with one broker.
    if in_sync < min(topic.in_sync, found.replicas):
        yield f"has min.insync.replicas={in_sync}; it must be {topic.in_sync}, or an acknowledged record may be lost"
    retention = int(configs.get("retention.ms", -1))
    if 0 <= retention < topic.retention_ms:
        days = topic.retention_ms // _DAY_MS
        yield f"keeps records for {retention / _DAY_MS:g} days (retention.ms); it must be {days}"
    dated = configs.get("message.timestamp.type", _BROKER_S_TIME)
    if dated != _BROKER_S_TIME:
        yield f"has message.timestamp.type={dated}; it must be {_BROKER_S_TIME}"


async def create_topics(servers: str, settings: BrokerSettings) -> list[str]:
    """Create every topic of `settings.topics` that does not exist. Returns the names of the new ones.

    Existing topics are not changed: see `check_topics`. Returns once a broker that is asked knows them, or after 15 s;
    others of a cluster may be a moment later. Raises BrokerUnavailable.
    """
    async with _admin(servers, settings.security) as admin:
        present = set(await admin.list_topics())
        new = [each for each in wanted(settings, await _brokers(admin)) if each.name not in present]
        if new:
            answer = await admin.create_topics([each.new() for each in new], timeout_ms=_TIMEOUT_MS)
            for _name, code, message in answer.topic_errors:
                if code not in (0, TopicAlreadyExistsError.errno):
                    raise BrokerUnavailable(f"{for_code(code).__name__}: {message}")
            await _seen(admin, {each.name: 1 for each in new})
        return [each.name for each in new]


async def raise_partitions(servers: str, settings: BrokerSettings) -> list[str]:
    """Give each existing topic with fewer partitions than `settings` ask for as many. Returns the names of those.

    Later records of a key may go to another partition than earlier ones: the order of versions decides, not that of
    arrival, so that nothing is lost by it. Raises BrokerUnavailable.
    """
    async with _admin(servers, settings.security) as admin:
        found = await _describe(admin)
        fewer = [
            each.name
            for each in wanted(settings, await _brokers(admin))
            if each.name in found and found[each.name][0] < each.partitions
        ]
        if fewer:
            more = {name: NewPartitions(settings.topic_partitions) for name in fewer}
            await admin.create_partitions(more, timeout_ms=_TIMEOUT_MS)
            await _seen(admin, dict.fromkeys(fewer, settings.topic_partitions))
        return fewer


async def missing_topics(servers: str, settings: BrokerSettings, names: Iterable[str]) -> list[str]:
    """One sentence for each of `names` that is not there, as far as this login may see. Raises BrokerUnavailable."""
    async with _admin(servers, settings.security) as admin:
        return _missing(set(await admin.list_topics()), settings, names)


async def check_topics(servers: str, settings: BrokerSettings) -> list[str]:
    """Return one sentence for each topic that is missing, and for each way in which one is less than it must be.

    Raises BrokerUnavailable.
    """
    async with _admin(servers, settings.security) as admin:
        present = await _describe(admin)
        faults = _missing(present, settings, settings.topics.names())
        for each in wanted(settings, await _brokers(admin)):
            if each.name not in present:
                continue
            configs = await _configs(admin, each.name)
            if isinstance(configs, str):
                faults.append(f"topic {each.name}: its settings can't be read: {configs}")
            else:
                found = Found(*present[each.name], configs)
                faults += [f"topic {each.name} {fault}" for fault in faults_of(each, found)]
        return faults


def _missing(present: Container[str], settings: BrokerSettings, names: Iterable[str]) -> list[str]:
    # Kafka has one error for both.
    missing = "is missing" if settings.security == PLAINTEXT else "is missing, or we may not Describe it"
    return [f"topic {name} {missing}" for name in names if name not in present]


def _with_overhead(size: int) -> int:
    """Add room for the batch header, the key and the headers to a value of `size` bytes."""
    return size + 128 * 1024


async def _seen(admin: AIOKafkaAdminClient, partitions: Mapping[str, int]) -> None:
    """Wait until the broker that we ask tells so many partitions of each topic.

    Kafka answers when its controllers have written the change; a broker reads it after that.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_TIMEOUT_MS / 1000):
            while True:
                found = await _describe(admin)
                if all(name in found and found[name][0] >= count for name, count in partitions.items()):
                    return
                await asyncio.sleep(_BETWEEN_LOOKS)


async def _brokers(admin: AIOKafkaAdminClient) -> int:
    return len((await admin.describe_cluster())["brokers"])


async def _describe(admin: AIOKafkaAdminClient) -> dict[str, tuple[int, int]]:
    """Partitions, and replicas of the one that has the fewest, of each topic that this login may see."""
    topics: list[dict[str, Any]] = await admin.describe_topics()
    return {
        each["topic"]: (len(each["partitions"]), min(len(one["replicas"]) for one in each["partitions"]))
        for each in topics
        if each["partitions"]
    }


async def _configs(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str] | str:
    """The settings of a topic, its own and inherited ones; a reason where they can't be read."""
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    code, message, _kind, _name, entries = answer.resources[0]
    if code:
        return str(message or for_code(code).__name__)
    return {entry[0]: entry[1] for entry in entries}


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
