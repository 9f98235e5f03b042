"""The HTTP server."""

import asyncio
import socket

from api.server import listen


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
