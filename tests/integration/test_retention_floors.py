"""A login of a process that was stolen can't have anything forgotten before the owner's settings let it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from storage.check import check_database
from storage.logins import make_logins, password_of, url_of
from storage.retention_floors import FLOORS, set_floors
from storage.settings import StorageSettings
from tests.support.events import result
from tests.support.processes import conexoes
from tests.support.reprocess import Desk

#: Functions that the writer may call with one day, and what each answers when something was forgotten.
CALLS = {
    "evidence": "SELECT expire_evidence(1, 500)",
    "dead_letters": "SELECT forget_dead_letters(1, 500)",
    "idempotency_keys": "SELECT forget_idempotency_keys(1, 500)",
    "attempts": "SELECT expire_attempts(1)::integer",
    "series": "SELECT forget_result_day(1)::integer",
}
SILENT_LOGS = "SELECT forget_silent_logs(1, 0, 256)"


def retentions(days: int, *names: str) -> StorageSettings:
    """Settings in which these are so many days."""
    return StorageSettings.model_validate(dict.fromkeys(names, days))


@pytest.fixture
async def thief(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection with the login of the agents."""
    password = password_of(database_url, "conexoes_agents")
    await make_logins(database_url, {"conexoes_agents": password})
    connection = await asyncpg.connect(url_of(database_url, "conexoes_agents", password))
    await connection.execute("SET search_path = conexoes")
    yield connection
    await connection.close()


async def test_every_function_that_forgets_names_a_kind_and_every_kind_has_a_setting(
    owner: asyncpg.Connection,
) -> None:
    found = await owner.fetch(
        """SELECT proname, prosrc FROM pg_proc
           WHERE pronamespace = 'conexoes'::regnamespace
             AND 'retention_days' = ANY(proargnames) AND proname <> 'kept_for'"""
    )
    kinds = {row["proname"]: re.findall(r"kept_for\('(\w+)', retention_days\)", row["prosrc"]) for row in found}
    # Values of corrections go with evidence, which without a setting of its own goes with its attempts.
    assert kinds.pop("expire_corrections") == ["evidence", "attempts"]
    assert all(len(named) == 1 for named in kinds.values()), kinds
    assert {named[0] for named in kinds.values()} == set(FLOORS)
    assert set(FLOORS.values()) == {name for name in StorageSettings.model_fields if name.endswith("retention_days")}


async def test_a_stolen_login_forgets_nothing_earlier_than_the_owner_s_settings(
    owner: asyncpg.Connection, thief: asyncpg.Connection, desk: Desk, database_url: str
) -> None:
    await desk.store(result())
    await _fill(owner)
    await set_floors(database_url, retentions(100, *FLOORS.values()))
    for call in CALLS.values():
        assert await thief.fetchval(call) == 0, call
    await thief.execute(SILENT_LOGS)
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == 1
    for attack in (
        "UPDATE retention_floors SET days = 1",
        "DELETE FROM retention_floors",
        "SELECT kept_for('attempts', 1)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await thief.execute(attack)
    # A shorter retention is the owner's to set, and no floor makes a given time shorter.
    await set_floors(database_url, retentions(1, *FLOORS.values()))
    for call in CALLS.values():
        assert await thief.fetchval(call.replace("(1", "(100")) == 0, call
        assert await thief.fetchval(call) == 1, call
    await thief.execute(SILENT_LOGS)
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == 0


async def test_migrate_stores_the_settings_that_it_runs_with(
    database_url: str, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    settings = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path), "RETENTION_DAYS": "30"}
    async with conexoes("migrate", log=tmp_path / "log", **settings) as process:
        assert await process.wait() == 0, (tmp_path / "log").read_text("utf-8")
    rows = await owner.fetch("SELECT kind, days FROM conexoes.retention_floors")
    found = {row["kind"]: row["days"] for row in rows}
    defaults = StorageSettings(retention_days=30)
    assert found == {kind: getattr(defaults, name) for kind, name in FLOORS.items()}
    assert await check_database(database_url, defaults) == []


@pytest.mark.parametrize("name", FLOORS.values())
async def test_doctor_names_a_retention_that_a_floor_overrules(database_url: str, name: str) -> None:
    """The floor of a setting that is unset is for ever."""
    await set_floors(database_url, StorageSettings())
    [fault] = await check_database(database_url, retentions(1, name))
    assert fault.startswith(f"CONEXOES_{name.upper()} is less than what `conexoes migrate` ran with")


async def test_a_kind_whose_setting_is_unset_is_kept_for_ever(owner: asyncpg.Connection) -> None:
    await owner.execute("INSERT INTO conexoes.retention_floors VALUES ('attempts', NULL)")
    assert (await owner.fetchval("SELECT conexoes.kept_for('attempts', 1)")).days > 3660


async def _fill(owner: asyncpg.Connection) -> None:
    """One row of each kind that is 70 days old, and the months of attempts since."""
    await owner.execute("SET search_path = conexoes; SELECT make_attempts_partitions(70, 1)")
    await owner.execute("UPDATE attempts SET received_at = now() - interval '70 days'")
    await owner.execute("UPDATE status_logs SET updated_at = now() - interval '70 days'")
    await owner.execute(
        """INSERT INTO idempotency_keys (account, key, command_id, body_digest, request, created_at)
           VALUES ('acme', 'k', 'c', sha256(''), '{}', now() - interval '70 days')"""
    )
    await owner.execute(
        """INSERT INTO dead_letters (
               account, id, code, reason, topic, partition, "offset", position, headers, value, value_bytes,
               received_at)
           VALUES ('acme', gen_random_uuid(), 'json', '{"code": "json", "parameters": {}}', 't', 0, 0, 0, '[]', '', 0,
               now() - interval '70 days')"""
    )
    await owner.execute(
        """WITH facet AS (
               INSERT INTO result_facets VALUES ('acme', gen_random_uuid(), 'price', 'MLB', 'error', '{}') RETURNING id
           )
           INSERT INTO result_days
           SELECT 'acme', 'price', date_trunc('day', now() - interval '70 days', 'UTC'), id, 1 FROM facet"""
    )
