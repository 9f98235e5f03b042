"""A client of the API that takes little CPU, since it runs beside what it measures.

aiohttp's takes 0.2 ms of CPU for a request, as much as the API itself for its smallest; this 0.08 (both measured).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from bench.product import KEY, Product

_MAX_HEAD_BYTES = 64 * 1024


class Answer(NamedTuple):
    """The API's answer."""

    status: int
    body: bytes


class Caller:
    """One keep-alive connection for one request at a time, with a key for all accounts unless another is used.

    It reads only answers with a Content-Length. The server closes a connection that is idle for 15 s.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host
        self.use(KEY)

    def use(self, key: str) -> None:
        """Send another key from now on."""
        self._headers = f" HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {key}\r\n\r\n".encode()

    @classmethod
    async def connect(cls, http: str) -> Self:
        """Connect to the API at the address `http`."""
        at = urlsplit(http)
        reader, writer = await asyncio.open_connection(at.hostname, at.port, limit=_MAX_HEAD_BYTES)
        return cls(reader, writer, at.netloc)

    async def sign_in(self) -> None:
        """Sign in with the key, and send the session's cookie in its place from now on. Raises RuntimeError."""
        form = b"access_key=" + KEY.encode()
        head, answer = await self._post("/sign-in", "application/x-www-form-urlencoded", form)
        cookies = [each.split(b": ", 1)[1] for each in head if each.lower().startswith(b"set-cookie: ")]
        if answer.status != 303 or not cookies:
            raise RuntimeError(f"the form to sign in was answered {answer.status}")
        cookie = cookies[0].partition(b";")[0].decode()
        self._headers = f" HTTP/1.1\r\nHost: {self._host}\r\nCookie: {cookie}\r\n\r\n".encode()

    async def get(self, url: str) -> Answer:
        """`url` is a path with its query."""
        self._writer.write(b"GET " + url.encode() + self._headers)
        return (await self._answer())[1]

    async def begin(self, url: str) -> int:
        """Ask, and return the status of an answer whose body is not read. `url` is as in `get`."""
        self._writer.write(b"GET " + url.encode() + self._headers)
        return int((await self._reader.readline()).split()[1])

    async def post(self, url: str, content_type: str, body: bytes) -> Answer:
        """`url` is as in `get`."""
        return (await self._post(url, content_type, body))[1]

    async def _post(self, url: str, content_type: str, body: bytes) -> tuple[list[bytes], Answer]:
        about = f"\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        self._writer.write(b"POST " + url.encode() + self._headers.removesuffix(b"\r\n\r\n") + about + body)
        await self._writer.drain()
        return await self._answer()

    async def _answer(self) -> tuple[list[bytes], Answer]:
        """Return the lines of the head, and the answer."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        [length] = [each.partition(b":")[2] for each in head if each.lower().startswith(b"content-length:")]
        return head, Answer(int(head[0].split()[1]), await self._reader.readexactly(int(length)))

    def close(self) -> None:
        self._writer.close()


@asynccontextmanager
async def callers(product: Product, count: int) -> AsyncIterator[list[Caller]]:
    """Open `count` callers for the time of the block."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            found.append(await Caller.connect(product.http))
            stack.callback(found[-1].close)
        yield found
