"""Sets aside what can't be accepted: to the dead-letter topic first, then to the table that people read.

What the topic does not take is in the table all the same, and agents.kafka.unpublished_letters publishes it later.
"""

from collections.abc import Sequence

import structlog

from agents.kafka.letter_topic import LetterRecord, LetterTopic
from agents.metrics import DEAD_LETTERS, IngestWork
from agents.process.availability import until_available
from agents.process.statement_size import StatementSize
from schemas.dead_letter import DeadLetter
from storage.database import Database
from storage.dead_letters import insert_dead_letters, stored_letters
from storage.redrive import settle_refused

#: Dead letters in one statement: the bound of memory when many large ones come at once.
_AT_ONCE = 200

log = structlog.get_logger(__name__)


class DeadLetters:
    """Writes dead letters to their topic and their table."""

    def __init__(self, topic: LetterTopic, database: Database) -> None:
        self._topic = topic
        self._database = database
        self._size = StatementSize(_AT_ONCE)

    async def keep(self, letters: Sequence[DeadLetter]) -> None:
        """Write all of them to the topic, in one try, and to the table, waiting for that as long as it takes.

        Those that the topic does not take wait in the database for it, and while it is away none is tried. When a
        crash makes it run again, the topic has them twice (with the same position in their headers), the table once.
        """
        for start in range(0, len(letters), _AT_ONCE):
            part = letters[start : start + _AT_ONCE]
            published = await self._publish(part)
            await self._size.run_all(IngestWork.DEAD_LETTERS, list(zip(part, published, strict=True)), self._insert)
            if not all(published):
                self._topic.away = True  # if it is back since: what comes now goes behind these
            for each in part:
                DEAD_LETTERS.labels(each.refusal.code.value).inc()
                log.warning(
                    "dead letter",
                    code=each.refusal.code.value,
                    topic=each.topic,
                    partition=each.partition,
                    offset=each.offset,
                )

    async def _publish(self, letters: Sequence[DeadLetter]) -> list[bool]:
        """Publish letters unless the topic is away. Returns of each if nobody is to publish it any more.

        One that is stored was published before, or waits for it: a crash in between would else make three of it.
        """
        if self._topic.away:
            return [False] * len(letters)
        ids = [each.id for each in letters]
        stored = await until_available(IngestWork.DEAD_LETTERS, lambda: self._stored(letters, ids))
        new = [(id_, each) for id_, each in zip(ids, letters, strict=True) if id_ not in stored]
        outcomes = await self._topic.publish(
            [LetterRecord(each.key, each.value, each.header_items()) for _id, each in new]
        )
        waiting = {id_ for (id_, _), outcome in zip(new, outcomes, strict=True) if outcome.state != "published"}
        return [id_ not in waiting for id_ in ids]

    async def _stored(self, letters: Sequence[DeadLetter], ids: Sequence[str]) -> set[str]:
        async with self._database.connection() as connection:
            return await stored_letters(connection, [each.account for each in letters], ids)

    async def _insert(self, letters: Sequence[tuple[DeadLetter, bool]]) -> None:
        kept = [letter for letter, _published in letters]
        async with self._database.transaction() as connection:
            await insert_dead_letters(connection, kept, [published for _letter, published in letters])
            await settle_refused(connection, kept)
