"""The overview as a store's person in Brazil meets it, on a desk and on a phone."""

import os
import re

import asyncpg
import pytest
from playwright.async_api import expect

from admin.pages import counts
from schemas.catalogue import CATALOGUE
from tests.browser.conftest import Arrive
from tests.browser.test_accessible import violations
from tests.integration.api.conftest import Store
from tests.support.account import account
from tests.support.traded import QUIET, traded


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
async def test_it_leads_from_what_changed_to_its_rows(
    arrive: Arrive, store_events: Store, owner: asyncpg.Connection, width: int, scheme: str
) -> None:
    await store_events(*account())
    await traded(owner, changed=True)
    person = await arrive("operator", lang="pt-BR", color_scheme=scheme, viewport={"width": width, "height": 900})
    page = person.page
    await expect(page.locator("#numbers")).to_be_visible()
    if shots := os.environ.get("SHOTS"):
        await page.screenshot(path=f"{shots}/overview-{width}.png", full_page=True)
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    first = page.locator(".finding").first
    await expect(first).to_contain_text("Mais falhas que o normal")
    await expect(first).to_be_in_viewport()
    # A table for who hears it, also where it is shown as cards.
    table = page.get_by_role("table", name="Falhas por afiliado e tipo")
    await expect(table.get_by_role("columnheader")).to_have_count(len(CATALOGUE) + 1)
    await expect(table.get_by_role("row")).to_have_count(1 + len(QUIET) + 3)
    departed = table.get_by_role("cell").and_(page.locator(".departs"))
    await expect(departed).to_have_count(1)
    await expect(departed).to_contain_text("mais falhas que o normal")
    boxes = [await each.bounding_box() for each in await table.locator("td > a").all()]
    assert all(box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
    await departed.get_by_role("link").click()
    await expect(page.locator(".applied")).to_contain_text("MLB")
    await expect(page.locator(".applied")).to_contain_text("Erro")
    await page.go_back()
    await first.get_by_role("link").click()
    await expect(page).to_have_url(re.compile(r"/acme/price/reprocess\?.*affiliate=MLB.*processed_from="))


async def test_counts_that_do_not_come_say_so_and_are_asked_for_again(
    arrive: Arrive, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    monkeypatch.setattr(counts, "BUDGET_SECONDS", 0.0)
    person.expected_status = {503}
    of_price = re.compile("/acme/price/overview")
    await page.route(of_price, lambda route: route.fulfill(status=503))
    await person.open("/acme/overview")
    place = page.locator(".counting")
    await expect(place).to_have_count(1)  # the others came
    await expect(place).to_contain_text("The records could not be counted.")
    await expect(place).not_to_have_attribute("aria-busy", "true")
    assert await violations(page) == []
    await page.unroute(of_price)
    await place.get_by_role("button", name="Try again").click()
    await expect(place).to_have_count(0)
    await expect(page.locator("[aria-labelledby=of-price] .by-status")).to_be_visible()
    person.forget("Status Error Code 503", "htmx:")  # as htmx says in the console


async def test_an_empty_account_shows_its_first_result_by_itself(arrive: Arrive, store_events: Store) -> None:
    person = await arrive("admin", lang="pt-BR")
    page = person.page
    await expect(page.locator(".first-steps")).to_contain_text("Conecte o primeiro marketplace")
    if shots := os.environ.get("SHOTS"):
        await page.screenshot(path=f"{shots}/overview-empty.png", full_page=True)
    assert await violations(page) == []
    await store_events(*account())
    await expect(page.locator("#matrix")).to_be_visible(timeout=20_000)
