"""Sends the outbox. Each channel has its own turn, so that one that is down or hangs holds up no other.

A message is sent, then recorded as sent and counted, in a transaction of its own. After a kill -9 between the two it is
sent again when the lease of its channel ends, with the same id and the same content, by which a receiver can tell.
"""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import aiohttp
import orjson
import structlog

from agents.metrics import NOTIFICATIONS
from agents.notify.apart import apart
from agents.notify.holding import not_held
from agents.process.availability import until_available
from broker.errors import BrokerUnavailable, RecordRefused
from broker.publisher import Publisher, Record
from outbound import http
from outbound.chat import send_chat
from outbound.email import send_email
from outbound.sealed import SealedElsewhere, Sealer
from outbound.sent import Sent
from outbound.settings import NotificationSettings
from outbound.signature import Signer
from outbound.webhook import send_webhook
from schemas.envelope import STRUCTURED
from schemas.event_out import NOTIFICATION, event
from schemas.incident import Edge
from schemas.notification.heard import since_its_end
from schemas.notification.message import ChannelKind, Content, Message
from schemas.notification.notice import Told, digest
from schemas.notification.tries import pause_after
from schemas.playbook import Playbook
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reasons.say import say
from storage.database import Connection, Database
from storage.notifications.outbox import (
    REMOVED,
    LeasedChannel,
    Tried,
    Waiting,
    claim_channels,
    keep_content,
    mark_tried,
    messages_to_send,
    release_channel,
)
from storage.notifications.planning import edges_heard, edges_told, with_own_entries

#: Channels to which a worker sends at once.
SLOTS: Final = 32
#: Chats among them: each message to one is a process, which takes 0.3 s of CPU time.
CHATS: Final = 4
#: Time after which a channel of a worker that was killed is another's. One turn of a channel takes less: TURN_SECONDS,
#: and the longest try.
LEASE_SECONDS: Final = 120.0
TURN_SECONDS: Final = 20.0
#: Messages that are looked up for one turn of a channel; of a topic, they are sent and recorded together.
AT_ONCE: Final = 200
_EVERY_SECONDS: Final = 0.5
_WORK: Final = "notifications"

UNWRITTEN: Final = Reason(ReasonCode.MESSAGE_NOT_WRITTEN)

log = structlog.get_logger(__name__)


class Delivery:
    """Sends messages; any number of workers share the channels."""

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        settings: NotificationSettings,
        sealer: Sealer,
        *,
        topic: str,
        playbook: Callable[[], Playbook] = Playbook,
        lease_seconds: float = LEASE_SECONDS,
        every_seconds: float = _EVERY_SECONDS,
    ) -> None:
        """`topic`: of the events out."""
        self._database = database
        self._publisher = publisher
        self._settings = settings
        self._sealer = sealer
        self._topic = topic
        self._playbook = playbook
        self._lease_seconds = lease_seconds
        self._every_seconds = every_seconds
        self._busy: dict[asyncio.Task[None], ChannelKind] = {}

    async def run(self) -> None:
        """Send until cancelled, waiting for PostgreSQL as long as it takes."""
        settings = self._settings
        async with (
            http.session(settings.channels_allowed_networks, settings.notification_timeout_seconds) as session,
            asyncio.TaskGroup() as turns,
        ):
            while True:
                if free := SLOTS - len(self._busy):
                    for channel in await until_available(_WORK, partial(self._claim, free)):
                        turn = turns.create_task(self._guarded_turn(session, channel))
                        self._busy[turn] = channel.kind
                        turn.add_done_callback(self._busy.pop)
                await asyncio.sleep(self._every_seconds)

    async def _claim(self, free: int) -> list[LeasedChannel]:
        chats = CHATS - sum(kind == "chat" for kind in self._busy.values())
        async with self._database.transaction() as connection:
            return await claim_channels(
                connection, at_most=free, chats=chats, lease=uuid.uuid4(), lease_seconds=self._lease_seconds
            )

    async def _guarded_turn(self, session: aiohttp.ClientSession, channel: LeasedChannel) -> None:
        """Run a turn, and end its error here: it stops no other channel. This one's next turn comes after its lease."""
        try:
            await self._turn(session, channel)
        except Exception:
            log.exception("the turn of a channel failed", channel=str(channel.id))

    async def _turn(self, session: aiohttp.ClientSession, channel: LeasedChannel) -> None:
        """Send what a channel has to get, in order, until a try fails or its time is over."""
        ends = time.monotonic() + min(TURN_SECONDS, self._lease_seconds / 2)
        waiting = await until_available(_WORK, partial(self._prepare, channel))
        parts = deque([waiting] if channel.kind == "topic" and waiting else [[each] for each in waiting])
        last: Sent | None = None
        while parts:
            part = parts.popleft()
            last = await self._try(session, channel, part)
            if last.outcome == "refused" and len(part) > 1:  # one of them is: each for itself says which
                parts.extend([each] for each in part)
                continue
            tried = [_tried(each, last) for each in part]
            await until_available(_WORK, partial(self._mark, channel.account, tried))
            for each in part:
                NOTIFICATIONS.labels(channel.kind, each.kind, last.outcome).inc()
            if last.error is not None:
                log.warning(
                    "not sent",
                    channel=str(channel.id),
                    kind=channel.kind,
                    outcome=last.outcome,
                    error=say(last.error, "en"),
                    after_seconds=last.after_seconds,
                )
            if last.outcome == "again" or time.monotonic() >= ends:
                break
        await until_available(_WORK, partial(self._release, channel, last))

    async def _prepare(self, channel: LeasedChannel) -> list[Waiting]:
        """Return the messages of a turn, each with the content that it keeps from now on.

        A digest that can't be written fails: tried again, it would stop every worker, and all that waits behind it.
        """
        written: list[Waiting] = []
        async with self._database.transaction() as connection:
            for each in await not_held(connection, channel, await messages_to_send(connection, channel, AT_ONCE)):
                if each.content is not None:
                    written.append(each)
                    continue
                if not each.edge_ids:  # all of it was told otherwise
                    await mark_tried(connection, channel.account, [Tried(each.id, "superseded", 0, None, 0.0)])
                    continue
                async with apart(connection, account=channel.account, message=str(each.id)):
                    if (with_content := await self._write(connection, channel, each)) is not None:
                        written.append(with_content)
                    continue
                lost = Tried(each.id, "failed", 1, UNWRITTEN, 0.0)
                await mark_tried(connection, channel.account, [lost])
        return written

    async def _write(self, connection: Connection, channel: LeasedChannel, waiting: Waiting) -> Waiting | None:
        """Write a digest, and keep what is written; None for one that got more meanwhile: it is written next time."""
        tolds = [
            await _as_heard(connection, channel, waiting, each)
            for each in await edges_told(connection, waiting.edge_ids)
        ]
        playbook = await with_own_entries(connection, self._playbook(), channel.account)
        content = digest(tolds, channel.reader, playbook=playbook, public_url=self._settings.public_url)
        if not await keep_content(connection, channel.account, waiting, content):
            return None
        return waiting._replace(content=content.model_dump(mode="json"))

    async def _mark(self, account: str, tried: Sequence[Tried]) -> None:
        async with self._database.transaction() as connection:
            await mark_tried(connection, account, tried)

    async def _release(self, channel: LeasedChannel, last: Sent | None) -> None:
        """End the lease. After a try that may succeed later, the channel is left alone for a while.

        `last` is the last try; None when all that waited was ended meanwhile, which says nothing about the channel.
        """
        if last is None:
            last, failures, tried = Sent("sent"), channel.failures, False
        else:
            failures, tried = (channel.failures + 1 if last.outcome == "again" else 0), True
        pause = pause_after(failures).total_seconds() if last.outcome == "again" else 0.0
        async with self._database.transaction() as connection:
            await release_channel(
                connection,
                channel,
                failures=failures,
                tried=tried,
                error=last.error,
                pause_seconds=max(pause, last.after_seconds),
            )

    async def _try(self, session: aiohttp.ClientSession, channel: LeasedChannel, part: Sequence[Waiting]) -> Sent:
        """Send, whatever happens: one message must not stop a worker, which would send it again after every start."""
        try:
            return await self._send(session, channel, part)
        except Exception:
            log.exception("unexpected", channel=str(channel.id))
            return Sent("again", Reason(ReasonCode.UNEXPECTED))

    async def _send(self, session: aiohttp.ClientSession, channel: LeasedChannel, part: Sequence[Waiting]) -> Sent:
        if channel.kind == "topic":
            return await self._publish(channel, part)
        if channel.address is None:
            return Sent("refused", REMOVED)
        try:
            address = self._sealer.open(channel.address)
            secret = None if channel.secret is None else self._sealer.open(channel.secret)
        except SealedElsewhere:
            return Sent("again", SealedElsewhere.reason)
        [waiting] = part
        if channel.kind == "webhook":
            body, signer = orjson.dumps(_event_of(waiting)), Signer(secret or "")
            return await send_webhook(
                session, address, signer, message_id=str(waiting.id), body=body, content_type=STRUCTURED
            )
        return await self._tell(channel, address, waiting)

    async def _tell(self, channel: LeasedChannel, address: str, waiting: Waiting) -> Sent:
        """Send a message to people."""
        settings, content = self._settings, Content.model_validate(waiting.content)
        if channel.kind == "email":
            thread = None if waiting.incident_id is None else f"incident-{waiting.incident_id}.{channel.account}"
            return await send_email(settings, Message(waiting.id, waiting.made_at, thread), content, address)
        return await send_chat(
            address, content, settings.channels_allowed_networks, settings.notification_timeout_seconds
        )

    async def _publish(self, channel: LeasedChannel, part: Sequence[Waiting]) -> Sent:
        headers = (("content-type", STRUCTURED.encode()),)
        records = [
            Record(self._topic, _key_of(channel.account, each), orjson.dumps(_event_of(each)), headers) for each in part
        ]
        try:
            await self._publisher.publish_all(records)
        except RecordRefused as exc:
            return Sent("refused", exc.reason)
        except BrokerUnavailable as exc:
            return Sent("again", exc.reason)
        return Sent("sent")


async def _as_heard(connection: Connection, channel: LeasedChannel, digest: Waiting, told: Told) -> Told:
    """Return an edge as it is to the reader of a digest: what joins one that is new to them begins it."""
    if told.edge is not Edge.JOINED:
        return told
    heard = await edges_heard(connection, told, digest.rule_id, channel.id)
    return told if since_its_end(heard) else told._replace(edge=Edge.OPENED)


def _event_of(waiting: Waiting) -> dict[str, object]:
    """Return a message as a CloudEvent, the same at each try."""
    if waiting.kind == "event" and waiting.event_uuid is not None:
        return event(
            event_id=waiting.event_uuid,
            event_type=str(waiting.event_type),
            at=waiting.made_at,
            subject=str(waiting.subject),
            data=waiting.content,
        )
    content = Content.model_validate(waiting.content)
    data = {**content.data, "language": content.language, "text": content.text}
    subject = str(content.data.get("incident_id") or waiting.kind)
    return event(event_id=waiting.id, event_type=NOTIFICATION, at=waiting.made_at, subject=subject, data=data)


def _key_of(account: str, waiting: Waiting) -> bytes:
    """Return the record key: an entity's events keep their order, as those of an account without an entity do."""
    data = waiting.content if waiting.kind == "event" else {}
    entity = [data[name] for name in ("affiliate", "key") if data.get(name) and "key" in data]
    return "/".join([account, *entity]).encode()


def _tried(waiting: Waiting, outcome: Sent) -> Tried:
    if outcome.outcome == "sent":
        return Tried(waiting.id, "sent", 0, None, 0.0)
    if outcome.outcome == "refused":
        return Tried(waiting.id, "failed", 1, outcome.error, 0.0)
    pause = max(pause_after(waiting.tries + 1).total_seconds(), outcome.after_seconds)
    return Tried(waiting.id, "waiting", 1, outcome.error, pause)
