"""Chats by Apprise, each message in a process of its own.

That process can be killed, so that a service that hangs holds nobody; and in it an audit hook looks at every address
that is connected to, whichever library connects (outbound.chat_process). Who starts it does not import Apprise, which
takes long to import and much memory.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Final

from outbound.http import Network
from outbound.sent import Sent, failed
from schemas.notification.message import Content

#: Time that the process gets beyond that of the service: to start.
_START_SECONDS: Final = 30.0


async def send_chat(url: str, content: Content, allowed: Sequence[Network], seconds: float) -> Sent:
    """Send a text to a chat within `seconds`, the start of a process apart.

    Never `refused`: Apprise does not say why a chat did not take it.
    """
    task = {
        "url": url,
        "title": content.title,
        "text": content.text_without_title,
        "allowed": [str(each) for each in allowed],
        "seconds": seconds,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "outbound.chat_process"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(seconds + _START_SECONDS):
            out, _err = await process.communicate(json.dumps(task).encode())
    except TimeoutError:
        return failed("again", "the chat gave no answer in time")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 0:
        return Sent("sent")
    return failed("again", out.decode("utf-8", "replace") or f"the process ended with {process.returncode}")
