"""Exports in the background: progress, cancelling, keeping, limits, and what a restart leaves."""

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import asyncpg
import httpx
import psutil
import pytest
from asyncpg.transaction import Transaction
from fastapi import FastAPI

from exports.jobs.desk import ExportDesk
from exports.jobs.jobs import Jobs
from exports.settings import ExportSettings, WorkbookWriter
from schemas.export import ExportOrder, ExportRequest
from storage.access_keys import Grant
from storage.database import Database
from storage.exports.audit import record_order
from tests.integration.api.conftest import Caller, Store
from tests.integration.api.export_answers import FORMATS, csv_rows, json_rows, sheet_rows
from tests.support.events import at, result
from tests.support.waiting import eventually

ASKED = {"account": "acme", "integration_type": "price", "filter": {"status": ["error"]}}
DAY_SECONDS = 86_400
WRITERS = [each for each in get_args(WorkbookWriter) if each != "auto"]


@pytest.fixture
async def app(app: FastAPI, data_dir: Path) -> AsyncIterator[FastAPI]:
    """The admin app with a directory of its own, closed as `conexoes admin` closes it."""
    settings = ExportSettings(data_dir=data_dir, exports_per_account=2, exports_kept=3)
    app.state.exports = ExportDesk(app.state.exports.database, settings)
    app.state.jobs = Jobs(app.state.exports)
    yield app
    await app.state.jobs.close()


@pytest.fixture
async def held(owner: asyncpg.Connection) -> AsyncIterator[Transaction]:
    """A lock on the rows: exports that have begun wait for it until the test rolls it back, or ends."""
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE")
    yield transaction
    if owner.is_in_transaction():
        await transaction.rollback()


async def start(caller: Caller, format_: str = "xlsx", **changes: Any) -> dict[str, Any]:
    answer = await caller.post("/commands/exports", json={**ASKED, "format": format_, **changes})
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/commands/exports/acme/{job['id']}"
    return job


async def look(caller: Caller, job: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.get(f"/commands/exports/acme/{job['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ended(caller: Caller, job: dict[str, Any]) -> dict[str, Any]:
    async def not_running() -> dict[str, Any] | None:
        found = await look(caller, job)
        return None if found["state"] == "running" else found

    found = await eventually(not_running)
    assert found
    return found


def order_by(desk: ExportDesk) -> ExportOrder:
    grant = Grant("acme", "operator", "o", may_export=True, may_see_evidence=True, key_id=None)
    return desk.order(ExportRequest.model_validate({**ASKED, "format": "xlsx"}), grant, "http://localhost")


def files(data_dir: Path) -> list[str]:
    return sorted(path.name for path in data_dir.rglob("*") if path.is_file())


def workers() -> list[psutil.Process]:
    """Worker processes of this one."""
    return [each for each in psutil.Process().children() if "exports.excel.worker" in each.cmdline()]


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_job_becomes_a_file(
    operator: Caller, store_events: Store, data_dir: Path, tmp_path: Path, format_: str
) -> None:
    await store_events(*(result(f"e{n}", key=f"K{n}", processed_at=at(-n)) for n in range(30)))
    job = await ended(operator, await start(operator, format_))
    assert (job["state"], job["rows"], job["reason"]) == ("done", 30, None)
    answer = await operator.get(job["file_url"])
    if format_ == "xlsx":
        rows = [row[0] for row in sheet_rows(answer, tmp_path, "Logs")[1:]]
    elif format_ == "csv":
        rows = [row[0] for row in csv_rows(answer)[1:]]
    else:
        rows = [row["key"] for row in json_rows(answer)]
    assert rows == [f"K{n}" for n in range(30)]
    assert len(answer.content) == job["bytes"] == int(answer.headers["Content-Length"])
    assert files(data_dir) == [f"{job['id']}.{format_}"]
    assert os.stat(data_dir / "exports" / "acme" / files(data_dir)[0]).st_mode & 0o077 == 0  # its owner's only


async def test_progress_is_told_while_it_runs(
    operator: Caller, store_events: Store, held: Transaction, owner: asyncpg.Connection
) -> None:
    job = await start(operator)
    assert (job["state"], job["file_url"], job["rows"]) == ("running", None, None)
    assert (await operator.get(f"/commands/exports/acme/{job['id']}/file")).status_code == 404
    await held.rollback()
    assert (await ended(operator, job))["state"] == "done"


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("format_", FORMATS)
async def test_cancelling_leaves_no_file_and_no_process(operator: Caller, data_dir: Path, format_: str) -> None:
    job = await start(operator, format_)
    assert (await operator.delete(f"/commands/exports/acme/{job['id']}")).status_code == 204
    found = await look(operator, job)
    assert (found["state"], found["file_url"]) == ("cancelled", None)
    assert files(data_dir) == []
    assert workers() == []
    assert (await operator.delete(f"/commands/exports/acme/{job['id']}")).status_code == 404


@pytest.mark.parametrize("library", WRITERS)
@pytest.mark.parametrize("meanwhile", ["it waits for rows", "it writes"])
async def test_a_worker_that_is_killed_is_a_failure_and_no_file(
    app: FastAPI,
    operator: Caller,
    store_events: Store,
    owner: asyncpg.Connection,
    data_dir: Path,
    library: WorkbookWriter,
    meanwhile: str,
) -> None:
    desk: ExportDesk = app.state.exports
    desk.settings = desk.settings.model_copy(update={"workbook_writer": library})
    await store_events(*(result(f"e{n}", key=f"K{n}", processed_at=at(-n)) for n in range(30)))
    lock = owner.transaction()
    await lock.start()
    await owner.execute("LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE")
    job = await start(operator)
    directory = data_dir / "exports" / "acme"

    async def working() -> bool:
        return bool(workers())

    async def writing() -> bool:
        return bool((await look(operator, job))["rows_written"] == 30)

    await eventually(working)
    if meanwhile == "it writes":
        # Nobody reads from this pipe, so that the writer has all rows and waits to make its file of them.
        part = directory / f"{job['id']}.xlsx.part"
        part.unlink()
        os.mkfifo(part)
        await lock.rollback()
        await eventually(writing)
        beside = sorted(path.suffix for path in directory.iterdir())
        assert beside == [".errors", ".lock", ".logs", ".part", ".sheets"]
        assert library != "openpyxl" or list((directory / f"{job['id']}.xlsx.sheets").iterdir())
    for each in workers():
        each.kill()
    found = await ended(operator, job)
    assert (found["state"], found["file_url"]) == ("failed", None)
    assert "-9" in found["reason"]
    assert list(directory.iterdir()) == []
    if meanwhile != "it writes":
        await lock.rollback()


async def test_a_file_can_be_deleted(operator: Caller, data_dir: Path) -> None:
    job = await ended(operator, await start(operator, "csv"))
    assert (await operator.delete(f"/commands/exports/acme/{job['id']}")).status_code == 204
    assert files(data_dir) == []
    assert (await look(operator, job))["state"] == "expired"


async def test_a_file_is_deleted_when_it_was_kept_long_enough(operator: Caller, data_dir: Path) -> None:
    job = await ended(operator, await start(operator, "csv"))
    [path] = (data_dir / "exports" / "acme").iterdir()
    made = path.stat().st_mtime
    assert (await operator.get(job["file_url"])).status_code == 200
    os.utime(path, (made - DAY_SECONDS, made - DAY_SECONDS))
    assert (await operator.get(job["file_url"])).status_code == 404
    assert (await look(operator, job))["state"] == "expired"
    assert files(data_dir) == []


@pytest.mark.usefixtures("held")
async def test_too_many_at_once_are_refused_with_the_limit(operator: Caller) -> None:
    jobs = [await start(operator, each) for each in ("csv", "jsonl")]
    answer = await operator.post("/commands/exports", json={**ASKED, "format": "csv"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    assert "the limit is 2" in answer.json()["detail"]
    await operator.delete(f"/commands/exports/acme/{jobs[0]['id']}")
    await start(operator, "csv")


async def test_too_many_kept_files_are_refused_with_the_limit(operator: Caller) -> None:
    jobs = [await ended(operator, await start(operator, "csv")) for _ in range(3)]
    answer = await operator.post("/commands/exports", json={**ASKED, "format": "csv"})
    assert answer.status_code == 429
    assert "3 files" in answer.json()["detail"]
    await operator.delete(f"/commands/exports/acme/{jobs[0]['id']}")
    await start(operator, "csv")


@pytest.mark.parametrize(
    ("who", "started", "seen", "downloaded", "deleted"),
    [
        ("viewer", 403, 200, 403, 403),
        ("operator", 202, 200, 200, 204),
        ("other", 404, 404, 404, 404),
        ("", 401, 401, 401, 401),
    ],
)
async def test_by_role(
    app: FastAPI,
    keys: dict[str, str],
    operator: Caller,
    who: str,
    *,
    started: int,
    seen: int,
    downloaded: int,
    deleted: int,
) -> None:
    job = await ended(operator, await start(operator, "csv"))
    async with Caller(app, keys.get(who)) as client:
        url = f"/commands/exports/acme/{job['id']}"
        assert (await client.post("/commands/exports", json={**ASKED, "format": "csv"})).status_code == started
        assert (await client.get(url)).status_code == seen
        assert (await client.get(f"{url}/file")).status_code == downloaded
        assert (await client.delete(url)).status_code == deleted


async def test_the_file_of_another_account_is_not_there_under_ones_own(
    app: FastAPI, keys: dict[str, str], operator: Caller
) -> None:
    job = await ended(operator, await start(operator, "csv"))
    async with Caller(app, keys["other"]) as client:
        for url in (f"/commands/exports/globex/{job['id']}", f"/commands/exports/globex/{job['id']}/file"):
            assert (await client.get(url)).status_code == 404


@pytest.mark.parametrize("id_", ["x", "..%2F..%2Fetc", "11111111-2222-4333-8444-555555555555"])
async def test_an_id_that_is_none_is_not_there(operator: Caller, id_: str) -> None:
    answers: list[httpx.Response] = [
        await operator.get(f"/commands/exports/acme/{id_}"),
        await operator.get(f"/commands/exports/acme/{id_}/file"),
        await operator.delete(f"/commands/exports/acme/{id_}"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3


async def test_an_account_that_is_called_exports_keeps_its_pages(app: FastAPI) -> None:
    """The pages redirect to the sign-in; the API's jobs are under a reserved name."""
    async with Caller(app, None) as client:
        for path in (f"/exports/exports/{uuid.uuid4()}", f"/exports/price/logs/{uuid.uuid4()}", "/exports/price"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in"), path
        answer = await client.get(f"/commands/exports/{uuid.uuid4()}/file")
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"format": "pdf"}, "body.format"),
        ({"integration_type": "nope"}, "body.integration_type"),
        ({"filter": {"status": ["nope"]}}, "body.filter.status.0"),
        ({"filter": {"page_size": 1}}, "body.filter.page_size"),
        ({"timezone": "nope"}, "body.timezone"),
        ({"requested_by": "someone else"}, "body.requested_by"),
    ],
)
async def test_a_bad_body_is_named(operator: Caller, changes: dict[str, Any], field: str) -> None:
    answer = await operator.post("/commands/exports", json={**ASKED, "format": "csv", **changes})
    assert answer.status_code == 422
    assert field in [each["field"] for each in answer.json()["errors"]]


class TestRestart:
    @pytest.mark.usefixtures("held")
    async def test_what_a_stopped_server_was_making_is_lost_and_said_to_be(
        self, app: FastAPI, operator: Caller, data_dir: Path
    ) -> None:
        job = await start(operator)
        await app.state.jobs.close()
        found = await look(operator, job)
        assert found["state"] == "lost"
        assert "Start the export again" in found["reason"]
        assert files(data_dir) == []

    async def test_what_a_killed_server_was_making_is_lost_and_cleaned_up(
        self, app: FastAPI, operator: Caller, reader: Database, data_dir: Path
    ) -> None:
        desk: ExportDesk = app.state.exports
        done = await ended(operator, await start(operator, "csv"))
        export_id, directory = uuid.uuid4(), data_dir / "exports" / "acme"
        await record_order(reader, export_id, order_by(desk), seconds=900)
        for suffix in ("lock", "xlsx.part", "xlsx.logs", "xlsx.errors"):
            (directory / f"{export_id}.{suffix}").touch()
        later = Jobs(desk)
        await later.recover()
        found = await later.get("acme", export_id)
        assert found is not None
        assert (found.state, found.file_url) == ("lost", None)
        assert files(data_dir) == [f"{done['id']}.csv"]
        kept = await later.get("acme", uuid.UUID(done["id"]))
        assert kept is not None
        assert kept.state == "done"

    async def test_a_kill_right_after_the_order_leaves_a_lock_to_find_it_by(
        self, app: FastAPI, data_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every order that is in the audit had its lock before."""
        desk: ExportDesk = app.state.exports
        locks: list[str] = []

        async def killed(database: Database, export_id: uuid.UUID, order: ExportOrder, *, seconds: float) -> None:
            await record_order(database, export_id, order, seconds=seconds)
            locks.extend(path.name for path in data_dir.rglob("*.lock"))
            assert locks == [f"{export_id}.lock"]
            # A process that is killed closes its files, and removes none.
            monkeypatch.setattr("exports.jobs.jobs.Lock.give_up", lambda lock: os.close(lock._descriptor))
            raise KeyboardInterrupt

        monkeypatch.setattr("exports.jobs.jobs.record_order", killed)
        with pytest.raises(KeyboardInterrupt):
            await app.state.jobs.start(order_by(desk))
        assert files(data_dir) == locks
        later = Jobs(desk)
        await later.recover()
        found = await later.get("acme", uuid.UUID(locks[0].removesuffix(".lock")))
        assert found is not None
        assert found.state == "lost"
        assert files(data_dir) == []

    async def test_a_kill_right_after_the_outcome_leaves_the_file(
        self, app: FastAPI, operator: Caller, data_dir: Path
    ) -> None:
        job = await ended(operator, await start(operator, "csv"))
        (data_dir / "exports" / "acme" / f"{job['id']}.lock").touch()
        later = Jobs(app.state.exports)
        await later.recover()
        assert files(data_dir) == [f"{job['id']}.csv"]
        assert (await look(operator, job))["state"] == "done"

    async def test_a_lock_that_is_none_of_ours_is_no_reason_not_to_start(self, app: FastAPI, data_dir: Path) -> None:
        directory = data_dir / "exports" / "acme"
        directory.mkdir(parents=True)
        strangers = [directory / name for name in ("notes.lock", ".lock", "1.lock")]
        for path in strangers:
            path.touch()
        never_ordered = directory / f"{uuid.uuid4()}.lock"
        never_ordered.touch()
        moved = data_dir / "exports" / "Acme.bak" / never_ordered.name
        moved.parent.mkdir()
        moved.touch()
        await Jobs(app.state.exports).recover()
        assert sorted(directory.iterdir()) == sorted(strangers)
        assert moved.exists()

    async def test_a_directory_that_can_t_be_written_to_is_told_and_takes_no_slot(
        self, operator: Caller, data_dir: Path
    ) -> None:
        (data_dir / "exports").mkdir(parents=True)
        (data_dir / "exports" / "acme").touch()
        for _ in range(3):
            answer = await operator.post("/commands/exports", json={**ASKED, "format": "csv"})
            assert answer.status_code == 503
            assert "No file can be made here" in answer.json()["detail"]
        assert (await operator.get("/api/v1/accounts/acme/exports")).json()["items"] == []

    @pytest.mark.parametrize(("seconds", "state"), [(-3600.0, "lost"), (900.0, "unfinished")])
    async def test_one_without_an_outcome_is_lost_when_nobody_can_be_making_it(
        self, app: FastAPI, operator: Caller, reader: Database, *, seconds: float, state: str
    ) -> None:
        """A streamed export of a process that was killed."""
        export_id = uuid.uuid4()
        await record_order(reader, export_id, order_by(app.state.exports), seconds=seconds)
        [line] = (await operator.get("/api/v1/accounts/acme/exports")).json()["items"]
        assert line["state"] == state
        assert (await look(operator, {"id": export_id}))["state"] == state
        assert bool(line["reason"]) == (state == "lost")

    async def test_what_another_process_is_making_is_left_alone(
        self, app: FastAPI, operator: Caller, held: Transaction, data_dir: Path
    ) -> None:
        job = await start(operator)

        async def begun() -> bool:
            return bool(list(data_dir.rglob("*.lock")))

        await eventually(begun)
        await Jobs(app.state.exports).recover()
        await held.rollback()
        assert (await ended(operator, job))["state"] == "done"
