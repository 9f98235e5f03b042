"""The HTTP server."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from api.server import listen, serve_on


async def test_an_answer_is_not_held_back_until_the_caller_acknowledges_a_part_of_it() -> None:
    no_delay: asyncio.Queue[int] = asyncio.Queue()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted = writer.get_extra_info("socket")
        no_delay.put_nowait(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = listen("127.0.0.1", 0)
    async with await asyncio.start_server(serve, sock=listener):
        _reader, writer = await asyncio.open_connection(*listener.getsockname())
        assert await no_delay.get() == 1
        writer.close()
        await writer.wait_closed()


async def test_a_server_whose_caller_is_cancelled_finishes_its_answers_and_tells_its_application(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[str] = []
    begun, answer = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        told.append("begins")
        yield
        told.append("ends")

    app = FastAPI(lifespan=life)

    @app.get("/")
    async def slow() -> str:
        begun.set()
        await answer.wait()
        return "whole"

    listener = listen("127.0.0.1", 0)
    listener.listen()  # who connects before it serves waits
    host, port = listener.getsockname()
    serving = asyncio.create_task(serve_on(listener, app, asyncio.Event()))
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as client:
        asking = asyncio.create_task(client.get("/"))
        await begun.wait()
        serving.cancel()
        answer.set()
        assert (await asking).json() == "whole"
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert told == ["begins", "ends"]
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
