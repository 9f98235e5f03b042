"""Asks a connector's log endpoint for the messages of one day."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Final

import aiohttp
from yarl import URL

from connectors.foreign_json import read_json
from outbound import http as outbound
from schemas import vtex_log as vtex
from schemas.raw_json import RawJson, elements

#: Largest answer that is read.
MAX_BYTES: Final = 64 * 1024 * 1024
#: Pages of one day that are read, where an endpoint has pages.
MAX_PAGES: Final = 100_000


class EndpointError(Exception):
    """The endpoint gave no messages this time. The text says why."""


class Endpoint:
    """The log endpoint of one account at one connector."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, account: str, authorization: str | None = None
    ) -> None:
        """`url`: the connector's `urlBase`, or the whole address with `{account}` in it."""
        whole = url if "{account}" in url else url.rstrip("/") + "/{account}/logs/"
        self._session = session
        self._url = URL(whole.replace("{account}", account))
        self._headers = {"Accept": "application/json"} | ({"Authorization": authorization} if authorization else {})

    async def messages(self, day: date) -> AsyncIterator[RawJson]:
        """Yield the messages of a day as they come, page by page where there are pages. Raises EndpointError."""
        page: URL | None = self._url.update_query({"DateAt": day.isoformat(), "status": vtex.ALL})
        read: set[URL] = set()
        while len(read) < MAX_PAGES:
            if page is None:
                return
            if page in read:
                raise EndpointError(f"the next page is one that was read already: {page}")
            read.add(page)
            found, page = await self._page(page)
            for each in found:
                yield each
        raise EndpointError(f"{day} has more than {MAX_PAGES} pages")

    async def _page(self, page: URL) -> tuple[list[RawJson], URL | None]:
        """Return the messages of a page, and the address of the next one that RFC 8288's `Link` says."""
        try:
            async with self._session.get(page, headers=self._headers, allow_redirects=False) as response:
                body = await outbound.read(response, MAX_BYTES)
                status, following = response.status, _next_of(response)
        except TimeoutError:
            raise EndpointError("no answer in time") from None
        except (aiohttp.ClientError, OSError) as exc:
            raise EndpointError(outbound.reason(exc)) from exc
        if status != 200:
            raise EndpointError(f"HTTP status {status}: {(body or b'')[:200].decode('utf-8', 'replace')}")
        if body is None:
            raise EndpointError(f"the answer has more than {MAX_BYTES} bytes")
        # A key is not taken to another server.
        if following is not None and _server_of(following) != _server_of(self._url):
            raise EndpointError(f"the next page is on another server: {following}")
        return _messages_of(body), following


def _next_of(response: aiohttp.ClientResponse) -> URL | None:
    try:
        links = response.links
    except ValueError as exc:
        raise EndpointError(f"the header Link has an address that is none: {exc}") from None
    return URL(str(links["next"]["url"])) if "next" in links else None


def _server_of(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.host, url.port


def _messages_of(body: bytes) -> list[RawJson]:
    document = read_json(body)
    if document is None:
        raise EndpointError("the answer is not JSON")
    found = {name.lower(): value for name, value in document.fields.items()}.get("messages")
    if found is None or not found.text.startswith("["):
        raise EndpointError("the answer has no list `Messages`")
    return [RawJson(each) for each in elements(found.text)]
