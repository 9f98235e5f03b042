"""Correct and send, without scripts: the form, the difference, the command; and the same over HTTP."""

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi import FastAPI

from broker.settings import BrokerSettings
from schemas.policy import Policy
from schemas.role import Role
from storage import access_keys
from storage.database import Database
from storage.settings import StorageSettings
from tests.integration.api.conftest import Caller, Store, kafka_app
from tests.integration.api.test_api_commands import body, commands_in, headers
from tests.integration.api.test_api_export_jobs import ended, start
from tests.integration.pages.conftest import Browser
from tests.integration.pages.test_pages_exports import SHOWN_NAME, send
from tests.support.events import at, result, with_evidence
from tests.support.reprocess import Desk
from tests.support.searched import tables_with

__all__ = ["kafka_app"]

KEPT = '{"price": 10.00, "title": "a\\nb", "on": true, "gtin": null, "items": [{"q": 1}], "secret": "not-editable"}'
POLICY = Policy.model_validate({"price": {"MLB": {"editable": ["/price", "/title", "/on", "/gtin", "/items/*/q"]}}})


@pytest.fixture
async def desk(database_url: str, storage_settings: StorageSettings) -> AsyncIterator[Desk]:
    """The agents, by the same policy as the pages."""
    desk = Desk(database_url, storage_settings, POLICY)
    yield desk
    await desk.close()


@pytest.fixture
async def log_id(kafka_app: FastAPI, store_events: Store, desk: Desk) -> uuid.UUID:
    """The log of one failed price, of which fields may be corrected."""
    kafka_app.state.policy = POLICY
    await store_events(with_evidence(result("e1", key="SKU-1"), KEPT))
    async with desk.reader.reading("acme") as connection:
        found: uuid.UUID = await connection.fetchval("SELECT id FROM status_logs")
    return found


@asynccontextmanager
async def signed_in(app: FastAPI, owning: Database, role: Role, *, evidence: bool) -> AsyncIterator[Browser]:
    """A browser with a key of this role, that may see evidence or not."""
    key = await access_keys.create(owning, "acme", role, f"{role} {evidence}", may_see_evidence=evidence)
    async with Browser(app) as browser:
        assert (await browser.sign_in(key)).status_code == 303
        yield browser


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of the form of a page."""
    form = page[page.index("/correct") :]
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)}


async def test_a_person_corrects_a_row_sees_the_difference_and_sends_it(
    kafka_app: FastAPI, owning: Database, log_id: uuid.UUID, desk: Desk, broker_settings: BrokerSettings, owner: Any
) -> None:
    here = f"/acme/price/logs/{log_id}/correct"
    async with signed_in(kafka_app, owning, "operator", evidence=True) as browser:
        assert here in (await browser.get(f"/acme/price/logs/{log_id}")).text
        form = (await browser.get(here)).text
        assert [unescape(each) for each in re.findall(r'name="(/[^"]+)"', form)] == [
            *("/price", "/title", "/on", "/gtin", "/items/0/q")
        ]
        assert "not-editable" not in form
        typed = {"/price": " 24.90 ", "/title": "a\r\nb", "/on": "true", "/gtin": "0789", "/items/0/q": "1"}
        review = await browser.post(here, data={**hidden(form), **typed, "act": "review"})
        assert review.status_code == 200
        said = re.sub(r"<[^>]+>|\s+", " ", unescape(review.text)).replace("\u200b", "")
        assert re.search(r"/price +10\.00 +24\.90", said)
        assert re.search(r'/gtin +null +"0789"', said)
        back = await browser.post(here, data={**hidden(review.text), "act": "edit"})
        assert 'value="24.90"' in back.text
        for refused, why in ({"/price": "24,90"}, "written with a point"), ({}, "Nothing was changed"):
            page = await browser.post(here, data={**hidden(form), **refused, "act": "send"})
            assert page.status_code == 422
            assert why in unescape(page.text)
        sent = [
            await browser.post(here, data={**hidden(review.text), "act": "send", "reason": "typo"}) for _ in range(2)
        ]
        assert {each.status_code for each in sent} == {303}
        assert len({each.headers["location"] for each in sent}) == 1
        [command, *_] = await commands_in(broker_settings, 2)
        assert await tables_with(owner, ["24.90"]) == {}
        await desk.record(command)
        late_click = await browser.post(here, data={**hidden(review.text), "act": "send", "reason": "typo"})
        assert late_click.headers.get("location") == sent[0].headers["location"], late_click.text
        ledger = (await browser.get(sent[0].headers["location"])).text
        assert "Corrected before it was sent" in ledger
        assert "24.90" in ledger
        await desk.store(with_evidence(result("e2", key="SKU-1", processed_at=at(9)), KEPT))
        late = await browser.post(here, data={**hidden(review.text), "act": "review"})
        assert late.status_code == 422
    async with signed_in(kafka_app, owning, "viewer", evidence=False) as viewer:
        ledger = (await viewer.get(sent[0].headers["location"])).text
        assert "Corrected before it was sent" in ledger
        assert "24.90" not in ledger
        assert (await viewer.get(here)).status_code == 403
        assert here not in (await viewer.get(f"/acme/price/logs/{log_id}")).text
    async with signed_in(kafka_app, owning, "operator", evidence=False) as blind:
        assert (await blind.get(here)).status_code == 403
        assert here not in (await blind.get(f"/acme/price/logs/{log_id}")).text


async def test_the_door_takes_what_the_policy_allows_from_who_may_see_it(
    kafka_app: FastAPI, owning: Database, log_id: uuid.UUID, desk: Desk, broker_settings: BrokerSettings, owner: Any
) -> None:
    async def post(key: str, *changes: dict[str, str], once: str = "k1", **more: Any) -> Any:
        correction = {"log_id": str(log_id), "event_id": "e1", "changes": changes, **more}
        asked = body(log_ids=[str(log_id)], mode="replay", corrections=[correction])
        async with Caller(kafka_app, key) as caller:
            return await caller.post("/commands/reprocess", json=asked, headers=headers(once))

    seeing, blind = [
        await access_keys.create(owning, "acme", "operator", f"o{each}", may_see_evidence=each)
        for each in (True, False)
    ]
    price = {"pointer": "/price", "value": "24.90"}
    offered = []
    for key in (seeing, blind):
        async with Caller(kafka_app, key) as caller:
            offered.append((await caller.get(f"/api/v1/accounts/acme/price/logs/{log_id}")).json()["editable"])
    assert offered == [["/price", "/title", "/on", "/gtin", "/items/0/q"], []]  # as the form has them
    assert (await post(blind, price)).status_code == 403
    wrong = await post(seeing, {"pointer": "/secret", "value": '"x"'}, {"pointer": "/on", "value": "1"})
    assert wrong.status_code == 422
    assert [each["message"].rpartition(": ")[2] for each in wrong.json()["errors"]] == [
        "the policy does not allow it.",
        "24.90.",
    ]
    assert {each["field"] for each in wrong.json()["errors"]} == {"body.corrections.0"}
    taken = await post(seeing, price)
    assert taken.status_code == 202, taken.text
    assert (await post(seeing, price)).json() == taken.json()
    other = {**price, "value": "24.91"}
    assert (await post(seeing, other)).status_code == 422
    [command, *_] = await commands_in(broker_settings, 2)
    await desk.record(command)
    await desk.record(command)
    # So also when retention has deleted the key, and only the command knows what was asked for.
    await owner.execute("DELETE FROM idempotency_keys")
    assert (await post(seeing, other)).status_code == 422
    assert (await post(seeing, price)).json() == taken.json()
    items = f"/api/v1/accounts/acme/reprocess/{command.id}/items"
    shown = []
    for key in (seeing, blind):
        async with Caller(kafka_app, key) as caller:
            [item] = (await caller.get(items)).json()["items"]
            shown.append((item["corrected"], item["corrections"]))
            for ending in ("csv", "jsonl"):
                file = await caller.get(f"{items}/export.{ending}")
                assert "true" in file.text
                assert "24.90" not in file.text
    assert shown == [(True, [{"pointer": "/price", "before": "10.00", "after": "24.90"}]), (True, None)]
    # It is being reprocessed by now: its page offers no field, and so does the log.
    async with Caller(kafka_app, seeing) as caller:
        log = (await caller.get(f"/api/v1/accounts/acme/price/logs/{log_id}")).json()
    assert (log["actions"][0]["verdict"], log["editable"]) == ("in_flight", [])
    # The log shows another result by now: its item says so.
    late = await post(seeing, price, once="k2", event_id="e0")
    assert late.status_code == 202


def edited(content: bytes, path: Path, cells: dict[str, dict[str, str]]) -> Path:
    """Write a workbook with these cells, by key and heading, and return its path."""
    path.write_bytes(content)
    book = openpyxl.load_workbook(path)
    sheet = book["Logs"]
    headings = [each.value for each in sheet[1]]
    for row in sheet.iter_rows(min_row=2):
        for heading, value in cells.get(str(row[0].value), {}).items():
            row[headings.index(heading)].value = value
    book.save(path)
    return path


async def test_a_workbook_corrects_a_group_and_a_canary_goes_first(
    kafka_app: FastAPI,
    owning: Database,
    log_id: uuid.UUID,
    desk: Desk,
    broker_settings: BrokerSettings,
    store_events: Store,
    tmp_path: Path,
) -> None:
    await store_events(*(with_evidence(result(f"of {key}", key=key), KEPT) for key in "BCDE"))
    seeing, blind_key = [
        await access_keys.create(owning, "acme", "operator", f"x{evidence}", may_see_evidence=evidence)
        for evidence in (True, False)
    ]
    async with Caller(kafka_app, seeing) as able, Caller(kafka_app, blind_key) as unable:
        both = (able, unable)
        files = [(await each.get("/api/v1/accounts/acme/price/logs/export.xlsx")).content for each in both]
        job = await ended(able, await start(able))
        kept = [(await each.get(f"/commands/exports/acme/{job['id']}/file")).status_code for each in both]
        assert (job["has_evidence"], kept) == (True, [200, 403])
    for content, wanted in zip(files, (["/price", "/title", "/on", "/gtin"], []), strict=True):
        (tmp_path / "a.xlsx").write_bytes(content)
        sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Logs"]
        headings = [str(each.value) for each in sheet[1]]
        assert [each.partition(": ")[2] for each in headings if each.startswith("Correct: ")] == wanted
        said = [str(cell.value) for row in sheet.iter_rows() for cell in row]
        assert ("10.00" in said) is bool(wanted)
        assert not any("not-editable" in each for each in said)
    price, mark = "Correct: /price", "Reprocess?"
    cells = {
        "SKU-1": {price: "24.90", mark: "x"},
        "B": {price: "24,90", mark: "x"},  # no number
        "C": {mark: "x"},
        "D": {price: "1"},  # not marked
        "E": {price: "7", mark: "x"},  # a newer result comes
    }
    await store_events(with_evidence(result("newer", key="E", processed_at=at(9)), KEPT))
    to = "/acme/price/marked"
    async with signed_in(kafka_app, owning, "operator", evidence=True) as browser:
        plain = await send(browser, edited(files[0], tmp_path / "c.xlsx", {"C": cells["C"]}), to)
        assert 'name="mode"' in plain.text
        formula = await send(browser, edited(files[0], tmp_path / "f.xlsx", {"C": {price: "=1+1", mark: "x"}}), to)
        assert formula.status_code == 422
        assert "/price has a formula" in formula.text
        page = await send(browser, edited(files[0], tmp_path / "e.xlsx", cells), to)
        assert page.status_code == 200, page.text
        assert SHOWN_NAME in page.text
        text = re.sub(r"<[^>]+>|\s+", " ", unescape(page.text)).replace("\u200b", "")
        for words in ("1 row was corrected", "1 more is sent as it was", "2 rows can't be corrected so"):
            assert words in text
        assert re.search(r"/price +10\.00 +24\.90", text)
        for words in ("written with a point", "A newer result came"):
            assert words in text
        fields = {**hidden(page.text), "release": "steps"}
        sent = [await browser.post("/acme/price/correct", data=fields) for _ in range(2)]
        assert [each.status_code for each in sent] == [303, 303], sent[0].text
        [command, again] = await commands_in(broker_settings, 2)
        assert command.id == again.id
        assert command.request.pace is not None
        assert command.request.pace.steps is not None
        assert command.request.pace.steps[0] == 1
        await desk.record(command)
        assert {each.key: (each.state, each.corrected) for each in await desk.items(command.id)} == {
            "SKU-1": ("queued", True),
            "C": ("queued", False),
        }
        assert len(await desk.claim()) == 1
        changed = await browser.post("/acme/price/correct", data={**fields, "corrections": "[[1]]"})
        assert changed.status_code == 422
    async with signed_in(kafka_app, owning, "operator", evidence=False) as blind:
        assert (await send(blind, tmp_path / "e.xlsx", to)).status_code == 403
