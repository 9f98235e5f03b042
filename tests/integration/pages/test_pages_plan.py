"""A policy that always wants a reason: every page that offers reprocessing leads to the plan, which asks for it."""

import re
from html import unescape
from pathlib import Path

import pytest
from fastapi import FastAPI

from schemas.policy import Policy
from tests.integration.api.conftest import Caller, Store
from tests.integration.api.export_answers import LOGS
from tests.integration.pages.conftest import Browser, Visit
from tests.integration.pages.test_pages_exports import mark, send
from tests.support.events import result

ALWAYS = Policy.model_validate('{"price": {"*": {"reason_required_above": 0}}}')
WHY = "A reason is required for more than 0 logs of MLB; these are 1."


@pytest.fixture
async def browser(app: FastAPI, visit: Visit, store_events: Store) -> Browser:
    """An operator, before one failed price."""
    app.state.policy = ALWAYS
    await store_events(result(key="SKU-1"))
    return await visit("operator")


def asks_for_a_reason(page: str) -> bool:
    """Tell if `page` is a plan that is sent with a reason only, and says why."""
    [field] = re.findall(r'<input id="reason"[^>]*>', page)
    return "<b>1</b> of 1 will be sent" in page and " required" in field and WHY in page


async def log_link(browser: Browser) -> str:
    """The address of the page of the one log."""
    [found] = set(re.findall(r'href="(/acme/price/logs/[0-9a-f-]+)"', (await browser.get("/acme/price")).text))
    return str(found)


async def test_a_row_leads_to_the_plan(browser: Browser) -> None:
    page = (await browser.get("/acme/price")).text
    assert "hx-post" not in page
    [link] = re.findall(r'href="(/acme/price/reprocess\?log_id=[^"]+)"', page)
    assert asks_for_a_reason((await browser.get(link)).text)


async def test_so_does_the_page_of_its_log(browser: Browser) -> None:
    page = (await browser.get(await log_link(browser))).text
    assert 'action="/acme/price/reprocess"' not in page
    [link] = re.findall(r'href="(/acme/price/reprocess\?log_id=[^"]+)"', page)
    assert asks_for_a_reason((await browser.get(link)).text)


async def test_a_row_can_be_chosen_with_others(browser: Browser) -> None:
    [box] = re.findall(r'<input type="checkbox" form="selection"[^>]*>', (await browser.get("/acme/price")).text)
    assert "disabled" not in box
    [log_id] = re.findall(r'value="([^"]+)"', box)
    assert asks_for_a_reason((await browser.get("/acme/price/reprocess", params={"log_id": log_id})).text)


async def test_a_filter_asks_too(browser: Browser) -> None:
    assert asks_for_a_reason((await browser.get("/acme/price/reprocess?status=error")).text)


async def test_a_workbook_asks_too(browser: Browser, operator: Caller, tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    path.write_bytes((await operator.get(f"{LOGS}/export.xlsx")).content)
    assert asks_for_a_reason((await send(browser, mark(path, 2))).text)


@pytest.mark.parametrize(("reason", "status"), [("", 422), ("  ", 422), ("the table was corrected", 503)])
async def test_the_form_is_taken_with_a_reason_only(browser: Browser, reason: str, status: int) -> None:
    """Kafka is away: the form is accepted as a command, and the page says that it could not be sent."""
    log_id = (await log_link(browser)).rpartition("/")[2]
    page = (await browser.get("/acme/price/reprocess", params={"log_id": log_id})).text
    [once] = re.findall(r'name="once" value="([^"]+)"', page)
    [token, *_] = re.findall(r'name="form_token" value="([^"]+)"', page)
    data = {"form_token": token, "once": once, "log_id": log_id, "reason": reason}
    answer = await browser.post("/acme/price/reprocess", data=data)
    assert answer.status_code == status
    assert (WHY in answer.text) == (status == 422)


async def test_a_plan_of_rows_counts_each_verdict(visit: Visit, store_events: Store) -> None:
    """Verdicts are those of a filter, and `not_found`."""
    await store_events(result(key="SKU-1"), result("e2", key="SKU-2", status="success", errors=None))
    browser = await visit("operator")
    ids = set(re.findall(r'href="/acme/price/logs/([0-9a-f-]+)"', (await browser.get("/acme/price")).text))
    missing = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"
    page = (await browser.get("/acme/price/reprocess", params={"log_id": [*ids, *ids, missing]})).text
    assert "<b>1</b> of 3 will be sent" in page
    for words in ("Succeeded already", "The last result is a success.", "Not found", "There is no such log"):
        assert words in page
    assert " required" not in re.findall(r'<input id="reason"[^>]*>', page)[0]


@pytest.mark.parametrize("by_filter", [False, True], ids=["rows", "filter"])
@pytest.mark.parametrize(
    ("language", "why"),
    [
        ("pt-BR", "É preciso informar um motivo para mais de 0 registros de MLB; estes são 1."),
        ("es", "Se requiere un motivo para más de 0 registros de MLB; estos son 1."),
    ],
)
async def test_a_blank_reason_shows_the_plan_again_in_the_readers_language(
    browser: Browser, language: str, why: str, *, by_filter: bool
) -> None:
    """Blanks pass `required`. What was chosen in the form stays chosen."""
    browser.headers["accept-language"] = language
    chosen = {"status": "error"} if by_filter else {"log_id": (await log_link(browser)).rpartition("/")[2]}
    page = (await browser.get("/acme/price/reprocess", params=chosen)).text
    hidden = {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)}
    data = {**hidden, "reason": "  ", "mode": "replay", "release": "steps"}
    answer = await browser.post("/acme/price/reprocess", data=data)
    assert answer.status_code == 422
    assert answer.text.count(why) == 2  # as what is wrong, and beside the field
    assert re.search(r'value="replay" checked', answer.text)
    assert re.search(r'value="steps" checked', answer.text)
    kept = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text)
    assert {name for name, _value in kept} == set(hidden)
    assert all(unescape(value) == hidden[name] for name, value in kept if name in {"log_id", "filter"})


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/acme/search?q=%EF%BF%BD", "Busca deve ser UTF-8 válido, sem NUL"),
        ("/acme/price?status=no", "status.0 deve ser um destes: success, warning, error"),
        ("/acme/price?page_size=0", "page_size deve estar entre 1 e "),
        ("/acme/price?processed_from=no&period=custom", "De não é uma data e hora que existe"),
    ],
)
async def test_what_is_wrong_with_an_address_is_said_in_the_readers_language(
    browser: Browser, path: str, said: str
) -> None:
    browser.headers["accept-language"] = "pt-BR"
    answer = await browser.get(path)
    assert answer.status_code == 422
    assert said in answer.text
    assert "must be" not in answer.text
