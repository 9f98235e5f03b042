"""Kafka record batches byte by byte: what a connector with a client of its own may send, and no Python client will."""

import asyncio
from collections.abc import Sequence

from aiokafka.client import AIOKafkaClient
from aiokafka.codec import gzip_encode
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBase, DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

from tests.support.events import Event

#: A header name of as many bytes as the one that takes its place.
STAND_IN, NOT_UTF8 = "standin", b"\xff\xfe-name"

BATCH_HEADER_BYTES: int = DefaultRecordBase.HEADER_STRUCT.size


def record_batch(events: Sequence[Event], *, gzip: bool = False, base_offset: int = 0) -> bytes:
    """One batch, as a producer would send it; a header that is called STAND_IN gets a name that is not UTF-8."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 30)
    for offset, event in enumerate(events):
        assert builder.append(offset, 1_700_000_000_000, event.key, event.value, event.headers) is not None
    raw = bytes(builder.build()).replace(STAND_IN.encode(), NOT_UTF8)
    head, body = bytearray(raw[:BATCH_HEADER_BYTES]), raw[BATCH_HEADER_BYTES:]
    head[:8] = base_offset.to_bytes(8, "big")
    if gzip:
        body = gzip_encode(body)
        head[DefaultRecordBase.ATTRIBUTES_OFFSET + 1] |= DefaultRecordBase.CODEC_GZIP
    head[8:12] = (len(head) + len(body) - 12).to_bytes(4, "big")
    return with_checksum(bytes(head) + body)


def with_checksum(raw: bytes) -> bytes:
    """`raw` with the checksum that its bytes have."""
    at = DefaultRecordBase.CRC_OFFSET
    checksum: int = calc_crc32c(raw[DefaultRecordBase.ATTRIBUTES_OFFSET :])
    return raw[:at] + checksum.to_bytes(4, "big") + raw[at + 4 :]


async def produce_batch(servers: str, topic: str, partition: int, raw: bytes) -> int:
    """Write one batch. Returns the offset of its first record."""
    client = AIOKafkaClient(bootstrap_servers=servers)
    await client.bootstrap()
    try:
        client.add_topic(topic)
        while (node := client.cluster.leader_for_partition(TopicPartition(topic, partition))) in {None, -1}:
            await client.force_metadata_update()
            await asyncio.sleep(0.05)
        response = await client.send(node, ProduceRequest(None, -1, 10_000, [(topic, [(partition, raw)])]))
    finally:
        await client.close()
    [(_topic, [(_partition, code, offset, *_rest)])] = response.topics
    assert code == 0, code
    return int(offset)
