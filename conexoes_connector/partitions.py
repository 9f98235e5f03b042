"""Records of partitions: handled in order within each, at the same time across them, committed as they are done."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError

from conexoes_connector.log import Log

#: Longest time from the end of a record to its commit, unless Kafka is slow: what a crash may bring again.
_POLL_MS: Final = 500
_MAX_RECORDS: Final = 100

log = Log(__name__)


class Partitions(ConsumerRebalanceListener):  # type: ignore[misc]
    """Handles what a consumer reads, of which this is the listener too.

    A partition is paused while its records are handled, and Kafka is polled all the while. So a record may take any
    time: it holds up no other partition, and Kafka does not take the consumer for dead, as it would without a poll
    in `max_poll_interval_ms`.
    """

    def __init__(self, handle: Callable[[bytes], Awaitable[None]]) -> None:
        """`handle` gets the value of each record. What it raises ends `run`."""
        self._handle = handle
        self._consumer: AIOKafkaConsumer | None = None
        self._tasks: dict[TopicPartition, asyncio.Task[None]] = {}
        self._next: dict[TopicPartition, int] = {}  # offsets to be committed
        self._assignment = 0  # number of the assignment; records of an earlier one are not begun any more

    async def run(self, consumer: AIOKafkaConsumer, stop: asyncio.Event) -> None:
        """Handle records until `stop` is set; those that are begun then are ended and committed.

        When Kafka fails, they are ended and come again. Raises KafkaError.
        """
        self._consumer = consumer
        try:
            while True:
                self._forget_ended()
                await self._commit()
                if stop.is_set() and not self._tasks:
                    return
                for tp, records in (await consumer.getmany(timeout_ms=_POLL_MS, max_records=_MAX_RECORDS)).items():
                    consumer.pause(tp)
                    work = self._work(tp, records, self._tasks.get(tp), stop)
                    self._tasks[tp] = asyncio.create_task(work)
        except asyncio.CancelledError:
            for task in self._tasks.values():
                task.cancel()
            raise
        finally:
            self._assignment += 1
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            self._tasks.clear()
            self._next.clear()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002 - every one is
        """Commit what is done, before others get it. What is begun is not waited for: it may take long."""
        self._assignment += 1
        await self._commit()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:  # noqa: ARG002
        """Begin anew at what is committed."""
        self._assignment += 1
        self._next.clear()

    async def _work(
        self, tp: TopicPartition, records: Sequence[Any], before: "asyncio.Task[None] | None", stop: asyncio.Event
    ) -> None:
        """Handle records in order, after those of an earlier assignment, of which one may still be at work."""
        assignment = self._assignment
        if before is not None:
            await asyncio.wait({before})
        for record in records:
            if stop.is_set() or assignment != self._assignment:
                return
            await self._handle(record.value or b"")
            if assignment == self._assignment:
                self._next[tp] = record.offset + 1
        if self._consumer is not None and assignment == self._assignment:
            self._consumer.resume(tp)

    def _forget_ended(self) -> None:
        """Forget tasks that have ended. Raises what a handler raised."""
        for tp, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[tp]
                task.result()

    async def _commit(self) -> None:
        if self._consumer is None:
            return
        assigned = self._consumer.assignment()
        offsets = {tp: offset for tp, offset in self._next.items() if tp in assigned}
        self._next.clear()
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except CommitFailedError:
            log.info("rebalanced; what was just answered may come again")
