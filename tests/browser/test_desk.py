"""A list as a desk: the palette, columns, a list that goes on, charts that answer, errors that stay in their row."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Arrive, Person
from tests.browser.test_accessible import violations
from tests.integration.api.conftest import Store
from tests.support.account import account
from tests.support.events import at, result


async def chosen(page: Page) -> str:
    """The option that the field of the palette points at, by its id, as a screen reader finds it."""
    return str(
        await page.locator("#palette input").evaluate(
            "(field) => document.getElementById(field.getAttribute('aria-activedescendant'))?.textContent.trim()"
        )
    )


async def enter(page: Page, address: str | None = None) -> None:
    """Press Enter, and wait until the page that it leads to has loaded."""
    async with page.expect_navigation(url=address):
        await page.keyboard.press("Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_palette_goes_anywhere_by_the_keyboard_alone(
    arrive: Arrive, store_events: Store, scheme: str
) -> None:
    await store_events(*account())
    person = await arrive("operator", color_scheme=scheme)
    page = person.page
    palette, field = page.locator("#palette"), page.locator("#palette input")
    await person.open("/acme/price?status=error")
    await page.click("#views summary")
    await page.fill("#view-name", "only errors")
    await page.click("#views button:has-text('Save')")
    await page.locator("#expand-all").focus()
    await page.keyboard.press("Control+k")
    await expect(field).to_be_focused()
    await expect(palette.get_by_role("option", name="only errors")).to_be_visible()
    assert await violations(page) == []
    first = await chosen(page)
    await page.keyboard.press("ArrowDown")
    assert await chosen(page) not in {first, "None"}
    await page.keyboard.press("ArrowUp")
    assert await chosen(page) == first
    await page.keyboard.press("Escape")
    await expect(palette).to_be_hidden()
    await expect(page.locator("#expand-all")).to_be_focused()
    # A saved view, by some of its letters; a page; a name, of which the last that was typed counts.
    await page.keyboard.press("Control+k")
    await page.keyboard.type("ONLY err")
    await expect(palette.get_by_role("option").filter(visible=True).first).to_contain_text("only errors")
    # The view is of the page that is open already: only the load says that it has come.
    await enter(page, f"{person.address}/acme/price?status=error")
    await page.keyboard.press("Meta+k")
    await page.keyboard.type("track")
    await enter(page, f"{person.address}/acme/tracking")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("sku-")
    await page.keyboard.type("3")
    await expect(palette.get_by_role("option", name="SKU-3")).to_have_count(2)  # the log, and all that is found
    await expect(palette.get_by_role("option").filter(visible=True).first).to_contain_text("SKU-3")
    assert await violations(page) == []
    await enter(page)
    await expect(page.locator("h1")).to_have_text("SKU-3")
    # Colours stay, languages too.
    await page.keyboard.press("Control+k")
    await page.keyboard.type("dark")
    await expect(palette.get_by_role("option", name="Dark")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("portugues")
    await expect(palette.get_by_role("option", name="Português")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("lang", "pt-BR")


async def test_a_language_chosen_in_the_palette_wins_over_that_of_the_address(
    arrive: Arrive, store_events: Store
) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    palette = page.locator("#palette")
    await person.open("/acme/price?lang=es&status=error")
    await expect(page.locator("html")).to_have_attribute("lang", re.compile("^es"))
    await page.keyboard.press("Control+k")
    await page.keyboard.type("english")
    await expect(palette.get_by_role("option").filter(visible=True).first).to_have_text("English")
    await expect(palette.locator("[data-found] [role=option]")).to_have_count(1)
    # Without a network the palette says that it did not work, and the page stays.
    failed = str(await page.evaluate("document.body.dataset.textFailed"))
    await page.context.set_offline(True)
    await page.keyboard.press("Enter")
    await expect(palette.locator("[role=status]")).to_have_text(failed)
    await page.context.set_offline(False)
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("lang", re.compile("^en"))
    await expect(page).to_have_url(f"{person.address}/acme/price?status=error")
    _nothing_but_the_line(person)


async def test_the_palette_opens_nothing_that_an_earlier_text_found(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    palette, field = page.locator("#palette"), page.locator("#palette input")
    said, hits = palette.locator("[role=status]"), palette.locator("[data-found] .key")
    answers = asyncio.Event()
    asked: list[str] = []

    async def slow(route: Route) -> None:
        if "hx-request" in route.request.headers:  # the palette, not the page of the search
            asked.append(route.request.url.partition("?q=")[2])
            await answers.wait()
        await route.continue_()

    await page.route(re.compile(r"/acme/search\?"), slow)
    await person.open("/acme/price")
    await page.keyboard.press("Control+k")
    await expect(palette.get_by_role("option", name="Dark")).to_be_visible()
    await page.keyboard.type("~")  # too short for a search
    await expect(said).to_have_text("Nothing was found under this name")
    await field.fill("")
    # While a search runs nothing is chosen, and nobody says yet that nothing was found.
    async with page.expect_request(re.compile(r"/acme/search\?")):
        await field.fill("sku-3")
    await expect(said).to_be_empty()
    await expect(field).not_to_have_attribute("aria-activedescendant", re.compile("."))
    # One search at a time: the newest text follows, and what the one before found is not shown.
    for text in ("sku-2", "sku-1", "sku-"):
        await field.fill(text)
        await page.wait_for_timeout(300)
    await field.fill("sku-3x")
    await page.wait_for_timeout(300)
    assert asked == ["sku-3"]
    answers.set()
    await expect(palette.locator("[data-found]")).to_contain_text("sku-3x")
    await expect(hits).to_have_count(0)
    assert asked == ["sku-3", "sku-3x"]
    await field.fill("sku-3")
    await expect(hits).to_have_text(["SKU-3"])
    assert "SKU-3" in await chosen(page)
    # Who types on and confirms at once means what is typed.
    await page.keyboard.type("x")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{person.address}/acme/search?q=sku-3x")


async def test_columns_are_chosen_and_a_list_goes_on_while_one_scrolls(arrive: Arrive, store_events: Store) -> None:
    await store_events(*(result(f"m{n}", key=f"SKU-{n:03}", processed_at=at(n / 10)) for n in range(120)))
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?page_size=25")
    await page.click("#columns summary")
    await page.check("#columns [value=attempts]")
    await page.uncheck("#columns [value=affiliate]")
    await page.click("#columns button")
    await expect(page.locator("th.c-attempts")).to_be_visible()
    await expect(page.locator("th.c-affiliate")).to_have_count(0)
    await expect(page).to_have_url(f"{person.address}/acme/price?page_size=25")
    await page.click("tr.log >> nth=0 >> .disclose")
    await expect(page.locator("tr.detail td[colspan='6']")).to_be_visible()
    await page.click("tr.log >> nth=0 >> .disclose")
    await expect(page.locator("tr.log")).to_have_count(25)
    await person.open("/preferences?next=/acme/price?page_size=25")
    await page.check("input[name=paging][value=scroll]", force=True)
    await page.click("button.primary")
    await page.wait_for_url("**/acme/price?page_size=25")
    for _ in range(12):
        await page.keyboard.press("End")
        if await page.locator("tr.log").count() == 120:
            break
        await page.wait_for_timeout(300)
    await expect(page.locator("tr.log")).to_have_count(120)
    await expect(page.locator(".pager")).to_contain_text("End of the list.")
    keys = await page.locator("tr.log .key").all_inner_texts()
    assert keys == [f"SKU-{n:03}" for n in reversed(range(120))]
    await page.click("#expand-all")
    await expect(page.locator("tr.detail")).to_have_count(120)


async def test_a_list_that_goes_on_loses_no_row_to_newer_ones(arrive: Arrive, store_events: Store) -> None:
    await store_events(*(result(f"m{n}", key=f"SKU-{n:03}", processed_at=at(n / 10)) for n in range(120)))
    person = await arrive("operator")
    page = person.page
    await person.open("/preferences?next=/acme/price?page_size=25")
    await page.check("input[name=paging][value=scroll]", force=True)
    await page.click("button.primary")
    await page.wait_for_url("**/acme/price?page_size=25")
    await expect(page.locator("#live")).to_have_attribute("data-state", "on")
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await expect(page.locator("tr.log >> nth=49")).to_be_attached()
    await expect(page.locator("#as-loaded")).to_have_text("Rows further down are as they were when loaded.")
    # What a reload would not show is not in the address.
    await page.locator("tr.log >> nth=30 >> .disclose").click()
    await expect(page.locator("tr.detail .panel")).to_be_visible()
    await expect(page).to_have_url(f"{person.address}/acme/price?page_size=25")
    await page.click("#collapse-all")
    await page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
    await store_events(*(result(f"n{n}", key=f"NEW-{n}", processed_at=at(60 + n)) for n in range(3)))
    await expect(page.locator("tr.log >> nth=0")).to_contain_text("NEW-2")
    keys = await page.locator("tr.log .key").all_inner_texts()
    assert len(keys) >= 53
    every = ["NEW-2", "NEW-1", "NEW-0", *(f"SKU-{n:03}" for n in reversed(range(120)))]
    assert keys == every[: len(keys)]
    await expect(page.locator("#as-loaded")).to_be_visible()
    await page.click("#expand-all")
    await expect(page.locator("tr.log .disclose[aria-expanded=false]")).to_have_count(0)


async def test_the_next_page_is_that_after_the_rows_that_are_shown(arrive: Arrive, store_events: Store) -> None:
    await store_events(*(result(f"m{n}", key=f"SKU-{n:03}", processed_at=at(n / 10)) for n in range(40)))
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price?page_size=25")
    await expect(page.locator("#live")).to_have_attribute("data-state", "on")
    await store_events(*(result(f"n{n}", key=f"NEW-{n}", processed_at=at(60 + n)) for n in range(3)))
    await expect(page.locator("tr.log >> nth=0")).to_contain_text("NEW-2")
    await expect(page.locator("tr.log >> nth=24")).to_contain_text("SKU-018")
    await page.click(".pager a[rel=next]")
    await expect(page.locator("tr.log >> nth=0")).to_contain_text("SKU-017")


async def test_charts_have_a_scale_and_their_columns_answer(arrive: Arrive, store_events: Store) -> None:
    old = [result(f"d{n}", key=f"OLD-{n}", processed_at=at(-86_400 * n)) for n in range(1, 5)]
    await store_events(*account(), *old)
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price?period=7d")
    await page.click(".facet-charts > summary")
    chart = page.locator(".chart", has_text="Logs by status")
    await expect(chart.locator(".scale")).to_contain_text("0")
    assert await violations(page) == []
    last = chart.locator("a.column").last
    await last.focus()
    await expect(chart.locator("[data-reading]")).to_contain_text("Error")
    told = await chart.locator("[data-reading]").inner_text()
    await page.keyboard.press("ArrowLeft")
    await expect(chart.locator("[data-reading]")).not_to_have_text(told)
    await page.keyboard.press("End")
    await expect(last).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".applied-chip")).to_have_count(1)
    await expect(page.locator("tr.log", has_text="OLD-4")).to_have_count(0)
    await expect(page.locator("tr.log", has_text="SKU-7")).to_have_count(1)


async def test_an_error_of_a_row_stays_in_it_and_the_list_where_it_was(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error")
    address = f"{person.address}/acme/price?status=error"
    row = page.locator("tr.log", has_text="SKU-3")
    await expect(page.locator("#live")).to_have_attribute("data-state", "on")
    await page.context.set_offline(True)
    await row.locator(".disclose").focus()
    await page.keyboard.press("Enter")
    problem = page.locator("tr.problem")
    await expect(problem).to_contain_text("This row could not be loaded.")
    await expect(page.locator("tr.log")).to_have_count(5)
    assert page.url.startswith(address)
    await page.context.set_offline(False)
    await problem.get_by_role("button", name="Try again").click()
    await expect(page.locator("tr.detail .panel")).to_be_visible()
    await expect(problem).to_have_count(0)
    await expect(row.locator(".disclose")).to_be_focused()
    await row.locator(".disclose").click()
    # The same for what the row was asked to do.
    await page.context.set_offline(True)
    await row.locator("summary").click()
    await row.get_by_role("button", name="Reprocess").click()
    await expect(problem).to_be_visible()
    await page.context.set_offline(False)
    await problem.get_by_role("button", name="Try again").click()
    await expect(page.locator(".message.good").first).to_be_visible()
    await expect(row.locator("summary")).to_be_focused()
    await expect(problem).to_have_count(0)
    _nothing_but_the_line(person)


def _nothing_but_the_line(person: Person) -> None:
    """A browser says in its console that it had no line, as htmx does; nothing else may be there."""
    person.forget("net::ERR_INTERNET_DISCONNECTED", "error: htmx:")
