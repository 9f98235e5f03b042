"""PostgreSQL lost after something was done, and before its answer came: nobody is told that nothing happened."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import asyncpg
import pytest
from fastapi import FastAPI

from broker.settings import BrokerSettings
from schemas.dead_letter import DeadLetter
from schemas.reprocess import read_command
from storage.database import Database
from storage.dead_letters import insert_dead_letters
from storage.settings import StorageSettings
from tests.integration.api.conftest import Caller, Store, app_on
from tests.integration.pages.conftest import Browser
from tests.support.account import account
from tests.support.agents import records
from tests.support.events import at, data, result
from tests.support.letters import refused
from tests.support.proxy import Proxy, proxied

COMMAND = {"account": "acme", "integration_type": "price", "requested_by": "maria"}
LOG = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"
#: Words of the statements that mark a command as published, and that read a redrive after it was made.
MARKING, READING_BACK = b"SET published_at", b"FROM redrives r"


class Cut(NamedTuple):
    """An app whose writer reaches PostgreSQL through a proxy."""

    app: FastAPI
    proxy: Proxy

    async def at(self, words: bytes, asking: Any) -> Any:
        """Return the answer to a request during which the database is lost at a statement with `words`."""
        losing = asyncio.create_task(self.proxy.lose_at(words, 20))
        await asyncio.sleep(0)
        answer = await asking
        assert await losing
        self.proxy.bury()
        return answer


@pytest.fixture
async def cut(reader: Database, database_url: str, broker_settings: BrokerSettings) -> AsyncIterator[Cut]:
    servers = str(broker_settings.kafka_bootstrap_servers)
    async with proxied(database_url) as (proxy, url):
        writer = Database(url, "writer", StorageSettings(database_url=url, connect_seconds=1, command_seconds=1))
        async with app_on(reader, writer, servers, broker_settings.topics) as app:
            yield Cut(app, proxy)
        proxy.cut()
        await writer.close()


@pytest.fixture
async def letter(writer: Database, broker_settings: BrokerSettings) -> DeadLetter:
    event = result("5", key="SKU-5")._replace(value=json.dumps(data(key="SKU-5", processed_at="yesterday")).encode())
    [made] = [each._replace(topic=broker_settings.topics.results("price")) for each in refused([event])]
    async with writer.transaction() as connection:
        await insert_dead_letters(connection, [made])
    return made


def is_not_told_that_nothing_happened(text: str) -> bool:
    return "not known" in text and "nothing was" not in text.lower()


async def test_a_command_that_kafka_has_is_not_said_to_be_unsent(
    cut: Cut, keys: dict[str, str], broker_settings: BrokerSettings
) -> None:
    """Tell it by the same key, which is the same command; nor is it said to be unsent while the database is away."""
    asked: dict[str, Any] = {"json": {**COMMAND, "log_ids": [LOG]}, "headers": {"Idempotency-Key": "k1"}}
    async with Caller(cut.app, keys["operator"]) as client:
        answer = await cut.at(MARKING, client.post("/commands/reprocess", **asked))
        assert (answer.status_code, is_not_told_that_nothing_happened(answer.text)) == (503, True), answer.text
        assert "same Idempotency-Key" in answer.text
        cut.proxy.mode = "refuse"
        answer = await client.post("/commands/reprocess", **asked)
        assert (answer.status_code, is_not_told_that_nothing_happened(answer.text)) == (503, True), answer.text
        cut.proxy.mode = "pass"
        accepted = await client.post("/commands/reprocess", **asked)
    assert accepted.status_code == 202, accepted.text
    sent = await records(str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.commands, 2)
    ids = {each.id for record in sent for each in read_command(record.headers, record.value)}  # type: ignore[union-attr]
    assert ids == {accepted.json()["command_id"]}


async def test_a_form_whose_command_kafka_has_is_not_said_to_be_unsent(
    cut: Cut, keys: dict[str, str], store_events: Store, broker_settings: BrokerSettings
) -> None:
    await store_events(*account())
    browser = Browser(cut.app)
    await browser.sign_in(keys["operator"])
    page = (await browser.get("/acme/price?status=error")).text
    once, chosen, token = (_first(page, name) for name in ("once", "log_id", "form_token"))
    asking = browser.post("/acme/price/reprocess", data={"form_token": token, "once": once, "log_id": chosen})
    answer = await cut.at(MARKING, asking)
    assert (answer.status_code, is_not_told_that_nothing_happened(answer.text)) == (503, True), answer.text
    await records(str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.commands, 1)
    await browser.aclose()


async def test_a_redrive_that_was_made_is_not_said_to_be_unmade(
    cut: Cut, keys: dict[str, str], letter: DeadLetter, owner: asyncpg.Connection
) -> None:
    asked = {"account": "acme", "requested_by": "maria", "ids": [str(uuid.UUID(letter.id))]}
    async with Caller(cut.app, keys["operator"]) as client:
        answer = await cut.at(READING_BACK, client.post("/commands/dead-letters/redrive", json=asked))
    assert (answer.status_code, is_not_told_that_nothing_happened(answer.text)) == (503, True), answer.text
    assert await owner.fetchval("SELECT sum(letters) FROM redrives") == 1


async def test_a_redrive_by_a_form_that_was_made_is_not_said_to_be_unmade(
    cut: Cut, keys: dict[str, str], letter: DeadLetter, owner: asyncpg.Connection
) -> None:
    browser = Browser(cut.app)
    await browser.sign_in(keys["operator"])
    choice = json.dumps({"ids": [str(uuid.UUID(letter.id))]})
    given = {"form_token": await browser.form_token("/acme/dead-letters/plan"), "choice": choice, "as_of": at(10**6)}
    answer = await cut.at(READING_BACK, browser.post("/acme/dead-letters/redrive", data=given))
    assert (answer.status_code, is_not_told_that_nothing_happened(answer.text)) == (503, True), answer.text
    assert await owner.fetchval("SELECT sum(letters) FROM redrives") == 1
    await browser.aclose()


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/commands/affiliates/pause", {"affiliate": "MLB"}),
        ("/commands/dead-letters/erase", {"filter": {}, "all": True, "reason": "gone"}),
    ],
)
async def test_whatever_else_was_asked_for_may_be_done_though_the_answer_is_lost(
    cut: Cut, keys: dict[str, str], letter: DeadLetter, path: str, more: dict[str, Any]
) -> None:
    """PostgreSQL hears every statement, and its answers do not arrive."""
    async with Caller(cut.app, keys["admin"]) as client:
        cut.proxy.mode = "mute"
        answer = await client.post(path, json={"account": letter.account, "requested_by": "maria", **more})
    assert (answer.status_code, is_not_told_that_nothing_happened(answer.text)) == (503, True), answer.text


def _first(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="', 1)[1].split('"', 1)[0]
