"""Migrations, partitions and roles."""

import asyncio
import itertools
import re
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import asyncpg
import pytest

from agents.upkeep.maintenance import Maintenance
from schemas.item_state import ItemState
from schemas.reprocess import CommandState
from storage.check import check_database
from storage.database import Database
from storage.errors import NotLetIn, RowRefused, StorageUnavailable, TimedOut
from storage.migrate import migrate
from storage.retention import (
    expire_attempts,
    forget_dead_letters,
    forget_expired_attempts,
    forget_idempotency_keys,
    forget_unplaced_attempts,
    make_attempts_partitions,
)
from storage.schema_version import MIGRATIONS
from storage.settings import StorageSettings
from tests.support.proxy import proxied
from tests.support.schema import described

INSERT = """
INSERT INTO attempts (
    account, log_id, processed_at, result_id, integration_type, affiliate, key, status, version, source, event_id, body,
    structured, late, altered, received_at
)
VALUES (
    'acme', gen_random_uuid(), $1, $2, 'price', 'MLB', 'SKU-1', 'error', '', '/s', 'e', '{}', false, false, false, $3
)
"""
RESULT = "00000000-0000-0000-0000-00000000000"


async def partitions(owner: asyncpg.Connection) -> dict[str, int]:
    """Rows by partition."""
    rows = await owner.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'attempts'::regclass"
    )
    return {row["name"]: await owner.fetchval(f"SELECT count(*) FROM {row['name']}") for row in rows}


async def insert(owner: asyncpg.Connection, number: int, at: datetime, received: datetime | None = None) -> None:
    result_id = uuid.UUID(int=number)
    await owner.execute(INSERT, at, result_id, received or datetime.now(UTC))
    await owner.execute("INSERT INTO received_results VALUES ('acme', $1)", result_id)


def month_of(at: datetime) -> str:
    return f"attempts_{at:%Y_%m}"


async def test_migrating_again_and_from_many_places_changes_nothing(
    database_url: str, owner: asyncpg.Connection
) -> None:
    before = await described(owner)
    await asyncio.gather(*(migrate(database_url, 90) for _ in range(4)))
    assert await described(owner) == before
    applied = await owner.fetchval("SELECT count(*) FROM public._pogo_migration")
    assert applied == len(list(MIGRATIONS.glob("*.sql")))


async def test_months_from_the_oldest_kept_to_two_ahead_have_a_partition(owner: asyncpg.Connection) -> None:
    now = datetime.now(UTC)
    names = await partitions(owner)
    for days in (90, 45, 0, -31):
        assert month_of(now - timedelta(days=days)) in names
    assert await make_attempts_partitions(owner, 90) == 0


async def test_who_reads_attempts_for_long_is_not_waited_for(database_url: str, owner: asyncpg.Connection) -> None:
    newest = max(await partitions(owner), key=lambda name: (name != "attempts_default", name))
    await owner.execute(f"DROP TABLE {newest}")
    dump = await asyncpg.connect(database_url, server_settings={"search_path": "conexoes"})
    try:
        async with asyncio.timeout(60), dump.transaction():
            await dump.execute("LOCK TABLE attempts IN ACCESS SHARE MODE")
            assert await make_attempts_partitions(owner, 90) == 0
            assert newest not in await partitions(owner)
        assert await make_attempts_partitions(owner, 90) == 1
        assert newest in await partitions(owner)
    finally:
        await dump.close()


async def received(owner: asyncpg.Connection) -> set[str]:
    return {str(row[0]) for row in await owner.fetch("SELECT result_id FROM received_results")}


async def test_retention_takes_whole_months_out_and_forgets_their_results(owner: asyncpg.Connection) -> None:
    now = datetime.now(UTC)
    await insert(owner, 1, now)
    await insert(owner, 2, now - timedelta(days=80))
    while await expire_attempts(owner, 1):
        pass
    assert sum((await partitions(owner)).values()) == 1
    assert await received(owner) == {f"{RESULT}1", f"{RESULT}2"}
    while await forget_expired_attempts(owner):
        pass
    assert await received(owner) == {f"{RESULT}1"}
    assert await owner.fetch("SELECT FROM pg_class WHERE relname LIKE 'expired_attempts%'") == []


async def test_a_month_is_forgotten_in_parts_and_goes_on_where_it_was(
    owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.retention.PAGES", 1)
    now = datetime.now(UTC)
    total = 300
    for number in range(total):
        await insert(owner, number, now - timedelta(days=80))
    while await expire_attempts(owner, 1):
        pass
    left = [total]
    while await forget_expired_attempts(owner):
        left.append(len(await received(owner)))
    assert not await received(owner)
    assert max(before - after for before, after in itertools.pairwise([*left, 0])) < total / 3


async def test_next_months_partition_is_made_while_others_hold_what_expires(
    database_url: str, owner: asyncpg.Connection, storage_settings: StorageSettings
) -> None:
    """A long reader: the old month waits until next time, and nobody waits behind it."""
    await owner.execute(f"DROP TABLE {month_of(datetime.now(UTC) + timedelta(days=31))}")
    reader = await asyncpg.connect(database_url, server_settings={"search_path": "conexoes"})
    async with reader.transaction():
        await reader.fetch("SELECT count(*) FROM attempts")
        assert not await expire_attempts(owner, 1)
    await reader.close()
    database = Database(database_url, "writer", storage_settings.model_copy(update={"retention_days": 1}))
    await Maintenance(database, database.settings, 1).once()
    await database.close()
    names = await partitions(owner)
    assert month_of(datetime.now(UTC) + timedelta(days=31)) in names
    assert month_of(datetime.now(UTC) - timedelta(days=80)) not in names


async def test_attempts_of_a_month_without_a_partition_land_and_are_moved_when_it_gets_one(
    owner: asyncpg.Connection,
) -> None:
    later = datetime.now(UTC) + timedelta(days=150)
    await insert(owner, 1, later)
    assert (await partitions(owner))["attempts_default"] == 1
    await owner.fetch("SELECT make_attempts_partitions(90, 6)")
    found = await partitions(owner)
    assert (found["attempts_default"], found[month_of(later)]) == (0, 1)


async def test_what_comes_for_a_dropped_month_is_kept_as_long_from_its_arrival(owner: asyncpg.Connection) -> None:
    now = datetime.now(UTC)
    await insert(owner, 1, now - timedelta(days=400))
    await insert(owner, 2, now - timedelta(days=400), received=now - timedelta(days=100))
    assert await forget_unplaced_attempts(owner, 90, 0) is None
    assert (await partitions(owner))["attempts_default"] == 1
    assert await received(owner) == {f"{RESULT}1"}


async def test_old_dead_letters_are_deleted_a_part_at_a_time(
    owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.retention.ROWS", 2)
    await owner.execute("""
        INSERT INTO dead_letters (
            account, id, code, reason, topic, partition, "offset", position, headers, value, value_bytes, received_at
        )
        SELECT 'acme', gen_random_uuid(), 'json', '{"code": "no_bytes", "parameters": {}}', 't', 0, n, 0, '[]', '', 0,
            now() - n * interval '30 days'
        FROM generate_series(1, 6) n
    """)
    assert await forget_dead_letters(owner, 100)
    assert await owner.fetchval("SELECT count(*) FROM dead_letters") == 4
    assert not await forget_dead_letters(owner, 100)
    assert [row[0] for row in await owner.fetch('SELECT "offset" FROM dead_letters ORDER BY 1')] == [1, 2, 3]


async def test_old_idempotency_keys_are_deleted_unless_they_are_all_that_is_known_of_a_click(
    owner: asyncpg.Connection,
) -> None:
    await owner.execute("""
        INSERT INTO idempotency_keys (account, key, command_id, body_digest, request, created_at, published_at)
        SELECT 'acme', key, key, sha256(key::bytea), '{}', now() - age, published
        FROM (VALUES
            ('recorded', interval '8 days', now()), ('not recorded', '8 days', now()),
            ('never published', '8 days', NULL), ('young', '6 days', now())
        ) AS k (key, age, published)
    """)
    await owner.execute("""
        INSERT INTO reprocess_commands (
            account, id, integration_type, state, mode, requested_by, request, requested_at
        )
        VALUES ('acme', 'recorded', 'price', 'done', 'refresh', 'maria', '{}', now())
    """)
    assert not await forget_idempotency_keys(owner, 7)
    assert {row[0] for row in await owner.fetch("SELECT key FROM idempotency_keys")} == {"not recorded", "young"}
    assert await owner.fetchval("SELECT count(*) FROM reprocess_commands") == 1


async def test_the_writer_can_t_delete_the_audit_nor_what_a_result_said(
    database_url: str, storage_settings: StorageSettings
) -> None:
    writer = Database(database_url, "writer", storage_settings)
    for table in (
        "reprocess_commands",
        "reprocess_items",
        "attempts",
        "received_results",
        "dead_letters",
        "status_logs",
    ):
        with pytest.raises(NotLetIn):
            async with writer.connection() as connection:
                await connection.execute(f"DELETE FROM {table}")
    await writer.close()


#: Tables without an account: a sign-in link is used before anyone is signed in; the rest is of agents, not of accounts.
WITHOUT_ACCOUNT = {
    "used_sign_in_links",
    "sessions",
    "positions",
    "workers",
    "retention_horizon",
    "retention_floors",
    "automatic_progress",
    "data_times",
    "stored_until",
}
#: Tables with an id that schemas.identity makes of the account's name too: two accounts never have the same.
BY_IDENTITY = {
    "status_logs": "id",
    "received_results": "result_id",
    "aliases": "log_id",
    "log_names": "log_id",
    "automatic_retries": "log_id",
}
#: Tables with an id that is drawn or counted for all accounts, and never given by one.
BY_NUMBER = {"incidents": "incident_id", "incident_edges": "edge_id", "person_sessions": "nonce"}


async def test_every_unique_key_begins_with_the_account_or_is_an_id_told_by_it(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        """SELECT c.relname, pg_get_indexdef(i.indexrelid, 1, true) AS first
           FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
           WHERE i.indisunique AND c.relnamespace = 'conexoes'::regnamespace"""
    )
    others = {(row[0], row[1]) for row in rows if row["first"] != "account"}
    wanted = set((BY_IDENTITY | BY_NUMBER).items())
    assert {(table, first) for table, first in others if table not in WITHOUT_ACCOUNT} == wanted


async def test_a_database_that_is_away_or_refuses_is_said_so(
    database_url: str, storage_settings: StorageSettings, owner: asyncpg.Connection
) -> None:
    away = Database("postgresql://127.0.0.1:9/x", "writer", storage_settings)
    with pytest.raises(StorageUnavailable):
        async with away.connection():
            pass
    writer = Database(database_url, "writer", storage_settings)
    for statement, error in (
        ("SELECT 1 / 0", RowRefused),
        ("INSERT INTO received_results VALUES ('a', NULL)", RowRefused),
        ("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '25006'; END $$", StorageUnavailable),  # after a failover
        ("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$", StorageUnavailable),  # disk full
        ("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57014'; END $$", TimedOut),  # statement_timeout
        ("SELECT FROM WHERE", asyncpg.PostgresSyntaxError),  # a bug of ours
    ):
        with pytest.raises(error):
            async with writer.connection() as connection:
                await connection.execute(statement)
    await writer.close()


async def test_only_a_statement_times_out_a_connection_that_does_not_come_is_unavailable(database_url: str) -> None:
    """A smaller statement at once, as after TimedOut, helps neither a full pool nor a line that is down."""
    async with proxied(database_url) as (proxy, url):
        settings = StorageSettings(pool_size=1, connect_seconds=0.3, command_seconds=0.3)
        writer = Database(url, "writer", settings)

        async def ask(statement: str) -> StorageUnavailable:
            with pytest.raises(StorageUnavailable) as raised:
                async with writer.connection() as connection:
                    await connection.execute(statement)
            return raised.value

        assert type(await ask("SELECT pg_sleep(2)")) is TimedOut
        async with writer.connection():
            assert type(await ask("SELECT 1")) is StorageUnavailable, "the pool is full"
        await writer.close()
        proxy.mode = "blackhole"
        assert type(await ask("SELECT 1")) is StorageUnavailable, "no connection can be made"
        await writer.close()


async def test_what_agents_still_store_is_awaited_however_long_and_nobody_else(
    database_url: str, owner: asyncpg.Connection
) -> None:
    began = "SELECT transaction_timestamp()"
    for name, awaited in (("conexoes-agents", True), ("psql", False)):
        other = await asyncpg.connect(database_url, server_settings={"application_name": name})
        async with other.transaction():
            since = await other.fetchval(began)
            await other.execute("CREATE TEMPORARY TABLE held (x integer)")  # so that it writes
            assert (await owner.fetchval("SELECT all_stored_until()") < since) == awaited, name
        await other.close()
    assert await owner.fetchval("SELECT all_stored_until()") > since


async def test_a_plan_waits_for_agents_however_long_and_for_others_as_long_as_writers_live(
    database_url: str, owner: asyncpg.Connection
) -> None:
    """Let a fiftieth of a second stand for the time that a transaction may take."""
    definition: str = await owner.fetchval("SELECT pg_get_functiondef('settled_until'::regproc)")
    await owner.execute(re.sub(r"interval '\d minutes?'", "interval '20 milliseconds'", definition))
    for name, awaited in (("conexoes-agents", True), ("psql", False)):
        other = await asyncpg.connect(database_url, server_settings={"application_name": name})
        async with other.transaction():
            since = await other.fetchval("SELECT transaction_timestamp()")
            await other.execute("CREATE TEMPORARY TABLE held (x integer)")  # so that it writes
            await asyncio.sleep(0.1)
            assert (await owner.fetchval("SELECT settled_until() < $1", since)) == awaited, name
        await other.close()
    assert await owner.fetchval("SELECT settled_until() > $1", since)


async def test_hidden_agents_make_plans_minutes_old_and_doctor_says_so(
    database_url: str, storage_settings: StorageSettings, owner: asyncpg.Connection
) -> None:
    """Managed servers: the owner is no superuser, and the agents have a login of their own."""
    plain = f"plain_{uuid.uuid4().hex}"
    await owner.execute(f"CREATE ROLE {plain}")
    await owner.execute(f"GRANT USAGE ON SCHEMA conexoes TO {plain}")
    for function in ("hidden_agents()", "settled_until()"):
        await owner.execute(f"ALTER FUNCTION {function} OWNER TO {plain}")
    careful = "SELECT settled_until() <= now() - interval '3 minutes'"
    agents = Database(database_url, "writer", storage_settings, application_name="conexoes-agents w1")
    assert not await owner.fetchval(careful)
    async with agents.connection():
        assert await owner.fetchval(careful)
        [fault] = await check_database(database_url, storage_settings)
        assert f'GRANT pg_read_all_stats TO "{plain}"' in fault
        await owner.execute(f"GRANT pg_read_all_stats TO {plain}")
        assert not await owner.fetchval(careful)
        assert await check_database(database_url, storage_settings) == []
    await agents.close()
    await owner.execute(f"REASSIGN OWNED BY {plain} TO CURRENT_USER")
    await owner.execute(f"DROP OWNED BY {plain}")
    await owner.execute(f"DROP ROLE {plain}")


async def test_doctor_does_not_need_the_login_that_migrated(
    database_url: str, storage_settings: StorageSettings, owner: asyncpg.Connection
) -> None:
    plain = f"plain_{uuid.uuid4().hex}"
    await owner.execute(f"CREATE ROLE {plain} LOGIN PASSWORD 'plain' IN ROLE conexoes_writer, conexoes_reader")
    at = urlsplit(database_url)
    url = at._replace(netloc=f"{plain}:plain@{at.hostname}:{at.port}").geturl()
    assert await check_database(url, storage_settings) == []
    await owner.execute(f"DROP ROLE {plain}")


async def test_doctor_says_what_a_database_lacks(database_url: str, storage_settings: StorageSettings) -> None:
    assert await check_database(database_url, storage_settings) == []
    [fault] = await check_database("postgresql://127.0.0.1:9/x", storage_settings)
    assert "refused" in fault.lower() or "connect" in fault.lower()


@pytest.mark.parametrize(("table", "states"), [("reprocess_items", ItemState), ("reprocess_commands", CommandState)])
async def test_the_states_of_a_table_are_those_of_its_enum(
    owner: asyncpg.Connection, table: str, states: type[ItemState | CommandState]
) -> None:
    definition = await owner.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::text::regclass AND conname = $2",
        table,
        f"{table}_state_check",
    )
    assert set(re.findall(r"'(\w+)'", definition)) == {each.value for each in states}
