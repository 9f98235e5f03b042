"""Webhooks by Standard Webhooks 1.0: one signed POST of one message, whose id is the same at each try."""

import base64
import secrets
import time
from typing import Final

import aiohttp

from outbound import http
from outbound.http import NOT_NOW, AddressNotAllowed
from outbound.sent import Sent, not_connected
from outbound.signature import PREFIX, Signer
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.topics import KIBIBYTE

#: Bytes of an answer that are read: nothing in it matters but its status.
_READ_BYTES: Final = 64 * KIBIBYTE
_SECRET_BYTES: Final = 32
_MAX_WAIT_SECONDS: Final = 3600.0


def new_secret() -> str:
    """Make a secret for a new webhook."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


async def send_webhook(
    session: aiohttp.ClientSession, url: str, signer: Signer, *, message_id: str, body: bytes, content_type: str
) -> Sent:
    """Post a body. `session` is one of outbound.http, which bounds the time and checks addresses.

    2xx is taken; 408, 425, 429 and 5xx are tried again; anything else is refused, a redirect too.
    """
    headers = {"Content-Type": content_type, **signer.headers(message_id, int(time.time()), body)}
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            await http.read(response, _READ_BYTES)
            status, asked = response.status, response.headers.get("Retry-After", "")
    except (aiohttp.ClientError, OSError, TimeoutError) as exc:
        if http.is_not_allowed(exc):
            return Sent("refused", AddressNotAllowed.reason)
        return Sent("again", not_connected(exc))
    if 200 <= status < 300:
        return Sent("sent")
    wait = min(float(asked), _MAX_WAIT_SECONDS) if asked.isascii() and asked.isdigit() else 0.0
    return Sent("again" if status in NOT_NOW else "refused", Reason(ReasonCode.WEBHOOK_ANSWERED, status=status), wait)
