"""Limits of one connection without a key: bytes that nobody reads, tiny chunks, half heads."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from api import connection_limits
from api.connection_limits import MAX_UNREAD_BYTES, UNREAD_SECONDS
from tests.integration.api.conftest import Caller
from tests.support.served import served

CHUNKED = b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
#: Bytes that the kernels of both ends and one read of the server hold besides the counted ones.
BUFFERED_BYTES = 16 * 1024 * 1024


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def answer_head(reader: asyncio.StreamReader) -> bytes:
    """The first line of an answer, all of which is read."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    [length] = [line for line in head.splitlines() if line.startswith(b"content-length: ")]
    await reader.readexactly(int(length.split()[1]))
    return head.splitlines()[0]


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, piece: bytes) -> int:
    """Send `piece` until the server ends the connection. Returns how many bytes went out."""
    sent = 0
    with contextlib.suppress(ConnectionError, TimeoutError):
        while not reader.at_eof() and sent < 50 * BUFFERED_BYTES:
            writer.write(piece)
            sent += len(piece)
            async with asyncio.timeout(10):
                await writer.drain()
            await asyncio.sleep(0)
    return sent


@pytest.mark.parametrize("request_line", [b"GET /livez", b"POST /livez", b"GET /nowhere", b"POST /commands/reprocess"])
@pytest.mark.parametrize("piece", [b"10000\r\n" + b"x" * 65_536 + b"\r\n", b"1\r\nx\r\n" * 10_000])
async def test_a_body_that_nobody_reads_ends(app: FastAPI, request_line: bytes, piece: bytes) -> None:
    async with served(app) as url, connected(url) as (reader, writer):
        writer.write(request_line + CHUNKED)
        assert await flood(reader, writer, piece) < BUFFERED_BYTES
        async with httpx.AsyncClient(base_url=url) as other:
            assert (await other.get("/livez")).status_code == 200


def flood_without_end(port: int, stop: threading.Event) -> int:
    """Each connection that is ended is followed by another. Returns how many were ended."""
    ended = 0
    while not stop.is_set():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10) as attacker:
            attacker.sendall(b"GET /livez" + CHUNKED)
            try:
                while not stop.is_set():
                    attacker.sendall(b"1\r\nx\r\n" * 10_000)
            except ConnectionError:
                ended += 1
    return ended


async def test_a_flood_leaves_others_their_answers(app: FastAPI, viewer: Caller) -> None:
    async with served(app) as url, httpx.AsyncClient(base_url=url, headers=viewer.headers, timeout=20) as other:
        stop = threading.Event()
        attacks = [asyncio.to_thread(flood_without_end, other.base_url.port or 0, stop) for _ in range(4)]
        attacking = asyncio.gather(*attacks)
        try:
            for path in ["/livez", "/api/v1/accounts/acme/price/logs"] * 5:
                assert (await other.get(path)).status_code == 200
        finally:
            stop.set()
        assert min(await attacking) > 0


@pytest.mark.parametrize(("size", "status"), [(1, b" 400 "), (50, b" 400 "), (64, b" 422 "), (1_000, b" 422 ")])
async def test_a_body_in_tiny_chunks_is_refused_and_others_are_read(
    app: FastAPI, keys: dict[str, str], size: int, status: bytes
) -> None:
    """Send it to a path that reads it: 422 is that path's own answer."""
    key = keys["operator"].encode()
    head = b"POST /commands/reprocess HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key
    head += b"\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n" % size + b"1" * size + b"\r\n"
    async with served(app) as url, connected(url) as (reader, writer):
        writer.write(head + chunk * 200 + b"0\r\n\r\n")
        assert status in await asyncio.wait_for(reader.readline(), 10)


async def test_what_is_left_of_a_body_has_a_second(app: FastAPI) -> None:
    """Slower than MAX_UNREAD_BYTES, and for ever. The answer itself is whole."""
    async with served(app) as url, connected(url) as (reader, writer):
        writer.write(b"GET /livez" + CHUNKED)
        started = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof() and time.monotonic() - started < 20:
                writer.write(b"40\r\n" + b"x" * 64 + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)
            assert b" 200 " in (await reader.read()).splitlines()[0]
        assert UNREAD_SECONDS <= time.monotonic() - started < 15


async def test_a_body_that_is_small_does_not_end_the_connection(app: FastAPI) -> None:
    async with served(app) as url, connected(url) as (reader, writer):
        for _ in range(3):
            writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + b"x" * 60_000)
            assert b" 200 " in await answer_head(reader)
        assert MAX_UNREAD_BYTES > 60_000


@pytest.mark.parametrize("start", [b"", b"G", b"GET /livez HTTP/1.1\r\nHost: x\r\n"])
@pytest.mark.parametrize("before", [0, 1])
async def test_half_a_head_is_not_waited_for(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, start: bytes, before: int
) -> None:
    """The first, and one after an answer; with nothing at all after an answer, uvicorn's keep-alive decides."""
    if before and not start:
        start = b"GET"
    monkeypatch.setattr(connection_limits, "HEAD_SECONDS", 0.5)
    async with served(app) as url, connected(url) as (reader, writer):
        for _ in range(before):
            writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b" 200 " in await answer_head(reader)
        writer.write(start)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        async with httpx.AsyncClient(base_url=url) as other:
            assert (await other.get("/livez")).status_code == 200


async def test_a_head_behind_a_slow_answer_does_not_end_the_answer(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_limits, "HEAD_SECONDS", 0.2)

    async def slow() -> str:
        await asyncio.sleep(1)
        return "done"

    app.add_api_route("/slow", slow)
    async with served(app) as url, connected(url) as (reader, writer):
        writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /livez HTTP")
        assert b"done" in await asyncio.wait_for(reader.read(), 10)
