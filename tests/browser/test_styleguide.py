"""The page of all parts, at each width and in each scheme: nothing sticks out, axe is content, light and dark have one
layout, and the product's own face is what is shown."""

from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Arrive
from tests.browser.test_accessible import violations

WIDTHS = (390, 768, 1280, 1440)
_BOXES = """() => [...document.querySelectorAll('main *')].map(each => {
    const box = each.getBoundingClientRect();
    return [each.tagName, Math.round(box.x), Math.round(box.y), Math.round(box.width), Math.round(box.height)];
})"""


@pytest.fixture(autouse=True)
def _styleguide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONEXOES_STYLEGUIDE", "1")


@pytest.mark.parametrize("width", WIDTHS)
async def test_every_part_at_this_width(arrive: Arrive, tmp_path: Path, width: int) -> None:
    person = await arrive(role=None)
    page = person.page
    await page.goto(f"{person.address}/styleguide")
    await page.set_viewport_size({"width": width, "height": 900})
    boxes = []
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await page.screenshot(path=tmp_path / f"{width}-{scheme}.png", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await violations(page) == []
        boxes.append(await page.evaluate(_BOXES))
    assert boxes[0] == boxes[1]
    assert (tmp_path / f"{width}-light.png").read_bytes() != (tmp_path / f"{width}-dark.png").read_bytes()
    assert await _faces(page) == ["Public Sans"]


async def _faces(page: Page) -> list[str]:
    """Families that were loaded from our files."""
    return sorted(
        await page.evaluate(
            "document.fonts.ready.then(fonts => [...new Set([...fonts].filter(each => each.status === 'loaded')"
            ".map(each => each.family.replaceAll('\"', '')))])"
        )
    )
