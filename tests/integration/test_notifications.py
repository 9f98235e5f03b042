"""Notifications, from the edge of an incident to the message, by a real SMTP server and real HTTP receivers."""

import asyncio
import base64
import hmac
import json
import os
import signal
import sys
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from aiohttp import web

from agents.notify import delivery
from agents.notify.delivery import UNWRITTEN, Delivery
from agents.notify.log_edges import LogEdges
from agents.notify.planning import Planning
from agents.upkeep.maintenance import Maintenance
from broker.publisher import Publisher
from broker.settings import BrokerSettings
from outbound.http import AddressNotAllowed
from outbound.sealed import SealedElsewhere
from outbound.sent import NO_ANSWER
from outbound.settings import NotificationSettings
from outbound.signature import PREFIX
from schemas.event_out import EventType
from schemas.notification.rule import Scope
from schemas.playbook import Playbook
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.shown.notification import ShownMessage
from schemas.topics import MAX_DEAD_LETTER_BYTES
from storage.database import Connection, Database
from storage.notifications import definitions
from storage.notifications.outbox import (
    GIVEN_UP,
    REMOVED,
    LeasedChannel,
    Tried,
    claim_channels,
    mark_tried,
    messages_to_send,
    release_channel,
)
from storage.notifications.planning import edges_told
from tests.support.agents import records
from tests.support.events import at, result
from tests.support.http_server import answering
from tests.support.notified import (
    KEY,
    MARIA,
    SEALER,
    SECRET,
    Mailbox,
    add_channel,
    add_edge,
    add_incident,
    add_rule,
    settings,
    smtp,
)
from tests.support.reprocess import Desk
from tests.support.waiting import eventually

PLAYBOOK = Playbook.read("""
[[entry]]
code = "price.below_minimum"
who = "seller"
cause = {pt = "O preço é baixo.", en = "x", es = "x"}
what_to_do = {pt = "Corrija o preço.", en = "x", es = "x"}
""")


class Receiver:
    """An HTTP server's handler that keeps what it gets, checks signatures, and answers with a status."""

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.bodies: defaultdict[str, list[Any]] = defaultdict(list)  # by webhook-id; those of chats by ""
        self.answers = asyncio.Event()
        self.answers.set()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        message_id = request.headers.get("webhook-id", "")
        if message_id:
            signed = f"{message_id}.{request.headers['webhook-timestamp']}.".encode() + body
            key = base64.b64decode(SECRET.removeprefix(PREFIX))
            assert request.headers["webhook-signature"] == (
                f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"
            )
        self.bodies[message_id].append(body)
        await self.answers.wait()
        return web.Response(status=self.status)


@asynccontextmanager
async def delivering(
    writer: Database, telling: NotificationSettings, broker: BrokerSettings | None = None
) -> AsyncIterator[None]:
    """Plan and send while the block runs."""
    publisher = Publisher(str(broker.kafka_bootstrap_servers) if broker else "127.0.0.1:1")
    planning = Planning(writer, playbook=lambda: PLAYBOOK, public_url=telling.public_url, every_seconds=0.02)
    topic = broker.topics.events if broker else "none"
    delivery = Delivery(writer, publisher, telling, SEALER, topic=topic, every_seconds=0.02)
    edges = LogEdges(writer, every_seconds=0.02)
    tasks = [asyncio.create_task(each.run()) for each in (planning, edges, delivery)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
        await publisher.close()


async def log_of(reader: Database, states: set[str], count: int, account: str = "acme") -> list[ShownMessage]:
    """Wait until the log has so many messages, all of these states."""

    async def look() -> list[ShownMessage]:
        found = await definitions.list_messages(reader, account, limit=500)
        return found if len(found) == count and {each.state for each in found} <= states else []

    return await eventually(look)


async def test_an_edge_becomes_a_message_in_portuguese_with_the_plan_and_is_in_the_log(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    mailbox, hook, chat = Mailbox(), Receiver(), Receiver(200)
    async with smtp(mailbox) as port, answering(hook) as address, answering(chat) as chat_address:
        chat_url = f"mmost://{chat_address.removeprefix('http://')}/abcdefghijklmnopqrstuvwxyz"
        channels = [
            await add_channel(writer, "email", "maria@store.example"),
            await add_channel(writer, "webhook", f"{address}/hook?token=SECRET"),
            await add_channel(writer, "chat", chat_url),
        ]
        await add_rule(writer, *channels)
        await add_rule(writer, *channels, name="Só crítico", severity="critical")
        async with delivering(writer, settings(port)):
            incident = await add_incident(owner)
            await log_of(reader, {"sent"}, 3)
            await add_edge(owner, incident, "resolved")
            log = await log_of(reader, {"sent"}, 6)
    plan = "https://conexoes.store.example/acme/price/reprocess?status=error&affiliate=MLB&code=price.below_minimum"
    opened, resolved = mailbox.messages
    assert opened["Subject"] == "Começou: MLB · Preço: um erro aparece cada vez mais (135)"
    assert opened["To"] == "maria@store.example"
    for part in opened.iter_parts():
        text = part.get_content()
        assert "O preço é baixo." in text
        assert plan.replace("&", "&amp;") in text or plan in text
    assert resolved["Subject"].startswith("Resolvido: ")
    assert resolved["References"] == opened["References"]
    events = [json.loads(body) for [body] in hook.bodies.values()]
    assert {event["id"] for event in events} == set(hook.bodies)
    assert [event["data"]["edge"] for event in events] == ["opened", "resolved"]
    assert events[0]["type"] == "conexoes.notification.v1"
    assert events[0]["data"]["link"] == plan
    posts = [json.loads(body)["text"] for body in chat.bodies[""]]
    assert len(posts) == 2
    assert "O preço é baixo." in posts[0]
    ids = {str(each.id) for each in log}
    assert {opened["Message-ID"], resolved["Message-ID"]} <= {f"<{each}@store.example>" for each in ids}
    assert set(hook.bodies) <= ids
    everything = await owner.fetch(
        """SELECT to_jsonb(m)::text AS row FROM notification_messages m UNION ALL
           SELECT to_jsonb(c)::text FROM notification_channels c UNION ALL
           SELECT to_jsonb(a)::text FROM notification_audit a UNION ALL
           SELECT encode(address, 'escape') FROM notification_addresses"""
    )
    assert not [row for row in everything if "SECRET" in row["row"] or "maria@store" in row["row"]]


async def test_a_channel_that_hangs_or_fails_holds_up_no_other(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    hanging, failing, refusing, good = Receiver(), Receiver(503), Receiver(410), Receiver()
    hanging.answers.clear()
    mailbox = Mailbox()
    mailbox.answer = "451 busy"
    async with (
        smtp(mailbox) as port,
        answering(hanging) as a,
        answering(failing) as b,
        answering(refusing) as c,
        answering(good) as d,
    ):
        channels = [await add_channel(writer, "webhook", url, name=url) for url in (a, b, c, d)]
        inside = await add_channel(writer, "webhook", "http://10.0.0.1:9/", name="inside")
        channels += [inside, await add_channel(writer, "email", "maria@store.example")]
        await add_rule(writer, *channels)
        async with delivering(writer, settings(port, notification_timeout_seconds=2)):
            for number in range(20):
                await add_incident(owner, subject=str(number))

            async def all_good() -> bool:
                return len(good.bodies) == 20

            await eventually(all_good)
            by_channel: dict[str, Any] = {}

            async def tried() -> bool:
                nonlocal by_channel
                by_channel = {each.id: each for each in await definitions.list_channels(reader, "acme")}
                return all(by_channel[str(channels[place])].error for place in (0, 1, 2, 4, 5))

            await eventually(tried)
        hanging.answers.set()
    assert all(len(bodies) == 1 for bodies in good.bodies.values())
    assert by_channel[str(channels[0])].error == NO_ANSWER
    assert by_channel[str(channels[1])].error == Reason(ReasonCode.WEBHOOK_ANSWERED, status=503)
    assert by_channel[str(channels[5])].error == Reason(ReasonCode.SMTP_REFUSED, status=451)
    assert by_channel[str(channels[2])].error == Reason(ReasonCode.WEBHOOK_ANSWERED, status=410)
    assert by_channel[str(channels[2])].next_try_at is None  # what it refuses is not tried again
    assert by_channel[str(channels[3])].error is None
    log = await definitions.list_messages(reader, "acme", limit=500)
    states = Counter((each.channel_id, each.state) for each in log)
    assert states[str(channels[2]), "failed"] == states[str(inside), "failed"] == states[str(channels[3]), "sent"] == 20
    assert states[str(channels[1]), "waiting"] == states[str(channels[5]), "waiting"] == 20
    assert {each.error for each in log if each.channel_id == str(inside)} == {AddressNotAllowed.reason}


class Killed:
    """A process that plans and delivers, in the midst of whose work it is killed; then the next one begins."""

    def __init__(self, kills: int, each_time: int) -> None:
        """Kill it so often, each time when it waits for the answer to that many messages."""
        self.died = 0
        self._kills = kills
        self._each_time = each_time
        self._received = 0
        self._process: int | None = None

    def received(self) -> None:
        """Count a message; the process has sent it, and has not recorded that it did."""
        self._received += 1
        if self._process is None or self._received < self._each_time or self.died == self._kills:
            return
        os.kill(self._process, signal.SIGKILL)
        self.died, self._received, self._process = self.died + 1, 0, None

    async def run(self, database_url: str, port: int, began: Callable[[], Awaitable[None]]) -> None:
        """Begin processes until cancelled, and call `began` for each."""
        arguments = ("-m", "tests.support.deliver", database_url, KEY, str(port))
        parent = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        assert parent.stdout is not None
        try:
            while line := await parent.stdout.readline():
                self._process = int(line)
                await began()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)
            await parent.wait()


@pytest.mark.law
async def test_in_30_kills_nothing_is_lost_nothing_planned_twice_and_no_id_has_two_contents(
    database_url: str, writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    """`kill -9` of who plans and sends, while something goes on beginning to go wrong."""
    edges, kills = 40, 30
    killed = Killed(kills, each_time=3)

    class Counted(Receiver):
        async def __call__(self, request: web.Request) -> web.StreamResponse:
            answer = await super().__call__(request)
            killed.received()
            return answer

    mailbox, hook = Mailbox(killed.received), Counted()
    async with smtp(mailbox) as port, answering(hook) as address:
        channels = [
            await add_channel(writer, "email", "maria@store.example"),
            await add_channel(writer, "webhook", address),
        ]
        await add_rule(writer, *channels)
        numbers = iter(range(edges))

        async def one_more() -> None:
            if (number := next(numbers, None)) is not None:
                await add_incident(owner, subject=str(number))

        for _ in range(edges - kills):
            await one_more()
        working = asyncio.create_task(killed.run(database_url, port, one_more))

        async def all_sent() -> bool:
            assert not working.done(), working
            async with writer.connection() as connection:  # `owner` adds incidents meanwhile
                return bool(await connection.fetchval(ALL_SENT, 2 * edges))

        try:
            await eventually(all_sent, 240)
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        assert await Planning(writer).plan() == 0
    emails: defaultdict[str, list[str]] = defaultdict(list)
    for email in mailbox.messages:
        emails[email["Message-ID"]].append(str([part.get_content() for part in email.iter_parts()]) + email["Subject"])
    assert killed.died == kills
    assert len(emails) == len(hook.bodies) == edges  # none is lost
    contents = [*emails.values(), *hook.bodies.values()]
    assert all(len(set(each)) == 1 for each in contents)
    doubled = sum(len(each) - 1 for each in contents)
    assert kills <= doubled <= 2 * kills, doubled  # what was on its way to either channel, and nothing else
    log = await definitions.list_messages(reader, "acme", limit=500)
    assert Counter(each.state for each in log) == {"sent": 2 * edges}
    # Each message counts once, also those of a process that was killed before it ended its lease, and those sent twice.
    assert [each.sent for each in await definitions.list_channels(reader, "acme")] == [edges, edges]


ALL_SENT = """
    SELECT count(*) FILTER (WHERE state = 'sent') >= $1 AND count(*) FILTER (WHERE state <> 'sent') = 0
    FROM notification_messages
"""


async def test_what_waits_is_replaced_by_what_is_newer_and_a_digest_has_each_incident_once(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    """Messages wait in quiet hours and in maintenance, or come once a day."""
    channel = await add_channel(writer, "webhook", "http://127.0.0.1:9/")
    now = datetime.now(UTC)
    local = now.astimezone(ZoneInfo("America/Sao_Paulo"))
    quiet = {name: (local + timedelta(hours=hours)).strftime("%H:%M") for name, hours in (("begin", 1), ("end", 2))}
    await add_rule(writer, channel, name="quiet", affiliates=["Q"], hours=quiet)
    await add_rule(writer, channel, name="digest", affiliates=["D"], digest_at=local.strftime("%H:%M"))
    await add_rule(writer, channel, name="window", affiliates=["W"])
    span = {"begins_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    scope = Scope(affiliates=("W",))
    await definitions.make_window(writer, "acme", **span, scope=scope, reason="deploy", author=MARIA)
    planning = Planning(writer)
    incidents = {name: await add_incident(owner, affiliate=name) for name in ("Q", "D", "W")}
    await planning.plan()
    for name in ("Q", "D"):
        await add_edge(owner, incidents[name], "escalated")
    await add_edge(owner, incidents["W"], "resolved")
    await add_incident(owner, affiliate="W", subject="goes on")
    await planning.plan()
    log = await definitions.list_messages(reader, "acme", limit=50)
    assert Counter((each.rule, each.kind, each.state) for each in log) == {
        ("quiet", "notice", "superseded"): 1,
        ("quiet", "notice", "waiting"): 1,
        ("digest", "digest", "waiting"): 1,
        ("window", "notice", "superseded"): 1,  # opened
        ("window", "notice", "muted"): 1,  # and over, within it
        ("window", "notice", "waiting"): 1,
    }
    assert all(each.due_at > now for each in log if each.state == "waiting")
    assert await owner.fetchval("SELECT cardinality(edge_ids) FROM notification_messages WHERE kind = 'digest'") == 1
    hook = Receiver()
    async with answering(hook) as address:
        await owner.execute("DELETE FROM notification_addresses")
        sealed = SEALER.seal(address), SEALER.seal(SECRET)
        await owner.execute("INSERT INTO notification_addresses VALUES ('acme', $1, $2, $3)", channel, *sealed)
        await owner.execute("UPDATE maintenance_windows SET ends_at = now()")
        await owner.execute("UPDATE notification_messages SET not_before = now() WHERE state = 'waiting'")
        async with delivering(writer, settings(1)):
            await log_of(reader, {"sent", "superseded", "muted"}, 6)
    titles = sorted(json.loads(body)["data"]["title"].partition(":")[0] for [body] in hook.bodies.values())
    assert titles == ["Começou", "Piorou", "Resumo do dia"]


async def test_events_out_are_edges_of_logs_and_reach_topic_and_webhook_once_each(
    broker_settings: BrokerSettings, writer: Database, reader: Database, owner: asyncpg.Connection, desk: Desk
) -> None:
    hook = Receiver()
    error: dict[str, Any] = {"status": "error", "errors": [{"code": "c"}]}
    async with answering(hook) as address:
        await add_channel(writer, "topic", events=list(EventType))
        await add_channel(writer, "webhook", address, events=["conexoes.log.recovered.v1"])
        await desk.store(
            result("1", **error, processed_at=at(0)),
            result("2", key="SKU-2", status="success", processed_at=at(0)),
            result("3", account="globex", **error),
        )
        await desk.store(result("4", **error, processed_at=at(1)))  # still failing: no edge
        await desk.store(result("5", status="success", processed_at=at(2)))
        await desk.store(result("6", **error, processed_at=at(1)))  # late
        await desk.store(result("7", key="SKU-2", **error, processed_at=at(3)))
        await add_incident(owner)
        async with delivering(writer, settings(1), broker_settings):
            found = await records(str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.events, 4)

            async def none_waits() -> bool:
                return not await owner.fetchval("SELECT EXISTS (SELECT FROM notification_messages)")

            await eventually(none_waits)
    events = [json.loads(each.value) for each in found]
    assert Counter((event["type"], event["subject"]) for event in events) == {
        ("conexoes.log.failed.v1", "SKU-1"): 1,
        ("conexoes.log.recovered.v1", "SKU-1"): 1,
        ("conexoes.log.failed.v1", "SKU-2"): 1,
        ("conexoes.incident.opened.v1", "1"): 1,
    }
    assert {each.key for each in found} == {b"acme/MLB/SKU-1", b"acme/MLB/SKU-2", b"acme"}
    [[body]] = hook.bodies.values()
    assert json.loads(body) in events  # the same id and content on both
    sent = {each.kind: each.sent for each in await definitions.list_channels(reader, "acme")}
    assert sent == {"topic": 4, "webhook": 1}
    assert uuid.UUID(events[0]["id"])


async def test_an_event_that_kafka_does_not_take_fails_alone(
    broker_settings: BrokerSettings, writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    channel = await add_channel(writer, "topic", events=list(EventType))
    await owner.executemany(
        """INSERT INTO notification_messages
               (account, id, channel_id, kind, event_type, event_uuid, subject, content, due_at, not_before)
           VALUES ('acme', gen_random_uuid(), $1, 'event', 'conexoes.command.done.v1', gen_random_uuid(), $2,
               jsonb_build_object('text', $3::text), now(), now())""",
        [(channel, str(number), "x" * (MAX_DEAD_LETTER_BYTES if number == 3 else 1)) for number in range(7)],
    )
    async with delivering(writer, settings(1), broker_settings):
        await log_of(reader, {"failed"}, 1)
    assert await owner.fetchval("SELECT subject FROM notification_messages") == "3"
    assert [each.sent for each in await definitions.list_channels(reader, "acme")] == [6]


@pytest.mark.parametrize("removed", [True, False], ids=["removed", "of another key"])
async def test_a_channel_whose_address_is_gone_sends_nothing_and_says_why(
    *, writer: Database, reader: Database, owner: asyncpg.Connection, removed: bool
) -> None:
    channel = await add_channel(writer, "webhook", "http://127.0.0.1:9/")
    await add_rule(writer, channel)
    await add_incident(owner)
    await Planning(writer).plan()
    if removed:
        assert await definitions.remove_channel(writer, "acme", channel, MARIA)
        assert not await definitions.remove_channel(writer, "acme", channel, MARIA)
        assert await owner.fetchval("SELECT count(*) FROM notification_addresses") == 0
        [message] = await log_of(reader, {"failed"}, 1)
        assert message.error == REMOVED
        [shown] = await definitions.list_rules(reader, "acme")
        assert shown.channels == []
        return
    await owner.execute("UPDATE notification_addresses SET address = 'x'")
    async with delivering(writer, settings(1)):

        async def said() -> Reason | None:
            [message] = await definitions.list_messages(reader, "acme", limit=5)
            return message.error

        assert await eventually(said) == SealedElsewhere.reason


async def test_what_can_t_be_read_or_written_stops_nothing_else(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    """Erasing puts a mark into texts, which may make them too long for what they are in."""
    hook = Receiver()
    async with answering(hook) as address:
        channel = await add_channel(writer, "webhook", address)
        await add_rule(writer, channel, name="too long")
        await owner.execute("UPDATE notification_rules SET rule = rule || jsonb_build_object('name', repeat('n', 81))")
        await add_rule(writer, channel, name="good")
        await owner.execute(
            """INSERT INTO playbook_changes (account, entry_id, action, entry, changed_by, key_name)
               VALUES ('acme', gen_random_uuid(), 'added', '{}', 'maria', 'a')"""
        )
        await owner.execute(  # of edges that are gone
            """INSERT INTO notification_messages (account, id, channel_id, kind, edge_ids, due_at, not_before)
               VALUES ('acme', gen_random_uuid(), $1, 'digest', '{999999}', now(), now())""",
            channel,
        )
        odd = await add_incident(owner, severity="odd")
        await add_incident(owner)
        async with delivering(writer, settings(1)):
            log = await log_of(reader, {"sent", "failed"}, 2)
    assert {(each.kind, each.state, each.error) for each in log} == {
        ("notice", "sent", None),
        ("digest", "failed", UNWRITTEN),
    }
    assert odd not in {int(each.incident_id) for each in log if each.incident_id}


async def test_maintenance_ends_what_a_dead_channel_and_a_removed_one_never_took(
    writer: Database, owner: asyncpg.Connection
) -> None:
    """The first message alone is tried while a channel is down; those behind it get as old as that one."""
    dead, removed = [await add_channel(writer, "webhook", "http://127.0.0.1:9/", name=name) for name in ("d", "r")]
    insert = """INSERT INTO notification_messages (account, id, channel_id, kind, content, due_at, not_before)
                SELECT 'acme', gen_random_uuid(), $1, 'event', '{}', now() - $2::interval, now()
                FROM generate_series(1, $3)"""
    await owner.execute(insert, dead, timedelta(hours=24, minutes=1), 501)
    await owner.execute(insert, dead, timedelta(hours=23), 1)
    await owner.execute(insert, removed, timedelta(), 1001)
    await definitions.remove_channel(writer, "acme", removed, MARIA)
    count = """SELECT state, error ->> 'code', count(*) FROM notification_messages WHERE channel_id = $1
               GROUP BY 1, 2 ORDER BY 3"""
    some = [tuple(row) for row in await owner.fetch(count, removed)]
    assert some == [("failed", "channel_removed", 500), ("waiting", None, 501)]  # at once
    await Maintenance(writer, writer.settings).once()
    assert [tuple(row) for row in await owner.fetch(count, removed)] == [("failed", "channel_removed", 1001)]
    assert [tuple(row) for row in await owner.fetch(count, dead)] == [
        ("waiting", None, 1),
        ("failed", "message_given_up", 501),
    ]


async def test_who_names_a_type_or_kind_is_told_when_it_joins_and_a_window_of_all_types_silences(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    channel, now = await add_channel(writer, "webhook", "http://127.0.0.1:9/"), datetime.now(UTC)
    await add_rule(writer, channel, name="price", integration_types=["price"], affiliates=["MLB"])
    await add_rule(writer, channel, name="kinds", kinds=["new_fault", "breaker_opened"], affiliates=["MLB"])
    await add_rule(writer, channel, name="window", affiliates=["W", "V"])
    span = {"begins_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    for affiliate, types in (("W", ("price", "inventory")), ("V", ("price",))):
        scope = Scope(affiliates=(affiliate,), integration_types=types)
        await definitions.make_window(writer, "acme", **span, scope=scope, reason="deploy", author=MARIA)
    several: dict[str, Any] = {"integration_type": None, "facts": _facts("inventory", "price")}
    for affiliate in ("W", "V"):
        await add_incident(owner, affiliate=affiliate, **several)
    incident = await add_incident(owner, kind="new_fault", integration_type="inventory", facts=_facts("inventory"))
    planning = Planning(writer)
    await planning.plan()
    stories = [
        (_facts("inventory", "price"), "joined"),
        (_facts("inventory", "orders", "price", kinds=("new_fault", "breaker_opened")), "joined"),
        (_facts("inventory", "orders", "price", kinds=("new_fault", "breaker_opened", "failure_share")), "escalated"),
        (_facts("inventory", "orders", "price", kinds=("new_fault", "breaker_opened", "failure_share")), "resolved"),
    ]
    for facts, edge in stories:
        await owner.execute(
            "UPDATE incidents SET facts = $1, integration_type = NULL WHERE incident_id = $2", facts, incident
        )
        await add_edge(owner, incident, edge)
        await planning.plan()
    log = await definitions.list_messages(reader, "acme", limit=50)
    titles: defaultdict[str, list[str]] = defaultdict(list)
    for each in reversed(log):
        titles[str(each.rule)].append((each.title or "").partition(":")[0])
    assert titles["price"] == ["Começou", "Piorou", "Resolvido"]
    assert titles["kinds"] == ["Começou", "Há mais", "Piorou", "Resolvido"]
    waits = {
        (each.title or "").split()[1]: each.due_at > now + timedelta(minutes=59)
        for each in log
        if each.rule == "window"
    }
    assert waits == {"W:": True, "V:": False}


def _facts(*types: str, kinds: Sequence[str] = ("new_fault",)) -> str:
    return json.dumps({"integration_types": types, "kinds": kinds})


async def test_what_joins_an_incident_that_waits_for_a_digest_is_told_as_its_beginning(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    hook, soon = Receiver(), datetime.now(ZoneInfo("America/Sao_Paulo")) + timedelta(hours=2)
    async with answering(hook) as address:
        await add_rule(writer, await add_channel(writer, "webhook", address), digest_at=soon.strftime("%H:%M"))
        incident = await add_incident(owner, facts=_facts("price"))
        await Planning(writer).plan()
        await owner.execute("UPDATE incidents SET facts = $1", _facts("orders", "price"))
        await add_edge(owner, incident, "joined")
        await Planning(writer).plan()
        await owner.execute("UPDATE notification_messages SET not_before = now()")
        async with delivering(writer, settings(1)):
            await log_of(reader, {"sent"}, 1)
    [[body]] = hook.bodies.values()
    assert json.loads(body)["data"]["incidents"][0]["edge"] == "opened"


async def test_no_end_is_told_of_what_was_not_told_or_was_ended(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    channel, now = await add_channel(writer, "webhook", "http://127.0.0.1:9/"), datetime.now(UTC)
    await add_rule(writer, channel, name="critical", severity="critical", affiliates=["C"])
    await add_rule(writer, channel, name="window", affiliates=["W"])
    planning = Planning(writer)

    async def tell(incident: int, edge: str, severity: str = "warning") -> None:
        await owner.execute("UPDATE incidents SET severity = $1 WHERE incident_id = $2", severity, incident)
        await add_edge(owner, incident, edge)
        await planning.plan()

    critical = await add_incident(owner, affiliate="C", severity="critical")
    before = await add_incident(owner, affiliate="W")
    unheard = await add_incident(owner, affiliate="N")
    await planning.plan()
    await add_rule(writer, channel, name="new", affiliates=["N"])
    for edge in ("resolved", "reopened", "resolved"):
        await tell(critical, edge, "critical" if edge != "reopened" else "warning")
    await tell(critical, "reopened", "critical")
    await tell(critical, "resolved")
    await tell(unheard, "resolved")
    await tell(unheard, "reopened")
    await tell(unheard, "resolved")
    await tell(before, "resolved")
    span = {"begins_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    await definitions.make_window(writer, "acme", **span, scope=Scope(affiliates=("W",)), reason="deploy", author=MARIA)
    for edge in ("reopened", "resolved"):
        await tell(before, edge)
    log = await definitions.list_messages(reader, "acme", limit=50)
    told = [(each.rule, (each.title or "").partition(":")[0], each.state) for each in reversed(log)]
    assert [each for each in told if each[0] == "critical"] == [
        ("critical", title, "waiting") for title in ("Começou", "Resolvido", "Voltou", "Resolvido")
    ]
    assert [each for each in told if each[0] == "new"] == [
        ("new", title, "waiting") for title in ("Voltou", "Resolvido")
    ]
    assert [each for each in told if each[0] == "window"] == [
        ("window", "Começou", "waiting"),
        ("window", "Resolvido", "waiting"),
        ("window", "Voltou", "superseded"),
        ("window", "Resolvido", "muted"),
    ]


async def test_what_failed_is_replaced_by_what_is_newer_and_its_reader_is_told_the_end(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    """Else "began" could come after "resolved". The answer was lost, perhaps, and not the message."""
    channel = await add_channel(writer, "webhook", "http://127.0.0.1:9/")
    await add_rule(writer, channel)
    incident = await add_incident(owner)
    planning = Planning(writer)
    await planning.plan()
    await owner.execute("UPDATE notification_messages SET tries = 1, not_before = now() + interval '10 minutes'")
    await owner.execute("UPDATE notification_rules SET rule = rule || '{\"enabled\": false}'")
    await add_edge(owner, incident, "resolved")
    await planning.plan()
    log = await definitions.list_messages(reader, "acme", limit=5)
    assert [(each.state, (each.title or "").partition(":")[0]) for each in log] == [
        ("waiting", "Resolvido"),
        ("superseded", "Começou"),
    ]


async def test_turns_are_shared_by_accounts_and_few_are_chats(writer: Database, owner: asyncpg.Connection) -> None:
    """Channels that hang, of an account that has many, must leave turns to others."""
    for account, kind, count in (("acme", "webhook", 12), ("globex", "webhook", 1), ("initech", "chat", 6)):
        for number in range(count):
            await add_channel(writer, kind, "x", account, name=f"{kind} {number}")
    await owner.execute(
        """INSERT INTO notification_messages (account, id, channel_id, kind, content, due_at, not_before)
           SELECT account, gen_random_uuid(), id, 'test', '{}', now(), now() FROM notification_channels"""
    )

    async def claim(at_most: int, chats: int) -> Counter[str]:
        async with writer.transaction() as connection:
            lease: dict[str, Any] = {"lease": uuid.uuid4(), "lease_seconds": 60}
            leased = await claim_channels(connection, at_most=at_most, chats=chats, **lease)
        return Counter(each.account for each in leased)

    assert await claim(3, 4) == {"acme": 1, "globex": 1, "initech": 1}
    assert await claim(32, 3) == {"acme": 7, "initech": 3}
    assert await claim(32, 4) == {"initech": 2}  # one account has its share, which the first claims count to
    await owner.execute("UPDATE notification_channels SET leased_until = NULL WHERE account = 'acme'")
    assert await claim(32, 0) == {"acme": 8}


async def test_an_edge_that_comes_while_its_digest_is_written_is_in_it(
    writer: Database, reader: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook, read = Receiver(), []

    async def told(connection: Connection, edge_ids: Sequence[int]) -> Any:
        read.append(len(edge_ids))
        found = await edges_told(connection, edge_ids)
        if len(read) == 1:
            await owner.execute(
                """UPDATE notification_messages
                   SET edge_ids = edge_ids || (SELECT max(edge_id) FROM incident_edges) WHERE kind = 'digest'"""
            )
        return found

    monkeypatch.setattr(delivery, "edges_told", told)
    clock = (datetime.now(ZoneInfo("America/Sao_Paulo")) + timedelta(hours=2)).strftime("%H:%M")
    async with answering(hook) as address:
        await add_rule(writer, await add_channel(writer, "webhook", address), digest_at=clock, affiliates=["FIRST"])
        await add_incident(owner, affiliate="FIRST")
        await Planning(writer).plan()
        await add_incident(owner, affiliate="SECOND")
        await owner.execute("UPDATE notification_messages SET not_before = now()")
        async with delivering(writer, settings(1)):
            await log_of(reader, {"sent"}, 1)
    assert read == [1, 2]
    [[body]] = hook.bodies.values()
    assert "FIRST" in body.decode()
    assert "SECOND" in body.decode()


async def test_a_digest_has_nothing_that_was_told_already_or_was_over_within_a_maintenance_window(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    hook, now = Receiver(), datetime.now(UTC)
    clock = (now.astimezone(ZoneInfo("America/Sao_Paulo")) + timedelta(hours=2)).strftime("%H:%M")
    edges = "SELECT edge_ids FROM notification_messages WHERE kind = 'digest' AND state = 'waiting'"
    planning = Planning(writer)
    async with answering(hook) as address:
        await add_rule(writer, await add_channel(writer, "webhook", address), digest_at=clock)
        span = {"begins_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
        scope = Scope(affiliates=("W",))
        await definitions.make_window(writer, "acme", **span, scope=scope, reason="deploy", author=MARIA)
        within, at_once = await add_incident(owner, affiliate="W"), await add_incident(owner, affiliate="C")
        before = await add_incident(owner, affiliate="W", subject="before")
        await owner.execute(
            "UPDATE incidents SET opened_at = $1 WHERE incident_id = $2", now - timedelta(days=1), before
        )
        await planning.plan()
        assert len(await owner.fetchval(edges)) == 3
        await owner.execute("UPDATE incidents SET severity = 'critical' WHERE incident_id = $1", at_once)
        await add_edge(owner, at_once, "escalated")
        await add_edge(owner, within, "resolved")
        await add_edge(owner, before, "resolved")
        await planning.plan()
        assert await owner.fetchval(edges) == [await owner.fetchval("SELECT max(edge_id) FROM incident_edges")]
        await owner.execute("UPDATE notification_messages SET edge_ids = '{}' WHERE kind = 'digest'")
        await owner.execute("UPDATE notification_messages SET not_before = now() WHERE state = 'waiting'")
        async with delivering(writer, settings(1)):
            log = await log_of(reader, {"sent", "superseded", "muted"}, 3)
    assert {(each.kind, each.state, each.incident_id) for each in log} == {
        ("notice", "muted", str(within)),
        ("notice", "sent", str(at_once)),
        ("digest", "superseded", None),  # nothing is left of it
    }
    told = await add_incident(owner, affiliate="W", subject="told")
    await planning.plan()
    await owner.execute("UPDATE notification_messages SET state = 'sent', ended_at = now() WHERE state = 'waiting'")
    await add_edge(owner, told, "resolved")
    await planning.plan()
    assert await owner.fetchval(edges) == [await owner.fetchval("SELECT max(edge_id) FROM incident_edges")]


async def test_a_window_that_is_made_later_silences_what_waits_and_what_is_tried_again(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    hook, now = Receiver(), datetime.now(UTC)
    edges = "SELECT edge_ids FROM notification_messages WHERE kind = 'digest' AND state = 'waiting' AND due_at > $1"
    async with answering(hook) as address:
        channel = await add_channel(writer, "webhook", address)
        await add_rule(writer, channel, name="notice", affiliates=["W", "N"])
        await add_rule(writer, channel, name="digest", affiliates=["DW", "DN"], digest_at="12:00")
        over, *_ = [await add_incident(owner, affiliate=affiliate) for affiliate in ("W", "W", "N", "DW", "DN")]
        await Planning(writer).plan()
        await owner.execute("UPDATE notification_messages SET tries = 1 WHERE incident_id = $1", over)
        # The digest is one of today, whose time has come.
        await owner.execute("UPDATE notification_messages SET id = gen_random_uuid() WHERE kind = 'digest'")
        await owner.execute("UPDATE notification_messages SET due_at = now(), not_before = now()")
        span = {"begins_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
        scope = Scope(affiliates=("W", "DW"))
        await definitions.make_window(writer, "acme", **span, scope=scope, reason="deploy", author=MARIA)
        async with delivering(writer, settings(1)):

            async def the_rest_is_sent() -> bool:
                return len(hook.bodies) == 2

            await eventually(the_rest_is_sent)
            log = await definitions.list_messages(reader, "acme", limit=50)
        sent = b"".join(body for [body] in hook.bodies.values())
        assert all(name in sent for name in (b'"N"', b'"DN"'))
        assert not any(name in sent for name in (b'"W"', b'"DW"'))
        later = [each for each in log if each.state == "waiting"]
        assert Counter(each.kind for each in later) == {"notice": 2, "digest": 1}
        assert all(each.due_at >= span["ends_at"] for each in later)
        assert len(await owner.fetchval(edges, span["ends_at"])) == 1
        # What is over by the end of the window is told as that.
        await add_edge(owner, over, "resolved")
        await Planning(writer).plan()
        await owner.execute("UPDATE maintenance_windows SET ends_at = now()")
        await owner.execute("UPDATE notification_messages SET not_before = now() WHERE state = 'waiting'")
        async with delivering(writer, settings(1)):
            log = await log_of(reader, {"sent", "superseded"}, 6)
    assert [each.state for each in log if each.incident_id == str(over)] == ["sent", "superseded"]


async def test_a_test_is_sent_at_once_whatever_failed_before_and_whatever_waits(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    channel = await add_channel(writer, "webhook", "http://127.0.0.1:9/")
    await add_rule(writer, channel)
    await add_incident(owner)
    await Planning(writer).plan()
    await owner.execute("UPDATE notification_channels SET failures = 9, not_before = now() + interval '10 minutes'")
    [shown] = await definitions.list_channels(reader, "acme")

    async def claimed() -> LeasedChannel:
        async with writer.transaction() as connection:
            [leased] = await claim_channels(connection, at_most=1, chats=0, lease=uuid.uuid4(), lease_seconds=60)
        return leased

    await definitions.add_test(writer, "acme", shown, content={}, author=MARIA)
    leased = await claimed()
    async with writer.transaction() as connection:
        first, second = await messages_to_send(connection, leased, 5)
        assert (first.kind, second.kind) == ("test", "notice")
        await mark_tried(connection, "acme", [Tried(first.id, "sent", 0, None, 0.0)])
    await definitions.add_test(writer, "acme", shown, content={}, author=MARIA)  # while the notice is tried
    async with writer.transaction() as connection:
        said: dict[str, Any] = {"failures": 10, "tried": True, "error": NO_ANSWER, "pause_seconds": 600}
        await release_channel(connection, leased, **said)
    assert (await claimed()).id == channel


async def test_a_message_is_given_up_when_its_next_try_would_be_a_day_after_it_was_due(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    await add_channel(writer, "webhook", "http://127.0.0.1:9/")
    [shown] = await definitions.list_channels(reader, "acme")
    ids = [await definitions.add_test(writer, "acme", shown, content={}, author=MARIA) for _ in range(3)]
    for message, hours in zip(ids, (23.8, 23.9, 25), strict=True):
        update = "UPDATE notification_messages SET due_at = now() - $1::interval WHERE id = $2"
        await owner.execute(update, timedelta(hours=hours), message)
    tried = [Tried(each, "waiting", 1, NO_ANSWER, 600.0) for each in ids[:2]] + [Tried(ids[2], "sent", 0, None, 0.0)]
    async with writer.transaction() as connection:
        await mark_tried(connection, "acme", tried)
    log = {each.id: (each.state, each.error) for each in await definitions.list_messages(reader, "acme", limit=5)}
    assert [log[str(each)] for each in ids] == [
        ("waiting", NO_ANSWER),
        ("failed", GIVEN_UP.of(error=NO_ANSWER)),
        ("sent", None),
    ]


async def test_a_message_that_two_workers_mark_at_once_is_sent_once(
    writer: Database, reader: Database, owner: asyncpg.Connection
) -> None:
    await add_channel(writer, "webhook", "http://127.0.0.1:9/")
    [shown] = await definitions.list_channels(reader, "acme")
    message = await definitions.add_test(writer, "acme", shown, content={}, author=MARIA)

    async def mark() -> None:
        async with writer.transaction() as connection:
            await mark_tried(connection, "acme", [Tried(message, "sent", 0, None, 0.0)])

    async def waits() -> bool:
        return bool(await owner.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))

    async with writer.transaction() as connection:
        await mark_tried(connection, "acme", [Tried(message, "sent", 0, None, 0.0)])
        other = asyncio.create_task(mark())
        await eventually(waits)
    await other
    assert await owner.fetchval("SELECT sent FROM notification_channels") == 1
