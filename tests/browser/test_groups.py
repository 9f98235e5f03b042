"""A person puts groups of equal errors in order: one line for an error, who has it, and what becomes of a decision."""

import re

import pytest
from playwright.async_api import Request, expect

from admin.pages.address import MOST_CHARACTERS
from schemas.result import MAX_AFFILIATE_CHARACTERS
from tests.browser.conftest import Arrive
from tests.browser.test_accessible import violations
from tests.integration.api.conftest import Store
from tests.support.events import Event, result


def failing(id_: str, code: str, affiliate: str = "MLB") -> Event:
    return result(
        id_, key=f"SKU-{id_}", affiliate=affiliate, message=None, errors=[{"code": code, "message": f"{code} is bad"}]
    )


async def test_one_error_is_one_line_that_people_put_in_order(arrive: Arrive, store_events: Store) -> None:
    await store_events(
        *(failing(f"m{n}", "price.table") for n in range(5)),
        failing("a", "price.table", "AMZ"),
        *(failing(f"c{n:02}", f"code.{n:02}") for n in range(24)),
    )
    person = await arrive("operator", viewport={"width": 1920, "height": 1080})
    page = person.page
    await person.open("/acme/price/groups?status=error")
    lines = page.locator(".group-row")
    await expect(lines).to_have_count(25)
    await expect(lines.last).to_be_in_viewport(ratio=1)  # 25 on one screen of 1080

    # One error at two affiliates is one line, which is acted on as a whole, and marked as a whole.
    line = page.locator(".group-row", has_text="price.table")
    await expect(line.locator(".g-count b")).to_have_text("6")
    await line.locator(".pick").first.click()
    await line.locator("summary").click()
    await expect(line.locator(".group-parts li")).to_have_count(2)
    boxes = line.locator(".pick input")
    await expect(line.locator(".pick input:checked")).to_have_count(3)
    await expect(page.locator(".bulk-count")).to_have_text("1 selected")
    # Each affiliate can be left out, the first too; the line is marked while all of them are.
    await line.locator(".group-parts .pick").first.click()
    await expect(boxes.first).to_be_checked(indeterminate=True)
    assert [await each.is_checked() for each in await boxes.all()] == [False, False, True]
    await expect(page.locator(".bulk-count")).to_have_text("1 selected")
    await line.locator(".group-parts .pick").first.click()
    await expect(line.locator(".pick input:checked")).to_have_count(3)
    await line.locator(".group-parts .pick").first.click()
    await page.click("#pick-none")
    await expect(line.locator(".pick input:is(:checked, :indeterminate)")).to_have_count(0)
    form = line.locator(".noting")
    await form.locator("[name=owner]").select_option("v")
    await form.locator("[name=tags]").fill("Table, supplier")
    await form.locator("[name=ticket]").fill("https://tickets.example/OPS-118")
    await form.locator("[name=note]").fill("asked the supplier")
    await form.get_by_role("button", name="Save").click()
    await expect(line.locator(".g-owner")).to_contain_text("v")
    await expect(line.locator(".g-what .tag")).to_have_text(["supplier", "table"])
    await expect(line.get_by_role("link", name="tickets.example … OPS-118")).to_have_attribute(
        "rel", "noopener noreferrer"
    )
    await expect(line.locator(".group-history li")).to_have_count(4)
    await expect(line.locator(".group-history")).to_contain_text("asked the supplier")
    assert await violations(page) == []


async def test_an_ignored_group_comes_back_and_a_resolved_one_regresses(arrive: Arrive, store_events: Store) -> None:
    await store_events(
        *(failing(f"m{n}", "price.table") for n in range(3)),
        failing("a", "price.table", "AMZ"),
        failing("c", "other"),
    )
    person = await arrive("operator")
    page = person.page
    lines = page.locator(".group-row")
    await person.open("/acme/price/groups?status=error")
    line = lines.first
    await line.locator("summary").click()
    await line.locator(".noting [name=owner]").select_option("v")
    await line.get_by_role("button", name="Save").click()
    await expect(lines.first.locator(".g-owner")).to_contain_text("v")
    # Ignored until two results more: at the end of the list, with its end, and back when they came at one affiliate.
    line = lines.first
    await expect(line.locator(".of-results")).to_be_hidden()
    await line.locator(".ignoring select").select_option("results")
    await line.locator(".of-results").fill("2")
    await line.get_by_role("button", name="Ignore").click()
    await expect(lines.last).to_contain_text("price.table")
    await expect(lines.last.locator(".g-state")).to_contain_text("Ignored")
    await expect(lines.last.locator(".group-history")).to_contain_text("until 2 results more")
    await store_events(failing("m5", "price.table"), failing("m6", "price.table"))
    await person.open("/acme/price/groups?status=error&owner=v")
    await expect(lines).to_have_count(2)  # at the other affiliate it is ignored still
    await expect(lines.first.locator(".g-state")).to_contain_text("As many results came")
    await expect(lines.last.locator(".g-state")).to_contain_text("Ignored")

    await lines.first.locator("summary").click()
    await lines.first.locator(".decide [name=note]").fill("the table is new")
    await lines.first.get_by_role("button", name="Resolve").click()
    await expect(lines.first.locator(".g-state")).to_contain_text("Resolved")
    await store_events(failing("m7", "price.table"))
    await person.open("/acme/price/groups?status=error")
    await page.locator("#group-choice summary").click()
    await page.locator("#group-choice [value=regressed]").check()
    await page.locator("#group-choice").get_by_role("button", name="Apply filter").click()
    await expect(lines).to_have_count(1)
    await expect(lines.locator(".g-state")).to_contain_text("Regressed")
    assert "state=regressed" in page.url
    assert "status=error" in page.url
    await person.open("/acme/activity?kind=group")
    await expect(page.locator("tbody tr").first).to_contain_text("Resolved")
    assert person.faults == []


#: The largest marking: every line of a page, each of an error at so many affiliates.
LINES, AFFILIATES = 25, 30


async def fill(store_events: Store) -> None:
    """Store as many groups as a page may have, with affiliates as long as they may be, and codes of 100 characters."""
    affiliates = [f"Loja {n:02} ".ljust(MAX_AFFILIATE_CHARACTERS, "x") for n in range(AFFILIATES)]
    codes = [f"price.{n:02}.".ljust(100, "x") for n in range(LINES)]
    await store_events(
        *(failing(f"{c:02}-{a:02}", code, where) for c, code in enumerate(codes) for a, where in enumerate(affiliates))
    )


@pytest.mark.usefixtures("agents")
@pytest.mark.parametrize("scripts", [True, False])
async def test_the_largest_marking_is_planned_changed_and_sent(
    arrive: Arrive, store_events: Store, *, scripts: bool
) -> None:
    await fill(store_events)
    person = await arrive("operator", scripts=scripts)
    page = person.page
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    await person.open("/acme/price/groups?status=error")
    lines = page.locator(".group-row > .pick input")
    await expect(lines).to_have_count(LINES)
    for box in await lines.all():
        await box.check(force=True)
    if scripts:
        await expect(page.locator(".pick input:checked")).to_have_count(LINES * (AFFILIATES + 1))
        await expect(page.locator(".bulk-count")).to_have_text(f"{LINES} selected")
    await page.get_by_role("button", name="Reprocess these").click()
    every = LINES * AFFILIATES
    await expect(page.locator(".plan-total")).to_contain_text(f"{every} of {every}")
    await expect(page.locator("h1")).to_contain_text(f"Group of equal errors: {every}")
    await expect(page.get_by_role("link", name="Back", exact=True)).to_have_attribute(
        "href", "/acme/price/groups?status=error"
    )
    if scripts:
        assert await violations(page) == []
    await page.locator("[name=take] >> nth=0").uncheck(force=True)
    await page.fill("#reason", "the table is new")
    await page.get_by_role("button", name="Update the plan").click()
    await expect(page.locator(".plan-total")).to_contain_text(f"{every - 1} of {every - 1}")
    await expect(page.locator("#update")).to_be_focused()
    await expect(page.locator("#reason")).to_have_value("the table is new")
    await expect(page.locator("[name=take] >> nth=0")).not_to_be_checked()
    await expect(page.get_by_role("link", name="Back", exact=True)).to_have_attribute(
        "href", "/acme/price/groups?status=error"
    )
    await page.get_by_role("button", name=f"Send {every - 1}").click()
    await expect(page).to_have_url(re.compile("/acme/reprocess/[0-9a-f-]{36}$"))
    await expect(page.locator("main")).to_contain_text("the table is new")
    await expect(page.locator("main")).to_contain_text(f"Group of equal errors: {every}")
    assert max(len(each) for each in asked) < MOST_CHARACTERS


async def test_all_but_what_is_marked_is_listed_and_planned(arrive: Arrive, store_events: Store) -> None:
    await store_events(
        *(failing(f"m{n}", "price.table") for n in range(3)), failing("a", "price.table", "AMZ"), failing("c", "other")
    )
    person = await arrive("operator")
    page = person.page
    for button, said in (("List all but these", "tr.log"), ("Reprocess all but these", ".plan-total")):
        await person.open("/acme/price/groups?status=error")
        await page.locator(".group-row", has_text="price.table").locator("> .pick input").check(force=True)
        await page.get_by_role("button", name=button).click()
        await expect(page.locator(said)).to_have_count(1)
    await expect(page.locator(".plan-total")).to_contain_text("1 of 1")
    await page.get_by_role("link", name="Back", exact=True).click()
    await expect(page).to_have_url(f"{person.address}/acme/price/groups?status=error")
