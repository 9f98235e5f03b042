"""Row-level security: the second wall, which holds when a query forgets its account."""

import asyncio

import asyncpg
import pytest

from schemas.dead_letter import DeadLetter
from schemas.reasons.reason import own_words
from schemas.refusal import DeadLetterCode, Refusal
from storage.database import Database
from storage.dead_letters import insert_dead_letters
from storage.errors import NotLetIn, StorageUnavailable
from tests.integration.api.conftest import Store
from tests.support.events import result

#: Aliases as a version before stored them.
EARLIER_ALIASES = "INSERT INTO aliases SELECT account, log_id, 'x', 'y', integration_type FROM log_names"

pytestmark = pytest.mark.law


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
        with pytest.raises(NotLetIn, match="permission denied"):
            async with reader.reading("globex") as connection:
                await connection.fetch(f"SELECT * FROM {name}")


async def test_the_reader_sees_one_account_with_the_filter_removed(
    reader: Database, owner: asyncpg.Connection, store_events: Store
) -> None:
    await store_events(
        result("a", aliases={"ean": "1"}), result("b", account="globex", key="SKU-2", aliases={"ean": "2"})
    )
    await owner.execute(EARLIER_ALIASES)
    for table in ("status_logs", "log_names", "aliases", "attempts"):
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


@pytest.mark.parametrize("heard", ["heard", ""])
@pytest.mark.parametrize("account", ["acme", "globex"])
@pytest.mark.parametrize(
    ("broken", "known_as"),
    [(OSError("gone"), StorageUnavailable), (asyncio.CancelledError(), asyncio.CancelledError)],
    ids=["lost", "cancelled"],
)
async def test_whose_rows_are_shown_is_said_again_when_saying_it_failed(
    reader: Database,
    store_events: Store,
    monkeypatch: pytest.MonkeyPatch,
    account: str,
    heard: str,
    broken: BaseException,
    known_as: type[BaseException],
) -> None:
    """The account is set again, `heard` by PostgreSQL or not: neither the old one nor the new one counts as set."""
    await store_events(result("a"), result("b", account="globex"), result("c", account="globex", key="SKU-2"))
    expected = {"acme": 1, "globex": 2}
    assert await _count(reader, "globex") == 2
    execute = asyncpg.Connection.execute

    async def failing(connection: asyncpg.Connection, *statement: str) -> str:
        if heard:
            await execute(connection, *statement)
        raise broken

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "execute", failing)
        with pytest.raises(known_as):
            await _count(reader, "acme")
    assert await _count(reader, account) == expected[account]


async def _count(reader: Database, account: str) -> object:
    async with reader.reading(account) as connection:
        return await connection.fetchval("SELECT count(*) FROM status_logs")


async def test_whose_rows_are_shown_is_not_changed_within_a_transaction(reader: Database) -> None:
    async with reader.snapshot("acme") as connection:
        with pytest.raises(RuntimeError):
            await connection.show("globex", every_account=False)  # type: ignore[union-attr]


async def test_who_says_no_account_sees_nothing_of_any_table(
    reader: Database, writer: Database, owner: asyncpg.Connection, store_events: Store
) -> None:
    """Nor dead letters of no account, whoever had the connection before."""
    await store_events(result(aliases={"ean": "1"}))
    await owner.execute(EARLIER_ALIASES)
    letter = DeadLetter("", Refusal(DeadLetterCode.JSON, own_words("not JSON")), "results", 0, 0, 0, None, (), b"{")
    async with writer.transaction() as connection:
        await insert_dead_letters(connection, [letter])
    tables = [
        row["relname"]
        for row in await owner.fetch("""
            SELECT c.relname FROM pg_class c
            WHERE c.relnamespace = 'conexoes'::regnamespace AND c.relrowsecurity AND NOT c.relispartition
              AND has_table_privilege('conexoes_reader', c.oid, 'SELECT')
        """)
    ]
    held = {name for name in tables if await owner.fetchval(f"SELECT EXISTS (SELECT FROM {name})")}
    assert held >= {
        "status_logs",
        "log_names",
        "aliases",
        "attempts",
        "facets",
        "log_changes",
        "result_changes",
        "dead_letters",
    }
    async with reader.reading("acme", every_account=True) as connection:
        assert await connection.fetchval("SELECT count(*) FROM dead_letters") == 1
    async with reader.connection() as connection:
        assert {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in tables} == dict.fromkeys(
            tables, 0
        )


async def test_a_connection_in_another_role_is_given_up(reader: Database) -> None:
    """A pooler may ignore the parameters of a session."""
    del reader._server_settings["role"]
    with pytest.raises(StorageUnavailable, match="pooler"):
        async with reader.connection():
            pass


async def test_the_reader_writes_nothing(reader: Database) -> None:
    with pytest.raises(NotLetIn, match="permission denied"):
        async with reader.connection() as connection:
            await connection.execute("SET default_transaction_read_only = off")
            await connection.execute("DELETE FROM status_logs")
