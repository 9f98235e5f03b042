"""The list page: filter, address bar, expanding, evidence, keyboard, saved views."""

import re
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from playwright.async_api import Route, expect

from admin.pages import counts
from schemas.policy import Policy
from schemas.reprocess import MAX_LOG_IDS
from storage.settings import StorageSettings
from tests.browser.conftest import Arrive
from tests.browser.test_accessible import violations
from tests.integration.api.conftest import Store
from tests.support.account import account
from tests.support.events import at, result
from tests.support.reprocess import Desk


async def test_a_filter_is_an_address_and_back_goes_back(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price")
    await expect(page.locator("tr.log")).to_have_count(7)
    await page.check("input[name=status][value=error]", force=True)
    await expect(page.locator("tr.log")).to_have_count(5)
    await expect(page).to_have_url(f"{person.address}/acme/price?status=error")
    await page.check("input[name=affiliate][value=AMZ]", force=True)
    await expect(page.locator("tr.log")).to_have_count(2)
    await expect(page.locator(".total")).to_contain_text("2 records")
    await expect(page.locator(".chip", has_text="MLB")).to_contain_text("3")  # what choosing it too would add
    await page.go_back()
    await expect(page.locator("tr.log")).to_have_count(5)
    await page.go_forward()
    await expect(page.locator("tr.log")).to_have_count(2)
    await page.click(".applied-chip:has-text('AMZ')")
    await expect(page.locator("tr.log")).to_have_count(5)


async def test_typing_searches_and_keeps_the_caret(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price")
    await page.keyboard.press("/")
    await page.keyboard.type("SKU-3")
    await expect(page.locator("tr.log")).to_have_count(1)
    await expect(page.locator("#q")).to_be_focused()
    await page.keyboard.type("x")
    await expect(page.locator(".empty h2")).to_have_text("Nothing matches these filters")
    await expect(page.locator("#q")).to_have_value("SKU-3x")


async def test_a_pasted_column_is_a_list_of_names(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price")
    await page.locator("#q").evaluate(
        """(field) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", "sku-3\\r\\nSKU-4\\nSKU-none\\n");
            field.focus();
            field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }"""
    )
    await expect(page.locator("#q")).to_have_value("sku-3; SKU-4; SKU-none")
    await expect(page.locator("tr.log")).to_have_count(2)
    await expect(page.locator(".not-found")).to_have_text("1 name of the list was not found: SKU-none")


async def test_expand_all_and_collapse_all_are_in_the_address(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/price")
    await page.click("#expand-all")
    await expect(page.locator("tr.detail")).to_have_count(7)
    await expect(page).to_have_url(f"{person.address}/acme/price?open=all")
    await page.reload()
    await expect(page.locator("tr.detail")).to_have_count(7)
    await expect(page.locator(".story").first).to_be_visible()
    await page.click("#collapse-all")
    await expect(page.locator("tr.detail")).to_have_count(0)
    await expect(page).to_have_url(f"{person.address}/acme/price")


async def test_the_keyboard_is_enough(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.locator("tr.log >> nth=1 >> .disclose")).to_be_focused()
    await page.keyboard.press("x")
    await expect(page.locator(".bulk")).to_contain_text("1 selected")
    await page.keyboard.press("o")
    await expect(page.locator("tr.detail")).to_have_count(1)
    await page.keyboard.press("k")
    await expect(page.locator("tr.log >> nth=0 >> .disclose")).to_be_focused()
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#keys")).to_be_hidden()


async def test_what_a_vendor_says_is_only_ever_text(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/products?open=all")
    await expect(page.locator("tr.detail")).to_have_count(2)
    for summary in await page.locator("tr.detail summary").all():
        await summary.click()
    assert await page.locator("#view img, #view script, #view b:has-text('x')").count() == 0
    await expect(page.locator("tr.log bdi.message").first).to_be_visible()
    shown = await page.locator("tr.detail").first.inner_text() + await page.locator("tr.detail").last.inner_text()
    assert '<img src=x onerror="alert(1)">' in shown
    assert await page.locator("bdi", has_text='A"><b>').count() > 0


async def test_large_evidence_is_folded_and_whole_on_demand(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/inventory")
    await page.click(".disclose")
    await page.click(".evidence[data-side=response] summary")
    pre = page.locator(".evidence[data-side=response] pre")
    await expect(pre).to_contain_text("line 1:")
    assert "line 2499:" not in await pre.inner_text()
    await page.click("text=Show all")
    await expect(pre).to_contain_text("line 2499:")


async def test_copying_gives_the_whole(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator", permissions=["clipboard-read", "clipboard-write"])
    page = person.page
    await person.open("/acme/inventory")
    await page.click(".disclose")
    await page.click(".evidence[data-side=response] summary")
    await page.click(".evidence[data-side=response] button:has-text('Copy')")
    await expect(page.locator(".message.good")).to_have_text("Copied")
    assert "line 2499:" in await page.evaluate("navigator.clipboard.readText()")


async def test_a_view_is_saved_used_and_deleted(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error&affiliate=AMZ")
    await page.click("#views summary")
    await page.fill("#view-name", "<b>AMZ</b> errors")
    await page.click("#views button:has-text('Save')")
    await page.wait_for_load_state()
    await person.open("/acme/price")
    await page.click("#views summary")
    await page.click("#views a:has-text('<b>AMZ</b> errors')")
    await expect(page).to_have_url(f"{person.address}/acme/price?status=error&affiliate=AMZ")
    await expect(page.locator("tr.log")).to_have_count(2)
    await page.click("#views summary")
    await page.click("#views button[title=Delete]")
    await page.wait_for_load_state()
    await page.click("#views summary")
    await expect(page.locator("#views")).to_contain_text("A view is a filter with a name")


async def test_language_zone_and_colours_are_kept(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer", lang="pt-BR", timezone_id="America/Sao_Paulo")
    page = person.page
    await person.open("/acme/price")
    await expect(page.locator("h1")).to_have_text("Preço")
    await expect(page.locator(".foot")).to_contain_text("Horário de Brasília")
    await page.click(".me a.quiet")
    await page.check("input[value=es]", force=True)
    await page.check("input[value=dark]", force=True)
    await page.select_option("#zone", "Europe/Madrid")
    await page.click("button:has-text('Salvar')")
    await page.wait_for_url("**/acme/price")
    await expect(page.locator("h1")).to_have_text("Precio")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page.locator(".foot")).to_contain_text("Europa central")


async def test_counts_that_do_not_come_say_so_and_are_asked_for_again(
    arrive: Arrive, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    monkeypatch.setattr(counts, "BUDGET_SECONDS", 0.0)
    person.expected_status = {503}
    of_price = re.compile("/acme/price/counts")
    await page.route(of_price, lambda route: route.fulfill(status=503))
    await person.open("/acme/price")
    place = page.locator("#facets .counting")
    await expect(place).to_contain_text("The records could not be counted.")
    await expect(place).not_to_have_attribute("aria-busy", "true")
    await expect(page.locator("tr.log")).to_have_count(7)
    assert await violations(page) == []
    async with page.expect_response(of_price):  # another filter asks for its own
        await page.check("input[name=status][value=error]", force=True)
    await expect(place).to_contain_text("The records could not be counted.")
    await page.unroute(of_price)
    await place.get_by_role("button", name="Try again").click()
    await expect(place).to_have_count(0)
    await expect(page.locator(".total")).to_contain_text("5 records")
    person.forget("Status Error Code 503", "htmx:")  # as htmx says in the console


async def test_a_filter_that_fails_shows_no_rows_of_another(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    person.expected_status = {503, 422}
    await person.open("/acme/price")
    await expect(page.locator("#live")).to_contain_text("Live")
    failing = re.compile("/acme/price[?].*status=error")
    await page.route(failing, lambda route: route.fulfill(status=503))
    await page.check("input[name=status][value=error]", force=True)
    told = page.locator("#unlisted")
    await expect(told).to_contain_text("The list of this filter could not be loaded.")
    # Neither rows, nor numbers, nor what would be done with the rows of the filter before are there, nor is it live.
    for gone in ("tr.log", ".total", ".chip b", ".toolbar", ".page-tools", "#live", ".bulk", "#newer"):
        await expect(page.locator(gone)).to_have_count(0)
    await expect(page.locator("input[name=status][value=error]")).to_be_focused()
    await store_events(result("n1", key="SKU-NEW", processed_at=at(60)))
    await page.evaluate("banners()")
    assert await violations(page) == []
    await told.get_by_role("button").click()  # fails again
    await expect(told.get_by_role("button")).to_be_focused()
    await page.unroute(failing)
    await told.get_by_role("button").click()
    await expect(page.locator("tr.log")).to_have_count(6)
    await expect(told).to_have_count(0)
    await expect(page.locator("#rows")).to_be_focused()
    await expect(page.locator(".total")).to_contain_text("6 records")
    await expect(page.locator("#live")).to_contain_text("Live")
    await expect(page).to_have_url(f"{person.address}/acme/price?status=error")
    # What the server refuses is said in its words; another filter is another try.
    await page.route(
        re.compile("/acme/price[?].*q=no"),
        lambda route: route.continue_(url=f"{person.address}/acme/price?page_size=x"),
    )
    await page.fill("#q", "no")
    await expect(told).to_contain_text("page_size")
    await page.fill("#q", "SKU-3")
    await expect(page.locator("tr.log")).to_have_count(1)
    person.forget("Status Error Code", "htmx:")


async def test_counts_that_come_late_are_those_of_the_filter(
    arrive: Arrive, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    monkeypatch.setattr(counts, "BUDGET_SECONDS", 0.0)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    await page.route(re.compile(r"/acme/price/counts\?$"), hold)
    await person.open("/acme/price")
    await expect(page.locator("#facets .counting")).to_have_count(1)
    await page.check("input[name=status][value=error]", force=True)
    await expect(page.locator(".total")).to_contain_text("5 records")
    async with page.expect_response(re.compile(r"/acme/price/counts\?$")) as late:
        await held[0].continue_()
    await (await late.value).finished()
    await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    await expect(page.locator(".total")).to_contain_text("5 records")


async def test_more_filters_are_a_line_below_the_search_bar(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer", viewport={"width": 1280, "height": 900})
    page = person.page
    await person.open("/acme/price")
    bar = await page.locator("#q").bounding_box()
    await page.click(".more-filters > summary")
    fields = await page.locator(".more-fields").bounding_box()
    line = await page.locator(".filter-line").bounding_box()
    assert bar is not None
    assert fields is not None
    assert line is not None
    assert await page.locator("#q").bounding_box() == bar
    assert fields["width"] == line["width"]
    assert fields["y"] >= bar["y"] + bar["height"]


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_no_heading_and_no_time_is_cut_at_1280(arrive: Arrive, store_events: Store, role: str) -> None:
    await store_events(*account())
    person = await arrive(role, lang="pt-BR", viewport={"width": 1280, "height": 900})
    page = person.page
    await person.open("/acme/price")
    await page.locator("tr.log .relative").first.evaluate("(said) => { said.textContent = 'há 59 segundos'; }")
    cut = (
        "(cells) => cells.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent.trim())"
    )
    assert await page.locator(".logs thead th:not(.c-pick)").evaluate_all(cut) == []
    assert await page.locator("tr.log .c-processed_at").evaluate_all(cut) == []


TWO = [{"code": "item.attributes.missing_required", "message": "m"}, {"code": "other", "message": "n"}]


@pytest.mark.parametrize("lang", ["pt-BR", "en-US", "es-ES"])
async def test_twenty_rows_are_whole_at_1280_by_900_also_while_they_are_reprocessed(
    arrive: Arrive, database_url: str, storage_settings: StorageSettings, lang: str
) -> None:
    desk = Desk(database_url, storage_settings, Policy())
    for affiliate in ("MLB", "AMZ"):
        await desk.fail(range(20), affiliate, errors=TWO)
    await desk.by_filter("c", filter={"status": ["error"], "affiliate": ["AMZ"]})
    await desk.close()
    person = await arrive("admin", lang=lang, viewport={"width": 1280, "height": 900})
    await person.open("/acme/price")
    await expect(person.page.locator(".reprocess-state")).to_have_count(20)
    edges = await person.page.locator("tr.log").evaluate_all(
        "(rows) => rows.map((row) => row.getBoundingClientRect()).map((box) => [box.top, box.bottom])"
    )
    assert edges[0][0] < 300
    assert sum(bottom <= 900 for _top, bottom in edges) >= 20
    assert len({round(bottom - top) for top, bottom in edges}) == 1


@pytest.mark.parametrize("scripted", [True, False])
async def test_an_open_row_leads_to_its_error_and_to_all_others_of_the_list(
    arrive: Arrive, store_events: Store, owner: asyncpg.Connection, *, scripted: bool
) -> None:
    await store_events(*account())
    [(row_id, group)] = await owner.fetch(
        "SELECT id, fingerprint FROM status_logs WHERE integration_type = 'price' AND key = 'SKU-1'"
    )
    person = await arrive("operator", scripts=scripted)
    page, shown = person.page, "?status=error&affiliate=MLB&page_size=100"
    await person.open(f"/acme/price{shown}" + ("" if scripted else f"&open={row_id}"))
    if scripted:
        await page.click(f"#open-{row_id}")
    panel = page.locator(f"#detail-{row_id}")
    for name, part in (("All but these", "exclude_fingerprint"), ("All with the same error", "fingerprint")):
        address = await panel.get_by_role("link", name=name).get_attribute("href")
        asked = parse_qs(urlsplit(address or "").query)
        assert asked == {"status": ["error"], "affiliate": ["MLB"], "page_size": ["100"], part: [group]}
    await panel.get_by_role("link", name="All but these").click()
    # The group is told by what people call it.
    await expect(page.locator(".applied")).to_contain_text("price.minimum")
    await expect(page.locator("tr.log")).to_have_count(0)


async def test_an_option_of_a_list_of_suggestions_is_no_key(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    await person.open("/acme/price")
    # As Chromium tells of it. What it throws would be a fault of the person's window.
    await person.page.locator("#code").evaluate(
        "(field) => field.dispatchEvent(new Event('keydown', { bubbles: true }))"
    )


async def test_more_marked_rows_than_a_command_takes_are_said_before_they_are_sent(
    arrive: Arrive, store_events: Store
) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/price?status=error")
    most, button = page.locator(".bulk-most"), page.locator(".bulk .primary")
    assert await most.get_attribute("data-most") == str(MAX_LOG_IDS)
    await most.evaluate("(most) => { most.dataset.most = 4; }")
    await page.check("#pick-all")
    await expect(most).to_have_text(f"At most {MAX_LOG_IDS:,} at once")
    await expect(button).to_be_disabled()
    assert await violations(page) == []
    await page.locator("tr.log .pick input").first.uncheck()
    await expect(most).to_be_hidden()
    await button.click()
    await expect(page.locator(".plan-total")).to_contain_text("4 of 4")
    await page.get_by_role("link", name="Back", exact=True).click()
    await expect(page).to_have_url(f"{person.address}/acme/price?status=error")
