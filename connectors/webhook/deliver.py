"""Delivers retries to a URL as webhooks, and gives the answers back to the SDK."""

import asyncio
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Final

import aiohttp
import orjson
import structlog

from conexoes_connector.retry import Answer, Retry
from connectors.webhook.answer import not_reached, not_tried, read_answer, refused
from outbound import http as outbound
from outbound.http import NOT_NOW
from outbound.signature import Signer
from schemas.breaker import Breaker
from schemas.topics import MAX_EVENT_BYTES

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
#: Longest pause between two requests of one delivery, also when `Retry-After` says more: Kafka waits meanwhile.
MAX_PAUSE_SECONDS: Final = 10.0

log = structlog.get_logger(__name__)


class Target:
    """A URL that takes retries. While it fails, it is left alone for a while (schemas.breaker)."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        signer: Signer,
        *,
        tries: int,
        accounts: Collection[str] = (),
        first_pause_seconds: float = 1.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`accounts`: only retries of these are delivered; empty is all. Each pause is twice the one before it."""
        self._session = session
        self._url = url
        self._signer = signer
        self._tries = tries
        self._accounts = accounts
        self._first_pause_seconds = first_pause_seconds
        self._clock = clock
        self._breaker = Breaker()
        self._not_tried = not_tried(not_reached("webhook.connection_error", "not tried"))

    async def deliver(self, retry: Retry) -> Answer | None:
        """Post a retry and return the answer; None when it comes later by another way, or is nobody's to give.

        A target that says "not now", or nothing, is tried again with growing pauses; then the answer says that it had
        no time, and Conexões sends the retry again later. So does a target that is left alone: it is not tried.
        """
        if self._accounts and retry.data.account not in self._accounts:
            return None
        answer: Answer | None = None
        for number in range(self._tries):
            now = self._clock()
            if self._breaker.room(now) == 0:
                return answer or self._not_tried
            if self._breaker.state != "closed":
                self._breaker = self._breaker.tried(now)
            answer, again = await self._post(retry)
            self._count(good=again is None)
            if again is None:
                return answer
            if number + 1 < self._tries:
                pause = self._first_pause_seconds * 2**number
                await asyncio.sleep(min(max(again, pause), MAX_PAUSE_SECONDS))
        return answer

    def _count(self, *, good: bool) -> None:
        was = self._breaker.state
        self._breaker = self._breaker.answered(int(good), int(not good), self._clock())
        if self._breaker.state != was:
            log.warning("breaker", url=self._url, state=self._breaker.state, retry_at=str(self._breaker.retry_at))

    async def _post(self, retry: Retry) -> tuple[Answer | None, float | None]:
        """Post once. Returns the answer, and the pause in seconds after which to try again; None is not at all."""
        # After a busy answer the same retry is to be done again: it is another message then.
        message_id = f"{retry.id}-{retry.data.busy_answers}" if retry.data.busy_answers else retry.id
        headers = {"Content-Type": CONTENT_TYPE, **_trace_of(retry.event)}
        headers |= self._signer.headers(message_id, int(time.time()), retry.event)
        try:
            async with self._session.post(
                self._url, data=retry.event, headers=headers, allow_redirects=False
            ) as response:
                status, body = response.status, await outbound.read(response, MAX_EVENT_BYTES)
                asked = _seconds(response.headers.get("Retry-After"))
        except TimeoutError:
            return self._failed(not_reached("webhook.timeout", "no answer in time")), 0.0
        except (aiohttp.ClientError, OSError) as exc:
            if outbound.is_not_allowed(exc):
                return not_reached("webhook.address_not_allowed", outbound.reason(exc)), None
            return self._failed(not_reached("webhook.connection_error", outbound.reason(exc))), 0.0
        if status in NOT_NOW:
            return self._failed(refused(status, body)), asked
        if not 200 <= status < 300:
            return refused(status, body), None
        if body is None:
            log.warning("answer too large", url=self._url, retry_id=retry.id, status=status, limit=MAX_EVENT_BYTES)
        return read_answer(status, body), None

    def _failed(self, answer: Answer) -> Answer:
        self._not_tried = not_tried(answer)
        return answer


def _trace_of(event: bytes) -> dict[str, str]:
    """Return the header of W3C Trace Context, if the retry has it."""
    trace = orjson.loads(event).get("traceparent")
    return {"traceparent": trace} if isinstance(trace, str) and trace.isascii() and trace.isprintable() else {}


def _seconds(text: str | None) -> float:
    """Return the seconds that `Retry-After` asks for; 0 for none, and for its form with a date."""
    return float(text) if text and text.isascii() and text.isdigit() else 0.0
