"""`conexoes reprocess`: the plan, the command through its topic, the ledger."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import openpyxl
import pytest

from broker.settings import BrokerSettings
from cli.installation import UnusableError
from cli.marked import marked_rows
from cli.reprocess import Reprocess, asked_for
from exports.excel.make import make_workbook
from schemas.export import ExportOrder
from schemas.playbook import Playbook
from schemas.policy import Policy
from schemas.reasons.reason import Reason
from schemas.reasons.say import say
from storage.database import Database
from storage.settings import StorageSettings
from tests.support.agents import produce, running_worker, stored
from tests.support.curing import curing
from tests.support.events import at, result
from tests.support.reprocess import Desk
from tests.support.waiting import eventually

ASKED: dict[str, Any] = {
    "account": "acme",
    "integration_type": "price",
    "requested_by": "maria",
    "filter": {"status": ["error"], "affiliate": ["MLB"]},
    "pace": None,
}


ORDER = ExportOrder(
    account="acme",
    integration_type="price",
    format="xlsx",
    requested_by="maria",
    key_id=None,
    public_url="http://conexoes.test",
)


@pytest.mark.law
async def test_what_it_says_is_what_happens(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    said: list[str] = []
    run = Reprocess(broker_settings, storage_settings, Policy(), said.append)
    asked = asked_for(ASKED)
    async with running_worker(broker_settings, storage_settings, data_dir), curing(broker_settings, never={"SKU-0"}):
        failures = [result(f"e{n}", key=f"SKU-{n}") for n in range(6)]
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, failures)
        await stored(owner, 6)
        assert await run.run(asked, asyncio.Event(), dry_run=True)
        assert said[1:] == ["  MLB: 6 to be sent"]
        misspelled = asked_for({**ASKED, "filter": ASKED["filter"] | {"exclude_affiliate": ["mlb"]}})
        assert await run.run(misspelled, asyncio.Event(), dry_run=True)
        assert said[3:] == ["  MLB: 6 to be sent", "  no log of acme has the affiliate mlb"]
        assert await owner.fetchval("SELECT count(*) FROM reprocess_commands") == 0
        assert await run.run(asked, asyncio.Event(), dry_run=False)
        assert said[-1] == "done: 6 items: 5 fixed, 1 same error"


@pytest.mark.law
async def test_marked_rows_of_a_workbook_are_what_is_done(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    database_url: str,
    data_dir: Path,
    tmp_path: Path,
    owner: asyncpg.Connection,
) -> None:
    said: list[str] = []
    run = Reprocess(broker_settings, storage_settings, Policy(), said.append)
    path = tmp_path / "marked.xlsx"
    async with running_worker(broker_settings, storage_settings, data_dir), curing(broker_settings, never={"SKU-0"}):
        failures = [result(f"e{n}", key=f"SKU-{n}", processed_at=at(-n)) for n in range(4)]
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, failures)
        await stored(owner, 4)
        reader = Database(database_url, "reader", storage_settings)
        await make_workbook(reader, ORDER, path, seconds=60, playbook=Playbook())
        await reader.close()
        with pytest.raises(UnusableError, match="No row is marked"):
            await marked_rows(path, "acme", None)
        book = openpyxl.load_workbook(path)
        for row in (2, 4):
            book["Logs"].cell(row, 2, "x")
        book.save(path)
        for account, type_ in (("globex", None), ("acme", "products")):
            with pytest.raises(UnusableError, match="another account or another list: acme / price"):
                await marked_rows(path, account, type_)
        marked = await marked_rows(path, "acme", None)
        asked = asked_for({**ASKED, "filter": None, "log_ids": marked.log_ids})
        assert await run.run(asked, asyncio.Event(), dry_run=True)
        assert said == ["2 marked logs of price", "  2 to be sent"]
        assert await owner.fetchval("SELECT count(*) FROM reprocess_commands") == 0
        assert await run.run(asked, asyncio.Event(), dry_run=False)
        assert said[-1] == "done: 2 items: 1 fixed, 1 same error"


@pytest.mark.parametrize("in_steps", [False, True])
async def test_the_end_of_the_wait_leaves_the_command_and_says_how_to_cancel_it(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    *,
    in_steps: bool,
) -> None:
    """Nobody answers: without the limit it would wait until the deadline of the retries."""
    said: list[str] = []
    run = Reprocess(broker_settings, storage_settings, Policy(), said.append)
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, [result("e1")])
        await stored(owner, 1)
        never = asyncio.Event()
        # Recorded it may be or not: the agents had three seconds.
        ended = await run.run(asked_for(ASKED), never, dry_run=False, in_steps=in_steps, wait_seconds=3)
        hint = (
            f"  conexoes reprocess --account acme --cancel {await owner.fetchval('SELECT id FROM reprocess_commands')}"
            if ended
            else "The agents have not recorded it yet; it is done as soon as they do."
        )
        assert hint in said


async def test_ctrl_c_leaves_the_command_and_says_how_to_cancel_it(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    said: list[str] = []
    run = Reprocess(broker_settings, storage_settings, Policy(), said.append)
    stop = asyncio.Event()
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, [result("e1")])
        await stored(owner, 1)
        following = asyncio.create_task(run.run(asked_for(ASKED), stop, dry_run=False))

        async def sent() -> bool:
            return bool(await owner.fetchval("SELECT count(*) = 1 FROM reprocess_items WHERE state = 'sent'"))

        await eventually(sent)
        stop.set()
        assert await following
        command_id = await owner.fetchval("SELECT id FROM reprocess_commands")
        assert said[-1] == f"  conexoes reprocess --account acme --cancel {command_id}"
        await run.cancel("acme", command_id, "maria", "enough")
        note = Reason.from_json(await owner.fetchval("SELECT note FROM reprocess_commands"))
        assert say(note, "en") == "Cancelled by maria: enough"
        with pytest.raises(UnusableError, match="is over"):
            await run.cancel("acme", command_id, "maria", None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"integration_type": None}, "--type"),
        ({"integration_type": "nope"}, "integration_type must be one of"),
        ({"filter": {"status": None}}, "all=true"),
        ({"filter": {"status": ["bad"]}}, "--status"),
        ({"pace": {"per_second": 0, "steps": None}}, "--rate"),
        ({"not_before": "tonight"}, "--not-before"),
        ({"requested_by": "conexoes"}, "that of Conexões itself"),
    ],
    ids=str,
)
def test_a_bad_option_is_one_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UnusableError, match=words):
        asked_for({**ASKED, **changes})


async def test_cancel_says_what_became_of_the_wish(
    database_url: str, storage_settings: StorageSettings, owner: asyncpg.Connection
) -> None:
    said: list[str] = []
    run = Reprocess(BrokerSettings(), storage_settings, Policy(), said.append)
    desk = Desk(database_url, storage_settings, Policy())
    await desk.fail(range(3))
    await desk.by_filter("c")
    await desk.close()
    await owner.execute(
        """INSERT INTO idempotency_keys (account, key, command_id, body_digest, request, published_at)
           VALUES ('acme', 'k', 'on-its-way', sha256(''), '{}', now())"""
    )
    await run.cancel("acme", "c", "maria", "wrong list")
    assert said == ["cancelled c: what is not on its way yet will not be sent"]
    note = Reason.from_json(await owner.fetchval("SELECT note FROM reprocess_commands"))
    assert say(note, "en") == "Cancelled by maria: wrong list"
    for command_id, words in (("c", "is over"), ("on-its-way", "not recorded"), ("none", "no command none of acme")):
        with pytest.raises(UnusableError, match=words):
            await run.cancel("acme", command_id, "maria", None)


async def test_a_needed_reason_is_asked_for_before_anything_is_sent(
    database_url: str, storage_settings: StorageSettings, owner: asyncpg.Connection
) -> None:
    policy = Policy.model_validate('{"price": {"*": {"reason_required_above": 0}}}')
    said: list[str] = []
    run = Reprocess(BrokerSettings(), storage_settings, policy, said.append)
    desk = Desk(database_url, storage_settings, policy)
    await desk.fail(range(2))
    await desk.close()
    ids = [row["id"] for row in await owner.fetch("SELECT id FROM status_logs")]
    for changes in ({}, {"reason": "  "}, {"filter": None, "log_ids": ids}):
        asked = asked_for({**ASKED, **changes})
        assert await run.run(asked, asyncio.Event(), dry_run=True)
        with pytest.raises(UnusableError, match=r"more than 0 logs of MLB; these are 2\. Say it with --reason\."):
            await run.run(asked, asyncio.Event(), dry_run=False)
    assert said[-2:] == ["2 marked logs of price", "  2 to be sent"]
