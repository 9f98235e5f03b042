"""`conexoes dead-letters`: list, show, redrive, erase."""

import asyncio
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from broker.settings import BrokerSettings
from cli.commands.dead_letters import app
from cli.installation import UnusableError
from schemas.dead_letter import DeadLetter
from schemas.reasons.say import say
from schemas.rereading import OF_COMMANDS
from storage.database import Database
from storage.settings import StorageSettings
from tests.support.agents import produce, running_worker
from tests.support.events import Event, result
from tests.support.letters import OTHER_SOURCES, insert_refused
from tests.support.waiting import eventually

Run = Callable[..., str]
BROKEN = b'{"account": "acme"'


@pytest.fixture
async def letters(writer: Database) -> list[DeadLetter]:
    events = [result("1", key="SKU-1"), Event(b"acme/MLB/SKU-2", BROKEN, [("x", b"\xff")])]
    return await insert_refused(writer, events, OTHER_SOURCES)


@pytest.fixture
def invoke(
    broker_settings: BrokerSettings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    monkeypatch.setenv("CONEXOES_DATABASE_URL", database_url)
    monkeypatch.setenv("CONEXOES_TOPIC_PREFIX", broker_settings.topic_prefix)
    return lambda *arguments: CliRunner().invoke(app, [*arguments, "--account", "acme"])


@pytest.fixture
def run(invoke: Callable[..., Result]) -> Run:
    def output(*arguments: str) -> str:
        done = invoke(*arguments)
        assert done.exit_code == 0, done.output + repr(done.exception)
        return done.output

    return output


async def test_it_lists_counts_and_shows(run: Run, letters: list[DeadLetter]) -> None:
    def all_at_once() -> None:
        listed = [json.loads(line) for line in run("list", "--json").splitlines()]
        assert {each["code"] for each in listed} == {"not_allowed", "json"}
        assert "not_allowed" in run("list", "--code", "not_allowed", "--q", "sku-1")
        assert run("list", "--code", "schema") == ""
        assert json.loads(run("list", "--counts", "--json"))["total"] == 2
        assert "2 dead letters" in run("list", "--counts")
        broken = next(each["id"] for each in listed if each["code"] == "json")
        text = run("show", broken)
        assert "key: acme/MLB/SKU-2" in text
        assert "x: base64 /w==" in text
        assert json.loads(run("show", broken, "--json"))["headers"][0]["base64"] == "/w=="
        assert run("show", broken, "--value") == BROKEN.decode()

    await asyncio.to_thread(all_at_once)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--code", "nope"], "--code"),
        (["list", "--received-from", "yesterday"], "--received-from"),
        (["redrive"], "--all"),
        (["redrive", "--all", "--rate", "0"], "--rate"),
        (["redrive", str(uuid.UUID(int=1)), "--code", "json"], "not both"),
        (["redrive", "--pause", str(uuid.UUID(int=1))], "paused"),
        (["erase", "--all"], "--reason"),
        (["show", str(uuid.UUID(int=1))], "no dead letter"),
    ],
)
async def test_a_mistake_is_one_sentence(invoke: Callable[..., Result], arguments: list[str], said: str) -> None:
    done = await asyncio.to_thread(invoke, *arguments)
    assert isinstance(done.exception, UnusableError)
    assert said in str(done.exception)


async def test_it_plans_redrives_and_follows(
    run: Run,
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
) -> None:
    forbidding = broker_settings.model_copy(update={"sources": OTHER_SOURCES})
    async with running_worker(forbidding, storage_settings, data_dir):
        events = [result("1", key="SKU-1"), result("2", key="SKU-2", status="maybe")]
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, events)

        async def refused() -> bool:
            return bool(await owner.fetchval("SELECT count(*) = 2 FROM dead_letters"))

        await eventually(refused)
    plan = await asyncio.to_thread(run, "redrive", "--all", "--dry-run", "--json")
    assert json.loads(plan)["would_be_stored"] == 1
    text = await asyncio.to_thread(run, "redrive", "--all", "--dry-run")
    assert "1 would become results" in text
    assert "left out" not in text
    moved = "UPDATE dead_letters SET topic = $1 WHERE code = 'not_allowed'"
    await owner.execute(moved, broker_settings.topics.commands)
    text = await asyncio.to_thread(run, "redrive", "--all", "--dry-run")
    assert f"  1 left out: waiting\n    {say(OF_COMMANDS, 'en')}\n" in text
    await owner.execute(moved, broker_settings.topics.results("price"))
    assert await owner.fetchval("SELECT count(*) FROM redrives") == 0
    async with running_worker(broker_settings, storage_settings, data_dir):
        done: dict[str, Any] = json.loads(
            await asyncio.to_thread(run, "redrive", "--all", "--reason", "fixed", "--by", "maria", "--json")
        )
    assert done["items"] == {"stored": 1, "still_refused": 1}
    assert (done["requested_by"], done["requested_with"], done["reason"]) == ("maria", None, "fixed")


async def test_it_erases(run: Run, letters: list[DeadLetter], owner: asyncpg.Connection) -> None:
    assert "1 dead letter would be erased" in await asyncio.to_thread(run, "erase", "--code", "json", "--dry-run")
    erased = await asyncio.to_thread(run, "erase", "--code", "json", "--reason", "r", "--by", "maria", "--json")
    assert json.loads(erased) == {"account": "acme", "letters": 1, "dry_run": False}
    assert await owner.fetchval("SELECT requested_by FROM dead_letter_audit WHERE action = 'erased'") == "maria"
