"""Every page and state by axe: no violation of WCAG 2.2 AA or of its best practices; no width at which it breaks."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta

import asyncpg
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from schemas.name import MAX_NAME_CHARACTERS
from schemas.notification.rule import Rule, Scope
from schemas.policy import Policy
from storage.database import Database
from storage.logs.compaction import compact_results
from storage.notifications import definitions
from storage.notifications.definitions import Author, NewChannel
from storage.settings import StorageSettings
from tests.browser.conftest import Arrive
from tests.integration.api.conftest import Store
from tests.support.account import account
from tests.support.events import result
from tests.support.learned import an_incident
from tests.support.reprocess import Desk


@pytest.fixture
async def desk(database_url: str, storage_settings: StorageSettings) -> AsyncIterator[Desk]:
    one = Desk(database_url, storage_settings, Policy())
    yield one
    await one.close()


PAGES = [
    "/acme/overview",
    "/acme/orders",
    "/acme/products?open=all",
    "/acme/tracking?status=warning",
    "/acme/price?sort=-attempts&columns=affiliate.status.processed_at.code.attempts.first_seen_at",
    "/acme/price?status=error&period=custom&q=SKU&code=price.minimum",
    "/acme/inventory?q=nothing-has-this",
    "/acme/price/groups?status=error",
    "/acme/price/reprocess?affiliate=MLB&affiliate=AMZ",
    "/acme/reprocess",
    "/acme/affiliates",
    "/acme/playbook",
    "/acme/playbook/entry?code=price.minimum&integration_type=price",
    "/acme/incidents?over=true",
    "/acme/incidents/1",
    "/acme/incidents/1/why",
    "/acme/freshness",
    "/acme/dead-letters",
    "/acme/notifications",
    "/acme/activity",
    "/acme/activity?kind=export&who=nobody",
    "/acme/check",
    "/acme/dead-letters?code=json&state=waiting",
    "/acme/dead-letters/redrives",
    "/acme/search?q=SKU-1",
    "/acme/search?q=nothing-has-this",
    "/preferences",
]


async def violations(page: Page) -> list[str]:
    found = (await Axe().run(page)).response["violations"]
    return [f"{each['id']}: {each['help']} {[node['html'][:200] for node in each['nodes'][:3]]}" for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1360, 3840])
async def test_no_page_has_a_violation(
    arrive: Arrive, store_events: Store, writer: Database, owner: asyncpg.Connection, scheme: str, width: int
) -> None:
    await store_events(*account())
    async with writer.transaction() as connection:
        await compact_results(connection, 1000)
    assert await an_incident(owner) == 1
    lang = {360: "pt-BR", 1360: "en-US", 3840: "es-AR"}[width]
    person = await arrive("operator", lang=lang, color_scheme=scheme, viewport={"width": width, "height": 900})
    for path in PAGES:
        await person.open(path)
        await person.page.wait_for_load_state("networkidle") if "/preferences" in path else None
        assert (path, await violations(person.page)) == (path, [])
        overflow = await person.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert (path, overflow <= 0) == (path, True)


async def test_no_state_of_a_list_has_a_violation(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error")
    await page.click("tr.log >> nth=0 >> .disclose")
    await page.click("tr.detail summary:has-text('Response')")
    await expect(page.locator(".timeline")).to_be_visible()
    await page.check("tr.log >> nth=1 >> .pick input")
    assert await violations(page) == []
    await page.click("tr.log >> nth=2 >> summary")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.click("#views summary")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.click(".bulk button.primary")
    await expect(page.locator(".plan-total")).to_be_visible()
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_row_or_group_is_like_another_to_who_hears_it(
    arrive: Arrive, store_events: Store, scheme: str
) -> None:
    """Several of each that can be there several times: rows with advice and evidence, groups, letters."""
    await store_events(
        *account(),
        *(
            result(
                f"a{n}",
                key=f"SKU-A{n}",
                errors=[{"code": "advised", "message": f"fails {word}"}],
                request={"n": n},
                response={"n": n},
            )
            for n, word in enumerate(("so", "otherwise", "still"))
        ),
    )
    person = await arrive("operator", color_scheme=scheme)
    page = person.page
    await person.open("/acme/price?status=error&code=advised&open=all")
    await expect(page.locator(".known")).to_have_count(3)
    for summary in await page.locator("tr.detail summary").all():
        await summary.click()
    assert await violations(page) == []
    await person.open("/acme/inventory?open=all")
    for summary in await page.locator("tr.detail summary").all():
        await summary.click()
    await page.click("text=Show all")
    await expect(page.locator(".evidence pre").last).to_contain_text("line 2499:")
    assert await violations(page) == []
    await person.open("/acme/price/groups?code=advised")
    await expect(page.locator(".group .known")).to_have_count(3)
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_command_without_anything_sent_has_no_violation(
    arrive: Arrive, store_events: Store, database_url: str, storage_settings: StorageSettings, scheme: str
) -> None:
    desk = Desk(database_url, storage_settings, Policy())
    try:
        await desk.fail(range(3))
        as_of = (await desk.plan()).as_of
        await desk.by_filter("c1", as_of)
        await desk.by_filter("c2", as_of, filter={"code": "another", "status": ["error"]})  # of nothing
        await desk.by_filter("c3", as_of)  # joins c1
        await desk.command("c4", filter={"status": ["error"]}, as_of=as_of)  # nothing made yet
    finally:
        await desk.close()
    person = await arrive("operator", color_scheme=scheme)
    await person.open("/acme/reprocess")
    await expect(person.page.locator("tbody tr")).to_have_count(4)
    for path in ("", "/c1", "/c2", "/c3", "/c4"):
        await person.open(f"/acme/reprocess{path}")
        assert (path, await violations(person.page)) == (path, [])
    await expect(person.page.get_by_role("img", name="Nothing sent")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_of_admins_have_no_violation(arrive: Arrive, scheme: str) -> None:
    person = await arrive("admin", color_scheme=scheme)
    page = person.page
    await person.open("/acme/people")
    assert await violations(page) == []
    await page.fill("#name", "Maria")
    await page.click("text=Invite by a link")
    link = await page.input_value(".made")
    assert await violations(page) == []
    guest = await arrive(None, color_scheme=scheme)
    await guest.open(link[link.index("/sign-in") :])
    assert await violations(guest.page) == []
    await guest.page.click("text=Accept the invitation")
    await expect(guest.page.locator(".made")).to_be_visible()
    assert await violations(guest.page) == []
    person.expected_status.add(422)
    await person.open("/acme/notifications")
    await page.fill("#channel-name", "Operations")
    await page.fill("#address", "nowhere")
    await page.click("text=Make the channel")
    await expect(page.locator("#refused")).to_be_visible()
    assert await violations(page) == []


async def test_signing_in_and_errors_have_no_violation(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive(None)
    page = person.page
    person.expected_status |= {401, 404, 422, 400}
    await person.open("/sign-in")
    assert await violations(page) == []
    await page.fill("#access-key", "cnx_wrong")
    await page.click(".sign-in button")
    await expect(page.get_by_role("alert")).to_be_visible()
    assert await violations(page) == []
    person = await arrive("viewer")
    person.expected_status |= {404, 422, 400}
    for path in ("/globex/price", "/acme/price?status=maybe", "/acme/price?page_token=old"):
        await person.open(path)
        assert (path, await violations(person.page)) == (path, [])


NARROW = ["/acme/people", "/acme/reprocess", "/acme/reprocess/c1", "/acme/incidents?over=true", "/acme/notifications"]
#: Cells beyond the right edge of the screen, and tables that have something beyond their own.
HIDDEN = """[
    ...[...document.querySelectorAll('.plain-table tbody :is(th, td)')]
        .filter((cell) => cell.getBoundingClientRect().right > innerWidth),
    ...[...document.querySelectorAll('.plain-table')].filter((table) => table.scrollWidth > table.clientWidth + 1),
].map((each) => each.innerHTML.slice(0, 200))"""


@pytest.mark.parametrize("lang", ["en-US", "pt-BR", "es-AR"])
async def test_no_column_is_hidden_on_a_narrow_screen(
    arrive: Arrive, writer: Database, owner: asyncpg.Connection, desk: Desk, lang: str
) -> None:
    await desk.fail(range(3))
    await desk.by_filter("c1", reason="the price table was corrected")
    sent = await desk.send()
    await desk.answer(sent[0])
    await desk.answer(sent[1], status="error")
    await an_incident(owner)
    by = Author("maria@store.example")
    url = "https://hooks.store.example/a/rather/long/path/of/a/channel"
    for name in ("operations of the night", "a" * MAX_NAME_CHARACTERS):
        new = NewChannel(name, "webhook", url, "pt", "America/Sao_Paulo", ["conexoes.log.failed.v1"], b"", b"")
        channel = await definitions.make_channel(writer, "acme", new, by)
        rule = Rule(name=name, digest_at=time(8))
        await definitions.put_rule(writer, "acme", uuid.uuid4(), rule, channels=[channel], author=by)
    now = datetime.now(UTC)
    await definitions.make_window(
        writer, "acme", begins_at=now, ends_at=now + timedelta(days=1), scope=Scope(), reason="deploy", author=by
    )
    person = await arrive("admin", lang=lang, viewport={"width": 360, "height": 800})
    await person.open("/acme/notifications")
    await person.page.click("form[action$='/test'] button >> nth=0")  # a message of the log
    await person.page.wait_for_url("**#log")
    for path in NARROW:
        await person.open(path)
        assert (path, await person.page.locator(".plain-table tbody tr").count() > 0) == (path, True)
        assert (path, await person.page.evaluate(HIDDEN)) == (path, [])
        overflow = await person.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert (path, overflow <= 0) == (path, True)
        assert (path, await violations(person.page)) == (path, [])
