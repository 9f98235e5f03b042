"""The HTTP API of an installation, asked with one key."""

import json
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from pydantic import BaseModel, ValidationError
from yarl import URL

from mcp_server.refused import RefusedError
from mcp_server.routes import Route
from schemas.problem import Problem

#: Longer than the API gives any statement of the database.
_TIMEOUT_SECONDS: Final = 60.0
#: Bytes of one header of an answer: a link to the next page has the whole address, of 32 KiB at most.
_MAX_FIELD_BYTES: Final = 64 * 1024
#: Bytes of one answer: a page of a timeline has 50 results of 1 MiB at most.
_MAX_BYTES: Final = 64 * 1024 * 1024

Query = Iterable[tuple[str, str]]


class Api:
    """Asks the API, by the routes that it is limited to. It follows no redirect: the key goes to one address only."""

    def __init__(self, session: aiohttp.ClientSession, url: str, routes: Collection[Route] = tuple(Route)) -> None:
        """`session` carries the key; `url` is the address of the admin app."""
        self._session = session
        self._url = url
        self._routes = routes

    def limited_to(self, routes: Collection[Route]) -> "Api":
        """Return the same API, by these routes and by that of the key alone."""
        return Api(self._session, self._url, routes)

    async def key_name(self) -> str:
        """Return the name of the key. Raises RefusedError."""
        return str((await self.get(Route.KEY))["name"])

    async def account(self, given: str | None) -> str:
        """Return the account that a tool is about: the `given` one, else that of the key. Raises RefusedError."""
        if given is not None:
            return given
        if (own := (await self.get(Route.KEY))["account"]) is None:
            raise RefusedError("account: the key is for every account, so say which one is meant")
        return str(own)

    async def get(self, route: Route, query: Query = (), /, **parts: str) -> Any:
        """Return the answer of a route, parsed. Raises RefusedError."""
        return json.loads(await self.text(route, query, **parts))

    async def post(self, route: Route, body: BaseModel, idempotency_key: str | None = None, **parts: str) -> Any:
        """Post a body, and return the answer, parsed. Raises RefusedError."""
        headers = {"Content-Type": "application/json"}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        data = body.model_dump_json(exclude_none=True).encode()
        return json.loads(await self._ask(route, (), parts, data=data, headers=headers))

    async def text(self, route: Route, query: Query = (), /, **parts: str) -> str:
        """Return the answer of a route as it came. Raises RefusedError."""
        return await self._ask(route, query, parts)

    async def _ask(self, route: Route, query: Query, parts: dict[str, str], **sent: Any) -> str:
        if route is not Route.KEY and route not in self._routes:
            raise LookupError(f"{route} is not a route of this tool")
        path = route.path.format(**{name: quote(part, safe="") for name, part in parts.items()})
        asked = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
        url = URL(f"{self._url}{path}{'?' if asked else ''}{asked}", encoded=True)
        try:
            async with self._session.request(route.method, url, allow_redirects=False, **sent) as answer:
                body = bytearray()
                async for part in answer.content.iter_any():
                    body += part
                    if len(body) > _MAX_BYTES:
                        raise RefusedError("The answer of the API is too large. Ask for a smaller page.")
                text = body.decode("utf-8", "replace")
                status, again = answer.status, answer.headers.get("Retry-After")
                is_json = answer.content_type == "application/json"
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise RefusedError(_no_answer(self._url, exc)) from exc
        if status >= 300 or not is_json:
            raise RefusedError(said(status, text, again), status)
        return text


@asynccontextmanager
async def connected(url: str, key: str) -> AsyncIterator[Api]:
    """Give the API at an address. Nothing is asked of it yet. Proxies of the environment are not used."""
    async with aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {key}", "User-Agent": "conexoes-mcp", "Accept": "application/json"},
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        max_line_size=_MAX_FIELD_BYTES,
        max_field_size=_MAX_FIELD_BYTES,
    ) as session:
        yield Api(session, url)


def query_of(model: BaseModel, without: Collection[str] = ()) -> list[tuple[str, str]]:
    """Return the fields of a model that were given as parameters of an address: a list is a repeated parameter."""
    given = model.model_dump(mode="json", exclude_defaults=True, exclude=set(without))
    return [
        (name, _parameter(each))
        for name, value in given.items()
        for each in (value if isinstance(value, list | tuple) else [value])
    ]


def said(status: int, text: str, again: str | None) -> str:
    """Return an answer that is none as a sentence: the API's own, and when to try again."""
    try:
        problem = Problem.model_validate_json(text)
    except ValidationError:
        return f"{status}: this is not an answer of Conexões. CONEXOES_MCP_URL must be the address of its admin app."
    later = f" Try again in {again} seconds." if again else ""
    return f"{status} {problem.type.rpartition('/')[2]}: {problem.detail}.{later}".replace("..", ".")


def _no_answer(url: str, exc: Exception) -> str:
    why = (str(exc).splitlines() or [""])[0][:300] or type(exc).__name__
    return (
        f"Conexões at {url} did not answer: {why}. What was asked may have been done: the same call again does it once."
    )


def _parameter(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
