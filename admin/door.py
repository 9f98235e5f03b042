"""The door for results by HTTP: it checks events as the agents will, and publishes them as any connector would."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from admin.rate import Rate
from api.authentication import may_see
from api.fairness import Places
from broker.publisher import Publisher, Record
from schemas.check import UnsentEvent, check
from schemas.envelope import MAX_BATCH_EVENTS
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal
from schemas.result import Result
from schemas.sources import Outside, SourceRule, Sources
from schemas.topics import Topics
from storage.access_keys import EVERY_ACCOUNT, Grant
from storage.clock import ServerClock

#: Requests of one key that are read at once.
MAX_AT_ONCE: Final = 8
#: Bytes of events that are read before others in this process have their turn: some fifty usual events, or a large one.
_BYTES_AT_A_TIME: Final = 32 * 1024


class Door:
    """The door of one app, with its limits and its count of events."""

    def __init__(
        self,
        publisher: Publisher,
        topics: Topics,
        *,
        sources: Sources | None,
        clock: ServerClock,
        events_per_second: int,
        registry: CollectorRegistry,
    ) -> None:
        """`events_per_second` of one key; twice as many at once, or a batch. The counter goes to `registry`."""
        self.rate = Rate(events_per_second, max(2 * events_per_second, MAX_BATCH_EVENTS))
        self.places = Places(MAX_AT_ONCE)
        self.events = posted_events(registry)
        self._publisher = publisher
        self._topics = topics
        self._sources = sources
        self._clock = clock

    async def check(
        self, events: Sequence[UnsentEvent | Refusal], grant: Grant | None = None
    ) -> list[Result | Refusal]:
        """Return what would become of each event, posted with the key of `grant`; None: with one that may post it.

        Raises StorageUnavailable when PostgreSQL's clock is not known.
        """
        now_ns = await self._clock.read_ns()
        outcomes: list[Result | Refusal] = []
        bytes_read = 0
        for event in events:
            outcome = check(event, now_ns)
            outcomes.append(outcome if isinstance(outcome, Refusal) else self._not_allowed(outcome, grant) or outcome)
            bytes_read += 0 if isinstance(event, Refusal) else len(event.value)
            if bytes_read >= _BYTES_AT_A_TIME:
                bytes_read = 0
                await asyncio.sleep(0)
        return outcomes

    async def send(self, events: Iterable[UnsentEvent], results: Iterable[Result]) -> None:
        """Publish events, which are these results. Raises BrokerError; some of them may be in Kafka then."""
        await self._publisher.publish_all(
            [
                Record(
                    self._topics.results(result.integration_type, self._connector(result.source)),
                    f"{result.account}/{result.affiliate}/{result.key}".encode(),
                    event.value,
                    [(name, value) for name, value in event.headers if value is not None],
                )
                for event, result in zip(events, results, strict=True)
            ]
        )

    def _not_allowed(self, result: Result, grant: Grant | None) -> Refusal | None:
        if grant is not None and (refusal := not_of_key(grant, result)) is not None:
            return refusal
        if self._sources is None:
            return None
        connector = self._connector(result.source)
        field = self._sources.outside(result.source, result.account, result.affiliate, connector)
        return None if field is None else _refusal(ReasonCode.NOT_ALLOWED, field)

    def _connector(self, source: str) -> str | None:
        """The connector whose own topics results of `source` go to; None for the topics of all."""
        rule = None if self._sources is None else self._sources.root.get(source)
        return None if rule is None else rule.connector


def posted_events(registry: CollectorRegistry) -> Counter:
    """Make the counter of events that were posted."""
    return Counter(
        "conexoes_posted_events",
        "events posted to `/events/results`: accepted; refused, with the others of their batch; or not taken by Kafka",
        ["outcome"],
        registry=registry,
    )


def not_of_key(grant: Grant, result: Result) -> Refusal | None:
    """Say why a key may not post a result; None when it may. An admin's key posts results of any source."""
    field: Outside | None
    if grant.source is None:
        field = None if may_see(grant, result.account) else "data.account"
    else:
        accounts = None if grant.account == EVERY_ACCOUNT else frozenset({grant.account})
        rule = SourceRule(affiliates=frozenset(grant.affiliates or ()), accounts=accounts)
        field = Sources({grant.source: rule}).outside(result.source, result.account, result.affiliate, None)
    return None if field is None else _refusal(ReasonCode.NOT_ALLOWED_BY_KEY, field)


def _refusal(code: ReasonCode, field: Outside) -> Refusal:
    return Refusal(DeadLetterCode.NOT_ALLOWED, Reason(code, field=field))
