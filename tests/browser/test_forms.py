"""Forms: what is refused stays or leads back, what is made can be copied, and parts stand apart."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Arrive
from tests.integration.api.conftest import Store
from tests.support.account import account


async def test_a_form_that_is_refused_stays_as_it_was_filled_in(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("admin")
    page = person.page
    person.expected_status.add(422)
    await person.open("/acme/notifications?state=sent")
    await page.fill("#channel-name", "Operations")
    await page.select_option("#kind", "email")
    await page.fill("#address", "nowhere")
    for _ in range(2):  # what is refused again is said once
        await page.click("button:has-text('Make the channel')")
        await expect(page.get_by_role("alert").filter(has_text="address must be")).to_have_count(1)
        await expect(page.locator("#channel-name")).to_have_value("Operations")
        await expect(page.locator("#kind")).to_have_value("email")
        await expect(page.locator("#address")).to_be_focused()
        await expect(page.locator("#address")).to_have_attribute("aria-invalid", "true")
        await expect(page).to_have_url(f"{person.address}/acme/notifications?state=sent")
    await page.fill("#address", "ops@store.example")
    await page.click("button:has-text('Make the channel')")
    await expect(page.locator("th:has-text('Operations')")).to_be_visible()
    await expect(page).to_have_url(f"{person.address}/acme/notifications#channels")
    # Its answer leads to a place of the page that is shown, which is loaded all the same.
    await make(page, "Second", "email", "second@store.example")
    await expect(page.locator("th:has-text('Second')")).to_be_visible()
    # An answer that is a page is shown, and its forms can be sent again.
    for name in ("Third", "Fourth"):
        await make(page, name, "webhook", "https://hooks.example/conexoes")
        await expect(page.locator("#secret")).to_have_text(f"The secret of {name}")
        await expect(page.locator(f"th:has-text('{name}')")).to_be_visible()


async def make(page: Page, name: str, kind: str, address: str) -> None:
    await page.click("summary:has-text('New channel')")
    await page.fill("#channel-name", name)
    await page.select_option("#kind", kind)
    await page.fill("#address", address)
    await page.click("button:has-text('Make the channel')")


async def test_a_form_that_is_refused_leads_back_to_its_page_without_scripts(
    arrive: Arrive, store_events: Store
) -> None:
    await store_events(*account())
    person = await arrive("admin", scripts=False)
    page = person.page
    person.expected_status.add(422)
    await person.open("/acme/notifications?state=sent")
    await page.fill("#channel-name", "Operations")
    await page.fill("#address", "nowhere")
    await page.click("button:has-text('Make the channel')")
    await expect(page.locator("h1")).to_have_text("This could not be understood")
    await expect(page.get_by_role("link", name="Reload")).to_have_count(0)
    await page.get_by_role("link", name="Back").click()
    await expect(page).to_have_url(f"{person.address}/acme/notifications?state=sent")
    await person.open("/acme/notifications/channels")  # as whoever presses Enter in the address bar
    await expect(page).to_have_url(f"{person.address}/acme/notifications")


async def test_a_refusal_is_said_wherever_its_field_stands(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    person.expected_status.add(422)
    await person.open("/acme/price/groups")
    group = page.locator("details.group").first
    await group.locator("summary").first.click()
    noting = group.locator("form.noting")
    await noting.locator("input[name=tags]").fill(", ".join(map(str, range(20))))
    await noting.locator("button:not([type=button])").last.click()
    await expect(page.locator("#refused")).to_contain_text("Tags")
    await expect(noting.locator("input[name=tags]")).to_be_focused()


@pytest.mark.parametrize(
    ("path", "field", "text"),
    [
        ("activity", "who", "nobody"),
        ("dead-letters", "q", "nothing"),
        ("playbook", "q", "nothing"),
    ],
)
async def test_a_filter_that_scripts_do_not_apply_has_a_button(
    arrive: Arrive, store_events: Store, path: str, field: str, text: str
) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open(f"/acme/{path}")
    await page.fill(f"#filter [name={field}]", text)
    await page.click("#filter button:has-text('Apply filter')")
    await page.wait_for_url(f"**/acme/{path}?*{field}={text}*")


async def test_a_form_that_nobody_answers_stays_too(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("admin")
    page = person.page
    await person.open("/acme/notifications")
    await page.route("**/notifications/channels", lambda route: route.abort())
    await page.fill("#channel-name", "Operations")
    await page.fill("#address", "ops@store.example")
    await page.click("button:has-text('Make the channel')")
    await expect(page.locator("#refused")).to_have_text("That did not work. Reload the page.")
    await expect(page.locator("#refused")).to_be_focused()
    await expect(page.locator("#channel-name")).to_have_value("Operations")
    person.forget("ERR_FAILED")


async def test_the_link_of_an_invitation_is_copied_by_a_button(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("admin", permissions=["clipboard-read", "clipboard-write"])
    page = person.page
    await person.open("/acme/people")
    await page.fill("#name", "Ana")
    await page.click("button:has-text('Invite by a link')")
    link = await page.locator(".made").input_value()
    await page.click(".notice button:has-text('Copy')")
    await expect(page.locator(".message.good")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == link


@pytest.mark.parametrize(
    ("path", "opens", "field", "choice"),
    [
        ("affiliates", "details.pause > summary", "[name=until]", "[name=ends][value=at]"),
        ("price/reprocess?status=error", None, "[name=not_before]", "[name=when][value=at]"),
    ],
)
async def test_a_time_that_is_filled_in_is_chosen(
    arrive: Arrive, store_events: Store, path: str, opens: str | None, field: str, choice: str
) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open(f"/acme/{path}")
    if opens:
        await page.locator(opens).first.click()
    chosen = page.locator(choice).first
    await expect(chosen).not_to_be_checked()
    await page.locator(field).first.fill("2031-01-02T14:00")
    await expect(chosen).to_be_checked()


async def test_a_refusal_calls_the_field_as_the_form_does(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("admin", lang="pt-BR")
    page = person.page
    person.expected_status.add(422)
    await person.open("/acme/notifications")
    form = page.locator("form[action$='/channels']")
    await form.locator("[name=name]").fill("turno")
    await form.locator("[name=address]").fill("nowhere")
    await form.locator("button.primary").click()
    refused = page.locator("#refused")
    await expect(refused).to_contain_text("Endereço ")
    await expect(refused).not_to_contain_text("address")


async def test_a_new_rule_is_told_by_the_only_channel(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("admin")
    page = person.page
    await person.open("/acme/notifications")
    for name in ("first", "second"):
        form = page.locator("form[action$='/channels']")
        if not await form.is_visible():
            await page.locator("details:has(form[action$='/channels']) > summary").click()
        await form.locator("[name=kind]").select_option("email")
        await form.locator("[name=name]").fill(name)
        await form.locator("[name=address]").fill(f"{name}@example.com")
        await form.locator("button.primary").click()
        await expect(page.locator("#rule [name=channels]")).to_have_count(1 if name == "first" else 2)
        # Of two nobody knows which one is meant.
        await expect(page.locator("#rule [name=channels]:checked")).to_have_count(1 if name == "first" else 0)


@pytest.mark.parametrize("path", ["notifications", "affiliates", "reprocess", "people"])
async def test_parts_of_a_page_stand_apart(arrive: Arrive, store_events: Store, path: str) -> None:
    await store_events(*account())
    person = await arrive("admin", viewport={"width": 1280, "height": 900})
    page = person.page
    await person.open(f"/acme/{path}")
    await expect(page.locator("main .card").first).to_be_visible()
    touching = await page.locator("main .card, main .states").evaluate_all(
        """(parts) => parts.flatMap((part) => {
            const next = part.nextElementSibling;
            const gap = next && next.getBoundingClientRect().top - part.getBoundingClientRect().bottom;
            return gap !== null && gap < 8 ? [`${next.tagName} ${next.className}: ${gap}`] : [];
        })"""
    )
    assert touching == []
