"""Records of partitions: handled in order within each, at the same time across them, committed as they are done."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError

from conexoes_connector.log import Log

#: Longest time from the end of a record to its commit, unless Kafka is slow: what a crash may bring again.
_POLL_MS: Final = 500
_MAX_RECORDS: Final = 100
#: Longest time for which a rebalance or the end waits for commits. One that is not done then is given up.
_COMMIT_SECONDS: Final = 5

K = TypeVar("K")

log = Log(__name__)


class Partitions(ConsumerRebalanceListener):  # type: ignore[misc]
    """Handles what a consumer reads, of which this is the listener too.

    A partition is paused while its records are handled, and Kafka is polled all the while. So a record may take any
    time: it holds up no other partition, and Kafka does not take the consumer for dead, as it would without a poll
    in `max_poll_interval_ms`. Each topic is committed by itself: for one that is gone aiokafka tries without end.
    """

    def __init__(self, handle: Callable[[bytes], Awaitable[None]]) -> None:
        """`handle` gets the value of each record. What it raises ends `run`."""
        self._handle = handle
        self._consumer: AIOKafkaConsumer | None = None
        self._tasks: dict[TopicPartition, asyncio.Task[None]] = {}
        self._next: dict[TopicPartition, int] = {}  # offsets to be committed
        self._commits: dict[str, asyncio.Task[None]] = {}  # on their way, by topic
        self._assignment = 0  # number of the assignment; records of an earlier one are not begun any more

    async def run(self, consumer: AIOKafkaConsumer, stop: asyncio.Event) -> None:
        """Handle records until `stop` is set; those that are begun then are ended and committed.

        When Kafka fails, they are ended and come again. Raises KafkaError.
        """
        self._consumer = consumer
        try:
            while True:
                _forget_ended(self._tasks)
                _forget_ended(self._commits)
                self._begin_commits()
                if stop.is_set() and not self._tasks:
                    await self._end_commits()
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
            self._give_up_commits()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002 - every one is
        """Commit what is done, before others get it. What is begun is not waited for: it may take long."""
        self._assignment += 1
        await self._end_commits()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:  # noqa: ARG002
        """Begin anew at what is committed."""
        self._assignment += 1
        self._give_up_commits()

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

    def _begin_commits(self) -> None:
        """Begin to commit what is done, of each topic that has no commit on its way."""
        done: defaultdict[str, dict[TopicPartition, int]] = defaultdict(dict)
        for tp in [each for each in self._next if each.topic not in self._commits]:
            done[tp.topic][tp] = self._next.pop(tp)
        for topic, offsets in done.items():
            self._commits[topic] = asyncio.create_task(self._commit(offsets))

    async def _end_commits(self) -> None:
        """Commit all that is done, as far as it can be done soon. Raises KafkaError."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_COMMIT_SECONDS):
                while self._next or self._commits:
                    self._begin_commits()
                    await asyncio.wait(self._commits.values(), return_when=asyncio.FIRST_COMPLETED)
                    _forget_ended(self._commits)

    def _give_up_commits(self) -> None:
        """Let go of what is not committed: others may have its partitions, and are further by now."""
        for task in self._commits.values():
            task.cancel()
        self._commits.clear()
        self._next.clear()

    async def _commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        if self._consumer is None:
            return
        assigned = self._consumer.assignment()
        own = {tp: offset for tp, offset in offsets.items() if tp in assigned}
        try:
            if own:
                await self._consumer.commit(own)
        except CommitFailedError:
            log.info("rebalanced; what was just answered may come again")


def _forget_ended(tasks: dict[K, "asyncio.Task[None]"]) -> None:
    """Forget tasks that have ended. Raises what a handler, or Kafka at a commit, raised."""
    for name, task in list(tasks.items()):
        if task.done():
            del tasks[name]
            task.result()
