"""Keyboard focus: a person without a mouse goes on from where they were."""

import asyncpg
from playwright.async_api import Page, expect

from tests.browser.conftest import Arrive
from tests.integration.api.conftest import Store
from tests.support.account import account

FOCUSED = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"


async def focused(page: Page) -> str:
    return str(await page.evaluate(FOCUSED))


async def test_after_pausing_and_resuming(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/affiliates")
    for name in ("MLB", 'A"><b>'):
        await page.get_by_label(f"Pause {name}…", exact=True).focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name=f"Pause {name}", exact=True).focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name=f"Resume {name}")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_label(f"Pause {name}…", exact=True)).to_be_focused()


async def test_after_reprocessing_a_row(arrive: Arrive, store_events: Store, agents: None) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error")
    row = page.locator("tr.log", has_text="SKU-3")
    await row.locator("summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(row.get_by_role("button", name="Reprocess")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.good").first).to_be_visible()
    await expect(row.locator("summary")).to_be_focused()
    await expect(row.locator(".reprocess-state")).to_be_visible(timeout=30_000)  # the row was put in anew
    await expect(row.locator("summary")).to_be_focused()


async def test_after_closing_a_row_from_within(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price?status=error")
    first, second = (page.locator(f"tr.log >> nth={number} >> .disclose") for number in range(2))
    for key in ("o", "e"):
        await page.keyboard.press("j")
        await first.click()
        await second.click()
        await expect(page.locator("tr.detail .panel")).to_have_count(2)
        await page.locator("tr.detail >> nth=0 >> a").first.focus()
        await page.keyboard.press(key)  # `o` is of the row whose detail has the focus, wherever one was before
        await expect(first).to_be_focused()
        await expect(first).to_have_attribute("aria-expanded", "false")
        await page.click("#collapse-all")
        await expect(page.locator("tr.detail")).to_have_count(0)


async def test_after_deciding_on_a_group(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price/groups")
    await page.locator(".group summary").last.click()
    await page.locator(".group button[value=ignored]").last.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".g-state .tag", has_text="Ignored")).to_be_visible()
    await expect(page.locator(".group-row", has_text="Ignored")).to_be_focused()
    await expect(page.locator(".group-row", has_text="Ignored").locator(".decide")).to_be_visible()


async def test_the_first_row_is_near(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price")
    await page.keyboard.press("Tab")
    assert await focused(page) == "Skip to content"
    await page.keyboard.press("Tab")
    assert await focused(page) == "Skip to the list"
    await expect(page.locator("a.skip >> nth=1")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    for _ in range(2):
        await page.keyboard.press("Tab")
    await expect(page.locator("tr.log >> nth=0 >> .disclose")).to_be_focused()


async def test_after_updating_a_plan(arrive: Arrive, store_events: Store, owner: asyncpg.Connection) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price/reprocess?status=error")
    update = page.get_by_role("button", name="Update the plan")
    for change in ("check", "uncheck"):
        await getattr(page.locator(".take input").first, change)()
        await update.focus()
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await expect(update).to_be_focused()
    await owner.execute("DELETE FROM status_logs")  # nothing is left to choose from
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_be_focused()
