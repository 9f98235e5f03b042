"""A simulated connector without Kafka: it posts each result by HTTP, in binary mode, as a PHP shop would."""

import asyncio
from collections.abc import Mapping
from urllib.parse import quote

import aiohttp
import structlog

from broker.backoff import pauses
from broker.outage import Outages
from broker.publisher import Record
from outbound import http as outbound

log = structlog.get_logger(__name__)
_TIMEOUT = aiohttp.ClientTimeout(total=30)


class HttpDoor:
    """Posts records to `POST /events/results`; `async with` its session outside."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str) -> None:
        """`url` is the address of `conexoes admin`; `key` one of role `connector`."""
        self._session = session
        self._url = f"{url.rstrip('/')}/events/results"
        self._key = key
        self._outages = Outages(log)

    async def send(self, record: Record) -> None:
        """Post a record; return when Kafka has it, or when it is refused, which is logged. Waits out an outage."""
        for pause in pauses():
            status, text = await self._post(record)
            if status == 202:
                self._outages.worked("post")
                return
            if status is not None and status < 500 and status != 429:
                log.error("result refused", status=status, answer=text[:500])
                return
            self._outages.failed("post", text[:200])
            await asyncio.sleep(pause)

    async def _post(self, record: Record) -> tuple[int | None, str]:
        """Return the status of the answer and its text; without an answer None, and why."""
        try:
            async with self._session.post(
                self._url, data=record.value, headers=self._headers(record), timeout=_TIMEOUT
            ) as response:
                return response.status, await response.text()
        except (aiohttp.ClientError, OSError, TimeoutError) as exc:
            return None, outbound.reason(exc)

    def _headers(self, record: Record) -> Mapping[str, str]:
        """Return the attributes as the HTTP binding has them: `ce_id` is `ce-id`, percent-encoded."""
        named = {name.replace("ce_", "ce-", 1): quote(value, safe=":/ ") for name, value in record.headers}
        return {**named, "content-type": "application/json", "authorization": f"Bearer {self._key}"}
