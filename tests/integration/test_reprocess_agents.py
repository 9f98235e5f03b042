"""Reprocess, the whole way round, agents only: command topic → items → retry topic → answer → outcome."""

import asyncio
import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from aiokafka import ConsumerRecord

from broker.publisher import Publisher
from broker.settings import BrokerSettings
from schemas.policy import Policy
from schemas.reasons.reason import Reason
from schemas.reasons.say import say
from storage.settings import StorageSettings
from tests.support.agents import TRACE, consuming, produce, records, running_worker, send_command, stored
from tests.support.events import at, result, with_evidence, with_extensions
from tests.support.waiting import eventually

pytestmark = pytest.mark.law


async def item_states(owner: asyncpg.Connection) -> dict[str, int]:
    rows = await owner.fetch("SELECT state, count(*) FROM reprocess_items GROUP BY 1")
    return {row["state"]: row["count"] for row in rows}


async def until_states(owner: asyncpg.Connection, **wanted: int) -> None:
    async def look() -> bool:
        return await item_states(owner) == wanted

    try:
        await eventually(look)
    except AssertionError:
        raise AssertionError(f"{await item_states(owner)}, wanted {wanted}") from None


async def log_id(owner: asyncpg.Connection, key: str = "SKU-1", integration_type: str = "price") -> uuid.UUID:
    found = await owner.fetchval(
        "SELECT id FROM status_logs WHERE key = $1 AND integration_type = $2", key, integration_type
    )
    assert isinstance(found, uuid.UUID)
    return found


def retry_id(record: ConsumerRecord) -> str:
    return str(orjson.loads(record.value)["id"])


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"status": "success"}, "fixed"),
        ({"status": "warning", "errors": [{"code": "w", "message": "w"}]}, "fixed"),
        ({}, "same_error"),
        ({"errors": [{"code": "other", "message": "x"}]}, "different_error"),
    ],
    ids=str,
)
async def test_an_answer_closes_the_item_and_the_command(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    answer: dict[str, Any],
    state: str,
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, prefix, [result("e1", aliases={"ean": "789"})])
        await stored(owner, 1)
        await send_command(broker_settings, "c1", [await log_id(owner)])
        [retry] = await records(servers, broker_settings.topics.retry("price"), 1)
        data = orjson.loads(retry.value)["data"]
        assert (data["key"], data["last_event_id"], data["attempt"], data["aliases"]) == (
            "SKU-1",
            "e1",
            1,
            {"ean": "789"},
        )
        await until_states(owner, sent=1)
        assert await owner.fetchval("SELECT state FROM reprocess_commands") == "running"
        answered = result("e2", correlationid=retry_id(retry), processed_at=at(9), **answer)
        await produce(servers, prefix, [answered, answered])
        await until_states(owner, **{state: 1})
    command = await owner.fetchrow("SELECT state, finished_at FROM reprocess_commands")
    assert command is not None
    assert (command["state"], command["finished_at"] is not None) == ("done", True)
    shown = await owner.fetchrow(
        "SELECT reprocess_state, reprocess_item_id::text, reprocess_command_id FROM status_logs"
    )
    assert shown is not None
    assert tuple(shown) == (state, retry_id(retry), "c1")


#: JSON that a parser would change: decimals, a number beyond a float, white space, an escape, two equal names.
REQUEST = rb"""{"price": 19.90,"total":12345678901234567.89, "n" :1e400,"s":"\/\u00e9", "price":1E2,
  "id":23958446825181076828}"""


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_replay_carries_the_request_and_the_ledger_says_what_was_sent(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    *,
    allowed: bool,
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    policy = Policy.model_validate({"price": {"*": {"replay_request": allowed}}})
    async with running_worker(broker_settings, storage_settings, data_dir, policy):
        await produce(servers, prefix, [with_evidence(result("e1"), REQUEST.decode())])
        await stored(owner, 1)
        await send_command(broker_settings, "c1", [await log_id(owner)], mode="replay")
        [retry] = await records(servers, broker_settings.topics.retry("price"), 1)
        await until_states(owner, sent=1)
    assert (b'"request":' in retry.value) is allowed
    assert (REQUEST in retry.value) is allowed
    sent = json.loads(retry.value)
    mode = "replay" if allowed else "refresh"
    assert (sent["data"]["mode"], sent["traceparent"]) == (mode, TRACE)
    row = await owner.fetchrow("SELECT mode, sent_digest, sent_partition, sent_offset FROM reprocess_items")
    assert row is not None
    assert tuple(row) == (mode, hashlib.sha256(retry.value).digest(), retry.partition, retry.offset)


@pytest.mark.parametrize("structured", [False, True])
async def test_a_retry_goes_on_in_the_trace_of_its_result_where_its_command_has_none(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    *,
    structured: bool,
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    of_result, not_one = TRACE.replace("4bf9", "aaaa"), "not-a-trace"
    events = [
        with_extensions(result(key, key=key), structured=structured, **extensions)
        for key, extensions in {"T": {"traceparent": of_result}, "N": {"traceparent": not_one}, "W": {}}.items()
    ]
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, prefix, events)
        await stored(owner, 3)
        await send_command(broker_settings, "c1", [await log_id(owner, key) for key in "TNW"], trace=None)
        sent = await records(servers, broker_settings.topics.retry("price"), 3)
        await until_states(owner, sent=3)
    retries = [orjson.loads(each.value) for each in sent]
    assert {each["subject"]: each.get("traceparent") for each in retries} == {"T": of_result, "N": None, "W": None}
    shown = await owner.fetch("SELECT key, traceparent FROM reprocess_items")
    assert {row["key"]: row["traceparent"] for row in shown} == {"T": of_result, "N": None, "W": None}


async def test_a_busy_retry_comes_again_with_the_same_id(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    policy = Policy.model_validate({"price": {"*": {"busy_pause_seconds": 0.1}}})
    async with running_worker(broker_settings, storage_settings, data_dir, policy):
        await produce(servers, prefix, [result("e1")])
        await stored(owner, 1)
        await send_command(broker_settings, "c1", [await log_id(owner)])
        [first] = await records(servers, broker_settings.topics.retry("price"), 1)
        refused: dict[str, Any] = {
            "errors": [{"code": "TOO_MANY_REQUESTS", "message": "x"}],
            "response": {"status": 429},
        }
        await produce(servers, prefix, [result("e2", correlationid=retry_id(first), processed_at=at(9), **refused)])
        _first, second = await records(servers, broker_settings.topics.retry("price"), 2)
        assert retry_id(second) == retry_id(first)
        answer = result("e3", correlationid=retry_id(first), processed_at=at(10), status="success", errors=None)
        await produce(servers, prefix, [answer])
        await until_states(owner, fixed=1)
    assert await owner.fetchval("SELECT busy_answers FROM reprocess_items") == 1
    assert await owner.fetchval("SELECT state FROM reprocess_commands") == "done"


async def test_orders_are_refused_with_the_reason(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(
            str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, [result("e1", "orders")]
        )
        await stored(owner, 1)
        await send_command(broker_settings, "c1", [await log_id(owner, "SKU-1", "orders")], integration_type="orders")
        await until_states(owner, not_reprocessable=1)
    reason = Reason.from_json(await owner.fetchval("SELECT reason FROM reprocess_items"))
    assert "troubleshooting" in say(reason, "en")
    assert await owner.fetchval("SELECT state FROM reprocess_commands") == "done"


async def test_the_same_command_ten_times_sends_nothing_twice(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, prefix, [result(f"e{n}", key=f"SKU-{n}") for n in range(3)])
        await stored(owner, 3)
        logs = [await log_id(owner, f"SKU-{n}") for n in range(3)]
        for _ in range(10):
            await send_command(broker_settings, "same", logs)
        await send_command(broker_settings, "last", logs[:1])
        await until_states(owner, sent=3, in_flight=1)
        async with consuming(servers, broker_settings.topics.retry("price")) as consumer:
            found = [r for rs in (await consumer.getmany(timeout_ms=5000)).values() for r in rs]
            found += [r for rs in (await consumer.getmany(timeout_ms=2000)).values() for r in rs]
    assert len(found) == 3
    joined = await owner.fetchrow("SELECT joined_item_id, command_id FROM reprocess_items WHERE state = 'in_flight'")
    assert joined is not None
    assert str(joined["joined_item_id"]) in {retry_id(each) for each in found}


async def test_another_account_s_log_is_not_found(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, [result("e1")])
        await stored(owner, 1)
        await send_command(broker_settings, "c1", [await log_id(owner)], account="thief")
        await until_states(owner, not_found=1)
    assert await owner.fetchval("SELECT key FROM reprocess_items") is None


async def test_no_answer_is_silence_and_a_late_one_still_counts(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    policy = Policy.model_validate({"price": {"*": {"deadline_seconds": 1}}})
    async with running_worker(broker_settings, storage_settings, data_dir, policy):
        await produce(servers, prefix, [result("e1")])
        await stored(owner, 1)
        await send_command(broker_settings, "c1", [await log_id(owner)])
        await until_states(owner, silent=1)
        assert await owner.fetchval("SELECT state FROM reprocess_commands") == "done"
        assert await owner.fetchval("SELECT reprocess_state FROM status_logs") == "silent"
        [retry] = await records(servers, broker_settings.topics.retry("price"), 1)
        late = result("e2", status="success", correlationid=retry_id(retry), processed_at=at(9))
        await produce(servers, prefix, [late])
        await until_states(owner, fixed=1)


async def test_an_entity_can_be_reprocessed_again_after_its_answer(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, prefix, [result("e1")])
        await stored(owner, 1)
        await send_command(broker_settings, "c1", [await log_id(owner)])
        [first] = await records(servers, broker_settings.topics.retry("price"), 1)
        await produce(servers, prefix, [result("e2", correlationid=retry_id(first), processed_at=at(1))])
        await until_states(owner, same_error=1)
        await send_command(broker_settings, "c2", [await log_id(owner)])
        retries = await records(servers, broker_settings.topics.retry("price"), 2)
    assert [orjson.loads(each.value)["data"]["attempt"] for each in retries] == [1, 2]


async def test_a_crash_between_sending_and_marking_sends_again_with_the_same_id(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    published = asyncio.Event()
    publish = Publisher.publish

    async def publish_then_hang(self: Publisher, record: Any) -> Any:
        written = await publish(self, record)
        if ".retry." in record.topic:
            published.set()
            await asyncio.Event().wait()
        return written

    with monkeypatch.context() as patched:
        patched.setattr(Publisher, "publish", publish_then_hang)
        async with running_worker(broker_settings, storage_settings, data_dir):
            await produce(servers, prefix, [result("e1")])
            await stored(owner, 1)
            await send_command(broker_settings, "c1", [await log_id(owner)])
            await asyncio.wait_for(published.wait(), 30)
    assert await item_states(owner) == {"queued": 1}
    async with running_worker(broker_settings, storage_settings, data_dir):
        await until_states(owner, sent=1)
    retries = await records(servers, broker_settings.topics.retry("price"), 2)
    assert len({retry_id(each) for each in retries}) == 1


async def test_an_answer_faster_than_the_mark_of_sending_is_kept(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connector answers while the sending transaction is still open: no deadlock, no step back to `sent`."""
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    publish = Publisher.publish

    async def publish_and_be_slow(self: Publisher, record: Any) -> Any:
        written = await publish(self, record)
        if ".retry." in record.topic:
            answer = orjson.loads(record.value)["id"]
            await produce(servers, prefix, [result("e2", status="success", correlationid=answer, processed_at=at(9))])
            await asyncio.sleep(1.5)  # longer than PostgreSQL takes to look for a deadlock
        return written

    monkeypatch.setattr(Publisher, "publish", publish_and_be_slow)
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, prefix, [result("e1")])
        await stored(owner, 1)
        await send_command(broker_settings, "c1", [await log_id(owner)])
        await until_states(owner, fixed=1)
    assert await owner.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
