"""The thread in which aiokafka's consumer runs.

It relies on insides of faust-streaming 0.15.3 and aiokafka 0.14.0; tests/integration/test_transport.py watches them.
"""

from typing import Any

from aiokafka.errors import ConsumerStoppedError, KafkaConnectionError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP
from mode.threads import MethodQueue

from agents.kafka.fetch import fetch
from agents.process.availability import until_available
from broker.errors import BrokerUnavailable

#: Bytes of memory that one fetch may take (agents.kafka.weight): a quarter of what may be in flight, which may be
#: exceeded by this and one record. Of what the broker sends at a time, too (fetch.max.bytes; by default 50 MiB).
MAX_FETCH_BYTES = 4 * 1024 * 1024
#: Milliseconds that the broker may hold a fetch while it has no record for it (fetch.max.wait.ms).
FETCH_WAIT_MS = 50
#: Calls that the thread works on at a time.
CALLS_AT_A_TIME = 8


class BatchConsumerThread(AIOKafkaConsumerThread):
    """Faust's thread around aiokafka's consumer, with a shorter fetch wait, read_committed, and our own fetch."""

    @property
    def method_queue(self) -> MethodQueue:
        """The calls that wait for this thread.

        Faust does two at a time: a commit that hangs and a fetch that waits for its assignment would hold up a seek.
        """
        if self._method_queue is None:
            self._method_queue = MethodQueue(num_workers=CALLS_AT_A_TIME, loop=self.thread_loop, beacon=self.beacon)
        return self._method_queue

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # aiokafka has one fetch under way for each broker. A fetch of idle partitions holds up the busy ones for
        # as long as the broker holds it. Faust fixes that at 1.5 s: a busy topic beside four idle ones reached
        # 7,000 results/s that way. A shorter wait costs 20 small requests a second when nothing comes.
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        consumer._fetch_max_bytes = MAX_FETCH_BYTES
        # Records of an aborted transaction are no results.
        consumer._isolation_level = "read_committed"
        return consumer

    async def on_start(self) -> None:
        """Start the consumer, and wait for a Kafka that is away, for as long as joining the group may take.

        It was there a moment ago (agents.process.start): Faust would end with a traceback.
        """

        async def attempt() -> None:
            if self.should_stop:
                return
            try:
                await super(BatchConsumerThread, self).on_start()
            except KafkaConnectionError as exc:
                await self._ensure_consumer().stop()
                raise BrokerUnavailable(str(exc)) from exc

        await until_available("connecting to Kafka", attempt)

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,  # noqa: ARG002
    ) -> Any:
        """Fetch by agents.kafka.fetch instead of Faust: bytes are bounded, not records."""
        if not self.consumer.flow_active:
            return {}
        if consumer._closed or consumer._fetcher._closed:
            raise ConsumerStoppedError
        with consumer._fetcher._subscriptions.fetch_context():
            return await fetch(consumer, frozenset(active_partitions), timeout or 0.0, MAX_FETCH_BYTES)
