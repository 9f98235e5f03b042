"""A person sorts a list: by a press or a key on its heading, while rows come, on a phone, without scripts."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, expect

from admin.pages import live, logs
from api import log_listing
from storage.logs import by_column
from tests.browser.conftest import Arrive
from tests.browser.test_accessible import violations
from tests.integration.api.conftest import Store
from tests.support.account import account
from tests.support.events import at, result

CUT = "(link) => [link, link.parentElement].some((each) => each.scrollWidth > each.clientWidth)"


async def keys_of(page: Page) -> list[str]:
    return await page.locator("tr.log .key").all_inner_texts()


def sorted_heading(page: Page) -> Locator:
    return page.locator("th[aria-sort]")


async def test_a_heading_sorts_and_the_focus_stays_on_it(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price?status=error")
    await expect(sorted_heading(page)).to_have_class("c-processed_at")
    await page.locator("th.c-key a").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{person.address}/acme/price?status=error&sort=key")
    await expect(sorted_heading(page)).to_have_attribute("aria-sort", "ascending")
    await expect(sorted_heading(page)).to_have_class("c-key")
    await expect(page.locator("th.c-key a")).to_be_focused()
    assert await keys_of(page) == [f"SKU-{n}" for n in range(1, 6)]
    await page.keyboard.press("Enter")
    await expect(sorted_heading(page)).to_have_attribute("aria-sort", "descending")
    assert await keys_of(page) == [f"SKU-{n}" for n in (5, 4, 3, 2, 1)]
    assert await violations(page) == []
    # It stays when the filter changes, and goes by its own link; back goes back.
    await page.check("input[name=affiliate][value=AMZ]", force=True)
    await expect(page.locator("tr.log")).to_have_count(2)
    await expect(page).to_have_url(re.compile("sort=-key"))
    assert await keys_of(page) == ["SKU-4", "SKU-2"]
    await expect(page.locator("#live")).to_contain_text("Live")
    await page.locator(".applied-chip", has_text="Order:").click()
    await expect(sorted_heading(page)).to_have_class("c-processed_at")
    await expect(page).to_have_url(re.compile(r"affiliate=AMZ$"))
    await page.go_back()
    await expect(sorted_heading(page)).to_have_class("c-key")


async def test_a_list_is_sorted_without_scripts(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer", scripts=False)
    page = person.page
    await person.open("/acme/price?columns=status.attempts")
    await page.click("th.c-status a")
    await expect(page).to_have_url(f"{person.address}/acme/price?columns=status.attempts&sort=-status")
    assert await page.locator("tr.log .status").all_inner_texts() == ["Error"] * 5 + ["Success"] * 2
    await page.click("th.c-status a")
    assert (await page.locator("tr.log .status").all_inner_texts())[:2] == ["Success"] * 2


@pytest.mark.parametrize("lang", ["pt-BR", "en-US", "es-AR"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_headings_are_there_to_press_at_any_width(
    arrive: Arrive, store_events: Store, width: int, lang: str
) -> None:
    await store_events(*account())
    person = await arrive("operator", lang=lang, viewport={"width": width, "height": 900})
    page = person.page
    await person.open("/acme/price?sort=-status")
    links = page.locator(".logs thead a")
    await expect(links).to_have_count(4)
    for link in await links.all():
        await expect(link).to_be_visible()
        assert not await link.evaluate(CUT), await link.inner_text()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await violations(page) == []
    await page.locator("th.c-key a").click()
    await expect(sorted_heading(page)).to_have_class("c-key")


async def test_a_new_row_comes_where_it_belongs(
    arrive: Arrive, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.2)
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?sort=key")
    await expect(page.locator("#live")).to_contain_text("Live")
    await store_events(result("n1", key="SKU-31", processed_at=at(60)))
    await expect(page.locator("tr.log >> nth=3")).to_contain_text("SKU-31")
    assert await keys_of(page) == sorted(await keys_of(page))
    # While somebody is at the list it waits, and is then put in its place.
    await page.locator("tr.log >> nth=0 >> .pick input").check()
    await store_events(result("n2", key="SKU-32", processed_at=at(61)))
    await expect(page.locator("#newer")).to_have_text("1 new result")
    await page.click("#newer")
    await expect(page.locator("tr.log >> nth=4")).to_contain_text("SKU-32")
    # From the oldest on, a new one comes at the end, and is not said to be on top.
    await person.open("/acme/price?sort=oldest")
    await expect(page.locator("#live")).to_contain_text("Live")
    await page.locator("tr.log >> nth=0 >> .pick input").check()
    await store_events(result("n3", key="SKU-33", processed_at=at(62)))
    await expect(page.locator("tr.log >> nth=-1")).to_contain_text("SKU-33")
    await expect(page.locator("#newer")).to_be_hidden()


async def test_a_row_that_moves_down_is_not_said_to_have_left_the_filter(
    arrive: Arrive, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.2)
    await store_events(*(result(f"m{n}", key=f"SKU-{n:03}", processed_at=at(n / 10)) for n in range(40)))
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?sort=oldest&page_size=25")
    await expect(page.locator("#live")).to_contain_text("Live")
    row = page.locator("tr.log", has_text="SKU-003")
    await row.locator(".pick input").check()
    await store_events(result("late", key="SKU-003", processed_at=at(60)))
    await expect(row.locator(".left")).to_have_text("No longer on this page")
    await expect(page.locator("tr.log:not(.gone)")).to_have_count(25)


async def scroll_to(page: Page, rows: int) -> None:
    async with asyncio.timeout(20):
        while await page.locator("tr.log").count() < rows:
            await page.evaluate("scrollTo(0, document.body.scrollHeight)")
            await page.wait_for_timeout(100)


async def test_a_sorted_list_goes_on_while_one_scrolls_and_loses_no_row_to_one_that_moves(
    arrive: Arrive, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.2)
    # The attempts go down with the number: SKU-000 has four, the last ones one.
    for attempt in range(4):
        count = (120, 90, 60, 30)[attempt]
        await store_events(
            *(
                result(f"m{n}-{attempt}", key=f"SKU-{n:03}", processed_at=at(n / 10 + attempt * 20))
                for n in range(count)
            )
        )
    person = await arrive("operator")
    page = person.page
    await person.open("/preferences?next=/acme/price?page_size=25")
    await page.check("input[name=paging][value=scroll]", force=True)
    await page.click("button.primary")
    await page.wait_for_url("**/acme/price?page_size=25")
    await person.open("/acme/price?page_size=25&sort=-attempts&columns=attempts.processed_at")
    await expect(page.locator("#live")).to_have_attribute("data-state", "on")
    await scroll_to(page, 75)
    before = await keys_of(page)
    assert (
        before[:75]
        == [f"SKU-{n:03}" for n in [*reversed(range(30)), *reversed(range(30, 60)), *reversed(range(60, 90))]][:75]
    )
    # One from further down moves into the first page: it is there once, and all others stay.
    await page.evaluate("scrollTo(0, 0)")
    for attempt in range(3):
        await store_events(result(f"up{attempt}", key="SKU-070", processed_at=at(200 + attempt)))
    await expect(page.locator("tr.log >> nth=0")).to_contain_text("SKU-070")
    after = await keys_of(page)
    assert after.count("SKU-070") == 1
    assert [each for each in after if each != "SKU-070"] == [each for each in before if each != "SKU-070"]
    await scroll_to(page, 120)
    await expect(page.locator(".pager")).to_contain_text("End of the list.")
    every = await keys_of(page)
    assert len(set(every)) == len(every) == 120


async def test_a_list_that_can_not_be_sorted_says_why_until_it_can_be(
    arrive: Arrive, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.2)
    for module in (by_column, log_listing, logs):
        monkeypatch.setattr(module, "MAX_SORTED", 7)
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    told = page.locator("#unsorted")
    await person.open("/acme/price?sort=key")
    await expect(page.locator("#live")).to_contain_text("Live")
    await expect(told).to_have_count(0)
    # One more than are sorted comes while the list is open.
    await store_events(result("n1", key="SKU-0", processed_at=at(60)))
    await expect(told).to_contain_text("needs a filter of at most 7 records; this one matches 8.")
    await expect(sorted_heading(page)).to_have_class("c-processed_at")
    await expect(page.locator("tr.log >> nth=0")).to_contain_text("SKU-0")
    assert await violations(page) == []
    await page.check("input[name=status][value=error]", force=True)
    await expect(told).to_have_count(0)
    await expect(page.locator("tr.log")).to_have_count(6)
    assert await keys_of(page) == [f"SKU-{n}" for n in range(6)]
