"""Row-level security: the second wall, which holds when a query forgets its account."""

import asyncio

import asyncpg
import pytest

from storage.database import Database
from tests.integration.api.conftest import Store
from tests.support.events import result

pytestmark = pytest.mark.law

#: Tables with an account that the reader may see without one: keys are looked up before the account is known.
WITHOUT_ACCOUNT = {"access_keys"}


async def test_every_table_with_an_account_has_row_level_security(owner: asyncpg.Connection) -> None:
    unprotected = await owner.fetch("""
        SELECT c.relname
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account'
        WHERE c.relnamespace = 'conexoes'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND NOT c.relrowsecurity
    """)
    assert [row["relname"] for row in unprotected] == []


async def test_partitions_are_not_a_way_round(reader: Database, owner: asyncpg.Connection, store_events: Store) -> None:
    await store_events(result())
    partitions = [
        row["relname"]
        for row in await owner.fetch(
            "SELECT c.relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
            " WHERE inhparent = 'attempts'::regclass"
        )
    ]
    assert partitions
    for name in partitions:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with reader.reading("globex") as connection:
                await connection.fetch(f"SELECT * FROM {name}")


async def test_the_reader_sees_one_account_with_the_filter_removed(reader: Database, store_events: Store) -> None:
    await store_events(
        result("a", aliases={"ean": "1"}), result("b", account="globex", key="SKU-2", aliases={"ean": "2"})
    )
    for table in ("status_logs", "log_keys", "aliases", "attempts"):
        async with reader.reading("acme") as connection:
            assert await connection.fetchval(f"SELECT array_agg(DISTINCT account) FROM {table}") == ["acme"]
        async with reader.connection() as connection:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_an_account_does_not_stay_with_a_connection(reader: Database, store_events: Store) -> None:
    """The pool has one connection here; an empty list of accounts is nobody's rows."""
    await store_events(result("a"), result("b", account="globex"))
    accounts = "SELECT coalesce(array_agg(account), '{}'), pg_backend_pid() FROM status_logs"
    pids = set()
    for account in ("acme", "globex", "globex", "acme", "initech", "acme"):
        async with reader.reading(account) as connection:
            [(shown, pid)] = await connection.fetch(accounts)
            assert shown == ([] if account == "initech" else [account])
        async with reader.snapshot(account) as connection:
            assert (await connection.fetchval(accounts)) == shown
        async with reader.connection() as connection:
            assert await connection.fetchval(accounts) == []
        pids.add(pid)
    assert len(pids) == 1


async def test_whose_rows_are_shown_is_said_again_when_saying_it_failed(reader: Database, store_events: Store) -> None:
    await store_events(result())
    async with reader.reading("globex"):
        pass
    saying = asyncio.create_task(_count(reader))
    await asyncio.sleep(0)
    saying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saying
    assert await _count(reader) == 1


async def _count(reader: Database) -> object:
    async with reader.reading("acme") as connection:
        return await connection.fetchval("SELECT count(*) FROM status_logs")


async def test_the_reader_writes_nothing(reader: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with reader.connection() as connection:
            await connection.execute("SET default_transaction_read_only = off")
            await connection.execute("DELETE FROM status_logs")
