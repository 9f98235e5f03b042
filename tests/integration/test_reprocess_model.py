"""Any order of results, commands, sends, answers, expiries, cancels and crashes of one entity, against a model."""

import asyncio
import itertools
import uuid
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.policy import BUSY_TRIES
from schemas.reasons.reason import own_words
from storage.reprocess.claims import QueuedItem
from storage.reprocess.writer import cancel
from tests.support.events import at, result
from tests.support.reprocess import Desk

pytestmark = pytest.mark.law

ERRORS = {
    "same": [{"code": "a", "message": "a"}],
    "different": [{"code": "b", "message": "b"}],
    "busy": [{"code": "http.503", "message": "503"}],
    "success": None,
}
OPERATIONS = st.one_of(
    st.tuples(st.just("result"), st.sampled_from(sorted(ERRORS))),
    st.tuples(st.just("late result"), st.sampled_from(sorted(ERRORS))),
    st.tuples(st.just("answer"), st.sampled_from(sorted(ERRORS))),
    st.tuples(st.just("answer of long ago"), st.sampled_from(sorted(ERRORS))),
    st.tuples(
        st.sampled_from(["command", "send", "claim", "mark", "lease ends", "pause ends", "expire", "cancel"]), st.none()
    ),
)


@dataclass
class Item:
    """One item by the design's rules."""

    id: uuid.UUID
    command: str
    state: str
    before: str  # kind of error when it was asked for, and then when it left
    queued: bool  # not refused at once
    claimed: bool = False  # a worker has it
    published: bool = False  # so that an answer may come
    answered_at: int | None = None
    busy_answers: int = 0
    counted: bool = False  # one of these is to its last sending
    waiting: bool = False  # it was busy, and is queued again after a pause


@dataclass
class Model:
    """One entity by the design's rules."""

    shown: str = "same"
    shown_at: int = 0
    items: list[Item] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)
    results: list[tuple[int, str, uuid.UUID | None]] = field(default_factory=list)  # the item that one answers

    @property
    def open(self) -> Item | None:
        return next((each for each in self.items if each.state in {"queued", "sent"}), None)

    def fold(self, kind: str, when: int, answers: uuid.UUID | None = None) -> None:
        self.results.append((when, kind, answers))
        if when > self.shown_at:
            self.shown, self.shown_at = kind, when

    def leave(self, item: Item) -> None:
        """Send an item: it is about the newest result that is no answer to it, and compared with that if it failed."""
        _when, kind, _answers = max(each for each in self.results if each[2] != item.id)
        item.claimed = item.published = True
        item.counted = False
        if kind != "success":
            item.before = kind

    def decide(self) -> str:
        if self.shown == "success":
            return "already_succeeded"
        return "in_flight" if self.open else "queued"

    def command_state(self, name: str) -> str:
        if name in self.cancelled:
            return "cancelled"
        return "running" if any(each.command == name and each is self.open for each in self.items) else "done"

    def answer(self, item: Item, kind: str, when: int) -> None:
        self.fold(kind, when, item.id)
        if item.answered_at is None or when > item.answered_at:
            item.answered_at = when
            same = "same_error" if kind == item.before else "different_error"
            item.claimed = False
            if kind == "busy" and item.counted and item.state in {"queued", "busy"}:
                return
            item.state = {"success": "fixed", "busy": "busy"}.get(kind, same)
            item.busy_answers += kind == "busy" and not item.counted
            item.counted = item.counted or kind == "busy"
            later = self.items[self.items.index(item) + 1 :]
            over = item.command in self.cancelled or any(each.queued for each in later)
            item.waiting = kind == "busy" and not over and item.busy_answers <= BUSY_TRIES
            if item.waiting:
                item.state = "queued"


class Scenario:
    """A sequence of steps, run by the model and by the agents."""

    def __init__(self, desk: Desk, owner: asyncpg.Connection, key: str) -> None:
        self.desk = desk
        self.owner = owner
        self.key = key
        self.model = Model()
        self.claims: list[QueuedItem] = []
        self.ids = itertools.count()
        self.clock = itertools.count(1)
        self.early = itertools.count(-1, -1)

    async def run(self, operations: list[tuple[str, str | None]]) -> None:
        self.model.fold("same", 0)
        await self.emit("same", 0, None)
        for name, kind in operations:
            await getattr(self, name.replace(" ", "_"))(*([kind] if kind else []))
            await self.check()

    async def emit(self, kind: str, when: int, correlation: uuid.UUID | None) -> None:
        status = "success" if kind == "success" else "error"
        fields: dict[str, Any] = {
            "key": self.key,
            "affiliate": self.key,
            "status": status,
            "processed_at": at(when),
            "errors": ERRORS[kind],
            "message": kind,
        }
        await self.desk.store(
            result(str(uuid.uuid4()), correlationid=None if correlation is None else str(correlation), **fields)
        )

    async def result(self, kind: str) -> None:
        when = next(self.clock)
        self.model.fold(kind, when)
        await self.emit(kind, when, None)

    async def late_result(self, kind: str) -> None:
        when = next(self.early)
        self.model.fold(kind, when)
        await self.emit(kind, when, None)

    async def answer(self, kind: str) -> None:
        await self._answer(kind, next(self.clock))

    async def answer_of_long_ago(self, kind: str) -> None:
        await self._answer(kind, next(self.early))

    async def _answer(self, kind: str, when: int) -> None:
        published = [each for each in self.model.items if each.published]
        if published:
            item = published[when % len(published)]
            self.model.answer(item, kind, when)
            await self.emit(kind, when, item.id)

    async def command(self) -> None:
        name = f"{self.key}-{next(self.ids)}"
        state, before = self.model.decide(), self.model.shown
        log = await self.owner.fetchval("SELECT id FROM status_logs WHERE key = $1", self.key)
        for _ in range(2):  # the same command twice is one
            await self.desk.command(name, log_ids=[log])
        made = await self.owner.fetchval("SELECT id FROM reprocess_items WHERE command_id = $1", name)
        self.model.items.append(Item(made, name, state, before, queued=state == "queued"))

    async def claim(self) -> None:
        taken = [each for each in await self.desk.claim() if each.key == self.key]
        item = self.model.open
        free = item is not None and item.state == "queued" and not item.claimed and not item.waiting
        expected = [item.id] if free and item is not None and item.command not in self.model.cancelled else []
        if expected and item is not None and self.model.shown == "success":
            item.state, expected = "busy" if item.busy_answers else "healed", []
        assert [each.id for each in taken] == expected
        for _each in taken:
            assert item is not None
            self.model.leave(item)
        self.claims += taken

    async def mark(self) -> None:
        await self.desk.mark(self.claims)
        marked = {each.id: each.busy_answers for each in self.claims}
        self.claims = []
        for each in self.model.items:
            if marked.get(each.id) == each.busy_answers and each.state == "queued":
                each.state, each.claimed = "sent", False

    async def send(self) -> None:
        await self.claim()
        await self.mark()

    async def lease_ends(self) -> None:
        """End the lease, as if the worker that had the item had died."""
        await self.owner.execute(
            "UPDATE reprocess_items SET claimed_until = now() - interval '1 s' WHERE claimed_until IS NOT NULL"
        )
        self.claims = []
        for each in self.model.items:
            each.claimed = False

    async def pause_ends(self) -> None:
        await self.desk.wait_out(self.owner)
        for each in self.model.items:
            each.waiting = False

    async def expire(self) -> None:
        await self.desk.expire()
        for each in self.model.items:
            if each.state == "sent":
                each.state = "silent"

    async def cancel(self) -> None:
        if not self.model.items:
            return
        name = self.model.items[-1].command
        async with self.desk.writer.transaction() as connection:
            done = await cancel(connection, "acme", name, requested_by="m", note=own_words("n"))
        assert done == (self.model.command_state(name) == "running")
        if done:
            self.model.cancelled.add(name)

    async def check(self) -> None:
        await self.desk.let_go()
        for each in self.model.items:
            if each.state == "queued" and each.command in self.model.cancelled and not each.claimed:
                each.state, each.waiting = "busy" if each.busy_answers else "cancelled", False
        rows = await self.owner.fetch("SELECT id, state FROM reprocess_items WHERE key = $1", self.key)
        assert {row["id"]: row["state"] for row in rows} == {each.id: each.state for each in self.model.items}
        log = await self.owner.fetchrow("SELECT status, message FROM status_logs WHERE key = $1", self.key)
        assert log is not None
        assert log["message"] == self.model.shown
        for each in self.model.items:
            ledger = await self.desk.ledger(each.command)
            assert (ledger.state, ledger.items) == (self.model.command_state(each.command), {each.state: 1})


async def test_every_order_of_what_may_happen_ends_where_the_design_allows(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    loop = asyncio.get_running_loop()
    keys = itertools.count()

    @settings(max_examples=60, database=None, derandomize=True)
    @given(st.lists(OPERATIONS, min_size=4, max_size=14))
    def check(operations: list[tuple[str, str | None]]) -> None:
        scenario = Scenario(desk, owner, f"K-{next(keys)}")
        asyncio.run_coroutine_threadsafe(scenario.run(operations), loop).result()

    await asyncio.to_thread(check)


@pytest.mark.parametrize("order", list(itertools.permutations(["result", "send", "answer of long ago", "command"])))
async def test_every_permutation_of_the_four(desk: Desk, owner: asyncpg.Connection, order: tuple[str, ...]) -> None:
    """A command comes first, so that there are items to send, to answer and to join."""
    kinds = {"result": "success", "answer of long ago": "different"}
    await Scenario(desk, owner, "K").run([("command", None), *((name, kinds.get(name)) for name in order)])
