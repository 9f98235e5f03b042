"""Tells topics of one name apart: one that was deleted and created is another, and its offsets are others."""

from collections.abc import Collection, Mapping
from typing import Any

from aiokafka.errors import IncompatibleBrokerVersion, KafkaError, NoError, UnknownTopicOrPartitionError, for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.types import (
    AbstractType,
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

_ID_BYTES = 16
_NO_ID = bytes(_ID_BYTES)


class _Id(AbstractType[bytes]):  # type: ignore[misc]
    """Kafka's uuid."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: Any) -> bytes:
        found: bytes = data.read(_ID_BYTES)
        return found


class _TopicIdsResponse(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", CompactString("utf-8")),
                ("topic_id", _Id),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("authorized_operations", Int32),
        ("tags", TaggedFields),
    )


class _TopicIdsRequestStruct(RequestStruct):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 10
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _TopicIdsResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Id), ("topic", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_operations", Boolean),
        ("include_topic_operations", Boolean),
        ("tags", TaggedFields),
    )


class _TopicIdsRequest(Request[_TopicIdsRequestStruct]):  # type: ignore[misc]
    """The metadata of Kafka 2.8 and later: aiokafka 0.14 asks by older versions only, which know no ids."""

    API_KEY = 3

    def __init__(self, topics: Collection[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_TopicIdsRequestStruct]) -> _TopicIdsRequestStruct:
        return request_struct_class([(_NO_ID, each, {}) for each in self._topics], *(False,) * 3, {})


async def incarnations(client: Any, topics: Collection[str]) -> Mapping[str, str]:
    """Look up which topic each name stands for: a topic that was deleted and created has another.

    The values are Kafka's ids of the topics; one that is not there is left out. A Kafka before 2.8 has no ids: there
    they are the cluster's. `client` is an AIOKafkaClient, whose loop this must run in. Raises KafkaError.
    """
    node = client.get_random_node()
    try:
        response = await client.send(node, _TopicIdsRequest(topics))
    except (IncompatibleBrokerVersion, NotImplementedError):
        cluster = (await client.send(node, MetadataRequest([]))).cluster_id
        return dict.fromkeys(topics, f"cluster {cluster}")
    found = {}
    for code, topic, topic_id, *_rest in response.topics:
        error = for_code(code)
        if error is UnknownTopicOrPartitionError:
            continue
        if error is not NoError:
            raise KafkaError(f"{topic}: {error.__name__}")
        found[topic] = topic_id.hex()
    return found
