"""The benchmark: counts what is stored, calls the API, and keeps its loaded database."""

import json
import time
from dataclasses import replace

import asyncpg
import pytest

from api.app import build_api
from api.authentication import Authenticator
from bench import databases, loaded
from bench.caller import callers
from bench.databases import Stored
from bench.events import as_json_batches, partitioned, simulated
from bench.loader.load import Load
from bench.product import KEY, Product
from embedded.system import EmbeddedSystem
from schemas.catalogue import BY_NAME
from schemas.policy import Policy
from schemas.result import Result, read
from storage.database import Database
from storage.results import store
from storage.settings import StorageSettings
from tests.support.served import served


async def test_what_is_stored_is_known_by_its_marks(
    owner: asyncpg.Connection, database_url: str, storage_settings: StorageSettings
) -> None:
    events = simulated(2500, "price")
    partitions = partitioned(events, 2)
    batched = [as_json_batches(each) for each in partitions]
    stored, stored_of_batches = Stored(owner, partitions), Stored(owner, batched)
    assert stored.total == stored_of_batches.total == 2500
    assert await stored.results() == await stored_of_batches.results() == 0
    database = Database(database_url, "writer", storage_settings)
    so_far = 0
    for of_partition, part in ((partitions[0], 1000), (partitions[1], len(partitions[1]))):
        results: list[Result] = []
        for event in of_partition[:part]:
            record = event.record
            [result] = read(BY_NAME["price"], record.headers, record.key, record.value or b"", time.time_ns())
            assert isinstance(result, Result)
            results.append(result)
        async with database.transaction() as connection:
            await store(connection, results)
        so_far += part
        assert so_far - len(of_partition) * 0.1 <= await stored.results() <= so_far
        assert await stored_of_batches.results() == so_far
    await database.close()


async def test_a_caller_asks_over_one_connection(reader: Database) -> None:
    app = build_api(reader, Authenticator(reader, KEY), Policy())
    async with served(app) as url, callers(Product(http=url, agents_pid=0, admin_pid=0), 2) as found:
        for caller in found * 2:
            answer = await caller.get("/api/v1/accounts/acme/price/logs")
            assert (answer.status, json.loads(answer.body)["items"]) == (200, [])
        assert (await found[0].get("/api/v1/accounts/acme/nothing/logs")).status == 404
        assert (await found[1].get("/livez")).status == 200
        assert (await found[0].post("/api/v1/integration-types", "application/json", b"{}")).status == 405
        assert (await found[0].get("/livez")).status == 200


async def test_what_was_loaded_is_used_again(servers: EmbeddedSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaded, "_NAME", "loaded_by_a_test")
    wanted = Load(logs=500, attempts=1, accounts=3)
    times = []
    try:
        for each in (wanted, wanted, replace(wanted, seed=2)):
            connection = await databases.connect(await loaded.database(servers.database_url, each))
            assert await connection.fetchval("SELECT count(*) FROM status_logs") == 500
            times.append(await connection.fetchval("SELECT max(received_at) FROM attempts"))
            await connection.close()
        assert times[0] == times[1] < times[2]
    finally:
        admin = await asyncpg.connect(servers.database_url)
        await admin.execute("DROP DATABASE IF EXISTS loaded_by_a_test WITH (FORCE)")
        await admin.close()
