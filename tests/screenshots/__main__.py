"""`make screenshots`: pictures of every page in three languages, of a fresh demo, in docs/images."""

import asyncio
import os
import tempfile
import uuid
from pathlib import Path

from playwright.async_api import Page, async_playwright

from cli.documents.__main__ import ROOT
from embedded.ports import free_port
from schemas.catalogue import CATALOGUE, LANGUAGES
from schemas.locales import LOCALE
from tests.browser.chromium import chromium
from tests.screenshots.palette import with_palette
from tests.support.processes import conexoes
from tests.support.waiting import eventually

IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 800}
KEY = "cnx_screenshots_" + uuid.uuid4().hex


async def main() -> None:
    """Starts a demo, takes the pictures, stops it."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="conexoes-screenshots-") as directory:
        log = Path(directory) / "up.log"
        settings = {
            "DATA_DIR": f"{directory}/data",
            "HTTP_PORT": str(port),
            "KAFKA_PORT": str(free_port()),
            "BOOTSTRAP_KEY": KEY,
        }
        async with conexoes("up", log=log, **settings), async_playwright() as playwright:

            async def ready() -> bool:
                return "ready: " in log.read_text()

            await eventually(ready, 180)
            arguments = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
            browser = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
            for number, language in enumerate(LANGUAGES):
                locale = str(LOCALE[language]).replace("_", "-")
                context = await browser.new_context(locale=locale, viewport=SIZE, timezone_id="America/Sao_Paulo")  # type: ignore[arg-type]
                page = await context.new_page()
                await page.goto(f"{address}/sign-in")
                await _picture(page, f"sign-in-{language}")
                await page.fill("#access-key", KEY)
                await page.click(".sign-in button")
                if number == 0:
                    await _send_some(page, address)
                await _take(page, address, language)
            await browser.close()


async def _send_some(page: Page, address: str) -> None:
    """Send commands, so that the ledger has something to show."""

    async def rows() -> bool:
        await page.goto(f"{address}/demo/price?status=error")
        return await page.locator("tr.log").count() > 8

    await eventually(rows, 120)
    await page.check("#pick-all")
    await page.click(".bulk button.primary")
    await page.fill("#reason", "Tabela de preços corrigida")
    await page.click("form.fields button.primary")
    await page.wait_for_selector("tbody .state.fixed", timeout=60_000)


async def _take(page: Page, address: str, language: str) -> None:
    async def take(name: str, path: str, ready: str) -> None:
        await page.goto(address + path)
        await page.wait_for_selector(ready)
        await _picture(page, f"{name}-{language}")

    await take("overview", "/demo/overview", "#numbers")
    for each in CATALOGUE:
        await page.goto(f"{address}/demo/{each.name}?status=error")
        await page.wait_for_selector(".total b")
        await page.click("tr.log .disclose")
        await page.wait_for_selector(".timeline")
        await _picture(page, f"{each.name}-{language}")
    await page.goto(f"{address}/demo/reprocess?automatic=false")
    await page.click("tbody a")
    await page.wait_for_selector("tbody .key")
    await _picture(page, f"reprocess-{language}")
    await take("groups", "/demo/price/groups", ".group")
    await take("affiliates", "/demo/affiliates", ".affiliates li")


async def _picture(page: Page, name: str) -> None:
    taken = await page.screenshot()
    (IMAGES / f"{name}.png").write_bytes(await asyncio.to_thread(with_palette, taken))


if __name__ == "__main__":
    asyncio.run(main())
