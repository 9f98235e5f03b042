"""Exports and pages: links of a file lead to pages, and workbooks can be uploaded again."""

import asyncio
import contextlib
import re
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import openpyxl
import psutil
import pytest
from fastapi import FastAPI

from admin import upload as receiving
from admin.pages import upload
from exports.excel import marked_process
from exports.excel.marked import MAX_FILE_BYTES, WorkbookRefused
from schemas.columns import LOG_COLUMNS
from schemas.identity import log_id
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from tests.integration.api.conftest import Caller, Store
from tests.integration.api.export_answers import LOGS, csv_rows, json_rows
from tests.integration.pages.conftest import Browser, Visit
from tests.support.events import at, result


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
async def test_the_link_of_a_row_leads_to_the_page_of_its_log(
    visit: Visit, operator: Caller, store_events: Store, format_: str
) -> None:
    await store_events(result(key="SKU-of-the-link", message="no price for it"))
    answer = await operator.get(f"{LOGS}/export.{format_}")
    place = [each.name for each in LOG_COLUMNS].index("link")
    link = csv_rows(answer)[1][place] if format_ == "csv" else json_rows(answer)[0]["link"]
    page = await (await visit("viewer")).get(urlsplit(link).path)
    assert page.status_code == 200
    assert "SKU-of-the-link" in page.text
    assert "no price for it" in page.text


MARKED = "/acme/price/marked"
#: A file's name that is longer than it is shown, with markup.
NAME = f"<b>{'preços' * 30}.xlsx"
SHOWN_NAME = f"Workbook: <bdi>&lt;b&gt;{NAME[3:100]}</bdi>"
MARK_COLUMN = 2


@pytest.fixture
async def workbook(operator: Caller, store_events: Store, tmp_path: Path) -> Path:
    """Exported; a success is the first of four rows."""
    await store_events(
        *(result(f"e{n}", key=f"SKU-{n}", processed_at=at(-n)) for n in range(1, 4)),
        result("s", key="SKU-0", status="success", errors=None, processed_at=at(0)),
    )
    path = tmp_path / "export.xlsx"
    path.write_bytes((await operator.get(f"{LOGS}/export.xlsx")).content)
    return path


def mark(path: Path, *rows: int, text: str = "x") -> Path:
    book = openpyxl.load_workbook(path)
    for row in rows:
        book["Logs"].cell(row, MARK_COLUMN, text)
    book.save(path)
    return path


async def send(browser: Browser, path: Path | bytes, to: str = MARKED, **changes: str) -> httpx.Response:
    content = path if isinstance(path, bytes) else path.read_bytes()
    fields = {"form_token": await browser.form_token("/acme/price"), **changes}
    return await browser.post(to, data=fields, files={"workbook": (NAME, content)})


class TestMarkedWorkbook:
    async def test_marked_rows_become_a_plan_and_its_form_a_command(
        self, visit: Visit, workbook: Path, app: FastAPI
    ) -> None:
        browser = await visit("operator")
        assert f'action="{MARKED}"' in (await browser.get(MARKED)).text
        plan = await send(browser, mark(workbook, 2, 3, 4))
        assert plan.status_code == 200
        assert "<b>2</b> of 3 will be sent" in plan.text
        assert "Succeeded already" in plan.text
        assert f'Chosen rows: 3 <span class="tag">{SHOWN_NAME}' in plan.text
        ids = set(re.findall(r'name="log_id" value="([^"]+)"', plan.text))
        assert {each.replace("-", "") for each in ids} == {
            log_id("acme", "price", "MLB", f"SKU-{n}").replace("-", "") for n in range(3)
        }
        assert app.state.exports.slots.running == 0
        [once] = re.findall(r'name="once" value="([^"]+)"', plan.text)
        [token, *_] = re.findall(r'name="form_token" value="([^"]+)"', plan.text)
        data = {"form_token": token, "once": once, "log_id": sorted(ids)}
        # Without Kafka: it is taken for a command, and told that it could not be sent.
        assert (await browser.post("/acme/price/reprocess", data=data)).status_code == 503

    @pytest.mark.parametrize(
        ("make", "sentence"),
        [
            (lambda path: path, "No row is marked"),
            (lambda path: mark(path, 2, text="perhaps"), "neither yes nor no"),
            (lambda path: b"id;key\n", "The file is not a workbook"),
            (lambda path: path.read_bytes()[:2000], "The file is not a workbook"),
            (lambda path: _with_part(path, "xl/vbaProject.bin"), "macros"),
            (lambda path: _with_part(path, "xl/externalLinks/externalLink1.xml"), "links to other files"),
        ],
        ids=["none", "unclear", "text", "cut", "macros", "external"],
    )
    async def test_what_is_refused_is_said(
        self, visit: Visit, workbook: Path, make: Callable[[Path], Path | bytes], sentence: str
    ) -> None:
        answer = await send(await visit("operator"), make(workbook))
        assert answer.status_code == 422
        assert sentence in answer.text
        assert "Nothing was sent." in answer.text

    async def test_it_is_said_in_the_person_s_language(self, visit: Visit, workbook: Path) -> None:
        answer = await send(await visit("operator"), workbook, f"{MARKED}?lang=pt")
        assert "Nenhuma linha está marcada:" in answer.text

    async def test_more_than_a_command_takes_names_the_limit(
        self, visit: Visit, workbook: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def too_many(_path: Path) -> None:
            raise WorkbookRefused(Reason(ReasonCode.WORKBOOK_TOO_MANY_MARKED, limit=1000))

        monkeypatch.setattr(upload, "marked_by_worker", too_many)
        answer = await send(await visit("operator"), workbook)
        assert "More than 1000 rows are marked" in answer.text

    async def test_one_of_another_list_or_account_is_refused(self, visit: Visit, workbook: Path) -> None:
        mark(workbook, 3)
        answer = await send(await visit("operator"), workbook, "/acme/products/marked")
        assert answer.status_code == 422
        assert "another list" in answer.text
        every = await visit("every")
        answer = await send(every, workbook, "/globex/price/marked")
        assert answer.status_code == 422
        assert "another account" in answer.text
        assert (await send(await visit("operator"), workbook, "/globex/price/marked")).status_code == 404

    async def test_only_operators_of_this_session_send_one(self, visit: Visit, workbook: Path) -> None:
        viewer, operator = await visit("viewer"), await visit("operator")
        assert (await viewer.get(MARKED)).status_code == 403
        assert (await send(viewer, workbook)).status_code == 403
        assert (await send(operator, workbook, form_token="x")).status_code == 403
        operator.headers["Sec-Fetch-Site"] = "cross-site"
        assert (await send(operator, workbook)).status_code == 403
        assert (await (await visit()).post(MARKED)).status_code == 303

    async def test_what_is_too_large_is_refused_while_it_comes(
        self, visit: Visit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        browser = await visit("operator")
        token = await browser.form_token("/acme/price")
        head = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(MAX_FILE_BYTES * 2)}
        assert (await browser.post(MARKED, content=b"x", headers=head)).status_code == 413
        monkeypatch.setattr(upload, "MAX_FILE_BYTES", 1024)
        monkeypatch.setattr(receiving, "_MORE_BYTES", 1024)
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            yield f'--b\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n{token}\r\n'.encode()
            while True:
                sent += 1
                yield bytes(256)

        answer = await browser.post(MARKED, content=endless(), headers={"Content-Type": head["Content-Type"]})
        assert answer.status_code == 413
        assert sent < 100

    async def test_uploads_have_places_of_their_own(self, visit: Visit, workbook: Path, app: FastAPI) -> None:
        desk, browser = app.state.exports, await visit("operator")
        async with desk.readings.one("acme"), desk.readings.one("acme"):
            assert (await send(browser, mark(workbook, 3))).status_code == 429
        async with desk.slots.one("acme"), desk.slots.one("acme"):
            assert (await send(browser, mark(workbook, 3))).status_code == 200

    @pytest.mark.parametrize(
        ("kind", "body", "status"),
        [
            ("text/plain", b"x", 415),
            ("multipart/form-data", b"x", 415),
            ("multipart/form-data; boundary=b", b"", 422),
            ("multipart/form-data; boundary=b", b"--b--", 422),
            ("multipart/form-data; boundary=b", b"--b\r\n", 422),
            ("multipart/form-data; boundary=b", b"--b\r\nX: y\r\n\r\nz\r\n--b--", 422),
            ("multipart/form-data; boundary=b", b"--b\r\n" + b"x" * 5000, 422),
            ('multipart/form-data; boundary="<>"', b"--<>--", 422),
            (
                "multipart/form-data; boundary=b",
                b'--b\r\nContent-Disposition: form-data; name="workbook"\r\n\r\nz',
                422,
            ),
            (
                "multipart/form-data; boundary=b",
                b'--b\r\nContent-Disposition: form-data; name="form_token"\r\n\r\nz\r\n' * 9 + b"--b--",
                422,
            ),
        ],
    )
    async def test_what_is_no_form_is_refused(self, visit: Visit, kind: str, body: bytes, status: int) -> None:
        answer = await (await visit("operator")).post(MARKED, content=body, headers={"Content-Type": kind})
        assert answer.status_code == status


async def test_reading_has_so_much_cpu_and_yields_to_everything_else(tmp_path: Path, workbook: Path) -> None:
    """Three million styles in some kilobytes of a file: a minute of a core, if it were allowed."""
    hostile = tmp_path / "hostile.xlsx"
    with zipfile.ZipFile(mark(workbook, 3)) as good, zipfile.ZipFile(hostile, "w", zipfile.ZIP_DEFLATED) as bad:
        for each in good.namelist():
            content = good.read(each)
            if each == "xl/styles.xml":
                content = content.replace(b"</cellXfs>", b"<xf/>" * 3_000_000 + b"</cellXfs>")
            bad.writestr(each, content)
    reading = asyncio.create_task(marked_process.marked_by_worker(hostile, cpu_seconds=3))
    niceness: set[int] = set()
    while not reading.done():
        await asyncio.sleep(0.05)
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.Error):
                if "exports.excel.marked_worker" in child.cmdline():
                    niceness.add(child.nice())
    with pytest.raises(WorkbookRefused, match="within 3 seconds of CPU") as refused:
        await reading
    assert refused.value.reason.code == ReasonCode.WORKBOOK_TOO_MUCH_CPU
    assert max(niceness) >= 10


async def test_reading_that_takes_too_long_is_ended(workbook: Path) -> None:
    with pytest.raises(WorkbookRefused, match="within 0.001 seconds") as refused:
        await marked_process.marked_by_worker(mark(workbook, 3), seconds=0.001)
    assert refused.value.reason.code == ReasonCode.WORKBOOK_TOO_SLOW
    assert [each for each in psutil.Process().children() if "exports.excel.marked_worker" in each.cmdline()] == []


async def test_a_reader_that_is_killed_is_a_refusal(workbook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(WorkbookRefused, match="could not be read"):
        await marked_process.marked_by_worker(workbook)


def _with_part(path: Path, name: str) -> Path:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"x")
    return path
