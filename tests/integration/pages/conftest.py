"""The pages in process, by an HTTP client that has cookies, as a browser without scripts would ask."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from html import unescape

import httpx
import pytest
from fastapi import FastAPI

from tests.integration.api.conftest import app, keys, operator, owning, store_events, viewer

__all__ = ["app", "keys", "operator", "owning", "store_events", "viewer"]

Visit = Callable[..., Awaitable["Browser"]]


class Browser(httpx.AsyncClient):
    """Follows no redirect by itself, and can send the forms that it was shown."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="http://conexoes.test",
            headers={"Accept": "text/html", "Accept-Language": "en"},
        )

    async def sign_in(self, key: str) -> httpx.Response:
        return await self.post("/sign-in", data={"access_key": key})

    async def mark(self, listed: str, ids: Sequence[str]) -> httpx.Response:
        """Go on with these rows of a list."""
        [form] = re.findall(r'<form id="selection" method="post" .*?</form>', listed)
        [action], [token] = (
            re.findall(each, form) for each in (r'action="([^"]+)"', r'name="form_token" value="([^"]+)"')
        )
        return await self.post(unescape(action), data={"form_token": token, "log_id": list(ids)})

    async def form_token(self, path: str) -> str:
        found = re.search(r'name="form_token" value="([^"]+)"', (await self.get(path)).text)
        assert found is not None
        return found[1]


@pytest.fixture
async def visit(app: FastAPI, keys: dict[str, str]) -> AsyncIterator[Visit]:
    """`visit("viewer")` is signed in; `visit()` is not."""
    opened: list[Browser] = []

    async def new(who: str | None = None) -> Browser:
        browser = Browser(app)
        opened.append(browser)
        if who is not None:
            assert (await browser.sign_in(keys[who])).status_code == 303
        return browser

    yield new
    for browser in opened:
        await browser.aclose()
