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
from broker.security import PLAINTEXT, Security
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


class _Shared:
    """A producer, and how many records are on their way through it."""

    def __init__(self, producer: Any) -> None:
        self.producer = producer
        self.sending = 0


class Publisher:
    """An idempotent producer that is made anew after an error, so that one outage never wedges it.

    The old one goes on with what it has been given, and is stopped when the last of that is written or given up: one
    record's error is no other's.
    """

    def __init__(
        self,
        servers: str,
        *,
        security: Security = PLAINTEXT,
        timeout_seconds: float = 30.0,
        client_id: str = "conexoes",
    ) -> None:
        self._servers = servers
        self._security = security
        self._timeout_seconds = timeout_seconds
        self._client_id = client_id
        self._shared: _Shared | None = None
        self._starting = asyncio.Lock()
        self._stopping: set[asyncio.Task[None]] = set()

    async def publish(self, record: Record) -> Written:
        """Write one record and wait for its acknowledgement. Concurrent calls share requests to the broker.

        Raises BrokerUnavailable after `timeout_seconds` at the latest, and the record may then be written or not;
        RecordRefused when the broker will never take it.
        """
        shared: _Shared | None = None  # which one, so that an error replaces no newer one
        try:
            async with asyncio.timeout(self._timeout_seconds):
                shared = await self._started()
                shared.sending += 1
                metadata = await shared.producer.send_and_wait(
                    record.topic, record.value, key=record.key, headers=list(record.headers)
                )
            return Written(metadata.partition, metadata.offset)
        except _REFUSED as exc:
            raise RecordRefused(f"{type(exc).__name__}: {exc}") from exc
        except (KafkaError, OSError, TimeoutError) as exc:
            if shared is self._shared:
                self._shared = None
            raise BrokerUnavailable(
                str(exc) if isinstance(exc, KafkaError) else f"{type(exc).__name__}: {exc}"
            ) from exc
        finally:
            if shared is not None:
                shared.sending -= 1
                if shared is not self._shared and not shared.sending:
                    self._stop_soon(shared)

    async def close(self) -> None:
        """Let go of the connections. Records that are being published are abandoned after two seconds."""
        shared, self._shared = self._shared, None
        if shared is not None:
            await _stop(shared)
        await asyncio.gather(*self._stopping)

    async def _started(self) -> _Shared:
        async with self._starting:
            if self._shared is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._servers,
                    client_id=self._client_id,
                    enable_idempotence=True,
                    acks="all",
                    linger_ms=2,
                    compression_type="gzip",
                    max_request_size=MAX_DEAD_LETTER_BYTES,
                    request_timeout_ms=int(self._timeout_seconds * 1000),
                    **self._security.arguments,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._shared = _Shared(producer)
            return self._shared

    def _stop_soon(self, shared: _Shared) -> None:
        task = asyncio.create_task(_stop(shared))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


async def _stop(shared: _Shared) -> None:
    with suppress(KafkaError, OSError, TimeoutError):  # it may be thrown away because it is broken
        async with asyncio.timeout(_CLOSE_SECONDS):
            await shared.producer.stop()
