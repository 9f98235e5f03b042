"""A small HTTP server of the test's own, on a free port of this machine."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network

from aiohttp import web

from outbound.http import Network

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
#: Networks that a bridge of the tests may connect to.
HERE: tuple[Network, ...] = (ip_network("127.0.0.0/8"),)


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[str]:
    """Answer every request by `handler`. Gives the server's address."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
