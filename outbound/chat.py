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
from outbound.sent import NO_ANSWER, Sent
from schemas.notification.message import Content
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason, own_words

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
        return Sent("again", NO_ANSWER)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    code = await process.wait()
    return Sent("sent") if code == 0 else Sent("again", why_not(out, code))


def why_not(out: bytes, code: int) -> Reason:
    """Return the reason that the process ends its output with. What else it may say there is said as it is."""
    lines = out.decode("utf-8", "replace").splitlines()
    if not lines:
        return Reason(ReasonCode.CHAT_PROCESS_ENDED, code=code)
    try:
        return Reason.from_json(lines[-1])
    except ValueError:
        return own_words(lines[-1])
