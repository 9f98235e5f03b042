"""Takes fetched records from aiokafka, one partition at a time, with the offsets where they begin and end.

Instead of aiokafka's own `fetched_records`, which raises on what it can't read, says nothing of the transaction
markers and aborted records between the records, and takes everything that is there however much it is. Runs in
the consumer's thread. Relies on insides of aiokafka 0.14.0; tests/integration/test_transport.py watches them.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import structlog
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchError
from aiokafka.errors import ConsumerStoppedError, KafkaError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.structs import TopicPartition

from agents.kafka import expansion
from agents.kafka.unreadable import Salvaged, salvage
from agents.kafka.weight import weight
from broker.outage import Outages

#: Decompressed bytes that are kept of a partition while others have their turn. More is fetched again.
KEPT_BYTES = 4 * 1024 * 1024

log = structlog.get_logger(__name__)
_outages = Outages(log)


class Fetched(NamedTuple):
    """The records that one fetch brought of one partition."""

    first_offset: int  # where it begins; the one before ended there, or offsets are missing
    next_offset: int  # where it ends: after transaction markers and aborted records
    records: list[Any]  # aiokafka.ConsumerRecord, or agents.kafka.unreadable.Unreadable
    bytes: int  # of memory, about


async def fetch(
    consumer: Any, partitions: frozenset[Any], timeout: float, max_bytes: int
) -> dict[TopicPartition, Fetched]:
    """Return what `partitions` have within `timeout` seconds, `max_bytes` of it or a little more.

    When none has any, each is returned without records, at its position: its first offset is its next. Raises
    ConsumerStoppedError, or aiokafka's error for a partition that it may not read.
    """
    fetcher = consumer._fetcher
    deadline = time.monotonic() + timeout
    while True:
        # Records that were fetched under an earlier assignment must not be returned.
        if fetcher._subscriptions.reassignment_in_progress:
            await fetcher._subscriptions.wait_for_assignment()
        taken = await _take(fetcher, partitions, max_bytes)
        if taken:
            return taken
        waiter = fetcher._create_fetch_waiter()
        done, _pending = await asyncio.wait([waiter], timeout=max(0.0, deadline - time.monotonic()))
        if fetcher._closed:
            raise ConsumerStoppedError
        if not done:
            waiter.cancel()
            return _standing(fetcher, partitions)
        waiter.result()  # raises the coordinator's error


async def _take(fetcher: Any, partitions: frozenset[Any], max_bytes: int) -> dict[TopicPartition, Fetched]:
    taken: dict[TopicPartition, Fetched] = {}
    for tp in list(fetcher._records):
        if tp not in partitions:
            if not fetcher._subscriptions.is_assigned(tp):
                del fetcher._records[tp]
            continue
        if max_bytes <= 0:
            break
        waiting = fetcher._records.get(tp)
        if waiting is None:
            continue  # a seek took it away while another was fetched again
        if isinstance(waiting, FetchError):
            if taken:
                break  # return what is there; this error is raised by the next fetch
            _remove(fetcher, tp)
            waiting.check_raise()
        fetched = await _take_partition(fetcher, tp, waiting, max_bytes)
        if fetched is not None:
            taken[tp] = fetched
            max_bytes -= fetched.bytes
    return taken


async def _take_partition(fetcher: Any, tp: TopicPartition, result: Any, max_bytes: int) -> Fetched | None:
    if not result.has_more() or not result.check_assignment(tp):
        _remove(fetcher, tp)
        return None
    first_offset = result._partition_records.next_fetch_offset
    expansion.largest()
    records, size, ended, problem = _read(result._partition_records, max_bytes)
    next_offset = result._partition_records.next_fetch_offset
    if problem is not None:
        salvaged = await _refetch(fetcher, tp, next_offset, problem, max_bytes - size)
        if fetcher._records.get(tp) is not result:
            return None  # a seek or a new assignment came between: it is all read again
        if salvaged is not None:
            records += salvaged.records
            size += sum(weight(each) for each in salvaged.records)
            next_offset = salvaged.next_offset
    result._assignment.state_value(tp).consumed_to(next_offset)
    result.expanded = max(getattr(result, "expanded", 0), expansion.largest())
    # A large batch of each partition would be there at once, expanded.
    if ended or (result.expanded > KEPT_BYTES and len(fetcher._records) > 1):
        _remove(fetcher, tp)
    else:
        fetcher._records.move_to_end(tp)  # to the end of the queue
    if next_offset == first_offset:
        return None
    return Fetched(first_offset, next_offset, records, size)


def _read(source: Any, max_bytes: int) -> tuple[list[Any], int, bool, Exception | None]:
    """Take records, not much more than `max_bytes` of them. Return them, their bytes, if those are all, and an error.

    Raises MemoryError, which says nothing about the records: the process ends, and they are fetched again.
    """
    records: list[Any] = []
    size = 0
    try:
        for record in source:
            records.append(record)
            size += weight(record)
            if size >= max_bytes:
                return records, size, False, None
    except MemoryError:
        raise
    except Exception as exc:  # aiokafka, its codecs and Python each have their own error for bytes they can't read
        exc.__traceback__ = None  # it holds what was expanded
        return records, size, True, exc
    return records, size, True, None


async def _refetch(
    fetcher: Any, tp: TopicPartition, position: int, problem: Exception, max_bytes: int
) -> Salvaged | None:
    """Read the batch at `position` again, as bytes, since aiokafka gives away none. None when that does not work now.

    The partition then keeps its position and is fetched again; that also repairs bytes that the network damaged.
    """
    place = {"topic": tp.topic, "partition": tp.partition, "offset": position}
    work = f"record batch of {tp.topic}/{tp.partition}"
    node = fetcher._select_read_replica(tp)
    # One byte is enough: the broker returns the first batch whole, whatever its size.
    wanted = [(tp.topic, [(tp.partition, position, 1)])]
    request = FetchRequest(fetcher._fetch_max_wait_ms, 1, 1, READ_COMMITTED, wanted, rack_id="")
    try:
        response = await fetcher._client.send(node, request)
    except KafkaError as exc:
        _outages.failed(work, f"{problem}; it can't be fetched again: {exc}")
        await asyncio.sleep(fetcher._retry_backoff)
        return None
    [(_topic, [(_partition, code, highwater, *_between, raw)])] = response.topics
    salvaged = None if code else salvage(tp.topic, tp.partition, position, bytes(raw), max_bytes)
    if salvaged is None:
        _outages.failed(work, f"{problem}; it can't be fetched again: {len(raw)} bytes, error {code}")
        await asyncio.sleep(fetcher._retry_backoff)
        return None
    _outages.worked(work)
    log.error("record batch can't be read", **place, reason=str(problem))
    # The end of a batch whose checksum is wrong may be wrong, too; nothing is beyond the end of the partition.
    return salvaged._replace(next_offset=max(min(salvaged.next_offset, highwater), position + 1))


def _remove(fetcher: Any, tp: TopicPartition) -> None:
    """Drop what was fetched of `tp`, so that fetching goes on."""
    fetcher._records.pop(tp, None)
    fetcher._notify(fetcher._wait_consume_future)


def _standing(fetcher: Any, partitions: Iterable[Any]) -> dict[TopicPartition, Fetched]:
    positions = {tp: position(fetcher, tp) for tp in partitions}
    return {tp: Fetched(offset, offset, [], 0) for tp, offset in positions.items() if offset is not None}


def position(fetcher: Any, tp: TopicPartition) -> int | None:
    """The offset to fetch next; None while it is unknown or when `tp` is not assigned to us."""
    subscription = fetcher._subscriptions.subscription
    if subscription is None or subscription.assignment is None:
        return None
    state = subscription.assignment.state_value(tp)
    return state.position if state is not None and state.has_valid_position else None
