"""Publishing with acknowledgement: when `publish` returns, every in-sync replica has the record."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from broker.errors import BrokerUnavailable, RecordRefused
from broker.security import PLAINTEXT, Security
from schemas.topics import MAX_DEAD_LETTER_BYTES

T = TypeVar("T")

Headers = Sequence[tuple[str, bytes]]
_CLOSE_SECONDS = 2.0
#: A producer that has not started by then is given up, and made anew for the next record.
START_SECONDS = 30.0

_REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError)


class Record(NamedTuple):
    """A record to be written, and its topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Written(NamedTuple):
    """The place of a record that was written."""

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
        self._starting: asyncio.Task[_Shared] | None = None
        self._stopping: set[asyncio.Task[None]] = set()

    async def publish(self, record: Record) -> Written:
        """Write one record and wait for its acknowledgement. Concurrent calls share requests to the broker.

        Waits up to `timeout_seconds` for a producer that is being started, then as long again for the acknowledgement.
        Raises BrokerUnavailable when either takes longer or fails, and the record may then be written or not;
        RecordRefused when the broker will never take it.
        """
        [written] = await self.publish_all([record])
        return written

    async def publish_all(self, records: Sequence[Record]) -> list[Written]:
        """Write records, and wait until every one is acknowledged. Those of a partition keep their order.

        Waits and raises as `publish` does; then each of them may be written or not.
        """

        async def send(producer: Any) -> list[Written]:
            sent = [
                await producer.send(each.topic, each.value, key=each.key, headers=list(each.headers))
                for each in records
            ]
            return [Written(each.partition, each.offset) for each in await asyncio.gather(*sent)]

        return await self._through(send)

    async def wait_for_topic(self, topic: str) -> None:
        """Wait until Kafka names the partitions of a topic, for as long as `publish` does, and raise what it raises.

        For a caller that has no record in hand yet. A topic that is known may refuse a record all the same.
        """
        try:
            await self._through(lambda producer: producer.partitions_for(topic))
        except BrokerUnavailable as exc:
            raise BrokerUnavailable(f"topic {topic}: {exc}") from exc

    async def _through(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Call `work` with the producer, which is made anew for others when it fails."""
        shared: _Shared | None = None  # which one, so that an error replaces no newer one
        try:
            async with asyncio.timeout(self._timeout_seconds):
                shared = await self._started()
            shared.sending += 1
            async with asyncio.timeout(self._timeout_seconds):
                return await work(shared.producer)
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
        starting, self._starting = self._starting, None
        if starting is not None:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        shared, self._shared = self._shared, None
        if shared is not None:
            await _stop(shared)
        await asyncio.gather(*self._stopping)

    async def _started(self) -> _Shared:
        """The producer, started in a task of its own that every record waits for.

        A record that gives up waiting does not end the start: it would hand the next one less time than a start
        takes, and so on for as long as records come.
        """
        if self._shared is not None:
            return self._shared
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
            self._starting.add_done_callback(self._started_or_not)
        return await asyncio.shield(self._starting)

    def _started_or_not(self, task: "asyncio.Task[_Shared]") -> None:
        if self._starting is task:
            self._starting = None
            if not task.cancelled() and task.exception() is None:
                self._shared = task.result()

    async def _start(self) -> _Shared:
        """Raises what aiokafka raises, or TimeoutError after START_SECONDS."""
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
            async with asyncio.timeout(START_SECONDS):
                await producer.start()
        except BaseException:
            await _stop(_Shared(producer))
            raise
        return _Shared(producer)

    def _stop_soon(self, shared: _Shared) -> None:
        task = asyncio.create_task(_stop(shared))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


async def _stop(shared: _Shared) -> None:
    with suppress(KafkaError, OSError, TimeoutError):  # it may be thrown away because it is broken
        async with asyncio.timeout(_CLOSE_SECONDS):
            await shared.producer.stop()
