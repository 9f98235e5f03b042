"""Legibility of a page: tables, codes, lines of text, paper."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from schemas.catalogue import CATALOGUE
from tests.browser.conftest import Arrive
from tests.integration.api.conftest import Store
from tests.support.account import account
from tests.support.events import result

#: Each row's cells, as many columns as they take.
SPANS = """[...document.querySelectorAll("#logs tr")].map(
  (row) => [...row.cells].reduce((sum, cell) => sum + cell.colSpan, 0)
)"""
#: Right edge of an element.
RIGHT = "(selector) => document.querySelector(selector).getBoundingClientRect().right"
#: Codes and names that were broken within a word.
BROKEN = r"""() => [...document.querySelectorAll(".code, .key, .c-affiliate bdi, th bdi, dt bdi")].filter((each) => {
  const walker = document.createTreeWalker(each, NodeFilter.SHOW_TEXT);
  let before = null;
  while (walker.nextNode()) for (let at = 0; at < walker.currentNode.length; at++) {
    const range = document.createRange();
    range.setStart(walker.currentNode, at);
    range.setEnd(walker.currentNode, at + 1);
    const [rect] = range.getClientRects();
    const letter = range.toString();
    if (!rect || !rect.width) {
      if (before) before.letter = letter;
      continue;
    }
    if (before && rect.top > before.bottom - 2 && !/[._\/:\s-]/.test(before.letter) && !/\s/.test(letter)) return true;
    before = { letter, bottom: rect.bottom };
  }
  return false;
}).map((each) => each.textContent)"""
#: Underlined links in which the line touches an underscore.
SWALLOWED = r"""() => {
  const context = document.createElement("canvas").getContext("2d");
  return [...document.querySelectorAll("a")].filter((link) => {
    const style = getComputedStyle(link);
    if (!link.textContent.includes("_") || style.textDecorationLine !== "underline") return false;
    return [...link.querySelectorAll("*"), link].some((each) => {
      if (![...each.childNodes].some((node) => node.nodeType === 3 && node.data.includes("_"))) return false;
      const font = getComputedStyle(each);
      context.font = `${font.fontWeight} ${font.fontSize} ${font.fontFamily}`;
      return parseFloat(style.textUnderlineOffset) < context.measureText("_").actualBoundingBoxDescent + 0.75;
    });
  }).map((link) => link.textContent);
}"""
#: Distance of the last lines of two texts, in px.
APART = """([first, second]) => {
  const [a, b] = [first, second].map((each) => {
    const range = document.createRange();
    range.selectNodeContents(each);
    const [rect] = [...range.getClientRects()].slice(-1);
    const font = getComputedStyle(each);
    const context = document.createElement("canvas").getContext("2d");
    context.font = `${font.fontWeight} ${font.fontSize} ${font.fontFamily}`;
    const { fontBoundingBoxAscent: above, fontBoundingBoxDescent: below } = context.measureText("0");
    return rect.bottom - (rect.height - above - below) / 2 - below;
  });
  return Math.abs(a - b);
}"""
#: Elements of a row that are seen over the edge of their cell: texts may be cut there with an ellipsis, controls not.
OVER = """() => [...document.querySelectorAll("tr.log > td")].flatMap((cell) => {
  const edge = cell.getBoundingClientRect().right;
  const isCut = (each) => {
    for (let at = each; ; at = at.parentElement) {
      const style = getComputedStyle(at);
      const cuts = ["hidden", "clip"].includes(style.overflowX) && style.textOverflow === "ellipsis";
      if (cuts && at.getBoundingClientRect().right <= edge + 0.5) return true;
      if (at === cell) return false;
    }
  };
  return [...cell.querySelectorAll(".exact, .relative, .button, .status, .state, .key, .code, bdi")]
    .filter((each) => each.offsetParent && each.getBoundingClientRect().right > edge + 0.5)
    .filter((each) => each.matches(".button") || !isCut(each))
    .map((each) => each.textContent);
})"""
CODES = ("order.freight_mismatch", "tracking.invoice_missing", "price.list_below_sale", "inventory.warehouse_unlinked")
LONG_AFFILIATE = "Carrefour-Marketplace-BR"


def named() -> list[Any]:
    """Faults of every type with a long code each, on an affiliate with a long name."""
    return [
        result(
            f"{kind.name}-{code}-{affiliate}",
            kind.name,
            key=f"{code}-KEY_{affiliate}",
            affiliate=affiliate,
            status=kind.statuses[-1],
            message=f"{code} at {affiliate}",
            aliases={"marketplace_order_id": "2000007001"},
            errors=[{"code": code, "message": code}],
        )
        for kind in CATALOGUE
        for code in CODES
        for affiliate in (LONG_AFFILIATE, "AMZ")
    ]


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
async def test_every_row_has_the_columns_of_the_head(arrive: Arrive, store_events: Store, role: str) -> None:
    await store_events(*account())
    person = await arrive(role)
    page = person.page
    for kind in CATALOGUE:
        await person.open(f"/acme/{kind.name}?open=all")
        rows = await page.locator("tr.log").count()
        assert await page.locator("tr.detail").count() == rows > 0
        [columns, *spans] = await page.evaluate(SPANS)
        assert (kind.name, spans) == (kind.name, [columns] * rows * 2)
        await person.open(f"/acme/{kind.name}")
        widths = "[...document.querySelectorAll('#logs thead th')].map((each) => each.getBoundingClientRect().width)"
        before = await page.evaluate(widths)
        await page.click("tr.log >> nth=0 >> .disclose")
        await expect(page.locator("tr.detail .panel")).to_be_visible()
        assert (kind.name, await page.evaluate(SPANS)) == (kind.name, [columns] * (rows + 2))
        assert (kind.name, await page.evaluate(widths)) == (kind.name, before)


@pytest.mark.parametrize("width", [390, 1024, 1440])
async def test_codes_and_names_are_read_as_they_are(arrive: Arrive, store_events: Store, width: int) -> None:
    await store_events(*named())
    person = await arrive("operator", viewport={"width": width, "height": 900})
    for path in ("overview", "orders?open=all", "price/groups", "price?open=all", "search?q=order"):
        await person.open(f"/acme/{path}")
        await expect(person.page.locator("main h1")).to_be_visible()
        if path == "overview":
            await expect(person.page.locator("#numbers")).to_be_visible()
        assert (path, await person.page.evaluate(BROKEN)) == (path, [])
        assert (path, await person.page.evaluate(SWALLOWED)) == (path, [])


@pytest.mark.parametrize("lang", ["pt-BR", "en-US", "es-419"])
@pytest.mark.parametrize("width", [390, 1024, 1280, 1440, 1920])
async def test_what_is_in_a_cell_stays_in_it(arrive: Arrive, store_events: Store, lang: str, width: int) -> None:
    await store_events(*named())
    person = await arrive("operator", lang=lang, viewport={"width": width, "height": 900})
    for kind in ("orders", "price"):
        await person.open(f"/acme/{kind}")
        await expect(person.page.locator("tr.log").first).to_be_visible()
        assert (kind, await person.page.evaluate(OVER)) == (kind, [])


async def test_labels_and_numbers_are_on_one_line(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/acme/overview")
    for each in await page.locator(".by-status a").all():
        pair = [await each.locator(".status").element_handle(), await each.locator("b").element_handle()]
        assert await page.evaluate(APART, pair) < 0.75


async def test_drawings_of_an_empty_list_are_small(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    for path in ("search?q=nothing-has-this", "price?q=nothing-has-this", "reprocess", "dead-letters"):
        await person.open(f"/acme/{path}")
        await expect(person.page.locator(".empty")).to_be_visible()
        for icon in await person.page.locator(".empty .icon").all():
            assert await icon.evaluate("each => getComputedStyle(each).strokeWidth") == "1.6px"


async def _gap(page: Page, above: str, below: str) -> float:
    upper, lower = await page.locator(above).first.bounding_box(), await page.locator(below).first.bounding_box()
    assert upper is not None
    assert lower is not None
    return lower["y"] - upper["y"] - upper["height"]


async def test_things_below_each_other_have_space_between_them(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    await person.open("/preferences")
    assert await _gap(page, "h1", "legend") >= 10
    assert await _gap(page, "form.fields .row", "form + h2") >= 18
    await person.open("/acme/price/export")
    assert await _gap(page, "form.card", "form.card + p") >= 10
    await person.open("/acme/price")
    await page.click("tr.log summary")
    await page.click("text=Open on its own page")
    assert await _gap(page, "main > p.soft >> nth=-1", "main > .card") >= 10


async def test_paper_has_what_it_is_of_and_nothing_to_press(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("operator")
    page = person.page
    for path in (
        "price?status=error&open=all",
        "price/groups",
        "affiliates",
        "overview",
        "price/reprocess?status=error",
    ):
        await person.open(f"/acme/{path}")
        await page.emulate_media(media="print")
        pressed = await page.locator("button:not(.copyable), .button, summary.button, .clear").all()
        assert [each for each in pressed if await each.is_visible()] == []
        await expect(page.locator(".account")).to_be_visible()
        await expect(page.locator("main h1").first).to_be_visible()
        if path.startswith("price?"):
            await expect(page.locator(".total")).to_contain_text("5 records")
            await expect(page.locator(".applied")).to_contain_text("Error")
            await expect(page.locator("tr.detail dd", has_text="789000003")).to_be_visible()
            table, *parts = [
                await page.evaluate(RIGHT, each) for each in ("#logs", "#logs th.c-processed_at", "tr.detail > td")
            ]
            assert max(table - each for each in parts) < 3
        await page.emulate_media(media="screen")


async def test_an_affiliates_share_leads_to_its_errors(arrive: Arrive, store_events: Store) -> None:
    await store_events(*account())
    person = await arrive("viewer")
    page = person.page
    await person.open("/acme/overview")
    await page.click(".matrix tr:has(bdi:text-is('AMZ')) td a[href*='/price?']")
    await expect(page.locator("tr.log")).to_have_count(2)
    await expect(page.locator(".applied")).to_contain_text("AMZ")
    await expect(page.locator(".applied")).to_contain_text("Error")
