"""An app that is served over HTTP for a while."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from api.server import serve
from tests.support.waiting import eventually


@asynccontextmanager
async def served(app: FastAPI, port: int) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    task = asyncio.create_task(serve(app, "127.0.0.1", port, stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, timeout=10)


async def until_alive(client: httpx.AsyncClient) -> None:
    async def alive() -> bool:
        try:
            return (await client.get("/livez")).status_code == 200
        except httpx.TransportError:
            return False

    await eventually(alive)
