"""Dead letters come back: redriven by agents through a real Kafka, stored once, linked both ways."""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from agents.results.redrive import Redriving
from broker.errors import BrokerUnavailable
from broker.publisher import Publisher, Record, Written
from broker.settings import BrokerSettings
from broker.topics import create_topics
from schemas.catalogue import BY_NAME
from schemas.dead_letter import REDRIVE_HEADER, RedriveLink
from schemas.envelope import STRUCTURED
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.redrive import RedriveItemState, RedriveRequest
from schemas.refusal import Refusal
from schemas.rereading import NOT_OF_RESULTS, OF_ANOTHER_ACCOUNT, KeptLetter, Rereading
from schemas.result import Result, read
from storage.clock import ServerClock
from storage.database import Database
from storage.dead_letters import Reach, get_dead_letter, headers_of
from storage.letter_audit import Author
from storage.redrive import get_redrive, list_redrive_items, make_redrive, settle_results, switch_redrive
from storage.results import store
from storage.settings import StorageSettings
from tests.support.agents import produce, records, running_worker
from tests.support.events import SOURCE, Event, result, whole
from tests.support.kafka_admin import delete_topic
from tests.support.letters import OTHER_SOURCES, insert_refused
from tests.support.processes import conexoes
from tests.support.waiting import eventually

REACH = Reach("acme", every_account=False, evidence=True)
MARIA = Author("maria", "the connector is allowed now")


async def redrive(writer: Database, broker: BrokerSettings, **more: Any) -> uuid.UUID:
    asked = RedriveRequest.model_validate(
        {"account": "acme", "filter": {}, "all": True, "requested_by": "maria", "per_second": 5000, **more}
    )
    async with writer.connection() as connection:
        as_of = await connection.fetchval("SELECT clock_timestamp()")
    topics = Rereading(broker.topics, None).topics
    return await make_redrive(writer, REACH, asked, MARIA, topics=topics, as_of=as_of)


async def refused(owner: asyncpg.Connection, count: int) -> None:
    async def look() -> bool:
        return bool(await owner.fetchval("SELECT count(*) = $1 FROM dead_letters", count))

    await eventually(look)


async def settled(reader: Database, redrive_id: uuid.UUID, **states: int) -> None:
    """Wait until the letters of a redrive are in these states, and nothing of it is left."""

    async def look() -> bool:
        found = await get_redrive(reader, REACH, redrive_id)
        assert found is not None
        return found.items == states and found.state == "done"

    await eventually(look)


def with_sources(broker: BrokerSettings, sources: Any) -> BrokerSettings:
    return broker.model_copy(update={"sources": sources})


async def test_kill_9_of_workers_in_the_middle_stores_all_once_and_links_all(
    broker_settings: BrokerSettings,
    database_url: str,
    data_dir: Path,
    tmp_path: Path,
    owner: asyncpg.Connection,
    reader: Database,
    writer: Database,
) -> None:
    letters = 500
    forbidding = tmp_path / "sources.json"
    forbidding.write_text(json.dumps({SOURCE: {"affiliates": ["AMZ"]}}))
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": str(broker_settings.kafka_bootstrap_servers),
        "TOPIC_PREFIX": broker_settings.topic_prefix,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data_dir),
    }
    events = [result(f"e{n}", key=f"SKU-{n % 50}") for n in range(letters)]
    await produce(settings["KAFKA_BOOTSTRAP_SERVERS"], broker_settings.topic_prefix, events)
    async with conexoes("agents", log=data_dir / "a.log", SOURCES=str(forbidding), WORKER_ID="w1", **settings):
        await refused(owner, letters)
    assert await owner.fetchval("SELECT count(*) FROM received_results") == 0
    made = await redrive(writer, broker_settings, per_second=100)

    async def published(share: float) -> None:
        async def look() -> bool:
            done = await owner.fetchval("SELECT count(*) FROM redrive_items WHERE state IN ('sent', 'stored')")
            return bool(done >= letters * share)

        await eventually(look)

    for share in (0.2, 0.5):
        async with AsyncExitStack() as stack:  # its end kills both
            for name in ("w1", "w2"):
                await stack.enter_async_context(
                    conexoes("agents", log=data_dir / f"{name}.log", WORKER_ID=name, **settings)
                )
            await published(share)
        await owner.execute("UPDATE redrive_items SET leased_until = now()")  # as if the lease were over
    async with conexoes("agents", log=data_dir / "w1.log", WORKER_ID="w1", **settings):
        await settled(reader, made, stored=letters)
    assert await owner.fetchval("SELECT count(*) FROM attempts") == letters
    assert await owner.fetchval("SELECT sum(attempts) FROM status_logs") == letters
    assert await owner.fetchval("SELECT count(*) FROM dead_letters WHERE state <> 'stored'") == 0
    unlinked = """
        SELECT count(*) FROM redrive_items i JOIN dead_letters d ON d.id = i.letter_id
        LEFT JOIN status_logs l ON l.id = i.log_id
        WHERE l.key IS DISTINCT FROM convert_from(d.value, 'UTF8')::jsonb ->> 'key' OR d.redrive_id <> i.redrive_id
    """
    assert await owner.fetchval(unlinked) == 0


async def test_what_is_still_refused_is_not_sent_and_an_edit_is(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    reader: Database,
    writer: Database,
) -> None:
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price")
    events = [
        result("good", key="A"),
        result("bad", key="B", status="maybe"),
        result("edited", key="C", status="maybe"),
    ]
    async with running_worker(with_sources(broker_settings, OTHER_SOURCES), storage_settings, data_dir):
        await produce(servers, broker_settings.topic_prefix, events)
        await refused(owner, 3)
    edit = """
        INSERT INTO dead_letter_edits (account, letter_id, number, value, requested_by)
        SELECT account, id, 1, replace(convert_from(value, 'UTF8'), 'maybe', 'error')::bytea, 'maria'
        FROM dead_letters WHERE convert_from(value, 'UTF8') LIKE '%"C"%'
    """
    await owner.execute(edit)
    async with running_worker(broker_settings, storage_settings, data_dir):
        made = await redrive(writer, broker_settings)
        await settled(reader, made, stored=2, still_refused=1)
    assert {row["key"] for row in await owner.fetch("SELECT key FROM status_logs")} == {"A", "C"}
    [waiting] = await owner.fetch("SELECT * FROM dead_letters WHERE state = 'waiting'")
    assert json.loads(waiting["value"])["key"] == "B"
    item = await owner.fetchrow("SELECT * FROM redrive_items WHERE letter_id = $1", waiting["id"])
    assert item is not None
    assert json.loads(item["reason"])["code"] == "status_not_allowed"
    first = await owner.fetchrow("SELECT * FROM dead_letters WHERE convert_from(value, 'UTF8') LIKE '%\"A\"%'")
    assert first is not None
    shown = await get_dead_letter(reader, REACH, first["id"])
    assert shown is not None
    assert (shown.state, shown.integration_type) == ("stored", "price")
    again = next(each for each in await records(servers, topic, 5) if dict(each.headers).get(REDRIVE_HEADER))
    assert again.key == events[0].key
    assert list(again.headers) == [
        *events[0].headers,
        RedriveLink(str(first["id"]), str(made)).to_header(),
    ]


async def test_one_that_is_refused_again_is_linked_with_the_new_letter(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    reader: Database,
    writer: Database,
) -> None:
    """The rules of whoever sends and of whoever stores may differ for a moment, as during an upgrade."""
    servers = str(broker_settings.kafka_bootstrap_servers)
    forbidding = with_sources(broker_settings, OTHER_SOURCES)
    async with running_worker(forbidding, storage_settings, data_dir):
        await produce(servers, broker_settings.topic_prefix, [result("1", key="A")])
        await refused(owner, 1)
        made = await redrive(writer, broker_settings)
        clock, publisher = ServerClock(writer), Publisher(servers)
        await clock.measure()
        try:
            while not (await get_redrive(reader, REACH, made)).items.get("refused"):  # type: ignore[union-attr]
                await owner.execute("UPDATE redrive_items SET state = 'queued' WHERE state = 'still_refused'")
                await owner.execute("UPDATE redrives SET state = 'running', next_at = now()")
                await Redriving(writer, publisher, Rereading(broker_settings.topics, None), clock).send()
                await asyncio.sleep(0.05)
        finally:
            await publisher.close()
        await refused(owner, 2)
    [old] = await owner.fetch("SELECT * FROM dead_letters WHERE redrive_of IS NULL")
    [new] = await owner.fetch("SELECT * FROM dead_letters WHERE redrive_of IS NOT NULL")
    assert new["redrive_of"] == old["id"]
    assert (old["state"], new["state"]) == ("refused", "waiting")
    shown = await get_dead_letter(reader, REACH, old["id"])
    assert shown is not None
    assert shown.again_id == str(new["id"])


async def test_an_id_that_was_used_meanwhile_is_a_conflict_and_changes_nothing(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    reader: Database,
    writer: Database,
) -> None:
    servers = str(broker_settings.kafka_bootstrap_servers)
    async with running_worker(with_sources(broker_settings, OTHER_SOURCES), storage_settings, data_dir):
        await produce(servers, broker_settings.topic_prefix, [result("1", key="A", message="first")])
        await refused(owner, 1)
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, broker_settings.topic_prefix, [result("1", key="A", message="second")])

        async def there() -> bool:
            return bool(await owner.fetchval("SELECT count(*) = 1 FROM received_results"))

        await eventually(there)
        await settled(reader, await redrive(writer, broker_settings), conflict=1)
    assert await owner.fetchval("SELECT message FROM status_logs") == "second"


class Stubborn(Publisher):
    """A broker that takes some records and not others."""

    def __init__(self, taken: Callable[[Record], bool]) -> None:
        super().__init__("127.0.0.1:9")
        self.taken, self.sent = taken, 0

    async def publish(self, record: Record) -> Written:
        if not self.taken(record):
            raise BrokerUnavailable("not now")
        self.sent += 1
        return Written(0, self.sent)


@pytest.fixture
async def queued(
    writer: Database, kafka_free_letters: Callable[[list[Event]], Awaitable[None]], broker_settings: BrokerSettings
) -> uuid.UUID:
    await kafka_free_letters([result(f"e{n}", key=f"S{n}") for n in range(30)])
    return await redrive(writer, broker_settings)


@pytest.fixture
def kafka_free_letters(
    writer: Database, owner: asyncpg.Connection, broker_settings: BrokerSettings
) -> Callable[[list[Event]], Awaitable[None]]:
    async def insert(events: list[Event]) -> None:
        await insert_refused(writer, events, OTHER_SOURCES)
        await owner.execute("UPDATE dead_letters SET topic = $1", broker_settings.topics.results("price"))

    return insert


async def redriving(writer: Database, broker: BrokerSettings, publisher: Publisher, **more: Any) -> Redriving:
    clock = ServerClock(writer)
    await clock.measure()
    return Redriving(writer, publisher, Rereading(broker.topics, None), clock, **more)


async def test_what_kafka_takes_is_marked_and_the_rest_is_tried_again(
    queued: uuid.UUID, writer: Database, reader: Database, broker_settings: BrokerSettings
) -> None:
    odd = Stubborn(lambda record: int(json.loads(record.value or b"")["key"][1:]) % 2 == 1)
    worker = await redriving(writer, broker_settings, odd)
    assert await worker.send() == 30
    found = await get_redrive(reader, REACH, queued)
    assert found is not None
    assert found.items == {"sent": 15, "queued": 15}
    all_ = Stubborn(lambda _record: True)
    assert await (await redriving(writer, broker_settings, all_)).send() in {0, 15}

    async def done() -> bool:
        await (await redriving(writer, broker_settings, all_)).send()
        shown = await get_redrive(reader, REACH, queued)
        return shown is not None and shown.state == "done"

    await eventually(done)
    assert (odd.sent, all_.sent) == (15, 15)


async def test_a_topic_that_is_missing_holds_back_its_own_redrives_only(
    writer: Database, reader: Database, broker_settings: BrokerSettings, owner: asyncpg.Connection
) -> None:
    servers, topics = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics
    missing, there = topics.results("price"), topics.results("tracking")
    await delete_topic(servers, missing)
    made = {}
    for name, topic in (("price", missing), ("tracking", there)):
        await insert_refused(writer, [result(f"{name}{n}", name, key=f"S{n}") for n in range(250)], OTHER_SOURCES)
        await owner.execute("UPDATE dead_letters SET topic = $1 WHERE topic NOT LIKE $2", topic, f"{topics.prefix}%")
        made[name] = await redrive(writer, broker_settings)
    publisher = Publisher(servers)
    running = asyncio.create_task((await redriving(writer, broker_settings, publisher)).run())

    async def sent(name: str) -> bool:
        found = await get_redrive(reader, REACH, made[name])
        return found is not None and found.items == {"sent": 250}

    try:
        await eventually(lambda: sent("tracking"), 25)  # before Kafka's client gives up one record of the other
        assert not await sent("price")
        await create_topics(servers, broker_settings)
        await eventually(lambda: sent("price"))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await publisher.close()


async def test_a_redrive_that_kafka_does_not_take_steps_back_for_longer_each_time(
    queued: uuid.UUID, writer: Database, broker_settings: BrokerSettings, owner: asyncpg.Connection
) -> None:
    worker = await redriving(writer, broker_settings, Stubborn(lambda _record: False))
    pauses = []
    for _ in range(7):
        await owner.execute("UPDATE redrives SET next_at = now()")
        assert await worker.send() == 30
        assert await worker.send() == 0
        pauses.append(await owner.fetchval("SELECT extract(epoch FROM next_at - now())::float8 FROM redrives"))
    assert pauses == [pytest.approx(seconds, abs=0.9) for seconds in (1, 2, 4, 8, 16, 30, 30)]


async def test_a_redrive_that_is_paused_or_cancelled_sends_nothing(
    queued: uuid.UUID, writer: Database, reader: Database, broker_settings: BrokerSettings, owner: asyncpg.Connection
) -> None:
    publisher = Stubborn(lambda _record: True)
    worker = await redriving(writer, broker_settings, publisher)
    assert await switch_redrive(writer, "acme", queued, "paused", MARIA)
    assert await worker.send() == 0
    assert await switch_redrive(writer, "acme", queued, "resumed", MARIA)
    assert await worker.send(10) == 10
    assert await switch_redrive(writer, "acme", queued, "cancelled", MARIA)
    assert await worker.send() == 0
    found = await get_redrive(reader, REACH, queued)
    assert found is not None
    assert (found.state, found.items) == ("cancelled", {"sent": 10, "cancelled": 20})
    states = await owner.fetch("SELECT state, count(*) FROM dead_letters GROUP BY 1")
    assert {row["state"]: row["count"] for row in states} == {"sent": 10, "waiting": 20}


async def test_the_pace_holds_over_all_workers(
    queued: uuid.UUID, writer: Database, broker_settings: BrokerSettings, owner: asyncpg.Connection
) -> None:
    await owner.execute("UPDATE redrives SET per_second = 2, next_at = now()")
    publisher = Stubborn(lambda _record: True)
    workers = [await redriving(writer, broker_settings, publisher) for _ in range(4)]
    leased = [await each.send() for each in workers]
    assert max(leased) <= 2
    assert await owner.fetchval("SELECT next_at > now() FROM redrives")


@pytest.mark.parametrize("size", [10, 1000], ids=["edited", "as they came"])
async def test_letters_are_sent_in_the_order_in_which_they_came_and_only_a_few_bytes_at_once(
    writer: Database,
    broker_settings: BrokerSettings,
    owner: asyncpg.Connection,
    kafka_free_letters: Callable[[list[Event]], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
    size: int,
) -> None:
    """The last edit of a letter that was edited is sent, and its bytes count."""
    await kafka_free_letters([result(f"e{n}", key=f"S{n}", message="x" * size) for n in range(20)])
    if size == 10:
        await owner.execute(
            """INSERT INTO dead_letter_edits (account, letter_id, number, value, requested_by)
               SELECT account, id, number, replace(convert_from(value, 'UTF8'), 'xxxxxxxxxx', repeat('y', size))::bytea,
                   'maria'
               FROM dead_letters, (VALUES (1, 10), (2, 1000)) AS edit (number, size)"""
        )
    await redrive(writer, broker_settings)
    monkeypatch.setattr("agents.results.redrive.MAX_BYTES", 3000)
    seen: list[str] = []

    def taken(record: Record) -> bool:
        seen.append(json.loads(record.value or b"")["key"])
        return True

    publisher = Stubborn(taken)
    worker = await redriving(writer, broker_settings, publisher)
    while await owner.fetchval("SELECT state FROM redrives") == "running":
        await owner.execute("UPDATE redrives SET next_at = now()")
        assert await worker.send() <= 3
    assert seen == [f"S{n}" for n in range(20)]


async def test_a_forged_link_to_a_letter_of_another_account_changes_nothing(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    queued: uuid.UUID,
) -> None:
    await owner.execute("UPDATE redrives SET state = 'paused'")
    letter = await owner.fetchval("SELECT id FROM dead_letters LIMIT 1")
    forged = result("f", account="globex")
    forged.headers.append(RedriveLink(str(letter), str(queued)).to_header())
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, [forged])

        async def there() -> bool:
            return bool(await owner.fetchval("SELECT count(*) = 1 FROM received_results"))

        await eventually(there)
    assert await owner.fetchval("SELECT count(*) FROM dead_letters WHERE state <> 'queued'") == 0


async def test_an_edited_value_of_another_account_is_not_sent(
    writer: Database, reader: Database, broker_settings: BrokerSettings, owner: asyncpg.Connection
) -> None:
    event = Event(None, json.dumps(whole(result(), type="x")).encode(), [("content-type", STRUCTURED.encode())])
    await insert_refused(writer, [event])
    await owner.execute("UPDATE dead_letters SET topic = $1", broker_settings.topics.results("price"))
    await owner.execute(
        """INSERT INTO dead_letter_edits (account, letter_id, number, value, requested_by)
           SELECT account, id, 1, $1, 'an older version' FROM dead_letters""",
        json.dumps(whole(result(account="globex"))).encode(),
    )
    made = await redrive(writer, broker_settings)
    publisher = Stubborn(lambda _record: True)
    assert await (await redriving(writer, broker_settings, publisher)).send() == 1
    assert publisher.sent == 0
    [item] = await list_redrive_items(reader, REACH, made, state="still_refused", after=None, limit=9)
    assert item.reason == OF_ANOTHER_ACCOUNT.reason


class Breaking(Rereading):
    """Rules with a bug that one letter meets."""

    def read(self, letter: KeptLetter, now_ns: int) -> list[Result | Refusal]:
        if b"S7" in letter.value:
            raise ZeroDivisionError
        return super().read(letter, now_ns)


class BreakingPublisher(Stubborn):
    """A broker's client with a bug that one record meets."""

    async def publish(self, record: Record) -> Written:
        if b"S8" in (record.value or b""):
            raise ZeroDivisionError
        return await super().publish(record)


async def test_no_letter_stops_a_worker(
    queued: uuid.UUID, writer: Database, reader: Database, broker_settings: BrokerSettings, owner: asyncpg.Connection
) -> None:
    await owner.execute("UPDATE dead_letters SET topic = 'gone' WHERE encode(value, 'escape') LIKE '%S9\"%'")
    clock, publisher = ServerClock(writer), BreakingPublisher(lambda _record: True)
    await clock.measure()
    assert await Redriving(writer, publisher, Breaking(broker_settings.topics, None), clock).send() == 30
    found = await get_redrive(reader, REACH, queued)
    assert found is not None
    assert found.items == {"sent": 27, "failed": 2, "still_refused": 1}
    expected: list[tuple[RedriveItemState, Reason]] = [
        ("failed", Reason(ReasonCode.UNEXPECTED)),
        ("still_refused", NOT_OF_RESULTS),
    ]
    for state, reason in expected:
        items = await list_redrive_items(reader, REACH, queued, state=state, after=None, limit=9)
        assert {each.reason for each in items} == {reason}


@pytest.mark.parametrize("left", [0, 1, 30])
async def test_letters_that_were_deleted_while_queued_hold_no_redrive_up(
    queued: uuid.UUID,
    writer: Database,
    reader: Database,
    broker_settings: BrokerSettings,
    owner: asyncpg.Connection,
    left: int,
) -> None:
    await owner.execute(
        """DELETE FROM dead_letters WHERE id IN (
               SELECT letter_id FROM redrive_items ORDER BY number LIMIT 30 - $1::integer
           )""",
        left,
    )
    publisher = Stubborn(lambda _record: True)
    worker = await redriving(writer, broker_settings, publisher)
    for _ in range(4):  # with 10 letters at a time
        await owner.execute("UPDATE redrives SET next_at = now() WHERE next_at > now()")
        await worker.send(10)
    found = await get_redrive(reader, REACH, queued)
    assert found is not None
    expected = {"failed": 30 - left, "sent": left}
    assert found.items == {state: letters for state, letters in expected.items() if letters}
    assert found.state == "done"
    assert publisher.sent == left
    items = await list_redrive_items(reader, REACH, queued, state="failed", after=None, limit=30)
    assert {each.reason for each in items} <= {Reason(ReasonCode.LETTER_ERASED)}


async def test_an_outcome_is_that_of_its_own_redrive(
    queued: uuid.UUID, writer: Database, reader: Database, broker_settings: BrokerSettings, owner: asyncpg.Connection
) -> None:
    assert await switch_redrive(writer, "acme", queued, "cancelled", MARIA)
    again = await redrive(writer, broker_settings)
    await (await redriving(writer, broker_settings, Stubborn(lambda _record: True))).send()
    letter = await owner.fetchval("SELECT id FROM dead_letters LIMIT 1")
    async with writer.transaction() as connection:
        await settle_results(connection, [(RedriveLink(str(letter), str(again)), _read(result()))], [])
    for redrive_id, items in ((queued, {"cancelled": 30}), (again, {"sent": 29, "stored": 1})):
        found = await get_redrive(reader, REACH, redrive_id)
        assert found is not None
        assert found.items == items


async def test_what_was_not_stored_is_not_settled_as_stored(
    writer: Database,
    reader: Database,
    broker_settings: BrokerSettings,
    owner: asyncpg.Connection,
    kafka_free_letters: Callable[[list[Event]], Awaitable[None]],
) -> None:
    """Two letters with one body of a used id; one whose result was erased; one that is stored."""
    conflict = result("used", key="A", message="second")
    await kafka_free_letters([conflict, conflict, result("erased", key="B"), result("new", key="C")])
    used = result("used", key="A", message="first")
    results = {name: _read(each) for name, each in {"used": used, "erased": result("erased", key="B")}.items()}
    async with writer.transaction() as connection:
        await store(connection, list(results.values()))
    await owner.execute("UPDATE received_results SET erased = true WHERE result_id = $1", results["erased"].id)
    made = await redrive(writer, broker_settings)
    await (await redriving(writer, broker_settings, Stubborn(lambda _record: True))).send()
    letters = await owner.fetch(
        """SELECT d.id, d.key, d.value, d.headers FROM redrive_items i JOIN dead_letters d ON d.id = i.letter_id
           ORDER BY number"""
    )
    again = [
        (RedriveLink(str(row["id"]), str(made)), _read(Event(row["key"], row["value"], headers_of(row["headers"]))))  # type: ignore[arg-type]
        for row in letters
    ]
    async with writer.transaction() as connection:
        stored = await store(connection, [each for _link, each in again])
        await settle_results(connection, again, stored.conflicts)
    items = await list_redrive_items(reader, REACH, made, state=None, after=None, limit=9)
    assert [each.state for each in items] == ["conflict", "conflict", "refused", "stored"]
    assert [each.reason for each in items] == [None, None, Reason(ReasonCode.RESULT_ERASED), None]
    states = await owner.fetch("SELECT state, count(*) FROM dead_letters GROUP BY 1")
    assert {row["state"]: row["count"] for row in states} == {"conflict": 2, "refused": 1, "stored": 1}


def _read(event: Event) -> Result:
    [found] = read(BY_NAME["price"], event.headers, event.key, event.value or b"", time.time_ns())
    assert isinstance(found, Result)
    return found


async def test_only_results_are_redriven(
    writer: Database,
    reader: Database,
    broker_settings: BrokerSettings,
    owner: asyncpg.Connection,
    kafka_free_letters: Callable[[list[Event]], Awaitable[None]],
) -> None:
    await kafka_free_letters([result("1")])
    await owner.execute("UPDATE dead_letters SET topic = $1", broker_settings.topics.commands)
    found = await get_redrive(reader, REACH, await redrive(writer, broker_settings))
    assert found is not None
    assert (found.letters, found.state) == (0, "done")


async def test_a_letter_of_which_nobody_heard_for_an_hour_can_be_redriven_again(
    queued: uuid.UUID, writer: Database, reader: Database, broker_settings: BrokerSettings, owner: asyncpg.Connection
) -> None:
    await (await redriving(writer, broker_settings, Stubborn(lambda _record: True))).send()
    found = await get_redrive(reader, REACH, await redrive(writer, broker_settings))
    assert found is not None
    assert found.letters == 0
    await owner.execute("UPDATE dead_letters SET state_at = now() - interval '61 minutes'")
    found = await get_redrive(reader, REACH, await redrive(writer, broker_settings))
    assert found is not None
    assert found.letters == 30
