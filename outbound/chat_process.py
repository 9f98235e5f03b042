"""Sends one text to one chat and ends: `python -m outbound.chat_process`, with the task as JSON on stdin.

Exit code 0: the service took it. Otherwise the last line on stdout is the reason why not, as JSON, without the chat's
address.
"""

import ipaddress
import json
import signal
import socket
import sys
from typing import Any

import apprise
from apprise.common import NotifyFormat
from apprise.plugins.base import NotifyBase

from outbound.chat_services import plugin_of
from outbound.http import AddressNotAllowed, Network, is_allowed
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason


def main() -> int:
    """Send the task of stdin. Returns the exit code."""
    task = json.load(sys.stdin)
    # Beyond the limits of each connection: a service that sends a byte a second is at an end, too.
    signal.alarm(int(task["seconds"]) + 1)
    refused = watch_connections([ipaddress.ip_network(each) for each in task["allowed"]])
    found = plugin_of(task["url"])
    if found is None:
        return _refuse(Reason(ReasonCode.CHAT_URL_UNREADABLE))
    if tell(found, task["title"], task["text"]):
        return 0
    return _refuse(AddressNotAllowed.reason if refused else Reason(ReasonCode.CHAT_NOT_TAKEN))


def _refuse(reason: Reason) -> int:
    print(reason.to_json())  # noqa: T201 - the answer of this process
    return 1


def tell(plugin: NotifyBase, title: str, text: str) -> bool:
    """Send a text, which nothing in it makes into markup. Returns False when the service did not take it.

    Apprise takes a text of no format for what the service wants, which Telegram would read as HTML. By itself, its
    plugin does not convert a text of a format either.
    """
    sender = apprise.Apprise(asset=plugin.asset)
    sender.add(plugin)
    return bool(sender.notify(body=text, title=title, body_format=NotifyFormat.TEXT))


def watch_connections(allowed: list[Network]) -> list[str]:
    """Refuse connections of this process to addresses that are not allowed, by any library, from now on for ever.

    Returns the list to which refused addresses are added.
    """
    refused: list[str] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect":
            return
        connecting, address = arguments
        if connecting.family == socket.AF_UNIX or not connecting.type & socket.SOCK_STREAM:
            return  # of this machine itself, or of the look-up of a name
        if not is_allowed(str(address[0]), allowed):
            refused.append(str(address[0]))
            raise AddressNotAllowed()

    sys.addaudithook(hook)
    return refused


if __name__ == "__main__":
    sys.exit(main())
