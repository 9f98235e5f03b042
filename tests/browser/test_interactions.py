"""The cost of each interaction with a list of 200 rows, in a real Chromium: printed (`-s`).

What is asserted is that each interaction did what it is for, and that layouts and recalculations of style, which are as
many on a slow machine, are not one for each row. Times are never asserted. `Interaction to next paint` is the time from
the event to the end of the frame that follows; beside it are milliseconds of script, layout and style, for each.
"""

import re
import sys
from collections.abc import Awaitable, Callable
from statistics import median

from playwright.async_api import CDPSession, Page, expect

from tests.browser.conftest import Arrive
from tests.integration.api.conftest import Store
from tests.support.events import at, result

ROWS = 200
#: Limits of one interaction: a few of its own, those by which Playwright finds where to click, and a recalculation of
#: style for each frame of a transition.
MOST_LAYOUTS, MOST_STYLES = ROWS / 10, ROWS / 5
#: Keeps in `window.frames_ms` the time from each event to after the frame that follows.
WATCH = """() => {
  window.frames_ms = [];
  const shown = ({ timeStamp }) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => window.frames_ms.push(performance.now() - timeStamp);
    port2.postMessage(0);
  });
  for (const each of ["keydown", "click"]) addEventListener(each, shown, { capture: true });
}"""
#: Scrolls by the wheel's step in each of so many frames, and returns the milliseconds between frames.
SCROLL = """(frames) => new Promise((done) => {
  const times = [];
  const step = (time) => {
    times.push(time);
    scrollBy(0, 100);
    if (times.length <= frames) requestAnimationFrame(step);
    else done(times.slice(1).map((each, number) => each - times[number]));
  };
  requestAnimationFrame(step);
})"""
FRAMES = 240
_COUNTED = ("LayoutCount", "RecalcStyleCount", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


async def test_a_list_of_200_rows_answers_each_key_and_click(arrive: Arrive, store_events: Store) -> None:
    await store_events(*(result(f"r{n}", key=f"SKU-{n:04}", processed_at=at(n / 100)) for n in range(ROWS + 20)))
    person = await arrive("operator")
    page = person.page
    await person.open(f"/acme/price?page_size={ROWS}")
    await expect(page.locator("tr.log")).to_have_count(ROWS)
    await page.evaluate(WATCH)
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")

    async def press(key: str, times: int) -> None:
        for _ in range(times):
            await page.keyboard.press(key)

    async def click(selector: str) -> None:
        await page.click(selector)

    await measured(page, session, "j, 30 rows down", lambda: press("j", 30))
    await expect(page.locator("tr.log >> nth=29 >> .disclose")).to_be_focused()
    await expect(page.locator("tr.log >> nth=29")).to_be_in_viewport()
    await measured(page, session, "k, 10 rows up", lambda: press("k", 10))
    await expect(page.locator("tr.log >> nth=19")).to_have_class("log error cursor")
    await expect(page.locator(".log.cursor")).to_have_count(1)
    await measured(page, session, "x, selects and not", lambda: press("x", 11))
    await expect(page.locator(".bulk")).to_contain_text("1 selected")
    await measured(page, session, "o, opens a row", lambda: press("o", 1))
    await expect(page.locator("tr.detail")).to_have_count(1)
    await measured(page, session, "j, past an open row", lambda: press("j", 1))
    await expect(page.locator("tr.log >> nth=20")).to_have_class("log error cursor")
    await measured(page, session, "click, opens a row", lambda: click("tr.log >> nth=22 >> .disclose"))
    await expect(page.locator("tr.detail")).to_have_count(2)
    opened = [await page.locator(f"tr.log >> nth={number}").get_attribute("data-id") for number in (19, 22)]
    await expect(page).to_have_url(f"{person.address}/acme/price?page_size={ROWS}&open={opened[0]}&open={opened[1]}")
    await measured(page, session, "click, opens a menu", lambda: click("tr.log >> nth=24 >> .menu > summary"))
    await expect(page.locator("details.menu[open]")).to_have_count(1)
    await page.keyboard.press("Escape")
    await measured(page, session, "click, marks a page", lambda: click("#pick-all"))
    await expect(page.locator(".bulk")).to_contain_text(f"{ROWS} selected")
    await measured(page, session, "click, filters", lambda: click(".chip.error"))
    await expect(page).to_have_url(re.compile("[?&]status=error"))
    await expect(page.locator("tr.log")).to_have_count(ROWS)
    await expect(page.locator(".pick input:checked")).to_have_count(0)
    await expect(page.locator(".bulk")).to_be_hidden()


async def test_200_open_rows_are_scrolled_with_a_layout_a_frame_at_most(arrive: Arrive, store_events: Store) -> None:
    await store_events(*(result(f"r{n}", key=f"SKU-{n:04}", processed_at=at(n / 100)) for n in range(ROWS)))
    person = await arrive("operator")
    page = person.page
    await person.open(f"/acme/price?page_size={ROWS}&open=all")
    await expect(page.locator("tr.detail")).to_have_count(ROWS)
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    before = await _metrics(session)
    gaps = await page.evaluate(SCROLL, FRAMES)
    layouts = (await _metrics(session))["LayoutCount"] - before["LayoutCount"]
    sys.stdout.write(
        f"scrolling {ROWS} open rows: {1000 / median(gaps):.0f} frames/s, longest gap {max(gaps):.0f} ms,"
        f" {sum(gap > 34 for gap in gaps)} of {FRAMES} late; layouts {layouts}\n"
    )
    assert await page.evaluate("scrollY") > 0
    assert layouts <= FRAMES  # rows are laid out as they come near


async def measured(page: Page, session: CDPSession, name: str, act: Callable[[], Awaitable[None]]) -> None:
    """Print what the interactions of `act` cost, for each of them, and hold them to their limits."""
    await page.evaluate("window.frames_ms.length = 0")
    before = await _metrics(session)
    await act()
    await page.wait_for_timeout(300)
    frames = await page.evaluate("window.frames_ms")
    after = await _metrics(session)
    layouts, styles, *seconds = ((after[each] - before[each]) / len(frames) for each in _COUNTED)
    times = " ".join(f"{1000 * each:6.1f}" for each in seconds)
    sys.stdout.write(
        f"{name:20} {len(frames):3}× next paint {median(frames):6.1f} ms, at most {max(frames):6.1f};"
        f" layouts {layouts:4.1f}, styles {styles:4.1f}; script, layout, style ms {times}\n"
    )
    assert layouts <= MOST_LAYOUTS, name
    assert styles <= MOST_STYLES, name


async def _metrics(session: CDPSession) -> dict[str, float]:
    found = await session.send("Performance.getMetrics")
    return {each["name"]: each["value"] for each in found["metrics"]}
