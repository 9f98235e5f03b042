"""Exports where the disk takes no more: whoever asks is told, and nobody looks for the fault in the database."""

import tempfile
from pathlib import Path
from typing import get_args

import pytest
from fastapi import FastAPI

from exports.errors import ExportFailed
from exports.excel.process import workbook_by_worker
from exports.excel.worker import Task
from exports.settings import WorkbookWriter
from schemas.reasons.code import ReasonCode
from storage.database import Database
from tests.integration.api.conftest import Caller, Store
from tests.integration.api.export_answers import FORMATS, LOGS
from tests.integration.api.test_api_export_jobs import ended, order_by, start
from tests.integration.api.test_api_exports import audit
from tests.support.events import result
from tests.support.full_disk import files_of_at_most

WRITERS = [each for each in get_args(WorkbookWriter) if each != "auto"]
#: More than what a test logs; less than the first row of lines, and than those of a workbook, whose cells are cut.
LIMIT = 256 * 1024
TOO_LARGE = "No file can be made here: File too large."


@pytest.fixture
async def long_rows(store_events: Store) -> None:
    long = [{"code": "c", "message": "x" * 520_000}]
    await store_events(*(result(f"e{n}", key=f"K{n}", errors=long) for n in range(30)))


async def check_audit(caller: Caller, sentence: str) -> None:
    [entry] = await audit(caller)
    assert (entry["state"], entry["reason"], entry["rows"]) == ("failed", sentence, None)


@pytest.mark.usefixtures("long_rows")
@pytest.mark.parametrize("format_", FORMATS)
async def test_an_export_in_the_background_says_it(operator: Caller, format_: str) -> None:
    with files_of_at_most(LIMIT):
        job = await ended(operator, await start(operator, format_))
    assert (job["state"], job["reason"], job["file_url"]) == ("failed", TOO_LARGE, None)
    await check_audit(operator, TOO_LARGE)


@pytest.mark.usefixtures("long_rows")
@pytest.mark.parametrize("format_", FORMATS)
async def test_an_answer_is_a_problem_that_says_it(operator: Caller, format_: str) -> None:
    with files_of_at_most(LIMIT):
        answer = await operator.get(f"{LOGS}/export.{format_}")
    assert (answer.status_code, answer.json()["detail"]) == (503, TOO_LARGE)
    await check_audit(operator, TOO_LARGE)


@pytest.mark.parametrize("format_", FORMATS)
async def test_so_is_one_that_gets_no_file_at_all(
    operator: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, format_: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    answer = await operator.get(f"{LOGS}/export.{format_}")
    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        "No file can be made here: No such file or directory.",
    )
    await check_audit(operator, answer.json()["detail"])


@pytest.mark.parametrize("place", ["its rows", "the workbook"])
@pytest.mark.parametrize("library", WRITERS)
async def test_the_worker_of_workbooks_says_it_wherever_the_disk_is_full(
    app: FastAPI, reader: Database, store_events: Store, tmp_path: Path, library: WorkbookWriter, place: str
) -> None:
    await store_events(*(result(f"e{n}", key=f"K{n}", message="x" * 2000) for n in range(30)))
    path = tmp_path / "x.xlsx.part"
    (path if place == "the workbook" else path.with_suffix(".logs")).symlink_to("/dev/full")
    task = Task(
        database_url=reader.url,
        order=order_by(app.state.exports),
        path=path,
        seconds=60,
        writer=library,
        entries=(),
        marketplaces={},
    )
    with pytest.raises(ExportFailed) as failed:
        await workbook_by_worker(task, lambda _read, _written, _total: None)
    assert failed.value.reason.code == ReasonCode.EXPORT_NO_FILE
    assert str(failed.value) == "No file can be made here: No space left on device."
    assert list(tmp_path.iterdir()) == []
