"""Live updates: what is new appears, and nothing that a person is at is lost."""

import asyncio
import re
from datetime import UTC, datetime

import asyncpg
import pytest
from playwright.async_api import Page, Request, expect

from admin.pages import live
from schemas.incident import Kind
from storage.database import Database
from storage.reprocess.breakers import Answered, count_answers
from tests.browser.conftest import Arrive
from tests.browser.test_accessible import violations
from tests.integration.api.conftest import Store
from tests.support.account import account
from tests.support.events import Event, at, result
from tests.support.learned import an_incident

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
        result(
            "n2", key="SKU-3", processed_at=at(60), message="another message", request={"sku": "SKU-3", "price": 33}
        ),
    )
    await expect(row).to_contain_text("another message")
    # The open row says what its row does.
    await expect(page.locator("tr.detail .said")).to_have_text("another message")
    await expect(page.locator("tr.detail pre").first).to_contain_text("33")
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


async def test_what_has_left_the_filter_is_as_it_is_now_where_somebody_is_at_it(
    arrive: Arrive, store_events: Store
) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error")
    await expect(page.locator("#live")).to_contain_text("Live")
    opened, marked, focused, menu, left = (page.locator("tr.log", has_text=f"SKU-{number}") for number in range(1, 6))
    await opened.locator(".disclose").click()
    await expect(page.locator("tr.detail .panel")).to_be_visible()
    await page.locator("tr.detail .story").wait_for()
    await marked.locator(".pick input").check()
    await menu.locator("summary").click()
    await focused.locator(".disclose").focus()
    await menu.locator("details").evaluate("(menu) => { menu.open = true; }")  # it closes for who goes on elsewhere
    await store_events(*(healed(f"n{n}", f"SKU-{n}", "MLB" if n % 2 else "AMZ") for n in range(1, 6)))
    await expect(left).to_have_count(0)
    await expect(marked.locator(".pick input:checked")).to_have_count(0)  # a success can't be sent again
    for row in (opened, focused, menu):
        await expect(row.locator(".left")).to_have_text("No longer matches the filter")
        await expect(row.locator(".status")).to_have_text("Success")
    await expect(page.locator("tr.detail .done")).to_be_visible()
    await expect(page.locator("tr.detail .timeline > li")).to_have_count(2)
    await expect(focused.locator(".disclose")).to_be_focused()
    await expect(menu.locator("details")).to_have_attribute("open", "")
    await expect(page.locator(".total")).to_contain_text("0 records")  # nothing matches any more
    # What is back is a row like any other.
    await store_events(result("b1", key="SKU-1", processed_at=at(80)), result("b3", key="SKU-3", processed_at=at(80)))
    for row in (opened, focused):
        await expect(row.locator(".status")).to_have_text("Error")
        await expect(row.locator(".left")).to_have_count(0)
    await expect(focused.locator(".disclose")).to_be_focused()


def healed(event: str, key: str, affiliate: str = "MLB") -> Event:
    """A success of a log, later than what the account has."""
    return result(event, key=key, affiliate=affiliate, processed_at=at(60), status="success", errors=None, message=None)


async def test_an_empty_list_has_the_counts_of_now(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price?status=warning")
    await expect(page.locator(".empty")).to_be_visible()
    await expect(page.locator("#live")).to_contain_text("Live")
    await store_events(result("w1", key="SKU-W", status="warning", errors=None, processed_at=at(60)))
    await expect(page.locator("tr.log")).to_have_count(1)
    await expect(page.locator(".chip.warning")).to_contain_text("1")
    await store_events(healed("w2", "SKU-W"))
    await expect(page.locator(".empty")).to_be_visible()
    await expect(page.locator(".chip.success")).to_contain_text("3")


async def test_counts_go_on_while_somebody_is_at_the_filter(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price")
    await expect(page.locator("#live")).to_contain_text("Live")
    box = page.locator("input[name=affiliate][value=AMZ]")
    await box.focus()
    # Many at AMZ, so that its box moves before the other one.
    await store_events(*(result(f"n{n}", key=f"NEW-{n}", affiliate="AMZ", processed_at=at(60)) for n in range(9)))
    await expect(page.locator(".total")).to_contain_text("16 records")
    await expect(page.locator("input[name=affiliate] >> nth=0")).to_have_value("AMZ")
    await expect(box).to_be_focused()
    # A box that was ticked a moment ago is not undone by counts of the filter before.
    await page.route(re.compile("/acme/price[?].*affiliate=AMZ"), lambda route: route.abort())
    await box.evaluate("(box) => { box.checked = true; }")
    await page.evaluate("refresh(false)")
    await expect(box).to_be_checked()


async def test_older_rows_that_move_up_are_not_new(arrive: Arrive, store_events: Store) -> None:
    await store_events(*(result(f"m{n}", key=f"SKU-{n:02}", processed_at=at(n / 10)) for n in range(40)))
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error&page_size=25")
    await expect(page.locator("#live")).to_contain_text("Live")
    await page.locator("tr.log >> nth=3 >> .pick input").check()
    await store_events(*(healed(f"n{n}", f"SKU-{n}") for n in (38, 37)))
    await expect(page.locator("tr.log >> nth=24")).to_contain_text("SKU-13")
    await expect(page.locator("#newer")).to_be_hidden()
    # All of the page at once, so that none is left that it knows but the one that was marked, which has left too.
    await store_events(*(healed(f"a{n}", f"SKU-{n}") for n in range(13, 40) if n not in (38, 37)))
    await expect(page.locator("tr.log:not(.gone)")).to_have_count(13)
    await expect(page.locator("#newer")).to_be_hidden()


async def test_new_rows_that_wait_push_older_ones_down(arrive: Arrive, store_events: Store) -> None:
    await store_events(*(result(f"m{n}", key=f"SKU-{n:02}", processed_at=at(n / 10)) for n in range(40)))
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error&page_size=25")
    await expect(page.locator("#live")).to_contain_text("Live")
    await page.locator("tr.log >> nth=3 >> .pick input").check()
    await store_events(*(result(f"n{n}", key=f"NEW-{n}", processed_at=at(60)) for n in range(3)), healed("h", "SKU-38"))
    await expect(page.locator("#newer")).to_have_text("3 new results")
    await expect(page.locator("tr.log", has_text="SKU-38")).to_have_count(0)  # it has left all the same
    await expect(page.locator("tr.log")).to_have_count(24)
    await expect(page.locator("#as-loaded")).to_be_visible()
    await page.click("#newer")
    await expect(page.locator("tr.log")).to_have_count(25)
    await expect(page.locator("tr.log >> nth=0")).to_contain_text("NEW-")
    await expect(page.locator("#as-loaded")).to_be_hidden()


async def test_what_comes_next_is_due_when_its_time_is_there(
    arrive: Arrive, store_events: Store, writer: Database
) -> None:
    await store_events(*account())
    async with writer.transaction() as connection:
        await count_answers(connection, [Answered("acme", "MLB", "price", datetime.now(UTC), "busy")] * 50)
    person = await arrive("viewer")
    await person.open("/acme/affiliates")
    coming = person.page.locator("time[data-due]")
    await expect(coming).to_contain_text("in ")
    await coming.evaluate("(time) => { time.dateTime = '2020-01-01T00:00:00Z'; tick(); }")
    await expect(coming).to_have_text("now")


def requests_of(page: Page) -> list[str]:
    """Return the addresses that a page asks for from now on, as they come."""
    asked: list[str] = []

    def add(request: Request) -> None:
        asked.append(request.url)

    page.on("request", add)
    return asked


#: Place of somebody: how far down, and at what, unless at nothing.
PLACE = "[scrollY, document.activeElement === document.body ? null : document.activeElement.outerHTML]"


async def test_pages_that_stay_open_are_read_anew_and_nobody_is_moved(
    arrive: Arrive, store_events: Store, owner: asyncpg.Connection
) -> None:
    await store_events(*account())
    await an_incident(owner, kind=Kind.NEW_FAULT)
    person = await arrive("operator", viewport={"width": 1000, "height": 300})
    page = person.page
    waiting = ("overview", "incidents", "incidents/1", "freshness", "reprocess", "notifications", "price/groups")
    for path in waiting:
        await person.open(f"/acme/{path}")
        await page.wait_for_load_state("networkidle")
        view = page.locator("#view")
        link = view.locator("a:visible").last
        if await link.count():
            await link.focus()
        table = page.locator(".as-table summary").first  # of a chart
        if await table.count():
            await table.click()
            await link.focus()
        before = await page.evaluate(PLACE)
        await view.evaluate("(view) => { view.dataset.old = ''; }")
        # Not while nobody sees it, but as soon as somebody does.
        asked = requests_of(page)
        await page.evaluate(HIDE, arg=True)
        await page.evaluate("new Promise((done) => setTimeout(done, 100))")
        assert asked == []
        await page.evaluate(HIDE, arg=False)
        await expect(view).not_to_have_attribute("data-old", "")
        assert await page.evaluate(PLACE) == before, path
        assert await page.locator(".counting").count() == 0, path
        if await table.count():
            await expect(page.locator(".as-table[open]")).to_have_count(1)
        assert await violations(page) == []


async def test_an_open_overview_says_in_its_title_what_has_begun(
    arrive: Arrive, store_events: Store, owner: asyncpg.Connection
) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await expect(page).to_have_title("Overview · acme · Conexões")
    counted = page.locator("[aria-labelledby=of-price] .by-status")
    await expect(counted).to_be_visible()
    await an_incident(owner, kind=Kind.NEW_FAULT)
    await page.evaluate(HIDE, arg=False)
    await expect(page).to_have_title("(1) Overview · acme · Conexões")
    await expect(page.locator(".finding")).to_have_count(1)
    await expect(counted).to_be_visible()  # counts are not done anew each time, and not taken away


async def test_what_is_written_in_a_page_that_is_read_anew_stays(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price/groups")
    await page.locator(".group summary").last.click()
    note = page.locator(".noting input[name=note]:visible")
    await note.fill("ask the seller")
    asked = requests_of(page)
    await page.evaluate(HIDE, arg=False)
    await page.evaluate("new Promise((done) => setTimeout(done, 300))")
    assert [each for each in asked if "/groups" in each] == []
    await expect(note).to_have_value("ask the seller")
