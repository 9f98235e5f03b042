"""What people come for, each in at most four actions from the landing page."""

import asyncpg
from playwright.async_api import expect

from broker.settings import BrokerSettings
from connectors.retry import Answer, Retry
from tests.browser.conftest import Arrive, Person, connector
from tests.integration.api.conftest import Store
from tests.support.account import account
from tests.support.waiting import eventually

MOST_ACTIONS = 4


class Counted:
    """Counts what a person does: a click, or a text with Enter."""

    def __init__(self, person: Person) -> None:
        self.page = person.page
        self.actions = 0

    async def click(self, selector: str) -> None:
        self.actions += 1
        await self.page.click(selector)

    async def write(self, selector: str, text: str) -> None:
        self.actions += 1
        await self.page.fill(selector, text)
        await self.page.press(selector, "Enter")


async def test_find_an_order_by_its_marketplace_id(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    doing = Counted(person)
    await doing.write("#finder", "2000007001")
    await doing.click(".found a:has-text('1300000001-01')")
    await expect(person.page.locator("h1")).to_have_text("1300000001-01")
    await expect(person.page.get_by_text("O SKU 9 não está mapeado").first).to_be_visible()
    link = person.page.get_by_role("link", name="How to solve it")
    assert "troubleshooting" in str(await link.get_attribute("href"))
    assert await person.page.get_by_role("button", name="Reprocess").count() == 0
    await expect(person.page.get_by_role("link", name="Tracking · MLB")).to_be_visible()
    assert doing.actions <= MOST_ACTIONS


async def test_see_why_a_sku_has_no_price_and_send_it_again(
    arrive: Arrive, store_events: Store, broker_settings: BrokerSettings, agents: None
) -> None:
    async def fixed(_retry: Retry) -> Answer:
        return Answer(status="success", message="sent")

    await store_events(*account())
    person = await arrive("operator")
    doing = Counted(person)
    await doing.write("#finder", "SKU-3")
    await doing.click(".found a:has-text('SKU-3')")
    await expect(person.page.get_by_text("below the minimum").first).to_be_visible()
    async with connector(broker_settings, fixed):
        await doing.click("button:has-text('Reprocess')")
        await expect(person.page.locator(".tag.big")).to_have_text("Done", timeout=60_000)
    await expect(person.page.locator("tbody .state.fixed")).to_be_visible()
    await expect(person.page.locator("dl.facts")).to_contain_text("o")  # the name of the key that asked
    assert doing.actions <= MOST_ACTIONS


async def test_send_chosen_rows_again_with_the_plan_first(
    arrive: Arrive, store_events: Store, broker_settings: BrokerSettings, agents: None
) -> None:
    async def same(retry: Retry) -> Answer:
        return Answer(status="error", message=f"no {retry.data.key}", errors=[{"code": "again", "message": "no"}])

    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error")
    await page.check("#pick-all")
    await expect(page.locator(".bulk")).to_contain_text("5 selected")
    await page.click(".bulk button:has-text('Reprocess')")
    await expect(page.locator(".plan-total")).to_contain_text("5 of 5")
    await page.fill("#reason", "the table was corrected")
    async with connector(broker_settings, same):
        await page.click("button:has-text('Send 5')")
        await expect(page.locator(".tag.big")).to_have_text("Done", timeout=60_000)
    await expect(page.get_by_text("the table was corrected")).to_be_visible()
    await expect(page.locator("tbody tr")).to_have_count(5)


async def test_two_clicks_are_one_command(
    arrive: Arrive, store_events: Store, agents: None, owner: asyncpg.Connection
) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error")
    await page.click("tr.log >> nth=0 >> summary")
    await page.dblclick("tr.log >> nth=0 >> button:has-text('Reprocess')", no_wait_after=True)
    await expect(page.locator(".message.good").first).to_be_visible()

    async def recorded() -> bool:
        return bool(await owner.fetchval("SELECT count(*) FROM reprocess_commands"))

    await eventually(recorded)
    assert await owner.fetchval("SELECT count(*) FROM idempotency_keys") == 1
    await person.open("/acme/reprocess")
    await expect(page.locator("tbody tr")).to_have_count(1)


async def test_without_scripts_everything_is_links_and_forms(arrive: Arrive, store_events: Store, agents: None) -> None:
    await store_events(*account())
    person = await arrive("operator", scripts=False)
    page = person.page
    await person.open("/acme/price")
    await page.fill("#q", "SKU-3")
    await page.click("button:has-text('Filter')")
    await expect(page.locator("tr.log")).to_have_count(1)
    await page.click(".disclose")
    await expect(page.locator("tr.detail")).to_contain_text("What to do:")
    await page.click(".disclose")
    await expect(page.locator("tr.detail")).to_have_count(0)
    await page.click("text=Expand all")
    await expect(page.locator("tr.detail")).to_have_count(1)
    await page.click("tr.detail summary:has-text('Request')")
    await expect(page.locator("tr.detail pre").first).to_contain_text('"sku": "SKU-3"')
    await page.click("tr.log summary")
    await page.click("tr.log button:has-text('Reprocess')")
    await page.wait_for_url("**/acme/reprocess/*")
    await expect(page.locator("h1")).to_contain_text("Price")
    await page.click("text=Sign out")
    await page.wait_for_url("**/sign-in")


async def test_a_viewer_is_told_what_is_not_allowed(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price?status=error")
    await page.click("tr.log >> nth=0 >> summary")
    button = page.locator("tr.log >> nth=0 >> button:has-text('Reprocess')")
    await expect(button).to_be_disabled()
    await expect(page.locator("tr.log >> nth=0 >> .why")).to_have_text("Your key may read only.")
    await expect(page.get_by_role("button", name="Reprocess all that match")).to_be_disabled()
    person.expected_status.add(403)
    answer = await page.goto(f"{person.address}/acme/price/reprocess?log_id=5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11")
    assert answer is not None
    assert answer.status == 403
    await expect(page.locator("h1")).to_have_text("You may not do this")
