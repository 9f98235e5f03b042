"""Live updates: what is new appears, and nothing that a person is at is lost."""

import asyncio
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from admin.pages import live
from storage.database import Database
from storage.reprocess.breakers import Answered, count_answers
from tests.browser.conftest import Arrive
from tests.integration.api.conftest import Store
from tests.support.account import account
from tests.support.events import at, result

#: Hides the tab, as another one before it does, or shows it again.
HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_a_new_result_appears_by_itself(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price")
    await expect(page.locator("#live")).to_contain_text("Live")
    await store_events(result("n1", key="SKU-NEW", processed_at=at(60)))
    await expect(page.locator("tr.log >> nth=0")).to_contain_text("SKU-NEW")
    await expect(page.locator(".total")).to_contain_text("8")


async def test_what_came_while_the_tab_was_hidden_is_there_when_it_is_back(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price")
    await expect(page.locator("#live")).to_contain_text("Live")
    await page.evaluate(HIDE, arg=True)
    await store_events(result("n1", key="SKU-NEW", processed_at=at(60)))
    await page.evaluate(HIDE, arg=False)
    await expect(page.locator("tr.log >> nth=0")).to_contain_text("SKU-NEW")
    await expect(page.locator("#live")).to_contain_text("Live")


async def test_what_came_between_two_streams_appears_with_the_second(
    arrive: Arrive, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price")
    await expect(page.locator("#live")).to_contain_text("Live")
    with monkeypatch.context() as ended:
        ended.setattr(live, "STREAM_SECONDS", 0.0)
        async with asyncio.timeout(20):
            while await page.evaluate("source.readyState") == 1:
                await page.wait_for_timeout(50)
        await store_events(result("n1", key="SKU-NEW", processed_at=at(60)))
    await expect(page.locator("tr.log >> nth=0")).to_contain_text("SKU-NEW", timeout=20_000)
    await expect(page.locator("#live")).to_contain_text("Live")


async def test_the_first_result_fills_an_empty_page(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price?q=SKU-LATER")
    await expect(page.locator(".empty")).to_be_visible()
    await expect(page.locator("#live")).to_contain_text("Live")
    await store_events(result("n1", key="SKU-LATER", processed_at=at(60)))
    await expect(page.locator("tr.log")).to_have_count(1)


async def test_open_rows_selection_and_focus_stay(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error")
    await expect(page.locator("#live")).to_contain_text("Live")
    row = page.locator("tr.log", has_text="SKU-3")
    await row.locator(".disclose").click()
    await expect(page.locator("tr.detail pre").first).to_be_visible()  # it is short, and so open
    await row.locator(".pick input").check()
    await row.locator(".disclose").focus()
    await store_events(
        result("n1", key="SKU-NEW", processed_at=at(60)),
        result("n2", key="SKU-3", processed_at=at(60), message="another message", status="error"),
    )
    await expect(row).to_contain_text("another message")
    await expect(page.locator("#newer")).to_have_text("1 new result")
    await expect(page.locator("tr.detail pre").first).to_be_visible()
    await expect(row.locator(".pick input")).to_be_checked()
    await expect(row.locator(".disclose")).to_be_focused()
    assert await page.locator("tr.log", has_text="SKU-NEW").count() == 0
    await page.click("#newer")
    await expect(page.locator("tr.log", has_text="SKU-NEW")).to_have_count(1)
    await expect(page.locator("tr.detail pre").first).to_be_visible()


async def test_what_has_left_the_filter_is_marked_by_its_new_state(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price?status=error")
    await expect(page.locator("#live")).to_contain_text("Live")
    await store_events(result("n1", key="SKU-3", processed_at=at(60), status="success", errors=None, message=None))
    await expect(page.locator("tr.log")).to_have_count(4)


async def test_what_comes_next_is_due_when_its_time_is_there(
    arrive: Arrive, store_events: Store, writer: Database
) -> None:
    await store_events(*account())
    async with writer.transaction() as connection:
        await count_answers(connection, [Answered("acme", "MLB", "price", datetime.now(UTC), busy=True)] * 50)
    person = await arrive("viewer")
    await person.open("/acme/affiliates")
    coming = person.page.locator("time[data-due]")
    await expect(coming).to_contain_text("in ")
    await coming.evaluate("(time) => { time.dateTime = '2020-01-01T00:00:00Z'; tick(); }")
    await expect(coming).to_have_text("now")
