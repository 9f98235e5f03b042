"""Commands with `--json` say one JSON document in each line, and nothing else."""

import asyncio
import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from broker.settings import BrokerSettings
from storage.database import Database
from tests.support.events import Event, result
from tests.support.letters import OTHER_SOURCES, insert_refused
from tests.support.reprocess import Desk

Documents = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def documents(
    broker_settings: BrokerSettings, database_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Documents:
    """Run a command with `--json` and return what it said on its standard output."""
    monkeypatch.setenv("CONEXOES_DATABASE_URL", database_url)
    monkeypatch.setenv("CONEXOES_DATA_DIR", str(data_dir))
    monkeypatch.setenv("CONEXOES_KAFKA_BOOTSTRAP_SERVERS", str(broker_settings.kafka_bootstrap_servers))
    monkeypatch.setenv("CONEXOES_TOPIC_PREFIX", broker_settings.topic_prefix)
    monkeypatch.setenv("CONEXOES_TOPIC_PARTITIONS", str(broker_settings.topic_partitions))

    def run(*arguments: str, exit_code: int = 0) -> list[dict[str, Any]]:
        # A process of its own: a command that can be stopped needs the main thread.
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments, "--json"], check=False, capture_output=True, text=True
        )
        assert done.returncode == exit_code, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


async def test_keys(documents: Documents, owner: asyncpg.Connection) -> None:
    def all_at_once() -> str:
        [made] = documents("keys", "create", "--account", "acme", "--name", "Loja São João")
        assert set(made) == {"id", "account", "role", "name", "key"}
        assert made["key"].startswith("cnx_")
        listed = {each["id"]: each for each in documents("keys", "list")}
        assert (listed[made["id"]]["name"], listed[made["id"]]["revoked_at"]) == ("Loja São João", None)
        assert made["key"] not in json.dumps(listed)
        assert documents("keys", "revoke", made["id"]) == [{"revoked": made["id"]}]
        [again] = [each for each in documents("keys", "list") if each["id"] == made["id"]]
        assert again["revoked_at"] is not None
        return str(made["id"])

    made = await asyncio.to_thread(all_at_once)
    assert await owner.fetchval("SELECT revoked_at IS NOT NULL FROM access_keys WHERE id = $1", uuid.UUID(made))


async def test_topics_and_the_schema(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await asyncio.to_thread(documents, "topics", "--check") == [{"created": [], "raised": [], "faults": []}]
    [schema] = await asyncio.to_thread(documents, "migrate")
    assert set(schema) == {"version", "schema"}
    monkeypatch.setenv("CONEXOES_TOPIC_PREFIX", f"t{uuid.uuid4().hex[:12]}")

    def all_at_once() -> None:
        [missing] = documents("topics", "--check", exit_code=1)
        assert missing["faults"]
        [made] = documents("topics")
        assert (len(made["created"]) > 10, made["faults"]) == (True, [])

    await asyncio.to_thread(all_at_once)


async def test_an_export_and_a_plan(documents: Documents, desk: Desk, tmp_path: Path) -> None:
    await desk.fail(range(3))
    out = tmp_path / "logs.csv"
    chosen = ("--account", "acme", "--type", "price", "--status", "error")
    exported = await asyncio.to_thread(documents, "export", *chosen, "--out", str(out))
    assert exported == [{"logs": 3, "file": str(out)}]
    assert out.exists()
    [plan] = await asyncio.to_thread(documents, "reprocess", *chosen, "--dry-run")
    assert (plan["total"], plan["verdicts"]["will_send"]) == (3, 3)


async def test_a_command_that_is_cancelled_and_one_that_no_agents_record(documents: Documents, desk: Desk) -> None:
    await desk.fail(range(3))
    await desk.by_filter("c")
    own = ("reprocess", "--account", "acme")
    cancelled = await asyncio.to_thread(documents, *own, "--cancel", "c")
    assert cancelled == [{"id": "c", "account": "acme", "state": "cancelled"}]
    chosen = ("--type", "price", "--status", "error", "--wait", "0")
    [unrecorded] = await asyncio.to_thread(lambda: documents(*own, *chosen, exit_code=1))
    assert unrecorded["state"] == "accepted"
    assert uuid.UUID(unrecorded["id"])


async def test_a_redrive_that_is_paused_resumed_and_cancelled(
    documents: Documents, writer: Database, owner: asyncpg.Connection
) -> None:
    await insert_refused(writer, [result("1"), Event(b"acme/MLB/SKU-2", b"{", [])], OTHER_SOURCES)
    redrive = uuid.uuid4()
    await owner.execute(
        """INSERT INTO redrives (account, id, state, letters, per_second, request, requested_by)
           VALUES ('acme', $1, 'running', 0, 10, '{}', 'maria')""",
        redrive,
    )
    own = ("dead-letters", "redrive", "--account", "acme")
    states = []
    for action in ("--pause", "--resume", "--cancel"):
        [done] = await asyncio.to_thread(documents, *own, action, str(redrive))
        assert done["id"] == str(redrive)
        states.append(done["state"])
    assert states == ["paused", "running", "cancelled"]
