"""A machine that vanishes holds no lock longer than half a minute: the server ends its session by itself."""

import asyncio

import asyncpg
import pytest

from storage.database import Database
from storage.errors import StorageUnavailable
from storage.settings import StorageSettings
from tests.support.proxy import proxied

pytestmark = pytest.mark.law

#: Limit of the contract of operations: half a minute, and a few seconds for a busy machine to notice.
WITHIN_SECONDS = 40


async def _released(database_url: str, lock: int) -> None:
    """Return when nobody holds an advisory lock any more; TimeoutError after WITHIN_SECONDS."""
    connection = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            await connection.execute("SELECT pg_advisory_lock($1)", lock)
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ["writer", "owner"])
async def test_a_transaction_whose_client_is_silent_is_ended(database_url: str, role: str) -> None:
    """Idle in a transaction: between two statements of a fold, a claim or a chunk of items."""
    async with proxied(database_url) as (proxy, url):
        database = Database(url, role, StorageSettings(command_seconds=120))  # type: ignore[arg-type]
        with pytest.raises(StorageUnavailable):
            async with database.transaction() as connection:
                await connection.execute("SELECT pg_advisory_xact_lock(1)")
                proxy.mode = "blackhole"
                await _released(database_url, 1)
                proxy.mode = "refuse"
                await connection.execute("SELECT 1")
        await database.close()


async def test_a_statement_whose_answer_nobody_takes_is_ended(database_url: str) -> None:
    """Active: the server has filled every buffer on the way, and the client's machine is gone."""
    async with proxied(database_url) as (proxy, url):
        database = Database(url, "writer", StorageSettings(command_seconds=120))

        gone = asyncio.Event()

        async def ask() -> None:
            async with database.transaction() as connection:
                await connection.execute("SELECT pg_advisory_xact_lock(2)")
                proxy.mode = "blackhole"
                gone.set()
                await connection.fetch("SELECT repeat('x', 1000000) FROM generate_series(1, 200)")

        asked = asyncio.create_task(ask())
        await gone.wait()
        await _released(database_url, 2)
        proxy.mode = "refuse"
        with pytest.raises(StorageUnavailable):
            await asked
        await database.close()


async def test_a_statement_that_is_announced_and_never_sent_is_ended(database_url: str) -> None:
    """Between its text and its values: not idle to the server, and in a frozen container TCP still answers for it."""
    async with proxied(database_url) as (proxy, url):
        database = Database(url, "writer", StorageSettings(command_seconds=15))

        async def ask() -> None:
            async with database.transaction() as connection:
                await connection.execute("SELECT pg_advisory_xact_lock(3)")
                await connection.fetchval("SELECT $1::text", "never heard", timeout=120)

        losing = asyncio.create_task(proxy.lose_at(b"never heard", WITHIN_SECONDS))
        asked = asyncio.create_task(ask())
        assert await losing
        await _released(database_url, 3)
        proxy.mode = "refuse"
        with pytest.raises(StorageUnavailable):
            await asked
        await database.close()
