"""Publishes dead letters again: leases them, reads each with today's rules, and sends those that would become results.

Redrives are sent beside each other, and one that Kafka does not take steps back: a topic that is missing, refused or
without a leader holds back its own redrives only.

No transaction is open while it waits for Kafka. After a crash between sending and recording it, the lease ends and the
letter is published once more; its result is one attempt all the same, by its source and id.
"""

import asyncio
import uuid
from collections.abc import Sequence

import structlog

from agents.metrics import REDRIVEN
from agents.process.rounds import POLL_SECONDS, rounds
from broker.errors import BrokerUnavailable, RecordRefused
from broker.outage import Outages
from broker.publisher import Publisher, Record
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.rereading import Rereading
from storage.clock import ServerClock
from storage.database import Database
from storage.redrive import (
    ClaimedLetter,
    SentLetter,
    UnsentLetter,
    claim_letters,
    mark_letters,
    release_letters,
    step_back,
)

#: Letters that are leased, published and marked together, and their bytes: one may have 2 MiB.
AT_ONCE = 100
MAX_BYTES = 8 * 1024 * 1024
#: Time after which letters of a worker that was killed are sent by another.
LEASE_SECONDS = 60.0
#: Redrives that a worker sends at once: one waits for its topic while others go on.
SENDERS = 4
#: Pause of a redrive that Kafka did not take: twice as long after each try, up to the longest.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

log = structlog.get_logger(__name__)


class Redriving:
    """Sends the letters of redrives; any number of workers share the work."""

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        rereading: Rereading,
        clock: ServerClock,
        *,
        lease_seconds: float = LEASE_SECONDS,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._rereading = rereading
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._poll_seconds = poll_seconds
        self._claiming = asyncio.Lock()
        self._under_way: set[uuid.UUID] = set()  # redrives of which letters are being sent
        self._pauses: dict[uuid.UUID, float] = {}  # of those that Kafka did not take last
        self._outages = Outages(log)

    async def run(self) -> None:
        """Send until cancelled, waiting for PostgreSQL and Kafka as long as it takes."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(SENDERS):
                tasks.create_task(rounds("redrive", self.send, full=AT_ONCE, pause_seconds=self._poll_seconds))

    async def send(self, at_most: int = AT_ONCE) -> int:
        """Send some letters of one redrive. Returns how many were leased.

        What Kafka does not take is tried again after the redrive's pause. Raises StorageUnavailable: some may then be
        sent and not marked, and are sent again when their lease ends.
        """
        async with self._claiming:  # or two would take the same redrive
            async with self._database.transaction() as connection:
                claimed = await claim_letters(
                    connection,
                    most=at_most,
                    most_bytes=MAX_BYTES,
                    lease_seconds=self._lease_seconds,
                    but=list(self._under_way),
                )
            if not claimed:
                return 0
            redrive_id = claimed[0].redrive_id
            self._under_way.add(redrive_id)
        try:
            await self._send(claimed)
        finally:
            self._under_way.discard(redrive_id)
        return len(claimed)

    async def _send(self, claimed: Sequence[ClaimedLetter]) -> None:
        now_ns = self._clock.now_ns()
        to_send: list[ClaimedLetter] = []
        unsent: list[UnsentLetter] = []
        for each in claimed:
            outcome = self._read(each, now_ns)
            if outcome is None:
                to_send.append(each)
            else:
                unsent.append(outcome)
        sent, failed, not_taken = await self._publish(to_send)
        unsent += failed
        if sent or unsent:
            async with self._database.transaction() as connection:
                await mark_letters(connection, sent, unsent)
        REDRIVEN.labels("sent").inc(len(sent))
        for state in (each.state for each in unsent):
            REDRIVEN.labels(state).inc()
        account, redrive_id, *_letter = claimed[0]
        if not not_taken:
            self._pauses.pop(redrive_id, None)
            return
        pause = self._pauses.get(redrive_id, FIRST_PAUSE_SECONDS)
        self._pauses[redrive_id] = min(2 * pause, LONGEST_PAUSE_SECONDS)
        async with self._database.transaction() as connection:
            await release_letters(connection, not_taken)
            await step_back(connection, account, redrive_id, pause)

    def _read(self, claimed: ClaimedLetter, now_ns: int) -> UnsentLetter | None:
        """Say why a letter is not sent; None when it is."""
        try:
            refusal = self._rereading.refusal(claimed.letter, now_ns)
        except Exception:
            # One letter must not stop a worker, which then reads it again after every start.
            return _unforeseen(claimed)
        return None if refusal is None else UnsentLetter(*claimed[:3], "still_refused", refusal.reason.to_json())

    async def _publish(
        self, letters: Sequence[ClaimedLetter]
    ) -> tuple[list[SentLetter], list[UnsentLetter], list[ClaimedLetter]]:
        """Publish them. Returns what Kafka took, what it refused, and the rest, which it did not take now."""
        records = (
            Record(each.letter.topic, each.letter.key, each.letter.value, each.letter.to_publish()) for each in letters
        )
        outcomes = await asyncio.gather(*map(self._publisher.publish, records), return_exceptions=True)
        sent: list[SentLetter] = []
        failed: list[UnsentLetter] = []
        not_taken: list[ClaimedLetter] = []
        for each, outcome in zip(letters, outcomes, strict=True):
            work = f"redrive to {each.letter.topic}"
            if isinstance(outcome, RecordRefused):
                log.error("letter refused", account=each.account, letter=each.letter.id, reason=str(outcome))
                failed.append(UnsentLetter(*each[:3], "failed", outcome.reason.to_json()))
            elif isinstance(outcome, BrokerUnavailable):
                self._outages.failed(work, str(outcome))
                not_taken.append(each)
            elif isinstance(outcome, Exception):
                failed.append(_unforeseen(each, outcome))
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                self._outages.worked(work)
                sent.append(SentLetter(*each[:3], outcome.partition, outcome.offset))
        return sent, failed, not_taken


def _unforeseen(letter: ClaimedLetter, error: BaseException | None = None) -> UnsentLetter:
    """Return what a letter becomes by an unforeseen error, and log that: by default the one that is being handled."""
    log.error("letter not sent", account=letter.account, letter=letter.letter.id, exc_info=error or True)
    return UnsentLetter(*letter[:3], "failed", Reason(ReasonCode.UNEXPECTED).to_json())
