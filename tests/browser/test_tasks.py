"""The tasks of users, each in at most four actions from the landing page."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import openpyxl
from playwright.async_api import Page, Route, expect

from broker.settings import BrokerSettings
from conexoes_connector.retry import Answer, Retry
from tests.browser.conftest import Arrive, Person, connector
from tests.browser.test_accessible import violations
from tests.integration.api.conftest import Store
from tests.support.account import account
from tests.support.events import result
from tests.support.waiting import eventually

MOST_ACTIONS = 4
#: A day ago is yesterday in any zone that has no summer time just now.
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


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
    await expect(person.page.locator("h1")).to_have_text("1300000001-01")
    await expect(person.page.get_by_text("O SKU 9 não está mapeado").first).to_be_visible()
    link = person.page.get_by_role("link", name="How to solve it")
    assert "troubleshooting" in str(await link.get_attribute("href"))
    assert await person.page.get_by_role("button", name="Reprocess").count() == 0
    await expect(person.page.get_by_role("link", name="Tracking · Mercado Livre MLB")).to_be_visible()
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
    await expect(person.page.get_by_text("below the minimum").first).to_be_visible()
    async with connector(broker_settings, fixed):
        await doing.click("button:has-text('Reprocess')")
        await expect(person.page.locator(".tag.big")).to_have_text("Done", timeout=60_000)
    await expect(person.page.locator("tbody .state.fixed")).to_be_visible()
    await expect(person.page.locator("dl.facts")).to_contain_text("o")  # the name of the key that asked
    assert doing.actions <= MOST_ACTIONS


async def test_send_yesterdays_inventory_errors_of_one_marketplace_and_see_which_still_fail(
    arrive: Arrive, store_events: Store, broker_settings: BrokerSettings, agents: None
) -> None:
    async def fixed_but_one(retry: Retry) -> Answer:
        if retry.data.key == "SKU-Y2":
            return Answer(
                status="error",
                message="the listing is paused",
                errors=[{"code": "listing.paused", "message": "paused"}],
            )
        return Answer(status="success")

    paused: dict[str, Any] = {
        "message": "the listing is paused",
        "errors": [{"code": "listing.paused", "message": "paused"}],
    }
    await store_events(
        *account(),
        *(
            result(f"y{n}", "inventory", key=f"SKU-Y{n}", processed_at=YESTERDAY.isoformat(), **paused)
            for n in range(4)
        ),
        result("y4", "inventory", key="SKU-Y4", affiliate="AMZ", processed_at=YESTERDAY.isoformat(), **paused),
    )
    person = await arrive("operator")
    page, doing = person.page, Counted(person)
    async with connector(broker_settings, fixed_but_one):
        await doing.click(".segments a:has-text('Yesterday')")
        await doing.click(".matrix tr:has(bdi:text-is('MLB')) td a[href*='/inventory?']")
        await expect(page.locator("tr.log")).to_have_count(4)
        await doing.click("a:has-text('Reprocess all that match')")
        await expect(page.locator(".plan-total")).to_contain_text("4 of 4")
        await doing.click("button:has-text('Send 4')")
        await expect(page.locator(".tag.big")).to_have_text("Done", timeout=60_000)
    still = page.locator("tbody tr", has=page.locator(".state.same_error"))
    await expect(still).to_have_count(1)
    await expect(still).to_contain_text("SKU-Y2")
    await expect(page.locator("tbody tr", has=page.locator(".state.fixed"))).to_have_count(3)
    assert doing.actions <= MOST_ACTIONS


async def test_send_all_price_errors_of_one_marketplace_but_one_group(
    arrive: Arrive, store_events: Store, broker_settings: BrokerSettings, agents: None
) -> None:
    async def fixed(_retry: Retry) -> Answer:
        return Answer(status="success")

    others = (
        result(f"b{n}", "price", key=f"SKU-B{n}", errors=[{"code": "price.busy", "message": "try again later"}])
        for n in range(3)
    )
    await store_events(*account(), *others)
    person = await arrive("operator")
    page, doing = person.page, Counted(person)
    await person.open("/acme/overview?period=30d")
    async with connector(broker_settings, fixed):
        await doing.click(".matrix tr:has(bdi:text-is('MLB')) td a[href*='/price?']")
        await expect(page.locator("tr.log")).to_have_count(6)
        await doing.click("a:has-text('Reprocess all that match')")
        boxes, minimum = page.locator("[name=take]"), page.locator("tr:has-text('price.minimum') [name=take]")
        await expect(boxes).to_have_count(2)
        if await minimum.is_checked():
            await doing.click("tr:has-text('price.minimum') .take")
        else:  # the playbook advises against it
            doing.actions += 1
        # The plan follows what is ticked, and the box keeps the focus.
        await expect(page.locator(".plan-total")).to_contain_text("3 of 3")
        await doing.click("button:has-text('Send 3')")
        await expect(page.locator(".tag.big")).to_have_text("Done", timeout=60_000)
    await expect(page.locator("tbody .state.fixed")).to_have_count(3)
    assert doing.actions <= MOST_ACTIONS


async def test_a_plan_follows_what_is_ticked_and_keeps_the_rest_of_its_form(
    arrive: Arrive, store_events: Store
) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price/reprocess?status=error&chosen=true")
    await expect(page.locator(".plan-total")).to_contain_text("5 of 5")
    await page.fill("#reason", "the table is new")
    await page.check("input[name=mode][value=replay]", force=True)
    box = page.locator("[name=take]").first
    await box.focus()
    await page.keyboard.press("Space")
    await expect(page.locator(".plan-total")).to_contain_text("2 of 2")
    await expect(page.locator("#messages")).to_contain_text("2 of 2 will be sent")
    await expect(page.locator("[name=take]").first).to_be_focused()
    await expect(page.locator("#reason")).to_have_value("the table is new")
    await expect(page.locator("input[name=mode][value=replay]")).to_be_checked()
    assert "exclude_fingerprint" in page.url
    await page.keyboard.press("Space")
    await expect(page.locator("button:has-text('Send 5')")).to_be_enabled()
    assert await violations(page) == []


async def test_hand_the_list_to_a_colleague_as_excel(arrive: Arrive, store_events: Store, tmp_path: Path) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page, doing = person.page, Counted(person)
    await doing.click("nav.side a:has-text('Price')")
    await doing.click("a:has-text('Export to Excel')")
    await expect(page.locator(".plan-total")).to_contain_text("7 records")
    await doing.click("button:has-text('Make the file')")
    await expect(page.locator("[role=status]").first).to_contain_text("7 records", timeout=60_000)
    async with page.expect_download() as arriving:
        await doing.click("a:has-text('Download')")
    download = await arriving.value
    assert download.suggested_filename.endswith(".xlsx")
    await download.save_as(tmp_path / "list.xlsx")
    book = openpyxl.load_workbook(tmp_path / "list.xlsx")
    found = {value for sheet in book for row in sheet.iter_rows(values_only=True) for value in row}
    assert {f"SKU-{n}" for n in range(1, 8)} <= found
    assert doing.actions <= MOST_ACTIONS


async def test_an_export_shows_how_far_it_is_and_can_be_cancelled(
    arrive: Arrive, store_events: Store, owner: asyncpg.Connection
) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price/export?status=error")
    await expect(page.locator(".plan-total")).to_contain_text("5 records")
    async with owner.transaction():  # while it lasts, the export waits for the rows
        await owner.execute("LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE")
        await page.click("button:has-text('Make the file')")
        await expect(page.locator("progress")).to_be_visible()
        await expect(page.get_by_text("You may leave this page")).to_be_visible()
        await page.click("button:has-text('Cancel')")
        await expect(page.get_by_text("There is no file")).to_be_visible()
    await expect(page.locator("a:has-text('Download')")).to_have_count(0)


async def take_all(page: Page) -> None:
    """Tick every group of a plan, and update it."""
    for box in await page.locator(".take input").all():
        await box.check()
    await page.click("button:has-text('Update the plan')")


async def test_a_plan_by_filter_goes_in_steps_and_stops_by_itself(
    arrive: Arrive, store_events: Store, broker_settings: BrokerSettings, agents: None
) -> None:
    async def same(_retry: Retry) -> Answer:
        return Answer(
            status="error",
            message="The price 10.00 is below the minimum",
            errors=[{"code": "price.minimum", "message": "below the minimum", "field": "price"}],
        )

    more = (
        result(
            f"m{n}",
            "price",
            key=f"SKU-M{n}",
            message="The price 10.00 is below the minimum",
            errors=[{"code": "price.minimum", "message": "below the minimum", "field": "price"}],
        )
        for n in range(4)
    )
    await store_events(*account(), *more)
    person = await arrive("operator")
    page = person.page

    async def only_buttons(route: Route) -> None:
        """Let the plan be asked for by its button alone."""
        await (route.abort() if route.request.resource_type == "fetch" else route.continue_())

    await page.route("**/acme/price/reprocess", only_buttons)
    await person.open("/acme/price")
    await page.click("a:has-text('Reprocess all that match')")
    await expect(page.locator(".plan-total")).to_contain_text("0 of 2")
    await expect(page.locator(".plan-groups")).to_contain_text("Correct it first: reprocessing repeats the error")
    await page.check("input[name=release][value=steps]", force=True)
    await page.fill("#reason", "the table was corrected")
    await expect(page.locator("button:has-text('Send 0')")).to_be_disabled()
    await page.locator(".take input").first.check()
    await page.press("#reason", "Enter")  # as the button does: the plan of the choice, and nothing sent
    await expect(page.locator(".plan-total")).to_contain_text("7 of 9")
    await take_all(page)
    await expect(page.locator(".plan-total")).to_contain_text("9 of 11")
    await expect(page.locator("tbody >> nth=1")).to_contain_text("Succeeded already")
    send, update = page.get_by_role("button", name="Send 9"), page.get_by_role("button", name="Update the plan")
    box = page.locator(".take input").first
    await box.uncheck()
    await expect(send).to_be_disabled()
    await expect(update).to_have_class("primary")
    await box.check()
    await expect(send).to_be_enabled()
    await expect(update).not_to_have_class("primary")
    await box.uncheck()
    await page.evaluate("document.querySelector('#send button:not([name])').disabled = false")
    await send.click()  # as without scripts
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was sent.")
    await expect(page.locator(".plan-total")).to_contain_text("2 of 4")
    await take_all(page)
    await page.check("input[name=release][value=steps]", force=True)
    await page.fill("#reason", "the table was corrected")
    async with connector(broker_settings, same):
        await page.click("button:has-text('Send 9')")
        await expect(page.locator(".notice:visible")).to_contain_text("Stopped after step 1: 0 of 5", timeout=60_000)
        await expect(page.locator("tbody .state.cancelled")).to_have_count(4, timeout=60_000)
    await expect(page.locator("tbody .state.same_error")).to_have_count(5)
    await expect(page.get_by_role("link", name="Send those still failing: 5")).to_be_visible()
    await expect(page.get_by_role("link", name="Continue in steps: 4")).to_be_visible()
    await expect(page.locator("dl.facts")).to_contain_text("All, without a filter")
    await expect(page.locator("dl.facts")).to_contain_text("1 of 2")


async def test_what_is_not_recorded_yet_says_so_when_it_is_cancelled(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error&affiliate=AMZ")
    await page.click("a:has-text('Reprocess all that match')")
    await take_all(page)
    await page.click("button:has-text('Send 2')")  # no agents run here
    await expect(page.locator(".tag.big")).to_have_text("Accepted")
    person.expected_status.add(409)
    await page.click("button:has-text('Cancel')")
    await expect(page.get_by_role("alert")).to_contain_text("the agents have not recorded it yet")
    await expect(page.locator(".tag.big")).to_have_text("Accepted")


async def test_cancelling_follows_what_was_sent(
    arrive: Arrive, store_events: Store, broker_settings: BrokerSettings, agents: None
) -> None:
    async def fixed(_retry: Retry) -> Answer:
        return Answer(status="success")

    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error&affiliate=AMZ")
    await page.click("a:has-text('Reprocess all that match')")
    await take_all(page)
    await page.click("button:has-text('Send 2')")
    await expect(page.locator("tbody .state.sent")).to_have_count(2, timeout=60_000)
    await page.click("button:has-text('Cancel')")
    await expect(page.locator(".tag.big")).to_have_text("Cancelled")
    await expect(page.locator(".notice:visible")).to_contain_text("Cancelled by o")
    async with connector(broker_settings, fixed):
        await expect(page.locator("tbody .state.fixed")).to_have_count(2, timeout=60_000)


async def test_pause_a_marketplace_and_resume_it(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await page.click("nav.side a:has-text('Affiliates')")
    row = page.locator(".affiliates > li", has_text="MLB")
    await row.get_by_label("Pause MLB…", exact=True).click()
    await row.get_by_label("Why", exact=True).fill("their API is being maintained")
    await row.get_by_role("button", name="Pause MLB").click()
    await expect(row).to_contain_text("their API is being maintained")
    await person.open("/acme/price?status=error&affiliate=MLB")
    await page.click("tr.log >> nth=0 >> summary")
    await expect(page.locator("tr.log >> nth=0 >> .why")).to_contain_text("This marketplace is paused")
    await page.click("nav.side a:has-text('Affiliates')")
    await row.get_by_role("button", name="Resume MLB").click()
    await expect(row).to_contain_text("Active")


async def test_acknowledge_a_group_and_send_it_again(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error&affiliate=MLB")
    await page.click("a:has-text('Grouped errors')")
    group = page.locator(".group", has_text="price.minimum")
    await expect(group).to_contain_text("3 entities")
    await group.locator("summary").click()
    await group.get_by_label("Note: price.minimum").fill("the table is being corrected")
    await group.get_by_role("button", name="Acknowledge").click()
    await expect(group).to_contain_text("Acknowledged")
    await expect(group).to_contain_text("the table is being corrected")
    await group.get_by_role("link", name="List price.minimum").click()
    await expect(page.locator("tr.log")).to_have_count(3)
    await page.click("a:has-text('Grouped errors')")
    await group.locator("summary").click()
    await group.get_by_role("link", name="Reprocess this group").click()
    await expect(page.locator(".plan-total")).to_contain_text("3 of 3")


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


async def test_what_became_of_a_row_is_said_when_its_list_has_another_filter_by_then(
    arrive: Arrive, store_events: Store
) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/acme/price/reprocess", hold)
    await person.open("/acme/price?status=error")
    row = page.locator("tr.log").first
    key = await row.locator(".key").inner_text()
    await row.locator("summary").click()
    await row.get_by_role("button", name="Reprocess").click()
    await page.check("input[name=status][value=success]", force=True)
    await page.uncheck("input[name=status][value=error]", force=True)
    await expect(page.locator("tr.log .key", has_text=key)).to_have_count(0)
    await held[0].continue_()
    await expect(page.locator(".message.good")).to_be_visible()


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
    await expect(page.locator("tr.detail")).to_contain_text("The store must act:")  # the only hit is open
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
    await tick_and_plan(person)
    await page.click("text=Sign out")
    await page.wait_for_url("**/sign-in")


async def test_rows_that_are_ticked_can_be_sent_where_our_script_did_not_load(
    arrive: Arrive, store_events: Store
) -> None:
    await store_events(*account())
    person = await arrive("operator")
    person.expected_status = {404}
    await person.page.route(re.compile(r"/pages\.js$"), lambda route: route.fulfill(status=404))
    await tick_and_plan(person)
    # Others of our scripts need it, and say so.
    person.forget("is not defined")


async def tick_and_plan(person: Person) -> None:
    """Tick two rows, where no script says how many, and go to their plan."""
    await person.open("/acme/price?status=error&page_size=25")
    bulk = person.page.locator(".bulk")
    await expect(bulk).to_be_hidden()
    for number in range(2):
        await person.page.locator("tr.log .pick input").nth(number).check()
    await expect(bulk).to_be_visible()
    await bulk.get_by_role("button", name="Reprocess").click()
    await expect(person.page.locator(".plan-total")).to_contain_text("of 2")


async def test_a_viewer_is_told_what_is_not_allowed(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price?status=error")
    await page.click("tr.log >> nth=0 >> summary")
    button = page.locator("tr.log >> nth=0 >> button:has-text('Reprocess')")
    await expect(button).to_be_disabled()
    await expect(page.locator("tr.log >> nth=0 >> .why")).to_have_text("Your key is read-only.")
    await expect(page.get_by_role("button", name="Reprocess all that match")).to_be_disabled()
    person.expected_status.add(403)
    answer = await page.goto(f"{person.address}/acme/price/reprocess?log_id=5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11")
    assert answer is not None
    assert answer.status == 403
    await expect(page.locator("h1")).to_have_text("You may not do this")
