"""The agents' work on reprocesses, step by step, on a real PostgreSQL. Calls stand in for Kafka."""

import itertools
import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from agents.kafka.delivery import Delivery
from agents.reprocess.claiming import Claiming
from agents.reprocess.commands import Commands
from agents.reprocess.materialise import Materialise
from agents.reprocess.steps import Steps
from agents.reprocess.waiting import Waiting
from api.plan import plan_filter
from schemas.catalogue import BY_NAME
from schemas.filter import ReprocessFilter
from schemas.policy import Policy
from schemas.refusal import Refusal
from schemas.reprocess import Command, ReprocessRequest
from schemas.result import Result, read
from schemas.shown.command import LedgerItem
from storage.database import Database
from storage.reprocess import reader as reprocess_reader
from storage.reprocess.claims import QueuedItem
from storage.reprocess.writer import SentItem, mark_sent, mark_silent
from storage.results import store
from storage.settings import StorageSettings
from tests.support.events import Event, at, result

DEADLINE = timedelta(minutes=15)
DIGEST = bytes(32)


def read_all(events: Iterable[Event]) -> list[Result]:
    """Return the results of valid events."""
    results = []
    for event in events:
        each = BY_NAME[event.integration_type]
        for found in read(each, event.headers, event.key, event.value or b"", time.time_ns()):
            assert isinstance(found, Result), found
            results.append(found)
    return results


class Desk:
    """One account's reprocesses, `price` unless said otherwise."""

    def __init__(
        self, url: str, settings: StorageSettings, policy: Policy, *, chunk: int = 1000, lease_seconds: float = 60
    ) -> None:
        self.writer = Database(url, "writer", settings)
        self.reader = Database(url, "reader", settings)
        self.policy = policy
        self._offsets = itertools.count()
        self._commands = Commands(
            self.writer,
            None,  # type: ignore[arg-type]
            policy,
            Delivery(lambda _batch: None, lambda _batch: True, lambda: None),
            lambda: None,
        )
        self._materialise = Materialise(self.writer, policy, lambda: None, poll_seconds=1, chunk=chunk)
        self._steps = Steps(self.writer, lambda: None, 1)
        self._claiming = Claiming(policy, lease_seconds)
        self._waiting = Waiting(self.writer, lambda: None)

    async def close(self) -> None:
        await self.writer.close()
        await self.reader.close()

    async def store(self, *events: Event) -> None:
        """Store results as ingest does, in one batch."""
        async with self.writer.transaction() as connection:
            await store(connection, read_all(events), self.policy)

    async def fail(self, keys: range, affiliate: str = "MLB", **changes: Any) -> None:
        """A failed result for each entity."""
        await self.store(
            *(result(f"{affiliate}-{n}-{uuid.uuid4()}", key=f"SKU-{n}", affiliate=affiliate, **changes) for n in keys)
        )

    async def command(self, command_id: str, **request: Any) -> Refusal | None:
        fields = {"account": "acme", "integration_type": "price", "requested_by": "maria", **request}
        one = Command(id=command_id, requested_at=datetime.now(UTC), request=ReprocessRequest.model_validate(fields))
        return await self.record(one)

    async def record(self, command: Command) -> Refusal | None:
        """Record a command as if it had come through Kafka."""
        return await self._commands.handle(command)

    async def by_filter(self, command_id: str, as_of: datetime | None = None, **request: Any) -> None:
        """A command over every error, as of now unless said otherwise, with all of its items made."""
        when = as_of or (await self.plan()).as_of
        await self.command(command_id, **{"filter": {"status": ["error"]}, "as_of": when, **request})
        await self.make()

    async def plan(self, as_of: datetime | None = None, **filter_: Any) -> Any:
        wanted = ReprocessFilter.model_validate(filter_ or {"status": ["error"]})
        return await plan_filter(self.reader, "acme", "price", wanted, policy=self.policy, as_of=as_of)

    async def make(self) -> None:
        while await self._materialise.make_chunk():
            pass

    async def make_once(self) -> bool:
        return await self._materialise.make_chunk()

    async def claim(self, room: int = 1000) -> list[QueuedItem]:
        return (await self._claiming.claim(self.writer, "price", room)).items

    async def wait_out(self, owner: asyncpg.Connection) -> int:
        """Queue again what was answered busy, as if its pause were over."""
        await owner.execute("UPDATE reprocess_items SET not_before = now() WHERE not_before IS NOT NULL")
        return await self._waiting.queue_due()

    async def send(self, room: int = 1000) -> list[QueuedItem]:
        """Claim items and mark them as sent, as if Kafka had taken them."""
        items = await self.claim(room)
        await self.mark(items)
        return items

    async def mark(self, items: list[QueuedItem], deadline: timedelta = DEADLINE) -> None:
        async with self.writer.transaction() as connection:
            until = datetime.now(UTC) + deadline
            await mark_sent(
                connection,
                [
                    SentItem(each.account, each.id, each.busy_answers, each.mode, until, DIGEST, 0, next(self._offsets))
                    for each in items
                ],
            )

    async def answer(self, *items: QueuedItem, seconds: float = 60, **changes: Any) -> None:
        """A success for each item unless said otherwise, processed `seconds` after what failed."""
        fields = {"status": "success", "processed_at": at(seconds), **changes}
        await self.store(
            *(
                result(str(uuid.uuid4()), key=each.key, affiliate=each.affiliate, correlationid=str(each.id), **fields)
                for each in items
            )
        )

    async def expire(self) -> int:
        """Expire every awaited item."""
        async with self.writer.transaction() as connection:
            return await mark_silent(connection, datetime.now(UTC) + DEADLINE * 2, 10_000)

    async def judge(self) -> None:
        await self._steps.judge()

    async def let_go(self) -> int:
        return await self._steps.let_go()

    async def items(self, command_id: str) -> list[LedgerItem]:
        found = await reprocess_reader.list_items(self.reader, "acme", command_id, state=None, after=None, limit=1000)
        assert found is not None
        return found

    async def ledger(self, command_id: str) -> Any:
        found = await reprocess_reader.get_command(self.reader, "acme", command_id)
        assert found is not None
        assert sum(found.items.values()) == found.total
        return found
