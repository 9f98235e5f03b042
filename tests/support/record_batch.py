"""Kafka record batches byte by byte: what a connector with a client of its own may send, and no Python client will."""

import asyncio
import time
import zlib
from collections.abc import Iterator, Sequence

import cramjam
from aiokafka.client import AIOKafkaClient
from aiokafka.codec import gzip_encode
from aiokafka.errors import NotLeaderForPartitionError
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBase, DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c, encode_varint
from aiokafka.structs import TopicPartition

from tests.support.events import Event

#: A header name of as many bytes as the one that takes its place.
STAND_IN, NOT_UTF8 = "standin", b"\xff\xfe-name"

CODECS = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
XERIAL_HEADER = b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"
_MEBIBYTE = 1024 * 1024

#: Timestamp of every record, in milliseconds: not so old that the broker deletes it.
TIMESTAMP = int(time.time() * 1000)

BATCH_HEADER_BYTES: int = DefaultRecordBase.HEADER_STRUCT.size


def record_batch(events: Sequence[Event], *, gzip: bool = False, base_offset: int = 0) -> bytes:
    """One batch, as a producer would send it; a header that is called STAND_IN gets a name that is not UTF-8."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 30)
    for offset, event in enumerate(events):
        assert builder.append(offset, TIMESTAMP, event.key, event.value, event.headers) is not None
    raw = bytes(builder.build()).replace(STAND_IN.encode(), NOT_UTF8)
    head, body = bytearray(raw[:BATCH_HEADER_BYTES]), raw[BATCH_HEADER_BYTES:]
    head[:8] = base_offset.to_bytes(8, "big")
    if gzip:
        body = gzip_encode(body)
        head[DefaultRecordBase.ATTRIBUTES_OFFSET + 1] |= DefaultRecordBase.CODEC_GZIP
    head[8:12] = (len(head) + len(body) - 12).to_bytes(4, "big")
    return with_checksum(bytes(head) + body)


def bomb(codec: str, mebibytes: int, *, base_offset: int = 0) -> bytes:
    """A batch of so many records of a mebibyte of zeros each, as a broker takes it. Compressed a piece at a time."""
    body = _compressed(codec, (_record_of_zeros(number) for number in range(mebibytes)))
    head = bytearray(record_batch([], base_offset=base_offset)[:BATCH_HEADER_BYTES])
    head[DefaultRecordBase.ATTRIBUTES_OFFSET + 1] |= CODECS[codec]
    head[23:27] = (mebibytes - 1).to_bytes(4, "big")
    head[27:43] = 2 * TIMESTAMP.to_bytes(8, "big")
    head[57:61] = mebibytes.to_bytes(4, "big")
    head[8:12] = (len(head) + len(body) - 12).to_bytes(4, "big")
    return with_checksum(bytes(head) + body)


def _record_of_zeros(number: int) -> bytes:
    body = bytearray(b"\x00\x00")  # attributes, and the time since the batch's first
    encode_varint(number, body.append)
    encode_varint(-1, body.append)
    encode_varint(_MEBIBYTE, body.append)
    body += bytes(_MEBIBYTE + 1)  # the value, and no header
    length = bytearray()
    encode_varint(len(body), length.append)
    return bytes(length + body)


def _compressed(codec: str, pieces: Iterator[bytes]) -> bytes:
    if codec == "gzip":
        deflate = zlib.compressobj(wbits=31)
        return b"".join(deflate.compress(each) for each in pieces) + deflate.flush()
    if codec == "snappy":
        blocks = [bytes(cramjam.snappy.compress_raw(each)) for each in pieces]
        return XERIAL_HEADER + b"".join(len(each).to_bytes(4, "big") + each for each in blocks)
    # The broker takes no blocks that lean on each other.
    lz4 = cramjam.lz4.Compressor(content_checksum=False, block_linked=False)
    compressor = cramjam.zstd.Compressor() if codec == "zstd" else lz4
    for each in pieces:
        compressor.compress(each)
    return bytes(compressor.finish())


def with_checksum(raw: bytes) -> bytes:
    """`raw` with the checksum that its bytes have."""
    at = DefaultRecordBase.CRC_OFFSET
    checksum: int = calc_crc32c(raw[DefaultRecordBase.ATTRIBUTES_OFFSET :])
    return raw[:at] + checksum.to_bytes(4, "big") + raw[at + 4 :]


async def produce_batch(servers: str, topic: str, partition: int, raw: bytes) -> int:
    """Write one batch. Returns the offset of its first record."""
    client = AIOKafkaClient(bootstrap_servers=servers)
    try:
        await client.bootstrap()
        client.add_topic(topic)
        code = NotLeaderForPartitionError.errno
        while code == NotLeaderForPartitionError.errno:  # the leader of a new topic is known before it knows itself
            while (node := client.cluster.leader_for_partition(TopicPartition(topic, partition))) in {None, -1}:
                await client.force_metadata_update()
                await asyncio.sleep(0.05)
            response = await client.send(node, ProduceRequest(None, -1, 10_000, [(topic, [(partition, raw)])]))
            [(_topic, [(_partition, code, offset, *_rest)])] = response.topics
    finally:
        await client.close()
    assert code == 0, code
    return int(offset)
