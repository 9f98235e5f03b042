"""Evidence: a right of its own, and a retention of its own."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from agents.upkeep.maintenance import Maintenance
from schemas.envelope import KNOWN
from schemas.filter import LogFilter
from schemas.result import ResultData, ResultError
from schemas.role import Role
from storage import access_keys
from storage.access_keys import Grant
from storage.check import what_is_logged
from storage.database import Database
from storage.logs.summary import summarize
from storage.results import store
from storage.retention import evidence_until
from storage.settings import StorageSettings
from tests.support.events import at, result, with_extensions
from tests.support.reprocess import Desk, read_all
from tests.support.searched import tables_with

CANARY = "canary-of-evidence"


async def rounds(desk: Desk, **settings: int) -> None:
    """One round of maintenance with these settings."""
    await Maintenance(desk.writer, desk.writer.settings.model_copy(update=settings)).once()


async def test_after_its_time_evidence_goes_and_the_attempt_stays(desk: Desk, owner: asyncpg.Connection) -> None:
    known: dict[str, Any] = {
        "operation": "o",
        "sequence": 12345678901234567,
        "aliases": {"ean": "1"},
        "message": "said",
    }
    errors = [{"code": "c", "message": "m", "field": "f", "own": CANARY}, {"code": "d", "message": "n"}]
    event = with_extensions(
        result("e", errors=errors, request={CANARY: 1.10}, response=CANARY, mine=[CANARY], **known),
        structured=False,
        own=CANARY,
    )
    young = result("young", key="YOUNG", request=CANARY)
    await desk.store(event, young)
    [before] = await owner.fetch("SELECT * FROM attempts WHERE event_id = 'e'")
    await owner.execute("UPDATE attempts SET received_at = received_at - interval '8 days' WHERE event_id = 'e'")
    await rounds(desk, evidence_retention_days=9)
    assert (await tables_with(owner, [CANARY]))["attempts"] == 2
    await rounds(desk, evidence_retention_days=7)
    assert (await tables_with(owner, [CANARY]))["attempts"] == 1
    [after] = await owner.fetch("SELECT * FROM attempts WHERE event_id = 'e'")
    changed = {name for name, value in before.items() if value != after[name]}
    assert changed == {"body", "extensions", "evidence_expired_at", "received_at"}
    body = json.loads(before["body"])
    for name in ("request", "response", "mine"):
        del body[name]
    del body["errors"][0]["own"]
    assert json.loads(after["body"]) == body
    async with desk.writer.transaction() as connection:
        stored = await store(connection, read_all([event]))
    assert stored.conflicts == []


@pytest.mark.parametrize("structured", [False, True])
async def test_what_is_no_evidence_is_what_the_readers_know(owner: asyncpg.Connection, *, structured: bool) -> None:
    """The list in SQL is that of the models."""
    error = dict.fromkeys([*ResultError.model_fields, "own"], "x")
    data = {**dict.fromkeys([*ResultData.model_fields, "own"], "x"), "errors": [error]}
    body = {**dict.fromkeys([*KNOWN, "own"], "y"), "data": data} if structured else data
    kept = json.loads(await owner.fetchval("SELECT without_evidence($1, $2)", json.dumps(body), structured))
    data = kept["data"] if structured else kept
    assert set(data) == set(ResultData.model_fields) - {"request", "response"}
    assert set(data["errors"][0]) == set(ResultError.model_fields)
    assert not structured or set(kept) == KNOWN


@pytest.mark.parametrize("body", ["{}", '{"errors": []}', '{"errors": "x"}', '{"errors": [1, "a", null]}'])
async def test_no_body_stops_the_retention(owner: asyncpg.Connection, body: str) -> None:
    assert await owner.fetchval("SELECT without_evidence($1, false)", body) is not None


async def test_a_log_to_which_nothing_happened_goes_whole(
    desk: Desk, reader: Database, owner: asyncpg.Connection
) -> None:
    """But one with a late answer, or with an item in flight, or that is young, does not."""
    for key in ("silent", "late", "flying", "young"):
        await desk.store(result(f"{key}-1", key=key, message=CANARY if key == "silent" else "m", aliases={"a": key}))
    await desk.by_filter("c1", filter={"status": ["error"], "q": "flying"})
    await owner.execute("UPDATE attempts SET received_at = received_at - interval '40 days'")
    await owner.execute("UPDATE status_logs SET updated_at = updated_at - interval '40 days' WHERE key <> 'young'")
    await owner.execute("UPDATE status_logs SET reprocess_at = reprocess_at - interval '40 days'")
    await desk.store(result("late-2", key="late", processed_at=at(-9)))
    await rounds(desk)  # without the setting
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == 4
    await rounds(desk, silent_log_retention_days=30)
    keys = {"late", "flying", "young"}
    assert {row["key"] for row in await owner.fetch("SELECT key FROM status_logs")} == keys
    ids = await owner.fetch("SELECT id AS log_id FROM status_logs ORDER BY 1")
    assert await owner.fetch("SELECT log_id FROM log_names ORDER BY 1") == ids
    assert {
        row[0] for row in await owner.fetch("SELECT jsonb_array_elements_text(aliases -> 'a') FROM log_names")
    } == keys
    assert await tables_with(owner, [CANARY]) == {}
    assert (await summarize(reader, "acme", "price", LogFilter())).total == 3


async def test_a_replay_of_a_silent_log_that_was_deleted_counts_nothing_twice(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    event = result("silent-1", key="silent", message=CANARY, aliases={"a": CANARY})
    await desk.store(event)
    await owner.execute("UPDATE attempts SET received_at = received_at - interval '40 days'")
    await owner.execute("UPDATE status_logs SET updated_at = updated_at - interval '40 days'")
    await rounds(desk, silent_log_retention_days=30)
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == 0
    changes = await owner.fetchval("SELECT sum(results) FROM result_changes")
    async with desk.writer.transaction() as connection:
        stored = await store(connection, read_all([event]))
    assert stored.conflicts == []
    assert await tables_with(owner, [CANARY]) == {}
    assert await owner.fetchval("SELECT sum(results) FROM result_changes") == changes
    await desk.store(result("silent-2", key="silent", processed_at=at(5)))
    assert await owner.fetchval("SELECT attempts FROM status_logs") == 1


def test_evidence_is_kept_until_its_own_time_or_that_of_its_attempt() -> None:
    came = datetime(2026, 5, 10, tzinfo=UTC)
    whole = StorageSettings(retention_days=90)
    assert evidence_until(whole, came, came) == datetime(2026, 8, 30, tzinfo=UTC)  # 90 days after May
    short = StorageSettings(retention_days=90, evidence_retention_days=7)
    assert evidence_until(short, came, came) == came + timedelta(days=7)
    assert evidence_until(short, came - timedelta(days=300), came) == came + timedelta(days=7)


@pytest.mark.parametrize(("role", "given", "sees"), [("viewer", None, False), ("viewer", True, True)])
async def test_a_viewer_sees_evidence_only_if_it_was_given(
    database_url: str, owner: asyncpg.Connection, role: Role, *, given: bool | None, sees: bool
) -> None:
    owning = Database(database_url, "owner", StorageSettings(database_url=database_url))
    secret = await access_keys.create(owning, "acme", role, "k", may_see_evidence=given)
    found: Grant | None = await access_keys.find(owning, access_keys.digest(secret))
    await owning.close()
    assert found is not None
    assert found.may_see_evidence is sees


async def test_doctor_warns_of_a_server_whose_log_has_values(
    database_url: str, owner: asyncpg.Connection, storage_settings: StorageSettings
) -> None:
    assert await what_is_logged(database_url, storage_settings) == []
    database = database_url.rpartition("/")[2]
    await owner.execute(f"ALTER DATABASE {database} SET log_error_verbosity = 'default'")
    [warning] = await what_is_logged(database_url, storage_settings)
    assert "log_error_verbosity = default" in warning
