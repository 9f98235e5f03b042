"""A TCP proxy that can misbehave, between a client and a real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

Mode = Literal["pass", "refuse", "blackhole", "mute"]


class Proxy:
    """Forwards to one server. `mode` may change at any time, for connections that are open too.

    pass: as if it were not there. refuse: connections are cut. blackhole: nothing gets through either way.
    mute: the server hears the client, the client hears nothing (an answer that is lost).
    `lose` is for the connections that are open then: their client's machine is gone.
    `delay_seconds` holds up each chunk on its way to the client, `bytes_per_second` what goes to the server.
    """

    delay_seconds = 0.0
    #: Rate of a connection to the server; None: no limit.
    bytes_per_second: float | None = None

    def __init__(self, host: str, port: int) -> None:
        #: Host and port of the server; another one is for new connections.
        self.server = (host, port)
        self._mode: Mode = "pass"
        self._open: set[asyncio.StreamWriter] = set()
        self._pumps: dict[asyncio.Task[None], asyncio.Event] = {}  # with what is set when its client is lost
        self._last_words: bytes | None = None
        self._heard = asyncio.Event()
        self._clear = asyncio.Event()
        self._clear.set()
        self.port = 0

    @property
    def address(self) -> str:
        """Host and port, as a Kafka client takes them."""
        return f"127.0.0.1:{self.port}"

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._mode = mode
        if mode == "refuse":
            self.cut()
        if mode == "blackhole":
            self._clear.clear()
        else:
            self._clear.set()

    def cut(self) -> None:
        """End every open connection."""
        for writer in list(self._open):
            writer.transport.abort()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode == "refuse":
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._pumps[task] = lost = asyncio.Event()
        ends = [writer]
        try:
            server_reader, server_writer = await asyncio.open_connection(*self.server)
            ends.append(server_writer)
            self._open |= {writer, server_writer}
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, server_writer, lost, to_client=False))
                pumps.create_task(self._pump(server_reader, writer, lost, to_client=True))
        except (OSError, asyncio.CancelledError):
            for each in ends:
                each.transport.abort()
        finally:
            self._open.difference_update(ends)
            del self._pumps[task]

    def lose(self) -> None:
        """Let the server hear nothing more of the clients that are connected now, not even that they have ended."""
        self._last_words = None
        self._heard.set()
        for lost in self._pumps.values():
            lost.set()

    async def lose_at(self, words: bytes, seconds: float) -> bool:
        """Lose the clients when one says `words`, which do not arrive; at the latest after `seconds`, then False."""
        self._heard.clear()
        self._last_words = words
        try:
            await asyncio.wait_for(self._heard.wait(), seconds)
        except TimeoutError:
            self.lose()
            return False
        return True

    def bury(self) -> None:
        """End the connections of lost clients, which the servers hear."""
        for task, lost in list(self._pumps.items()):
            if lost.is_set():
                task.cancel()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: asyncio.Event, *, to_client: bool
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(16_384):
                if not to_client and self._last_words is not None and self._last_words in chunk:
                    self.lose()
                if lost.is_set():
                    break
                await self._clear.wait()
                if to_client and self._mode == "mute":
                    continue
                if to_client and self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                if not to_client and self.bytes_per_second:
                    await asyncio.sleep(len(chunk) / self.bytes_per_second)
                writer.write(chunk)
                await writer.drain()
        if lost.is_set():
            await asyncio.Event().wait()  # until it is buried
        writer.transport.abort()

    async def close(self) -> None:
        self.cut()
        pumps = list(self._pumps)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


@asynccontextmanager
async def listening(host: str, port: int) -> AsyncIterator[Proxy]:
    """A proxy before a server, on `port` of this machine."""
    proxy = Proxy(host, port)
    server = await asyncio.start_server(proxy.handle, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy before the server of `url`, and the url that leads through it."""
    parts = urlsplit(url)
    async with listening(parts.hostname or "127.0.0.1", parts.port or 5432) as proxy:
        yield proxy, through(proxy, url)


def through(proxy: Proxy, url: str) -> str:
    """`url`, through the proxy."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@{proxy.address}"))
