"""The query API on a standby: everything but what writes, and no time that the standby has not seen."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime

import asyncpg
import httpx
import pytest

from api.app import build_api
from api.authentication import Authenticator
from embedded.system import EmbeddedSystem
from schemas.policy import Policy
from storage.database import Database
from storage.settings import StorageSettings
from tests.integration.api.conftest import BOOTSTRAP, Store
from tests.support.events import result
from tests.support.standby import moved, standby_of
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def standby(servers: EmbeddedSystem) -> Iterator[str]:
    with asyncio.Runner() as runner:
        running = standby_of(servers.database_url)
        yield runner.run(running.__aenter__())
        runner.run(running.__aexit__(None, None, None))


@pytest.fixture
async def replica(standby: str, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection to the standby, which has the database of this test."""
    url = moved(database_url, standby)

    async def there() -> asyncpg.Connection | None:
        try:
            return await asyncpg.connect(url, server_settings={"search_path": "conexoes"})
        except asyncpg.InvalidCatalogNameError:
            return None

    connection = await eventually(there)
    assert connection is not None
    yield connection
    await connection.execute("SELECT pg_wal_replay_resume()")
    await connection.close()


@pytest.fixture
async def client(
    standby: str, replica: asyncpg.Connection, database_url: str, storage_settings: StorageSettings
) -> AsyncIterator[httpx.AsyncClient]:
    reader = Database(moved(database_url, standby), "reader", storage_settings)
    app = build_api(reader, Authenticator(reader, BOOTSTRAP), Policy())
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {BOOTSTRAP}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as found:
        yield found
    await reader.close()


async def test_all_is_answered_but_exports_which_are_503(
    client: httpx.AsyncClient, replica: asyncpg.Connection, store_events: Store
) -> None:
    await store_events(result())
    await eventually(lambda: replica.fetchval("SELECT count(*) = 1 FROM status_logs"))
    answers = {
        path: (await client.get(f"/api/v1/accounts/acme/{path}")).status_code
        for path in ("price/logs", "price/logs/summary", "price/logs/groups", "reprocess", "dead-letters")
    }
    assert answers == dict.fromkeys(answers, 200)
    assert (await client.get("/readyz")).status_code == 200
    refused = await client.get("/api/v1/accounts/acme/price/logs/export.csv")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (503, "unavailable")


async def test_a_plan_is_of_no_time_that_the_standby_has_not_seen(
    client: httpx.AsyncClient, replica: asyncpg.Connection, owner: asyncpg.Connection, store_events: Store
) -> None:
    await store_events(result("e0", key="SKU-0"))
    await eventually(lambda: replica.fetchval("SELECT count(*) = 1 FROM status_logs"))
    await replica.execute("SELECT pg_wal_replay_pause()")
    await eventually(lambda: replica.fetchval("SELECT pg_get_wal_replay_pause_state() = 'paused'"))
    before: datetime = await owner.fetchval("SELECT clock_timestamp()")
    await store_events(*(result(f"e{n}", key=f"SKU-{n}") for n in (1, 2, 3)))
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == 4
    answer = await client.get("/api/v1/accounts/acme/price/reprocess-plan", params={"all": "true"})
    assert answer.status_code == 200, answer.text
    assert datetime.fromisoformat(answer.json()["as_of"]) < before
    assert await replica.fetchval("SELECT settled_until() < pg_last_xact_replay_timestamp()")
