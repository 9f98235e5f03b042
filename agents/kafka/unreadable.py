"""A record batch that aiokafka can't read: saves every record of it that can be, and the bytes of what can't.

aiokafka gives up a whole fetch for one header name that is not UTF-8. Here each record is looked at alone: a record
says how long it is, so that what is wrong inside one hides none of its neighbours. Pure: bytes in, records out.
"""

import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy as RawBatch
from aiokafka.structs import ConsumerRecord

from agents.kafka.expansion import ExpansionTooLarge
from agents.kafka.varint import read_varint
from agents.kafka.weight import weight
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal

#: Bytes of a batch before those that its length counts: offset and length, 8 + 4.
_LOG_OVERHEAD = 12
#: Characters that are kept of a codec's or parser's error, which may quote the bytes.
_MAX_DETAIL_CHARACTERS = 900
#: Errors of a reader that meets bytes it does not expect. The codecs have errors of their own.
_BAD_BYTES = (ValueError, IndexError, CorruptRecordException)


class Unreadable(NamedTuple):
    """A stand-in for records that can't be read, with the fields of a record from which a dead letter is made."""

    topic: str
    partition: int
    offset: int
    timestamp: int  # of the batch that it was in
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes  # of the record; the raw bytes of it, or of the whole batch, when its value can't be told
    reason: Reason
    code: DeadLetterCode = DeadLetterCode.ENCODING

    @property
    def refusal(self) -> Refusal:
        """Return why it is a dead letter."""
        return Refusal(self.code, self.reason)


class Salvaged(NamedTuple):
    """The outcome of reading one damaged batch."""

    records: list[Any]  # aiokafka.ConsumerRecord and Unreadable, in the order of their offsets
    next_offset: int  # where the batch says that it ends


def salvage(topic: str, partition: int, position: int, raw: bytes, max_bytes: int = sys.maxsize) -> Salvaged | None:
    """Read what can be read of the first batch in `raw`, from the offset `position` on, about `max_bytes` at most.

    It always makes progress: `next_offset` is greater than `position`. None when `raw` holds no whole batch. A batch
    that is too large when it is decompressed is one record. Raises MemoryError, which says nothing about the batch.
    """
    size = _LOG_OVERHEAD + int.from_bytes(raw[8:_LOG_OVERHEAD], "big", signed=True)
    if len(raw) < RawBatch.HEADER_STRUCT.size or not RawBatch.HEADER_STRUCT.size <= size <= len(raw):
        return None
    raw = raw[:size]
    batch = RawBatch(raw)
    next_offset = max(batch.next_offset, position + 1)
    first = max(batch.base_offset, position)

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
    except Exception as exc:  # a codec's errors have no common class; whatever it is, it is these bytes
        reason, code = _why(exc, first, next_offset - 1)
        letter = Unreadable(topic, partition, first, batch.max_timestamp, None, (), raw, reason, code)
        return Salvaged([letter], next_offset)
    return Salvaged(records, next_offset)


def _why(exc: Exception, first: int, last: int) -> tuple[Reason, DeadLetterCode]:
    """Say why a batch of these offsets is one dead letter."""
    if isinstance(exc, ExpansionTooLarge):
        reason = Reason(ReasonCode.BATCH_EXPANDS_TOO_FAR, first=first, last=last, limit=exc.ceiling)
        return reason, DeadLetterCode.TOO_LARGE
    detail = f"{type(exc).__name__}: {exc}"[:_MAX_DETAIL_CHARACTERS]
    if first == last:
        return Reason(ReasonCode.RECORD_UNREADABLE, offset=first, detail=detail), DeadLetterCode.ENCODING
    return Reason(ReasonCode.BATCH_UNREADABLE, first=first, last=last, detail=detail), DeadLetterCode.ENCODING


def _records(batch: Any, topic: str, partition: int) -> Iterator[Any]:
    iter(batch)  # decompresses it
    for _ in range(batch._num_records):
        length, start = read_varint(batch._buffer, batch._pos)
        end = start + length
        if length < 0 or end > len(batch._buffer):
            raise CorruptRecordException("the lengths of its records do not add up")
        yield _record(batch, topic, partition, bytes(batch._buffer[start:end]))
        batch._pos = end


def _record(batch: Any, topic: str, partition: int, raw: bytes) -> Any:
    """Make the record that aiokafka would have made of these bytes, or a stand-in for one that it can't make.

    Raises what `read_varint` does for a record that does not even tell its offset.
    """
    delta, position = read_varint(raw, 1)  # after one byte of attributes
    offset_delta, position = read_varint(raw, position)
    offset = batch.base_offset + offset_delta
    try:
        key, value, headers = _contents(raw, position)
    except _BAD_BYTES as exc:
        reason = Reason(ReasonCode.RECORD_UNREADABLE, offset=offset, detail=str(exc)[:_MAX_DETAIL_CHARACTERS])
        return Unreadable(topic, partition, offset, batch.max_timestamp, None, (), raw, reason)
    try:
        named = tuple((name.decode("utf-8"), header) for name, header in headers)
    except UnicodeDecodeError:
        shown = tuple((name.decode("utf-8", "backslashreplace"), header) for name, header in headers)
        reason = Reason(ReasonCode.HEADER_NAME_NOT_UTF8, offset=offset)
        return Unreadable(topic, partition, offset, batch.max_timestamp, key, shown, value or b"", reason)
    is_dated_by_broker = batch.timestamp_type == batch.LOG_APPEND_TIME
    return ConsumerRecord(
        topic,
        partition,
        offset,
        batch.max_timestamp if is_dated_by_broker else batch.first_timestamp + delta,
        batch.timestamp_type,
        key,
        value,
        None,
        -1 if key is None else len(key),
        -1 if value is None else len(value),
        named,
    )


def _contents(raw: bytes, position: int) -> tuple[bytes | None, bytes | None, list[tuple[bytes, bytes | None]]]:
    """Return key, value and headers of a record, from a position on. Raises one of _BAD_BYTES."""
    key, position = _bytes(raw, position)
    value, position = _bytes(raw, position)
    count, position = read_varint(raw, position)
    if count < 0:
        raise CorruptRecordException(f"it says that it has {count} headers")
    headers = []
    for _ in range(count):
        name, position = _bytes(raw, position)
        if name is None:
            raise CorruptRecordException("a header has no name")
        header, position = _bytes(raw, position)
        headers.append((name, header))
    if position != len(raw):
        raise CorruptRecordException(f"its contents are {position} of its {len(raw)} bytes")
    return key, value, headers


def _bytes(raw: bytes, position: int) -> tuple[bytes | None, int]:
    """Bytes with their length before them; None has a length of -1."""
    length, position = read_varint(raw, position)
    if length < 0:
        return None, position
    if position + length > len(raw):
        raise IndexError("the record ends too early")
    return raw[position : position + length], position + length
