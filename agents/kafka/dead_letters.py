"""Sets aside what can't be accepted: to the dead-letter topic first, then to the table that people read."""

import asyncio
from collections.abc import Sequence

import structlog

from agents.metrics import DEAD_LETTERS, IngestWork
from agents.process.availability import until_available
from agents.process.statement_size import StatementSize
from broker.errors import RecordRefused
from broker.publisher import Publisher, Record
from schemas.dead_letter import DeadLetter
from storage.database import Database
from storage.dead_letters import insert_dead_letters
from storage.redrive import settle_refused

#: Bytes kept of a value, key or headers that are too large for the topic. (They were sent compressed.)
CUT_BYTES = 32 * 1024
#: Dead letters in one statement: the bound of memory when many large ones come at once.
_AT_ONCE = 200

log = structlog.get_logger(__name__)


class DeadLetters:
    """Writes dead letters to their topic and their table."""

    def __init__(self, topic: str, publisher: Publisher, database: Database) -> None:
        self._topic = topic
        self._publisher = publisher
        self._database = database
        self._size = StatementSize(_AT_ONCE)

    async def keep(self, letters: Sequence[DeadLetter]) -> None:
        """Write all of them to the topic and the table, waiting for both as long as it takes.

        When a crash makes it run again, the topic has them twice (with the same position in their headers), the table
        once.
        """
        for start in range(0, len(letters), _AT_ONCE):
            part = letters[start : start + _AT_ONCE]
            await asyncio.gather(*(self._publish(each) for each in part))
            await self._size.run_all(IngestWork.DEAD_LETTERS, part, self._insert)
            for each in part:
                DEAD_LETTERS.labels(each.refusal.code.value).inc()
                log.warning(
                    "dead letter",
                    code=each.refusal.code.value,
                    topic=each.topic,
                    partition=each.partition,
                    offset=each.offset,
                )

    async def _publish(self, letter: DeadLetter) -> None:
        record = Record(self._topic, letter.key, letter.value, letter.header_items())
        try:
            await until_available(IngestWork.DEAD_LETTERS, lambda: self._publisher.publish(record))
        except RecordRefused:
            await until_available(IngestWork.DEAD_LETTERS, lambda: self._publisher.publish(_cut(record)))

    async def _insert(self, letters: Sequence[DeadLetter]) -> None:
        async with self._database.transaction() as connection:
            await insert_dead_letters(connection, letters)
            await settle_refused(connection, letters)


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
