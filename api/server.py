"""Serves an ASGI app until it is told to stop."""

import asyncio
import errno
import gc
import socket
from contextlib import AbstractContextManager, nullcontext

import uvicorn
from fastapi import FastAPI

from api.head_limit import HttpProtocol

#: A request that is being answered has so long to end.
GRACE_SECONDS = 5


class AddressUnusableError(Exception):
    """The address can't be listened on; the text says which setting to change."""


async def serve(app: FastAPI, host: str, port: int, stop: asyncio.Event) -> None:
    """Listen on `host:port` until `stop` is set. Raises AddressUnusableError.

    Nothing bounds how slowly headers may come: that is for a proxy before this.
    """
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        http=HttpProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=15,
    )
    server = _Server(config)
    _spare_the_collector()
    stopping = asyncio.create_task(_stop_with(server, stop))
    try:
        await server.serve(sockets=[listener])
    finally:
        stopping.cancel()
        listener.close()


def _spare_the_collector() -> None:
    """Looking for cycles through everything that was imported stops every answer for 100 ms, every few seconds.

    What was made until now stays anyway, and is not looked at again. What an answer is made of is gone with it: to look
    at that every 700 objects took 4 % of a list's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


class _Server(uvicorn.Server):
    """Leaves the signals to the command line."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()


async def _stop_with(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named. Without it an answer, which is written in two parts,
    # waits 40 ms for the caller's delayed acknowledgement of the first.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as exc:
        listener.close()
        setting = "CONEXOES_HTTP_PORT" if exc.errno == errno.EADDRINUSE else "CONEXOES_HTTP_HOST or CONEXOES_HTTP_PORT"
        raise AddressUnusableError(f"Can't listen on {host}:{port} ({exc.strerror}): set {setting}.") from exc
    return listener
