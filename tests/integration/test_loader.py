"""The benchmark's loader: it leaves the same rows as ingest would."""

import asyncio
import json
from datetime import UTC, datetime

import asyncpg
import pytest

from bench.loader import filler
from bench.loader.load import Load, NotEmptyError, load
from conexoes_connector.result_event import result_record
from schemas.catalogue import BY_NAME
from schemas.fingerprint import fingerprint
from schemas.identity import log_id, result_id
from schemas.result import Result, ResultData, read
from schemas.topics import Topics
from schemas.version import version
from storage.database import Database
from storage.results import store
from storage.settings import StorageSettings
from tests.support.schema import described
from tests.support.waiting import eventually

WANTED = Load(logs=2000, attempts=3, accounts=6, seed=5)


async def test_loaded_rows_have_the_identities_and_versions_of_results(
    owner: asyncpg.Connection, database_url: str
) -> None:
    before = await described(owner)
    await load(database_url, WANTED)
    assert await described(owner) == before
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == WANTED.logs
    loaded = await owner.fetch(
        "SELECT *, (extract(epoch FROM processed_at) * 1000000)::bigint AS us FROM attempts WHERE event_id LIKE 'l5-%'"
    )
    # Logs have 1 to 5 in turn, so that only the last few logs of an account may be off the average.
    assert abs(len(loaded) - 3 * WANTED.logs) <= 3 * WANTED.accounts
    for row in loaded:
        names = [row[name] for name in ("account", "integration_type", "affiliate", "key")]
        assert row["log_id"].hex == log_id(*names)
        assert row["result_id"].hex == result_id(row["account"], row["source"], row["event_id"])
        assert row["version"] == version(row["us"] * 1000, None, row["us"] * 1000, row["source"], row["event_id"])
        told = json.loads(row["body"])
        assert ResultData.model_validate(told).status == row["status"]
        assert datetime.fromisoformat(told["processed_at"]) == row["processed_at"]
        failed = row["status"] != "success"
        assert row["fingerprint"] == (
            fingerprint(row["integration_type"], row["affiliate"], row["code"], row["message"], row["key"])
            if failed
            else None
        )


async def test_each_log_shows_the_greatest_version_of_its_attempts(
    owner: asyncpg.Connection, database_url: str
) -> None:
    await load(database_url, WANTED)
    different = await owner.fetchval(
        "SELECT count(*) FROM status_logs s JOIN ("
        " SELECT DISTINCT ON (account, log_id) *, count(*) OVER e AS n, min(processed_at) OVER e AS first FROM attempts"
        " WINDOW e AS (PARTITION BY account, log_id) ORDER BY account, log_id, version DESC) a"
        " ON a.account = s.account AND a.log_id = s.id"
        " WHERE (s.version, s.status, s.processed_at, s.event_id, s.attempts, s.first_seen_at, s.code, s.fingerprint)"
        " IS DISTINCT FROM (a.version, a.status, a.processed_at, a.event_id, a.n, a.first, a.code, a.fingerprint)"
    )
    assert different == 0
    assert await owner.fetchval("SELECT count(*) FROM received_results") == await owner.fetchval(
        "SELECT count(*) FROM attempts"
    )
    states = {row["state"] for row in await owner.fetch("SELECT DISTINCT state FROM reprocess_items")}
    assert states == {"fixed", "same_error", "different_error", "silent", "failed", "sent"}


async def test_a_later_result_folds_onto_a_loaded_log(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings
) -> None:
    await load(database_url, WANTED)
    entity = WANTED.population[0].entity(17)
    record = result_record(
        Topics(prefix="t"),
        entity.integration_type,
        {"account": entity.account, "affiliate": entity.affiliate, "key": entity.key, "status": "success"},
        source="/t",
        time=datetime.now(UTC),
    )
    [result] = read(BY_NAME[entity.integration_type], record.headers, record.key, record.value or b"", 2**62)
    assert isinstance(result, Result)
    attempts = "SELECT attempts FROM status_logs WHERE account = $1 AND id = $2"
    before = await owner.fetchval(attempts, entity.account, log_id(*entity))
    database = Database(database_url, "writer", storage_settings)
    async with database.transaction() as connection:
        await store(connection, [result])
    await database.close()
    assert await owner.fetchval(attempts, entity.account, log_id(*entity)) == before + 1


async def test_a_database_with_rows_is_refused(owner: asyncpg.Connection, database_url: str) -> None:
    await owner.execute("INSERT INTO received_results VALUES ('a', gen_random_uuid())")
    with pytest.raises(NotEmptyError):
        await load(database_url, WANTED)


async def test_a_stopped_load_leaves_an_empty_database_with_its_indexes(
    owner: asyncpg.Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await described(owner)
    monkeypatch.setattr(filler, "CHUNK_LOGS", 500)
    loading = asyncio.create_task(load(database_url, Load(logs=500_000, accounts=2)))

    async def begun() -> bool:
        return bool(await owner.fetchval("SELECT EXISTS (SELECT FROM status_logs)"))

    await eventually(begun)
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    assert not await owner.fetchval("SELECT EXISTS (SELECT FROM status_logs)")
    assert await described(owner) == before
