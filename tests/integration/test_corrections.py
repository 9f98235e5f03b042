"""Corrected requests, agents only: what is sent, what is kept of it, and what becomes of it when evidence goes."""

import hashlib
import uuid
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from agents.reprocess.dispatch import requests_of
from agents.upkeep.maintenance import Maintenance
from broker.settings import BrokerSettings
from conexoes_connector.retry import read_retry
from schemas.erasure import Wanted
from schemas.item_state import ItemState
from schemas.policy import Policy
from schemas.reasons.code import ReasonCode
from storage.database import Database
from storage.erasure import Erasure
from storage.reprocess.claims import QueuedItem, kept_requests
from storage.reprocess.corrections import get_corrections_of
from storage.reprocess.reader import list_items
from storage.retention_floors import set_floors
from storage.settings import StorageSettings
from tests.integration.test_reprocess_agents import REQUEST, until_states
from tests.support.agents import log_ids, produce, records, running_worker, send_command
from tests.support.events import at, result, with_evidence
from tests.support.opened import opened
from tests.support.reprocess import Desk
from tests.support.searched import tables_with

POLICY = Policy.model_validate(
    {"price": {"*": {"editable": ["/price", "/buyer/*"], "busy_pause_seconds": 0.1, "deadline_seconds": 900}}}
)
#: The last of the two prices is the one that counts.
CORRECTED = REQUEST.replace(b"1E2", b"24.90")
CANARY, SECRET = "canary-of-a-correction", "529.982.247-25"
BUYER = '{"price": 1, "buyer": {"name": "x"}}'


def of(log_id: uuid.UUID, pointer: str, value: str, event_id: str) -> dict[str, Any]:
    return {"log_id": str(log_id), "event_id": event_id, "changes": [{"pointer": pointer, "value": value}]}


@pytest.mark.law
async def test_a_corrected_request_arrives_digit_for_digit_and_the_ledger_says_what_was_changed(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    requests = {key: REQUEST.decode() if key in {"A", "B"} else BUYER for key in "ABCDE"}
    events = [with_evidence(result(f"of {key}", key=key), text) for key, text in requests.items()]
    async with running_worker(broker_settings, storage_settings, data_dir, POLICY, redact=("value:cpf",)):
        await produce(servers, prefix, events)
        logs = await log_ids(owner, 5)
        before = await owner.fetch("SELECT event_id, body FROM attempts ORDER BY event_id")
        corrections = [
            of(logs["A"], "/price", "24.90", "of A"),
            of(logs["C"], "/buyer/name", f'"{CANARY}"', "another"),  # not what it shows
            of(logs["D"], "/title", '"y"', "of D"),  # not in the policy
            of(logs["E"], "/buyer/name", f'"{SECRET}"', "of E"),  # never stored
        ]
        for _ in range(2):  # the same command twice is one
            await send_command(broker_settings, "c1", list(logs.values()), mode="replay", corrections=corrections)
        retries = await records(servers, broker_settings.topics.retry("price"), 2)
        await until_states(owner, sent=2, not_reprocessable=2, changed_since=1)
        by_key = {read_retry(each.value).data.key: each for each in retries}
        retry = read_retry(by_key["A"].value)
        busy = result("busy", key="A", correlationid=retry.id, processed_at=at(9), errors=[{"code": "429"}])
        await produce(servers, prefix, [busy])
        again = (await records(servers, broker_settings.topics.retry("price"), 3))[-1]
        await until_states(owner, sent=2, not_reprocessable=2, changed_since=1)
    assert b'"request":' + CORRECTED in by_key["A"].value
    assert b'"request":' + CORRECTED in again.value
    assert (retry.data.mode, retry.data.corrected) == ("replay", ["/price"])
    assert b'"request":' + REQUEST in by_key["B"].value
    assert read_retry(by_key["B"].value).data.corrected is None
    assert await owner.fetch("SELECT event_id, body FROM attempts WHERE event_id <> 'busy' ORDER BY event_id") == before
    items = {row["key"]: row for row in await owner.fetch("SELECT * FROM reprocess_items")}
    assert (items["A"]["sent_digest"], items["A"]["mode"]) == (hashlib.sha256(again.value).digest(), "replay")
    assert {key for key, row in items.items() if row["corrected"]} == {"A"}
    refused = {key: row["reason"] for key, row in items.items() if row["reason"]}
    assert ReasonCode.CORRECTION_NO_FIELD in refused["D"]
    assert ReasonCode.CORRECTION_REDACTED in refused["E"]
    assert ReasonCode.CHANGED_SINCE in refused["C"]
    kept = await owner.fetch("SELECT item_id, changes::text FROM reprocess_corrections")
    assert [tuple(row) for row in kept] == [(items["A"]["id"], '[["/price", "1E2", "24.90"]]')]
    assert await tables_with(owner, ["24.90"]) == {"reprocess_corrections": 1}
    assert await tables_with(owner, [CANARY, SECRET]) == {}


@pytest.fixture
async def corrected(database_url: str, storage_settings: StorageSettings) -> Any:
    """A desk with one item whose request is corrected, with a canary, and that is not sent yet."""
    desk = Desk(database_url, storage_settings, POLICY)
    await desk.store(with_evidence(result("e1", key="A"), BUYER))
    async with desk.reader.reading("acme") as connection:
        log_id = await connection.fetchval("SELECT id FROM status_logs")
    correction = of(log_id, "/buyer/name", f'"{CANARY}"', "e1")
    await desk.command("c1", log_ids=[log_id], mode="replay", corrections=[correction])
    yield desk
    await desk.close()


async def requests(desk: Desk, items: list[QueuedItem]) -> list[str]:
    """Return what would be sent for items, as the dispatch makes it."""
    async with desk.writer.connection() as connection:
        kept = await kept_requests(connection, items)
        corrections = await get_corrections_of(connection, items)
    return list(requests_of(items, kept, corrections).values())


async def test_the_values_are_as_old_as_the_result_whose_request_they_are_of(
    database_url: str, storage_settings: StorageSettings, owner: asyncpg.Connection
) -> None:
    desk = Desk(database_url, storage_settings, POLICY)
    await desk.store(with_evidence(result("e1", key="A"), BUYER))
    await owner.execute("UPDATE attempts SET received_at = received_at - interval '8 days'")
    log_id = await owner.fetchval("SELECT id FROM status_logs")
    correction = of(log_id, "/buyer/name", '"y"', "e1")
    await desk.command("c1", log_ids=[log_id], mode="replay", corrections=[correction])
    await desk.close()
    assert await owner.fetchval(
        "SELECT c.received_at = a.received_at FROM reprocess_corrections c JOIN attempts a USING (log_id)"
    )


async def test_only_who_may_see_evidence_reads_what_was_changed(corrected: Desk) -> None:
    own = {"state": None, "after": None, "limit": 10}
    [seen] = await list_items(corrected.reader, "acme", "c1", **own, evidence=True) or []  # type: ignore[arg-type]
    [blind] = await list_items(corrected.reader, "acme", "c1", **own) or []  # type: ignore[arg-type]
    assert seen.corrected
    assert blind.corrected
    assert blind.corrections is None
    assert [tuple(vars(each).values()) for each in seen.corrections or []] == [("/buyer/name", '"x"', f'"{CANARY}"')]


async def test_a_correction_is_not_sent_over_a_newer_result(corrected: Desk) -> None:
    await corrected.store(with_evidence(result("e2", key="A", processed_at=at(5)), BUYER))
    assert await corrected.claim() == []
    [item] = await corrected.items("c1")
    assert item.state == ItemState.CHANGED_SINCE


@pytest.mark.parametrize("by", ["pattern", "key"])
async def test_what_was_erased_of_a_correction_is_gone_and_nothing_is_sent(
    corrected: Desk, owner: asyncpg.Connection, database_url: str, by: Any
) -> None:
    items = await corrected.claim()
    assert await requests(corrected, items) == [BUYER.replace('"x"', f'"{CANARY}"')]
    assert await tables_with(owner, [CANARY]) == {"reprocess_corrections": 1}
    async with opened(database_url, "owner") as owning:
        counts = [await _erase(owning, by, dry_run=dry_run) for dry_run in (True, False)]
    assert counts[0] == counts[1]
    assert counts[0]["reprocess_corrections"] == 1
    assert await tables_with(owner, [CANARY]) == {}
    assert await requests(corrected, items) == []


async def _erase(owning: Database, by: Any, *, dry_run: bool) -> dict[str, int]:
    wanted = Wanted("acme", by, CANARY if by == "pattern" else "A")
    receipt = await Erasure(owning, wanted, requested_by="m", reason="r", dry_run=dry_run).run(lambda: 0)
    return receipt.rows


async def test_the_values_go_when_evidence_does(corrected: Desk, owner: asyncpg.Connection) -> None:
    items = await corrected.claim()
    await owner.execute("UPDATE reprocess_corrections SET received_at = received_at - interval '8 days'")
    for days, left in ((9, 1), (7, 0)):
        settings = corrected.writer.settings.model_copy(update={"evidence_retention_days": days})
        await Maintenance(corrected.writer, settings).once()
        assert len(await requests(corrected, items)) == left
    assert await owner.fetchval("SELECT changes::text FROM reprocess_corrections") == '[["/buyer/name", null, null]]'


async def test_without_a_retention_of_evidence_the_values_go_as_attempts_do(
    corrected: Desk, owner: asyncpg.Connection, database_url: str
) -> None:
    """The floor of evidence is for ever then, and must not keep them."""
    await owner.execute("UPDATE reprocess_corrections SET received_at = received_at - interval '8 days'")
    for days, gone in ((9, False), (7, True)):
        settings = corrected.writer.settings.model_copy(update={"retention_days": days})
        await set_floors(database_url, settings)
        await Maintenance(corrected.writer, settings).once()
        assert await owner.fetchval("SELECT expired_at IS NOT NULL FROM reprocess_corrections") is gone
