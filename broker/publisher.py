"""Publishing with acknowledgement: when `publish` returns, every in-sync replica has the record."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from broker.errors import BrokerUnavailable, RecordRefused
from schemas.topics import MAX_DEAD_LETTER_BYTES

Headers = Sequence[tuple[str, bytes]]
_CLOSE_SECONDS = 2.0

_REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError)


class Record(NamedTuple):
    """What is to be written where."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Written(NamedTuple):
    """Where it is."""

    partition: int
    offset: int


class Publisher:
    """An idempotent producer that is made anew after an error, so that one outage never wedges it."""

    def __init__(self, servers: str, *, timeout_seconds: float = 30.0, client_id: str = "conexoes") -> None:
        self._servers = servers
        self._timeout_seconds = timeout_seconds
        self._client_id = client_id
        self._producer: Any = None  # aiokafka has no types
        self._starting = asyncio.Lock()

    async def publish(self, record: Record) -> Written:
        """Write one record and wait for its acknowledgement. Concurrent calls share requests to the broker.

        Raises BrokerUnavailable after `timeout_seconds` at the latest, and the record may then be written or not;
        RecordRefused when the broker will never take it.
        """
        producer: Any = None  # which one, so that an error discards no newer one
        try:
            async with asyncio.timeout(self._timeout_seconds):
                producer = await self._started()
                metadata = await producer.send_and_wait(
                    record.topic, record.value, key=record.key, headers=list(record.headers)
                )
            return Written(metadata.partition, metadata.offset)
        except _REFUSED as exc:
            raise RecordRefused(f"{type(exc).__name__}: {exc}") from exc
        except (KafkaError, OSError, TimeoutError) as exc:
            await self._discard(producer)
            raise BrokerUnavailable(f"{type(exc).__name__}: {exc}") from exc

    async def close(self) -> None:
        """Let go of the connections. Records that are being published are abandoned after two seconds."""
        await self._discard(self._producer)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._servers,
                    client_id=self._client_id,
                    enable_idempotence=True,
                    acks="all",
                    linger_ms=2,
                    compression_type="gzip",
                    max_request_size=MAX_DEAD_LETTER_BYTES,
                    request_timeout_ms=int(self._timeout_seconds * 1000),
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _discard(self, producer: Any) -> None:
        if producer is None or producer is not self._producer:
            return  # another call has discarded it already
        self._producer = None
        with suppress(KafkaError, OSError, TimeoutError):  # it is being thrown away because it is broken
            async with asyncio.timeout(_CLOSE_SECONDS):
                await producer.stop()
