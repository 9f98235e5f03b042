"""Serves an ASGI app until it is told to stop."""

import asyncio
import errno
import gc
import socket
from contextlib import AbstractContextManager, nullcontext

import uvicorn
from fastapi import FastAPI

from api.connection_limits import HttpProtocol
from api.errors import AddressUnusableError

#: Forwarded headers are believed of this machine only.
NO_PROXY_BUT_OURS = "127.0.0.1,::1"

#: Seconds that a request under way has to end.
GRACE_SECONDS = 5


async def serve(
    app: FastAPI, host: str, port: int, stop: asyncio.Event, *, trusted_proxies: str = NO_PROXY_BUT_OURS
) -> None:
    """Listen on `host:port` until `stop` is set. Raises AddressUnusableError.

    `trusted_proxies` are the senders whose forwarded headers are believed, as in ApiSettings.
    api.connection_limits has what a connection may send, and how slowly.
    """
    await serve_on(listen(host, port), app, stop, trusted_proxies=trusted_proxies)


async def serve_on(
    listener: socket.socket, app: FastAPI, stop: asyncio.Event, *, trusted_proxies: str = NO_PROXY_BUT_OURS
) -> None:
    """Serve `app` on `listener`, which is closed at the end, until `stop` is set or the caller is cancelled.

    Either way answers that have begun are finished within GRACE_SECONDS, and the application is told of the end.
    """
    config = uvicorn.Config(
        app,
        http=HttpProtocol,
        log_config=None,
        access_log=False,
        forwarded_allow_ips=trusted_proxies,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=15,
    )
    server = _Server(config)
    _spare_the_collector()
    stopping = asyncio.create_task(_stop_with(server, stop))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
    finally:
        stopping.cancel()
        listener.close()


def _spare_the_collector() -> None:
    """Look for cycles less often, and only among new objects.

    A search through all that was imported stops every answer for 100 ms, every few seconds: those objects stay anyway,
    and are frozen. The objects of an answer are gone with it: Python's default, a search every 700 objects, took 4 % of
    a list's time. After 50,000 new ones a search took up to 40 ms, beside a page of 200 open rows.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000)


class _Server(uvicorn.Server):
    """uvicorn's server, with signals left to the command line."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()


async def _stop_with(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


def listen(host: str, port: int, settings: str = "CONEXOES_HTTP") -> socket.socket:
    """Take the address. Raises AddressUnusableError, which names the settings that begin with `settings`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only when the protocol is named. Without it, an answer in two writes waits 40 ms for
    # the caller's delayed acknowledgement of the first.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as exc:
        listener.close()
        setting = f"{settings}_PORT" if exc.errno == errno.EADDRINUSE else f"{settings}_HOST or {settings}_PORT"
        raise AddressUnusableError(f"Can't listen on {host}:{port} ({exc.strerror}): set {setting}.") from exc
    return listener
