"""Chats by Apprise, each message in a process of its own.

That process can be killed, so that a service that hangs holds nobody; and in it an audit hook looks at every address
that is connected to, whichever library connects (outbound.chat_process).
"""

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from typing import Any, Final

import apprise

from outbound.http import Network
from outbound.sent import Sent, failed
from schemas.notification.message import Content

#: Chats that may be a channel, by the schema of their URL, and their names. Apprise knows many more things, among them
#: files, commands of this machine and databases.
SERVICES: Final = {
    "slack": "Slack",
    "workflow": "Microsoft Teams",
    "tgram": "Telegram",
    "discord": "Discord",
    "gchat": "Google Chat",
    "mmosts": "Mattermost",
    "mmost": "Mattermost",
    "rockets": "Rocket.Chat",
    "rocket": "Rocket.Chat",
    "matrixs": "Matrix",
    "matrix": "Matrix",
    "ntfys": "ntfy",
    "ntfy": "ntfy",
    "pover": "Pushover",
    "wxteams": "Webex",
    "zulip": "Zulip",
    "pagerduty": "PagerDuty",
    "opsgenie": "Opsgenie",
}
#: Of these, those without TLS.
_PLAIN: Final = frozenset({"mmost", "rocket", "matrix", "ntfy"})
#: Time that the process gets beyond that of the service: to start.
_START_SECONDS: Final = 30.0

logging.getLogger("apprise").addHandler(logging.NullHandler())
logging.getLogger("apprise").propagate = False  # it would write addresses to our log


def plugin_of(url: str) -> Any:
    """Return Apprise's object for a URL, its own form or a service's; None when it can't be read. Connects nowhere."""
    asset = apprise.AppriseAsset(http_redirects=False, secure_logging=True)
    return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def shown_chat(url: str, allowed: Sequence[Network]) -> str | None:
    """Return how a chat is shown: the name of its service. None for a URL that can't be a channel.

    Chats without TLS can be one only where a network of ours is allowed.
    """
    found = plugin_of(url)
    if found is None:
        return None
    schema = found.url(privacy=True).partition("://")[0]
    if schema in _PLAIN and not allowed:
        return None
    return SERVICES.get(schema)


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
