"""A record batch that aiokafka can't read: saves every record of it that can be, and the bytes of what can't.

aiokafka gives up a whole fetch for one header name that is not UTF-8. Here each record is looked at alone: a record
says how long it is, so that what is wrong inside one hides none of its neighbours. Pure: bytes in, records out.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy as RawBatch
from aiokafka.record.util import decode_varint
from aiokafka.structs import ConsumerRecord

from agents.kafka.expansion import ExpansionTooLarge
from agents.kafka.weight import weight
from schemas.refusal import DeadLetterCode, Refusal

#: Of a batch: offset and length, 8 + 4 bytes, before what the length counts.
_LOG_OVERHEAD = 12
#: What a reader of bytes raises when they are not what it expects; the codecs have errors of their own.
_BAD_BYTES = (ValueError, IndexError, CorruptRecordException)


class Unreadable(NamedTuple):
    """What stands for records that nobody can read. Has the fields of a record that a dead letter is made of."""

    topic: str
    partition: int
    offset: int
    timestamp: int  # of the batch that it was in
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes  # of the record; the raw bytes of it, or of the whole batch, when its value can't be told
    reason: str
    code: DeadLetterCode = DeadLetterCode.ENCODING

    @property
    def refusal(self) -> Refusal:
        """Why it is a dead letter."""
        return Refusal(self.code, self.reason)


class Salvaged(NamedTuple):
    """What became of one batch."""

    records: list[Any]  # aiokafka.ConsumerRecord and Unreadable, in the order of their offsets
    next_offset: int  # where the batch says that it ends


def salvage(topic: str, partition: int, position: int, raw: bytes, max_bytes: int) -> Salvaged | None:
    """What can be read of the first batch in `raw` from the offset `position` on, not much more than `max_bytes`.

    Always goes on: `next_offset` is greater than `position`. None when `raw` does not hold one whole batch. A batch
    that is too large when it is expanded is one record. Raises MemoryError, which says nothing about the batch.
    """
    size = _LOG_OVERHEAD + int.from_bytes(raw[8:_LOG_OVERHEAD], "big", signed=True)
    if len(raw) < RawBatch.HEADER_STRUCT.size or not RawBatch.HEADER_STRUCT.size <= size <= len(raw):
        return None
    raw = raw[:size]
    batch = RawBatch(raw)
    next_offset = max(batch.next_offset, position + 1)
    first = max(batch.base_offset, position)
    offsets = f"offset {first}" if first == next_offset - 1 else f"offsets {first} to {next_offset - 1}"

    def whole(code: DeadLetterCode, why: str) -> Salvaged:
        reason = f"the record batch of {offsets} can't be read: {why}"[:1000]
        letter = Unreadable(topic, partition, first, batch.max_timestamp, None, (), raw, reason, code)
        return Salvaged([letter], next_offset)

    records: list[Any] = []
    try:
        if not batch.validate_crc():
            raise CorruptRecordException("its checksum is wrong")
        for record in _records(batch, topic, partition):
            if record.offset >= position:
                records.append(record)
                max_bytes -= weight(record)
            if max_bytes <= 0:
                return Salvaged(records, min(record.offset + 1, next_offset))
    except MemoryError:
        raise
    except ExpansionTooLarge as exc:
        return whole(DeadLetterCode.TOO_LARGE, str(exc))
    except Exception as exc:  # a codec's errors have no common class; whatever it is, it is these bytes
        return whole(DeadLetterCode.ENCODING, f"{type(exc).__name__}: {exc}")
    return Salvaged(records, next_offset)


def _records(batch: Any, topic: str, partition: int) -> Iterator[Any]:
    iter(batch)  # decompresses it
    for _ in range(batch._num_records):
        length, start = decode_varint(batch._buffer, batch._pos)
        end = start + length
        if length < 0 or end > len(batch._buffer):
            raise CorruptRecordException("the lengths of its records do not add up")
        try:
            yield _consumer_record(topic, partition, batch._read_msg())
        except _BAD_BYTES as exc:
            yield _unreadable(topic, partition, batch, bytes(batch._buffer[start:end]), exc)
        batch._pos = end


def _consumer_record(topic: str, partition: int, record: Any) -> Any:
    """As aiokafka makes it of what it could read."""
    key_size = len(record.key) if record.key is not None else -1
    value_size = len(record.value) if record.value is not None else -1
    return ConsumerRecord(
        topic,
        partition,
        record.offset,
        record.timestamp,
        record.timestamp_type,
        record.key,
        record.value,
        None,
        key_size,
        value_size,
        tuple(record.headers),
    )


def _unreadable(topic: str, partition: int, batch: Any, raw: bytes, exc: Exception) -> Unreadable:
    """A record whose length is right and whose inside is not: mostly the name of a header."""
    _timestamp, position = decode_varint(raw, 1)  # after one byte of attributes
    delta, position = decode_varint(raw, position)
    offset, timestamp = batch.base_offset + delta, batch.max_timestamp
    try:
        key, position = _bytes(raw, position)
        value, position = _bytes(raw, position)
        count, position = decode_varint(raw, position)
        headers = []
        for _ in range(count):
            name, position = _bytes(raw, position)
            header, position = _bytes(raw, position)
            headers.append(((name or b"").decode("utf-8", "backslashreplace"), header))
    except _BAD_BYTES:
        reason = f"the record of offset {offset} can't be read: {exc}"
        return Unreadable(topic, partition, offset, timestamp, None, (), raw, reason[:1000])
    reason = f"the record of offset {offset} has a header whose name is not UTF-8"
    return Unreadable(topic, partition, offset, timestamp, key, tuple(headers), value or b"", reason)


def _bytes(raw: bytes, position: int) -> tuple[bytes | None, int]:
    """Bytes with their length before them; None has a length of -1."""
    length, position = decode_varint(raw, position)
    if length < 0:
        return None, position
    if position + length > len(raw):
        raise IndexError("the record ends too early")
    return raw[position : position + length], position + length
