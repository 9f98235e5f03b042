"""An app that is served over HTTP for a while."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from api.server import serve
from embedded.ports import free_port
from tests.support.waiting import eventually


@asynccontextmanager
async def served(app: FastAPI, *, trusted_proxies: str = "127.0.0.1") -> AsyncIterator[str]:
    """Serve an app. Gives its address as soon as it answers there."""
    port, stop = free_port(), asyncio.Event()
    serving = asyncio.create_task(serve(app, "127.0.0.1", port, stop, trusted_proxies=trusted_proxies))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await until_alive(client)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        await asyncio.wait_for(serving, timeout=10)


async def until_alive(client: httpx.AsyncClient) -> None:
    """Wait until the server that `client` asks answers."""

    async def alive() -> bool:
        try:
            return (await client.get("/livez")).status_code == 200
        except httpx.TransportError:
            return False

    await eventually(alive)
