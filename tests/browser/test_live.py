"""Live updates: what is new appears, and nothing that a person is at is lost."""

from playwright.async_api import expect

from tests.browser.conftest import Arrive
from tests.integration.api.conftest import Store
from tests.support.account import account
from tests.support.events import at, result


async def test_a_new_result_appears_by_itself(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price")
    await expect(page.locator("#live")).to_contain_text("Live")
    await store_events(result("n1", key="SKU-NEW", processed_at=at(60)))
    await expect(page.locator("tr.log >> nth=0")).to_contain_text("SKU-NEW")
    await expect(page.locator(".total")).to_contain_text("8")


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
