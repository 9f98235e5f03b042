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
    `delay_seconds` holds up each chunk on its way to the client, `bytes_per_second` what goes to the server.
    """

    delay_seconds = 0.0
    #: Rate of a connection to the server; None: no limit.
    bytes_per_second: float | None = None

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._mode: Mode = "pass"
        self._open: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._clear = asyncio.Event()
        self._clear.set()
        self.port = 0

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
        for writer in self._open:
            writer.transport.abort()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode == "refuse":
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        try:
            server_reader, server_writer = await asyncio.open_connection(self._host, self._port)
            self._open |= {writer, server_writer}
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, server_writer, to_client=False))
                pumps.create_task(self._pump(server_reader, writer, to_client=True))
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._pumps.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_client: bool) -> None:
        with suppress(OSError):
            while chunk := await reader.read(16_384):
                await self._clear.wait()
                if to_client and self._mode == "mute":
                    continue
                if to_client and self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                if not to_client and self.bytes_per_second:
                    await asyncio.sleep(len(chunk) / self.bytes_per_second)
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort()
        self._open.discard(writer)

    async def close(self) -> None:
        self.cut()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy before the server of `url`, and the url that leads through it."""
    parts = urlsplit(url)
    proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or 5432)
    server = await asyncio.start_server(proxy.handle, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    login = parts.netloc.rpartition("@")[0]
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{proxy.port}"))
    finally:
        server.close()
        await proxy.close()
