"""Health that is seen: pauses on every page, a database that hangs, the brake on a phone, sessions that are ended."""

from typing import Literal

import asyncpg
from playwright.async_api import Page, expect

from storage.database import Database
from tests.browser.conftest import Arrive
from tests.browser.test_accessible import violations
from tests.integration.api.conftest import Store
from tests.support.account import account
from tests.support.events import result
from tests.support.frozen import frozen

PHONE = {"width": 390, "height": 800}
#: Longest time after which a page says that nothing answers, and the tests' machine may be busy besides.
NOTICED_MS = 40_000


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_a_marketplace_is_paused_on_a_phone_and_every_page_says_so(
    arrive: Arrive, store_events: Store, owner: asyncpg.Connection
) -> None:
    await store_events(*account())
    person = await arrive("operator", viewport=PHONE)
    watching = await arrive("viewer")
    await watching.open("/acme/price")
    page = person.page
    await person.open("/acme/affiliates")
    opener = page.get_by_label("Pause MLB…", exact=True)
    box = await opener.bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= box["x"] + box["width"] <= PHONE["width"]
    assert await fits(page)
    await opener.focus()
    await page.keyboard.press("Enter")
    form = page.locator("details.pause[open] form")
    await expect(form).to_contain_text("Nothing is queued for it now")
    assert (await fits(page), await violations(page)) == (True, [])
    for name in ("Products", "Tracking", "Inventory"):
        await form.locator(".chip", has_text=name).locator("input").uncheck()
    await form.locator(".chip", has_text="for 1 hour").locator("input").check()
    await form.get_by_label("Why").fill("campaign")
    await form.get_by_role("button", name="Pause MLB").click()
    await expect(page.get_by_role("button", name="Resume MLB")).to_be_focused()
    row = await owner.fetchrow("SELECT paused_types, paused_until - paused_at AS time FROM affiliates")
    assert row is not None
    assert (row["paused_types"], 3000 < row["time"].total_seconds() < 3900) == (["price"], True)

    for path in ("/acme/price", "/acme/overview", "/acme/activity", "/acme/reprocess"):
        await person.open(path)
        banner = page.locator("#banners .notice")
        await expect(banner).to_contain_text("is paused (Price")
        await expect(banner).to_contain_text("campaign")
        assert (path, await fits(page), await violations(page)) == (path, True, [])
    # A page that was open before learns it by itself, and when it is over.
    banner = watching.page.locator("#banners")
    await expect(banner).to_contain_text("is paused", timeout=NOTICED_MS)
    # It stays while the database is too slow to say if it is over.
    await watching.page.route("**/banners", lambda route: route.fulfill(status=204))
    await watching.page.evaluate("banners()")
    await expect(banner).to_contain_text("is paused")
    await watching.page.unroute("**/banners")
    await person.open("/acme/affiliates")
    await page.get_by_role("button", name="Resume MLB").click()
    await expect(page.get_by_label("Pause MLB…", exact=True)).to_be_focused()
    await expect(banner).not_to_contain_text("is paused", timeout=NOTICED_MS)


async def test_a_database_that_hangs_is_seen_on_every_page_and_when_it_is_back(
    arrive: Arrive, store_events: Store, owner: asyncpg.Connection, reader: Database, writer: Database
) -> None:
    await store_events(*account())
    live, plain = await arrive("viewer"), await arrive("viewer")
    for person in (live, plain):
        person.expected_status = {503}
    await live.open("/acme/price")
    await plain.open("/acme/affiliates")
    sign = live.page.locator("#live")
    await expect(sign).to_have_attribute("data-state", "on")
    async with frozen(owner):
        await expect(sign).to_have_attribute("data-state", "lost", timeout=NOTICED_MS)
        await expect(sign).not_to_contain_text("Live")
        for person in (live, plain):
            await expect(person.page.locator("#unreachable")).to_be_visible(timeout=NOTICED_MS)
        assert await violations(live.page) == []
        # Who comes now is told so, soon, and not left waiting for each query.
        late = await plain.page.context.new_page()
        answer = await late.goto(f"{plain.address}/acme/overview")
        assert answer is not None
        assert answer.status == 503
        await late.close()
    await expect(sign).to_have_attribute("data-state", "on", timeout=NOTICED_MS)
    await expect(sign).to_contain_text("Live")
    for person in (live, plain):
        await expect(person.page.locator("#unreachable")).to_be_hidden(timeout=NOTICED_MS)


async def test_a_session_that_is_ended_elsewhere_leaves_its_pages(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    here, there = await arrive("viewer"), await arrive("viewer")
    there.expected_status = {401}
    await there.open("/acme/price")
    await expect(there.page.locator("#live")).to_contain_text("Live")
    await here.open("/preferences")
    assert await violations(here.page) == []
    await expect(here.page.get_by_role("button", name="End session")).to_have_count(2)
    await here.page.click("text=End all other sessions")
    await expect(here.page.get_by_role("button", name="End session")).to_have_count(1)
    await expect(there.page.locator("#access-key")).to_be_visible(timeout=NOTICED_MS)


async def test_the_home_over_accounts_has_no_violation(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    everyone = await arrive("every", viewport=PHONE)
    await store_events(result("g", account="globex"))
    schemes: list[Literal["light", "dark"]] = ["light", "dark"]
    for scheme in schemes:
        await everyone.page.emulate_media(color_scheme=scheme)
        await everyone.open("/?wait=true")
        await expect(everyone.page.locator("tbody tr")).to_have_count(2)
        assert (await fits(everyone.page), await violations(everyone.page)) == (True, [])
