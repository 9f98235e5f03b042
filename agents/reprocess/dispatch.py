"""Sends retries: claims queued items, publishes them to their retry topic, then marks them as sent.

No transaction is open while it waits for Kafka. A claim is a lease: after a crash between claim and mark the item is
sent again with the same id, by which connectors recognise it.
"""

import asyncio
import contextlib
import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from agents.metrics import ITEMS
from agents.process.availability import until_available
from agents.process.rounds import POLL_SECONDS
from agents.process.statement_size import StatementSize
from agents.reprocess.claiming import LEASE_SECONDS, Claiming
from broker.errors import BrokerUnavailable, RecordRefused
from broker.publisher import Publisher, Record, Written
from broker.structured import structured_record
from schemas.catalogue import CATALOGUE
from schemas.correction import KeptCorrection, corrected_again
from schemas.extensions import traceparent_of
from schemas.policy import Policy, Rule
from schemas.raw_json import RawJson
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.replay import is_as_it_was
from schemas.reprocess import RetryData
from schemas.timestamp import to_text
from schemas.topics import Topics
from storage.database import Database, clock
from storage.reprocess.claims import QueuedItem, kept_requests, kept_traces, release_claims, types_to_send
from storage.reprocess.corrections import get_corrections_of
from storage.reprocess.writer import FailedItem, SentItem, mark_failed, mark_sent
from tracing.spans import Step, begin
from tracing.spans import sent as record_sent

log = structlog.get_logger(__name__)

#: Batches under way at once: one waits for Kafka while the other waits for PostgreSQL.
SENDERS = 2
#: Reason why a corrected request is not sent: nor is it sent as it was, or read again from the source, instead.
GONE = Reason(ReasonCode.CORRECTION_GONE)
#: Retries that are claimed, published and marked together.
SEND_BATCH = 500


def retry_record(
    item: QueuedItem,
    topics: Topics,
    sent_at: datetime,
    expires_at: datetime,
    request: str | None = None,
    *,
    correction: KeptCorrection | None = None,
) -> Record:
    """Make the record of one retry. It has the key of the entity's results, so that an entity keeps its order.

    `request` is JSON, and comes in as it is; `correction` is what was changed in it.
    """
    data = RetryData.model_construct(
        account=item.account,
        affiliate=item.affiliate,
        key=item.key,
        integration_type=item.integration_type,
        mode=item.mode,  # type: ignore[arg-type]
        last_event_id=item.last_event_id,
        attempt=item.attempt,
        expires_at=to_text(expires_at),
        aliases=item.aliases,
        busy_answers=item.busy_answers,
        request=None if request is None else RawJson(request),
        corrected=None if correction is None else [each.pointer for each in correction.differences],
    )
    event = data.event(str(item.id), item.command_id, to_text(sent_at), item.traceparent)
    return structured_record(topics.retry(item.integration_type), f"{item.account}/{item.affiliate}/{item.key}", event)


class Sent(NamedTuple):
    """A retry that Kafka took."""

    item: QueuedItem
    expires_at: datetime
    digest: bytes
    written: Written


class Dispatch:
    """Sends queued items; any number of workers share the work."""

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        topics: Topics,
        policy: Policy,
        *,
        batch: int = SEND_BATCH,
        poll_seconds: float = POLL_SECONDS,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._topics = topics
        self._policy = policy
        self._claiming = Claiming(policy, lease_seconds)
        self._sizes = {each.name: StatementSize(batch) for each in CATALOGUE}
        self._due = {each.name: asyncio.Event() for each in CATALOGUE}
        self._poll_seconds = poll_seconds
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Poll now instead of after `poll_seconds`."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled, waiting for PostgreSQL and Kafka as long as it takes.

        Each type has senders of its own: a retry topic that is missing, refused or without a leader holds back its type
        only.
        """
        async with asyncio.TaskGroup() as tasks:
            for each in CATALOGUE:
                for _ in range(SENDERS):
                    tasks.create_task(self._send(each.name))
            tasks.create_task(self._poll())

    async def _poll(self) -> None:
        while True:
            for each in await until_available("dispatch", self._types_to_send):
                if each in self._due:  # a version before this one may have had another type
                    self._due[each].set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._poll_seconds)
            self._wake.clear()

    async def _types_to_send(self) -> set[str]:
        async with self._database.connection() as connection:
            return await types_to_send(connection)

    async def _send(self, integration_type: str) -> None:
        size, due = self._sizes[integration_type], self._due[integration_type]
        while True:
            await due.wait()
            due.clear()
            full = True
            while full:
                at_most = size.rows
                sent = await size.run(
                    f"dispatch {integration_type}", lambda rows: self.send_queued(integration_type, rows)
                )
                full = sent >= at_most

    async def send_queued(self, integration_type: str, at_most: int = SEND_BATCH) -> int:
        """Send one batch of a type. Returns how many items left the queue.

        Raises StorageUnavailable: some may then be sent and not marked, and are sent again when their lease ends.
        Raises BrokerUnavailable when Kafka did not take all of them: those that it took are marked.
        """
        claimed = await self._claiming.claim(self._database, integration_type, at_most)
        for state in claimed.ended:
            ITEMS.labels(state.value).inc()
        items = claimed.items
        if not items:
            return claimed.number
        async with self._database.connection() as connection:
            now = await clock(connection)
            replayed = [each for each in items if each.mode == "replay" and self._rule(each).replayed]
            kept = await kept_requests(connection, replayed) if replayed else {}
            untraced = [each for each in items if each.traceparent is None]
            traces = await kept_traces(connection, untraced) if untraced else {}
            corrections = await get_corrections_of(connection, [each for each in items if each.corrected])
        requests = requests_of(items, kept, corrections)
        gone = [each for each in items if each.corrected and each.id not in requests]
        items = [each for each in items if not each.corrected or each.id in requests]
        items = [in_trace_of(in_mode_of(each, requests.get(each.id)), traces.get(each.id)) for each in items]
        begun_ns = begin()
        sent, failed, unavailable = await self._publish(items, requests, corrections, now)
        failed += [(each, GONE) for each in gone]
        record_sent((_step(each, self._topics) for each in sent if each.item.traceparent), begun_ns)
        # Two transactions: each locks logs before counts. In one, the second would lock logs after counts: a deadlock.
        if sent:
            async with self._database.transaction() as connection:
                await mark_sent(connection, [_sent_item(each) for each in sent])
        if failed:
            async with self._database.transaction() as connection:
                rows = [FailedItem(item.account, item.id, item.command_id, reason) for item, reason in failed]
                await mark_failed(connection, rows)
        ITEMS.labels("sent").inc(len(sent))
        ITEMS.labels("failed").inc(len(failed))
        if unavailable is not None:
            done = {each.item.id for each in sent} | {item.id for item, _ in failed}
            async with self._database.transaction() as connection:
                await release_claims(connection, [item for item in items if item.id not in done])
            try:
                raise unavailable
            finally:
                del unavailable  # in its own traceback it would keep what was to be sent, until a collection
        return claimed.number

    async def _publish(
        self,
        items: Sequence[QueuedItem],
        requests: Mapping[uuid.UUID, str],
        corrections: Mapping[uuid.UUID, KeptCorrection],
        now: datetime,
    ) -> tuple[list[Sent], list[tuple[QueuedItem, Reason]], BrokerUnavailable | None]:
        """Publish them. Returns what Kafka took, what it refused, and the error of the rest, if there is a rest."""
        deadlines = [now + timedelta(seconds=self._rule(item).deadline_seconds) for item in items]
        records = [
            retry_record(item, self._topics, now, until, requests.get(item.id), correction=corrections.get(item.id))
            for item, until in zip(items, deadlines, strict=True)
        ]
        outcomes = await asyncio.gather(
            *(self._publisher.publish(record) for record in records), return_exceptions=True
        )
        sent: list[Sent] = []
        failed: list[tuple[QueuedItem, Reason]] = []
        unavailable: BrokerUnavailable | None = None
        for item, expires_at, record, outcome in zip(items, deadlines, records, outcomes, strict=True):
            if isinstance(outcome, RecordRefused):
                log.error("retry refused", account=item.account, item_id=str(item.id), reason=str(outcome))
                failed.append((item, outcome.reason))
            elif isinstance(outcome, BrokerUnavailable):
                unavailable = outcome
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                sent.append(Sent(item, expires_at, hashlib.sha256(record.value or b"").digest(), outcome))
        return sent, failed, unavailable

    def _rule(self, item: QueuedItem) -> Rule:
        return self._policy.for_(item.integration_type, item.affiliate)


def requests_of(
    items: Iterable[QueuedItem], kept: Mapping[uuid.UUID, str], corrections: Mapping[uuid.UUID, KeptCorrection]
) -> dict[uuid.UUID, str]:
    """Return the requests that items are sent with, by item: as they are kept, or as they were corrected."""
    found: dict[uuid.UUID, str] = {}
    for item in items:
        request = kept.get(item.id)
        if item.corrected:
            correction = corrections.get(item.id)
            request = None if correction is None else corrected_again(request, correction)
        if request is not None and is_as_it_was(request):
            found[item.id] = request
    return found


def in_mode_of(item: QueuedItem, request: str | None) -> QueuedItem:
    """Return the item as it is sent: a `replay` without its request is a `refresh`."""
    return item._replace(mode="refresh") if item.mode == "replay" and request is None else item


def in_trace_of(item: QueuedItem, of_result: str | None) -> QueuedItem:
    """Return the item in the trace of its command, else in that of the result that it is about, if it has one."""
    return item._replace(traceparent=item.traceparent or traceparent_of(of_result))


def _step(sent: Sent, topics: Topics) -> Step:
    item, written = sent.item, sent.written
    about = {"conexoes.item_id": str(item.id), "conexoes.mode": item.mode}
    topic = topics.retry(item.integration_type)
    return Step(str(item.traceparent), topic, written.partition, written.offset, about)


def _sent_item(sent: Sent) -> SentItem:
    item, expires_at, digest, written = sent
    where = (written.partition, written.offset)
    return SentItem(
        item.account, item.id, item.busy_answers, item.mode, expires_at, digest, *where, traceparent=item.traceparent
    )
