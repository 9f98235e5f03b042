"""The topic of dead letters: takes them whole or cut, and is left alone while it takes none."""

import asyncio
from collections.abc import Sequence
from typing import Literal, NamedTuple

from broker.errors import BrokerUnavailable, RecordRefused
from broker.publisher import Headers, Publisher, Record

#: Bytes kept of a value, key or headers that are too large for the topic. (They were sent compressed.)
CUT_BYTES = 32 * 1024


class LetterRecord(NamedTuple):
    """A dead letter as its topic gets it."""

    key: bytes | None
    value: bytes
    headers: Headers


class Outcome(NamedTuple):
    """Outcome of one try to publish a letter."""

    state: Literal["published", "unavailable", "refused"]  # unavailable: it may be written all the same
    reason: str = ""


class LetterTopic:
    """The topic as all who write to it in one process see it."""

    def __init__(self, name: str, publisher: Publisher) -> None:
        self._name = name
        self._publisher = publisher
        #: True since it took no letter, or was not found, until what waits for it is published.
        self.away = False

    async def wait(self) -> None:
        """Wait until Kafka knows the topic, with no letter in hand. Raises BrokerUnavailable after a while."""
        try:
            await self._publisher.wait_for_topic(self._name)
        except BrokerUnavailable:
            self.away = True
            raise

    async def publish(self, letters: Sequence[LetterRecord]) -> list[Outcome]:
        """Publish letters beside each other, each in one try. Returns their outcomes, in the same order.

        One that is too large is cut. `refused` is one that the topic takes in no form.
        """
        return await asyncio.gather(*map(self._publish, letters))

    async def _publish(self, letter: LetterRecord) -> Outcome:
        record = Record(self._name, *letter)
        try:
            try:
                await self._publisher.publish(record)
            except RecordRefused:
                await self._publisher.publish(_cut(record))
        except RecordRefused as exc:
            return Outcome("refused", str(exc))
        except BrokerUnavailable as exc:
            self.away = True
            return Outcome("unavailable", str(exc))
        return Outcome("published")


def _cut(record: Record) -> Record:
    """The beginning of a record that is too large for the topic, marked as cut; what we add is kept whole."""
    ours = [header for header in record.headers if header[0].startswith("x-dead-letter-")]
    theirs = [(name[:200], value[:1000]) for name, value in record.headers if (name, value) not in ours][:20]
    return Record(
        record.topic,
        (record.key or b"")[:CUT_BYTES],
        (record.value or b"")[:CUT_BYTES],
        [*theirs, *ours, ("x-dead-letter-cut", b"true")],
    )
