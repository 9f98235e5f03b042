"""A try to send, or what ends a message without one, for every reason why a channel did not take it."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import aiosmtplib
import pytest
from aiohttp import web

from agents.notify.delivery import UNWRITTEN
from broker.errors import BrokerUnavailable
from outbound import http
from outbound.chat import send_chat, why_not
from outbound.email import failure, send_email
from outbound.sealed import SealedElsewhere, Sealer, new_key
from outbound.sent import Sent, not_connected
from outbound.settings import NotificationSettings
from outbound.signature import Signer
from outbound.webhook import new_secret, send_webhook
from schemas.notification.message import Content, Message
from schemas.reasons.code import ReasonCode as Code
from schemas.reasons.reason import Reason
from storage.notifications.outbox import GIVEN_UP, REMOVED
from tests.support.http_server import HERE, answering

_CONTENT = Content(language="pt", title="t", text="t\n", html="<p>t</p>", data={})


def _run(sending: Coroutine[Any, Any, Sent]) -> Sent:
    """Send in a loop of its own, for callers in one and in none."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, sending).result()


def of(sent: Sent) -> Reason:
    assert sent.error is not None
    return sent.error


async def _post(url: str, allowed: Sequence[http.Network]) -> Sent:
    async with http.session(allowed, 5) as session:
        signer = Signer(new_secret())
        return await send_webhook(session, url, signer, message_id="1", body=b"{}", content_type="application/json")


async def _answered(status: int) -> Sent:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    async with answering(answer) as address:
        return await _post(address, HERE)


def _chat(url: str) -> Reason:
    return of(_run(send_chat(url, _CONTENT, HERE, 5)))


def _email() -> Reason:
    message = Message(uuid.uuid4(), datetime.now(UTC), None)
    return of(_run(send_email(NotificationSettings(), message, _CONTENT, "maria@store.example")))


def _sealed_elsewhere() -> Reason:
    with pytest.raises(SealedElsewhere) as raised:
        Sealer(new_key()).open(Sealer(new_key()).seal("a"))
    return raised.value.reason


def _inner(reason: Reason) -> Any:
    return reason.parameters["error"]


NOTIFICATIONS: Mapping[Code, Callable[[], Reason]] = {
    Code.NO_ANSWER_IN_TIME: lambda: not_connected(TimeoutError()),
    Code.NOT_CONNECTED: lambda: not_connected(ConnectionResetError()),
    Code.ADDRESS_NOT_ALLOWED: lambda: of(_run(_post("http://127.0.0.1:9/", ()))),
    Code.WEBHOOK_ANSWERED: lambda: of(_run(_answered(503))),
    Code.SMTP_NOT_SET: _email,
    Code.SMTP_RECIPIENT_REFUSED: lambda: of(
        failure(aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(550, "no", "maria@store.example")]))
    ),
    Code.SMTP_LOGIN_REFUSED: lambda: of(failure(aiosmtplib.SMTPAuthenticationError(535, "no"))),
    Code.SMTP_REFUSED: lambda: of(failure(aiosmtplib.SMTPDataError(451, "later"))),
    Code.CHAT_URL_UNREADABLE: lambda: _chat("no-chat://127.0.0.1/"),
    Code.CHAT_NOT_TAKEN: lambda: _chat("mmost://127.0.0.1:9/abcdefghijklmnopqrstuvwxyz"),
    Code.CHAT_PROCESS_ENDED: lambda: why_not(b"", -9),
    Code.NOT_ACKNOWLEDGED: lambda: BrokerUnavailable("KafkaTimeoutError").reason,
    Code.CHANNEL_REMOVED: lambda: REMOVED,
    Code.CHANNEL_SEALED_ELSEWHERE: _sealed_elsewhere,
    Code.MESSAGE_NOT_WRITTEN: lambda: UNWRITTEN,
    Code.MESSAGE_HAD_NO_TURN: lambda: _inner(GIVEN_UP),
    Code.MESSAGE_GIVEN_UP: lambda: GIVEN_UP,
}
