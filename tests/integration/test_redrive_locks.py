"""Statements about redrives lock in one order, so that none deadlocks: items by their key, then letters by theirs."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

import asyncpg
import pytest

from broker.settings import BrokerSettings
from schemas.dead_letter import RedriveLink
from schemas.redrive import EraseLettersRequest, RedriveRequest
from schemas.rereading import Rereading
from storage.database import Database
from storage.dead_letters import Reach
from storage.letter_audit import Author
from storage.letter_changes import erase_letters
from storage.redrive import (
    Redriven,
    SentLetter,
    UnsentLetter,
    make_redrive,
    mark_letters,
    switch_redrive,
)
from storage.statements import SQL
from tests.support.blocked import until_waited_for
from tests.support.events import result
from tests.support.letters import OTHER_SOURCES, insert_refused

LETTERS = 12
REACH = Reach("acme", every_account=False, evidence=True)
MARIA = Author("maria", "r")
ALL = {"account": "acme", "filter": {}, "all": True, "requested_by": "maria"}


class Item(NamedTuple):
    """An item, and its letter."""

    account: str
    redrive_id: uuid.UUID
    number: int
    letter_id: uuid.UUID


Work = Callable[[Database, Sequence[Item]], Coroutine[Any, Any, None]]


async def sent(writer: Database, items: Sequence[Item]) -> None:
    async with writer.transaction() as connection:
        await mark_letters(connection, [SentLetter(*each[:3], 0, 1) for each in items], [])


async def not_sent(writer: Database, items: Sequence[Item]) -> None:
    async with writer.transaction() as connection:
        await mark_letters(connection, [], [UnsentLetter(*each[:3], "failed", "{}") for each in items])


async def settled(writer: Database, items: Sequence[Item]) -> None:
    links = [RedriveLink(str(each.letter_id), str(each.redrive_id)) for each in items]
    async with writer.transaction() as connection:
        outcomes = [Redriven(*each, "acme", "stored", None, None) for each in links]
        await SQL["settle_redriven"].execute(connection, outcomes)


async def cancelled(writer: Database, items: Sequence[Item]) -> None:
    await switch_redrive(writer, "acme", items[0].redrive_id, "cancelled", MARIA)


async def erased(writer: Database, items: Sequence[Item]) -> None:
    ids = [str(each.letter_id) for each in items]
    asked = EraseLettersRequest.model_validate({"account": "acme", "ids": ids, "requested_by": "m", "reason": "r"})
    await erase_letters(writer, REACH, asked, MARIA)


@pytest.fixture
async def items(writer: Database, owner: asyncpg.Connection, broker_settings: BrokerSettings) -> list[Item]:
    await insert_refused(writer, [result(f"e{n}", key=f"S{n}") for n in range(LETTERS)], OTHER_SOURCES)
    topic = broker_settings.topics.results("price")
    await owner.execute("UPDATE dead_letters SET topic = $1", topic)
    async with writer.connection() as connection:
        as_of = await connection.fetchval("SELECT clock_timestamp()")
    topics = Rereading(broker_settings.topics, None).topics
    asked = RedriveRequest.model_validate(ALL)
    await make_redrive(writer, REACH, asked, MARIA, topics=topics, as_of=as_of)
    rows = await owner.fetch("SELECT account, redrive_id, number, letter_id FROM redrive_items ORDER BY number")
    return [Item(*row) for row in rows]


@pytest.mark.parametrize("work", [sent, not_sent, settled, cancelled, erased])
async def test_nothing_is_locked_after_what_another_has_and_letters_after_items(
    work: Work, items: list[Item], writer: Database, owner: asyncpg.Connection
) -> None:
    if work is erased:
        await owner.execute("UPDATE dead_letters SET state = 'waiting'")
    first_item = "SELECT FROM redrive_items ORDER BY account, redrive_id, number LIMIT 1 FOR UPDATE"
    first_letter = "SELECT FROM dead_letters ORDER BY account, id LIMIT 1 FOR UPDATE"
    for held, *free in ((first_item, LETTERS - 1, LETTERS), (first_letter, 0, LETTERS - 1)):
        holding = owner.transaction()
        await holding.start()
        await owner.execute(held)
        working = asyncio.create_task(work(writer, items[::-1]))
        await until_waited_for(owner, writer)
        async with writer.connection() as other:
            free_items = await other.fetch("SELECT FROM redrive_items FOR UPDATE SKIP LOCKED")
            free_letters = await other.fetch("SELECT FROM dead_letters FOR UPDATE SKIP LOCKED")
        assert [len(free_items), len(free_letters)] == free
        working.cancel()
        await asyncio.wait({working})
        await holding.rollback()
