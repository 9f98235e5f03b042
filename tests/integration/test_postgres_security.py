"""Each process with the login that docs/postgres-security.md names, and the rights of that page and no others."""

import re
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from broker.settings import BrokerSettings
from cli.documents.__main__ import ROOT
from storage import access_keys
from storage.check import check_database
from storage.database import Database
from storage.logins import ROLES, make_logins, password_of, url_of
from storage.settings import Login, StorageSettings
from tests.support.agents import produce, running_worker, stored
from tests.support.events import result
from tests.support.opened import opened

PAGE = (ROOT / "docs/postgres-security.md").read_text("utf-8")
_CREATE = re.compile(r"^CREATE ROLE (\w+) LOGIN PASSWORD '…' IN ROLE conexoes_(\w+);$", re.MULTILINE)
_RIGHTS = re.compile(r"^\| `(\w+)` \| ([A-Z][^|]*|-) \| ([A-Z][^|]*|-) \|$", re.MULTILINE)


@pytest.fixture
async def urls(database_url: str) -> dict[Login, str]:
    """Addresses of the database, by login."""
    await make_logins(database_url, {login: password_of(database_url, login) for login in ROLES})
    return {login: url_of(database_url, login, password_of(database_url, login)) for login in ROLES}


@pytest.fixture
async def settings(database_url: str, urls: dict[Login, str]) -> StorageSettings:
    return StorageSettings(
        database_url=database_url,
        database_reader_url=urls["conexoes_api"],
        database_writer_url=urls["conexoes_agents"],
    )


@pytest.fixture
async def plain(urls: dict[Login, str]) -> AsyncIterator[dict[Login, asyncpg.Connection]]:
    """A connection of each login, in no role but its own."""
    connections = {login: await asyncpg.connect(url) for login, url in urls.items()}
    yield connections
    for each in connections.values():
        await each.close()


def test_the_page_makes_the_logins_that_migrate_does() -> None:
    assert dict(_CREATE.findall(PAGE)) == dict(ROLES)


async def test_logins_are_made_again_with_other_passwords(database_url: str, urls: dict[Login, str]) -> None:
    await make_logins(database_url, {"conexoes_api": "o'ther \\ %"})
    try:
        await (await asyncpg.connect(url_of(database_url, "conexoes_api", "o'ther \\ %"))).close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(urls["conexoes_api"])
    finally:  # they are of the whole server
        await make_logins(database_url, {"conexoes_api": password_of(database_url, "conexoes_api")})


async def test_no_login_has_another_role_nor_anything_of_its_own(
    owner: asyncpg.Connection, plain: dict[Login, asyncpg.Connection]
) -> None:
    for login, connection in plain.items():
        await connection.execute(f"SET ROLE conexoes_{ROLES[login]}")
        await connection.execute("SET ROLE NONE")
        assert await connection.fetchval("SELECT current_user") == login
        for other in {"conexoes", *(f"conexoes_{each}" for each in ROLES.values())} - {f"conexoes_{ROLES[login]}"}:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"SET ROLE {other}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT pg_read_file('/etc/hostname')")
        rights = "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles"
        [found] = await owner.fetch(f"{rights} WHERE rolname = $1", login)
        assert not any(found)
        # What its role may do is all: a table that the role may not touch, the login may not either.
        for kind in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            tables = "SELECT oid FROM pg_class WHERE relnamespace = 'conexoes'::regnamespace AND relkind IN ('r', 'p')"
            differ = f"has_table_privilege($1, oid, '{kind}') <> has_table_privilege($2, oid, '{kind}')"
            assert await owner.fetch(f"{tables} AND {differ}", login, f"conexoes_{ROLES[login]}") == []


async def test_a_reader_s_login_sees_the_rows_of_one_account_in_no_role_too(
    owner: asyncpg.Connection, plain: dict[Login, asyncpg.Connection]
) -> None:
    for account in ("acme", "bravo"):
        await owner.execute(
            """INSERT INTO saved_views (account, id, integration_type, name, query, saved_by)
               VALUES ($1, gen_random_uuid(), 'price', 'n', '', 'm')""",
            account,
        )
    connection = plain["conexoes_api"]
    assert await connection.fetchval("SELECT count(*) FROM conexoes.saved_views") == 0
    await connection.execute("SELECT set_config('conexoes.account', 'acme', false)")
    assert [row[0] for row in await connection.fetch("SELECT account FROM conexoes.saved_views")] == ["acme"]


async def test_agents_work_with_their_login(
    broker_settings: BrokerSettings,
    settings: StorageSettings,
    urls: dict[Login, str],
    data_dir: Path,
    owner: asyncpg.Connection,
) -> None:
    only = StorageSettings(database_url=urls["conexoes_agents"])
    async with running_worker(broker_settings, only, data_dir):
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, [result()])
        await stored(owner, 1)
    assert await check_database(str(settings.database_url), settings) == []


async def test_a_login_that_is_the_role_itself_is_taken_as_it_is(database_url: str, owner: asyncpg.Connection) -> None:
    """A pooler may drop the parameter that names a role, so the login must do."""
    await owner.execute("ALTER ROLE conexoes_reader LOGIN PASSWORD 'reads'")
    try:
        url = url_of(database_url, "conexoes_reader", "reads")  # type: ignore[arg-type]
        async with opened(url, "reader") as database, database.connection() as connection:
            assert await connection.fetchval("SELECT current_user || session_user") == "conexoes_reader" * 2
    finally:
        await owner.execute("ALTER ROLE conexoes_reader NOLOGIN PASSWORD NULL")


async def test_doctor_says_that_a_login_may_not_use_a_role(urls: dict[Login, str]) -> None:
    faults = await check_database(urls["conexoes_api"], StorageSettings(database_url=urls["conexoes_api"]))
    assert len(faults) == 1
    assert faults[0].startswith("As writer: PostgreSQL does not let us in: permission denied")


async def test_the_rights_are_those_of_the_page(owner: asyncpg.Connection) -> None:
    found = await rights(owner)
    assert {table: (reader, writer) for table, reader, writer in _RIGHTS.findall(PAGE)} == found


async def rights(owner: asyncpg.Connection) -> dict[str, tuple[str, str]]:
    """Return the rights of both roles on each table, in the words of the page, without partitions."""
    whole: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in await owner.fetch(
        """SELECT c.relname, a.grantee::regrole::text AS role, a.privilege_type AS kind
           FROM pg_class c, aclexplode(c.relacl) a
           WHERE c.relnamespace = 'conexoes'::regnamespace AND a.grantee <> c.relowner
           ORDER BY array_position(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'], a.privilege_type)"""
    ):
        whole[row["relname"], row["role"]].append(row["kind"])
    columns: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in await owner.fetch(
        """SELECT c.relname, x.grantee::regrole::text AS role, x.privilege_type AS kind, a.attname
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) x
           WHERE c.relnamespace = 'conexoes'::regnamespace ORDER BY a.attnum"""
    ):
        columns[row["relname"], row["role"], row["kind"]].append(row["attname"])
    for (table, role, kind), names in columns.items():
        whole[table, role].append(f"{kind} ({', '.join(f'`{name}`' for name in names)})")
    tables = await owner.fetch(
        """SELECT relname FROM pg_class
           WHERE relnamespace = 'conexoes'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"""
    )
    assert {role for _table, role in whole} == {"conexoes_reader", "conexoes_writer"}
    return {
        row[0]: tuple(", ".join(whole[row[0], f"conexoes_{role}"]) or "-" for role in ("reader", "writer"))  # type: ignore[misc]
        for row in tables
    }


async def test_a_writer_can_t_change_what_was_said_nor_forget_before_the_time(
    writer: Database, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        """INSERT INTO dead_letters (
               account, id, code, reason, topic, partition, "offset", position, headers, value, value_bytes)
           VALUES ('acme', gen_random_uuid(), 'json',
               '{"code": "no_bytes", "parameters": {}}', 't', 0, 1, 0, '[]', '', 0)"""
    )
    for refused in (
        "UPDATE attempts SET body = '{}'",
        "UPDATE received_results SET account = 'bravo'",
        "UPDATE aliases SET value = 'x'",
        "UPDATE status_logs SET account = 'bravo'",
        "UPDATE status_logs SET key = 'x'",
        "SELECT digest FROM access_keys",
        "DELETE FROM dead_letters",
        "UPDATE dead_letters SET value = ''",
        "UPDATE unpublished_letters SET headers = ''",
        "UPDATE dead_letter_edits SET value = ''",
        "DELETE FROM dead_letter_edits",
        "UPDATE redrives SET requested_by = 'x'",
        "DELETE FROM redrive_items",
    ):
        async with writer.connection() as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(refused)
    functions = await owner.fetch(
        """SELECT oid::regprocedure::text AS signature FROM pg_proc
           WHERE pronamespace = 'conexoes'::regnamespace AND proname ~ '^(forget|expire|make)_'"""
    )
    assert len(functions) >= 7
    assert [row["signature"] for row in functions if "time" in row["signature"]] == []
    for forgets in (
        "expire_attempts(0)",
        "forget_unplaced_attempts(0, 0, 1)",
        "forget_dead_letters(0, 100)",
        "forget_dead_letters(-36500, 100)",
        "forget_dead_letters(NULL, 100)",
        "forget_unpublished_letters(0, 100)",
        "forget_idempotency_keys(0, 100)",
        "forget_fault_hours(0)",
        "forget_result_day(0)",
        "make_attempts_partitions(0, 1)",
    ):
        async with writer.connection() as connection:
            with pytest.raises(asyncpg.InvalidParameterValueError, match="at least 1"):
                await connection.execute(f"SELECT {forgets}")
    async with writer.connection() as connection:
        assert await connection.fetchval("SELECT forget_dead_letters(1, 100)") == 0
        erasing = """
            SELECT erase_dead_letters(array_agg(account), array_agg(id), 'acme', '{}', 'm', NULL, NULL, 'r')
            FROM dead_letters
        """
        assert [await connection.fetchval(erasing) for _ in range(2)] == [1, 0]
        acts = await connection.fetch("SELECT action, requested_by, letters FROM dead_letter_audit")
        assert [tuple(act) for act in acts] == [("erased", "m", 1)]  # nobody erases without a trace
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM dead_letter_audit")


async def test_a_key_is_found_by_its_digest_and_keys_are_not_listed(
    database_url: str, reader: Database, owner: asyncpg.Connection
) -> None:
    async with opened(database_url, "owner") as made:
        secret = await access_keys.create(made, "acme", "viewer", "n")
    grant = await access_keys.find(reader, access_keys.digest(secret))
    assert grant is not None
    assert grant.account == "acme"
    assert await access_keys.find(reader, access_keys.digest(uuid.uuid4().hex)) is None
    async with reader.connection() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM access_keys")
    await owner.execute("UPDATE access_keys SET revoked_at = now()")
    assert await access_keys.find(reader, access_keys.digest(secret)) is None
