"""Runs the bridge that polls VTEX's log contract: a connector whose results are another one's messages."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog

from broker.outage import Outages
from broker.security import PLAINTEXT, Security
from conexoes_connector.connector import Connector
from conexoes_connector.errors import InvalidResultError
from connectors.unique_name import unique_name
from connectors.vtex_logs.endpoint import Endpoint, EndpointError
from connectors.vtex_logs.memory import Memory
from connectors.vtex_logs.message import Message, known_of, message_of, result_of
from connectors.vtex_logs.settings import VtexLogsSettings
from outbound import http as outbound
from schemas.reasons.error import ReasonError
from schemas.timestamp import parse, to_text
from schemas.vtex_log import PENDING, SOURCE, span_of

#: Days that are read again after they have ended: messages may come late.
OVERLAP_DAYS: Final = 1
#: Days that are read at most after a long pause.
MAX_DAYS: Final = 31
#: Results on their way to Kafka at once.
_WINDOW: Final = 100

log = structlog.get_logger(__name__)


async def bridge(
    servers: str,
    topic_prefix: str,
    settings: VtexLogsSettings,
    data_dir: Path,
    stop: asyncio.Event,
    *,
    security: Security = PLAINTEXT,
) -> Counter[str]:
    """Poll until `stop` is set; return the counts of messages. `data_dir` keeps what a restart must know (memory)."""
    secret = settings.vtex_logs_authorization
    async with (
        outbound.session(settings.vtex_logs_allowed_networks, settings.vtex_logs_timeout_seconds) as session,
        Connector(
            servers,
            source=settings.vtex_logs_source,
            own_topics=settings.vtex_logs_own_topics,
            topic_prefix=topic_prefix,
            security=security,
        ) as connector,
    ):
        endpoint = Endpoint(
            session,
            settings.vtex_logs_url,
            settings.vtex_logs_account,
            secret.get_secret_value() if secret else None,
        )
        reading = Reading(connector, endpoint, settings, data_dir)
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                once = asyncio.create_task(reading.once())
                await asyncio.wait({once, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if not once.done():
                    once.cancel()  # what Kafka does not have yet is read again at the next start
                with suppress(asyncio.CancelledError):
                    await once
                await asyncio.wait({stopped}, timeout=settings.vtex_logs_poll_seconds)
        finally:
            stopped.cancel()
            reading.close()
        return reading.counts


class Reading:
    """Reads today, the day before, and the days since the last start."""

    def __init__(
        self,
        connector: Connector,
        endpoint: Endpoint,
        settings: VtexLogsSettings,
        data_dir: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connector = connector
        self._endpoint = endpoint
        self._settings = settings
        self._clock = clock
        self._zone = ZoneInfo(settings.vtex_logs_timezone)
        self._known = known_of(settings.vtex_logs_operations, settings.vtex_logs_keys)
        self._outages = Outages(log)
        self._done: dict[str, date] = {}  # ids of what was sent or left out, with the day
        self._refused: dict[str, date] = {}  # those that are tried again at each reading: a time ahead comes
        self._warned: set[str] = set()
        self.counts: Counter[str] = Counter()  # sent, pending, and what can't be a result by reason
        names = settings.vtex_logs_account, settings.vtex_logs_affiliate, settings.vtex_logs_source
        self._memory = Memory(data_dir / "bridges" / f"{unique_name('vtex-logs', *names)}.jsonl")

    async def once(self) -> None:
        """Read each day once. One that fails is read again at the next reading."""
        days = self._days()
        self._memory.forget_before(days[0])
        self._done, self._refused = (
            {name: day for name, day in known.items() if day >= days[0]} for known in (self._done, self._refused)
        )
        in_a_row = True
        for day in days:
            try:
                await self._read(day)
            except EndpointError as exc:
                in_a_row = False
                self._outages.failed(f"vtex-logs of {day}", str(exc))
                continue
            self._outages.worked(f"vtex-logs of {day}")
            if in_a_row:
                self._memory.was_read(day)

    def close(self) -> None:
        self._memory.close()

    def _days(self) -> list[date]:
        today = self._today()
        read_to = self._memory.read_to
        first = today - timedelta(self._settings.vtex_logs_days)
        if read_to is not None:
            first = max(min(read_to, today) - timedelta(OVERLAP_DAYS), today - timedelta(MAX_DAYS))
        return [first + timedelta(number) for number in range((today - first).days + 1)]

    def _today(self) -> date:
        return self._clock().astimezone(self._zone).date()

    async def _read(self, day: date) -> None:
        seen_at = self._now_within(day)
        new: list[tuple[Message, datetime]] = []
        position = 0
        async for value in self._endpoint.messages(day):
            position += 1
            message = message_of(value)
            if message is None:
                self._leave_out("not_an_object", "a message that is not an object")
            elif message.event_id not in self._done:
                # Without numbers and times, the order of the list is all that tells which message is the later one.
                after = 0 if message.number is not None else position
                new.append((message, seen_at + timedelta(microseconds=after)))
            if len(new) == _WINDOW:
                await self._send_all(new, day)
                new.clear()
        await self._send_all(new, day)

    async def _send_all(self, messages: list[tuple[Message, datetime]], day: date) -> None:
        async with asyncio.TaskGroup() as group:
            for message, seen_at in messages:
                group.create_task(self._send(message, day, seen_at))

    async def _send(self, message: Message, day: date, seen_at: datetime) -> None:
        event_id = message.event_id
        integration_type = message.integration_type(self._known)
        if message.status == PENDING:
            self.counts["pending"] += 1
        elif message.status is None:
            self._leave_out("status", f"status {message.text('status')!r}")
        elif integration_type is None:
            self._leave_out("operation", f"operation {message.text('operation')!r}: CONEXOES_VTEX_LOGS_OPERATIONS")
        else:
            at = message.at(self._zone) or self._memory.first_seen(event_id, day, to_text(seen_at))
            data = {
                "account": self._settings.vtex_logs_account,
                "affiliate": message.named("affiliate") or self._settings.vtex_logs_affiliate,
                "processed_at": at,
                **result_of(message, integration_type, self._known),
            }
            try:
                await self._emit(integration_type, event_id, message, data)
                self.counts["sent"] += 1
            except InvalidResultError as exc:
                if event_id not in self._refused:
                    self._leave_out("invalid", f"message {message.text('id')!r}: {exc}")
                self._refused[event_id] = day
                return
        self._done[event_id] = day

    async def _emit(self, integration_type: str, event_id: str, message: Message, data: dict[str, Any]) -> None:
        """Send a result; one that is refused without its payloads, which may be too large, then without their key."""
        # The time of the event too must be the same whenever it is read.
        try:
            time = parse(data["processed_at"]).at
        except ReasonError as exc:
            raise InvalidResultError(str(exc)) from exc
        less = {name: value for name, value in data.items() if name not in {"request", "response", "errors", SOURCE}}
        for tried in (data, less):
            with suppress(InvalidResultError):
                await self._connector.emit(integration_type, event_id=event_id, time=time, **tried)
                return
        least = less | {"key": message.text("id") or event_id, "aliases": None}
        await self._connector.emit(integration_type, event_id=event_id, time=time, **least)

    def _now_within(self, day: date) -> datetime:
        """Return the time of now, or of the end of a day that is over: a message of that day was not later."""
        begin, end = span_of(day, self._zone)
        return min(max(self._clock(), begin), end - timedelta(seconds=1))

    def _leave_out(self, why: str, what: str) -> None:
        """Count a message that can't be a result, and say so once: it is read again and again."""
        self.counts[why] += 1
        if what not in self._warned and len(self._warned) < 1000:
            self._warned.add(what)
            log.warning("left out", why=what)
