"""The last page before a mass action says what it is of, and the way back is to the same list: for every field."""

import html
import re
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx
import pytest
from babel import Locale
from starlette.datastructures import QueryParams

from admin.pages.times import DEFAULT_ZONE, PERIODS, exact
from admin.pages.view import View, read_view
from admin.pages.words import OWN
from schemas.filter import FIELDS, SPAN, FilterField
from schemas.playbook.marketplaces import Marketplaces
from schemas.words import word
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Visit
from tests.support.account import account
from tests.support.some_logs import EVERY


def words_of(field: FilterField, value: Any) -> str:
    """Return the words of a page in English for one value of a field."""
    if field.name in SPAN:
        at = exact(value, Locale("en"), ZoneInfo(DEFAULT_ZONE))
        return f"Processed: {at} – …" if field.shown.control == "from" else f"Processed: … – {at}"
    text = exact(value, Locale("en"), ZoneInfo(DEFAULT_ZONE)) if field.is_time else str(value)
    shown = word(field.shown.words, text, "en") if field.shown.words else text[: field.shown.characters]  # type: ignore[arg-type]
    if "affiliate" in field.name and (marketplace := Marketplaces().name_of(text)):
        shown = f"{marketplace} {shown}"
    return f"{field.shown.label['en']}: {shown}"


def meant(url: str) -> View:
    """The view of a link."""
    query = QueryParams(html.unescape(url).partition("?")[2])
    return read_view(query, datetime(2026, 11, 24, tzinfo=UTC), ZoneInfo(DEFAULT_ZONE))


def said(page: str) -> str:
    """Return the page's words for its filter, as a person reads them."""
    [about] = re.findall(r'<dl class="facts about">(.*?)</dl>', page, re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", about)).split(" ")).replace("\n", " ")


def backs(answer: httpx.Response) -> list[str]:
    """The links to the list: in the crumbs, and beside the form's button."""
    [crumb] = re.findall(r'<nav class="crumbs"[^>]*><a href="([^"]+)"', answer.text)
    [back] = re.findall(r'<a class="button" href="([^"]+)">Back</a>', answer.text)
    return [crumb, back]


@pytest.mark.parametrize("page", ["reprocess", "export"])
async def test_each_field_is_said_and_kept(visit: Visit, store_events: Store, page: str) -> None:
    await store_events(*account())
    browser = await visit("operator")
    for name, field in FIELDS.items():
        value, *_more = EVERY[name] if field.is_repeatable else [EVERY[name]]
        query = urlencode({name: value.isoformat() if field.is_time else value})
        answer = await browser.get(f"/acme/price/{page}?{query}")
        assert answer.status_code == 200
        assert words_of(field, value) in said(answer.text)
        assert [meant(each).filter for each in backs(answer)] == [meant(f"?{query}").filter] * 2, name
    assert "All, without a filter" in said((await browser.get(f"/acme/price/{page}")).text)


@pytest.mark.parametrize("period", [each for each in PERIODS if each != "custom"])
async def test_a_plan_names_its_period(visit: Visit, store_events: Store, period: str) -> None:
    answer = await (await visit("operator")).get(f"/acme/price/reprocess?period={period}")
    assert OWN["period"][period] in said(answer.text)
    assert [meant(each).period for each in backs(answer)] == [period] * 2


async def test_rows_that_were_chosen_lead_back_to_their_list(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("operator")
    listed = await browser.get("/acme/price?status=error&affiliate=MLB&page_size=25")
    ids = re.findall(r'name="log_id" value="([0-9a-f-]{36})"', listed.text)[:2]
    answer = await browser.mark(listed.text, ids)
    assert "Chosen rows: 2" in said(answer.text)
    assert backs(answer) == ["/acme/price?status=error&amp;affiliate=MLB&amp;page_size=25"] * 2


async def test_the_way_to_the_workbook_and_back_keeps_the_filter(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("operator")
    for page in ("/acme/price?status=error", "/acme/price/export?status=error"):
        [way] = re.findall(r'href="(/acme/price/marked[^"]*)"', (await browser.get(page)).text)
        assert [meant(each).filter.status for each in backs(await browser.get(way))] == [("error",)] * 2


async def test_who_may_not_send_has_no_way_to_the_workbook(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    assert "/marked" not in (await (await visit("viewer")).get("/acme/price")).text
    assert "/marked" not in (await (await visit("operator")).get("/acme/orders")).text


async def test_an_id_that_is_none_is_refused_with_the_filter(visit: Visit) -> None:
    browser = await visit("operator")
    assert (await browser.get(f"/acme/price/reprocess?status=maybe&log_id={uuid.uuid4()}")).status_code == 422
