"""Publishes dead letters that their topic did not take when they came, the oldest first, as soon as it takes them.

No transaction is open while it waits for Kafka. A letter is leased, published, and then marked: after a crash in
between the lease ends, and the topic has the letter twice.
"""

from collections.abc import Sequence

import structlog

from agents.kafka.letter_topic import LetterRecord, LetterTopic, Outcome
from agents.process.availability import until_available
from agents.process.rounds import rounds
from broker.errors import BrokerUnavailable
from storage.database import Database
from storage.unpublished_letters import (
    LeftLetter,
    UnpublishedLetter,
    claim_unpublished,
    has_unpublished,
    mark_published,
    release_unpublished,
)

#: Letters that are leased, published and marked together, and their bytes: one may have more than 2 MiB.
AT_ONCE = 100
MAX_BYTES = 8 * 1024 * 1024
#: Time after which letters of a worker that was killed are published by another. The longest try takes as long: of a
#: letter that is too large, and then of what is left of it.
LEASE_SECONDS = 120.0
#: Time for which a letter is left alone that its topic takes in no form, so that it holds up no other.
REFUSED_SECONDS = 3600.0
_EVERY_SECONDS = 1.0
_WORK = "publishing dead letters"

log = structlog.get_logger(__name__)


class UnpublishedLetters:
    """Runs in every worker; they share what waits. The order is that of arrival, as far as one worker publishes."""

    def __init__(self, topic: LetterTopic, database: Database, *, lease_seconds: float = LEASE_SECONDS) -> None:
        """`topic` is that of the writers, who are told when it is back."""
        self._topic = topic
        self._database = database
        self._lease_seconds = lease_seconds

    async def run(self) -> None:
        """Publish until cancelled, waiting for PostgreSQL and Kafka as long as it takes."""
        await rounds(_WORK, self.publish, full=AT_ONCE, pause_seconds=_EVERY_SECONDS)

    async def publish(self, at_most: int = AT_ONCE) -> int:
        """Publish those that wait, `at_most` at once. Returns how many were tried.

        Raises BrokerUnavailable when the topic did not take one; those that it took are marked. Raises
        StorageUnavailable.
        """
        async with self._database.connection() as connection:
            if not await has_unpublished(connection):
                return 0
        await self._topic.wait()  # before any is read: one that is erased meanwhile is not published
        # One finds out for all: a try that ends without an answer may have written its letters.
        tried, size = 0, 1 if self._topic.away else at_most
        while number := await self._publish(size):
            tried, size = tried + number, at_most
        if tried:
            self._topic.away = False
        return tried

    async def _publish(self, at_most: int) -> int:
        async with self._database.transaction() as connection:
            letters = await claim_unpublished(
                connection, most=at_most, most_bytes=MAX_BYTES, lease_seconds=self._lease_seconds
            )
        if not letters:
            return 0
        outcomes = await self._topic.publish([LetterRecord(*each[2:]) for each in letters])
        await until_available(_WORK, lambda: self._mark(letters, outcomes))
        for each, outcome in zip(letters, outcomes, strict=True):
            if outcome.state == "refused":
                log.error("dead letter refused", letter=str(each.letter_id), reason=outcome.reason)
        if unavailable := [each.reason for each in outcomes if each.state == "unavailable"]:
            raise BrokerUnavailable(unavailable[0])
        return len(letters)

    async def _mark(self, letters: Sequence[UnpublishedLetter], outcomes: Sequence[Outcome]) -> None:
        pairs = list(zip(letters, outcomes, strict=True))
        pauses = {"unavailable": 0.0, "refused": REFUSED_SECONDS}
        async with self._database.transaction() as connection:
            await mark_published(connection, [each for each, outcome in pairs if outcome.state == "published"])
            await release_unpublished(
                connection,
                [
                    LeftLetter(each.account, each.letter_id, pauses[outcome.state])
                    for each, outcome in pairs
                    if outcome.state in pauses
                ],
            )
