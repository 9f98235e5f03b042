"""A dead-letter topic that takes nothing holds up nothing, and gets every letter when it is back, as it would have."""

import asyncio
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog
from aiokafka import ConsumerRecord
from structlog.testing import capture_logs

from agents.kafka.dead_letters import DeadLetters
from agents.kafka.letter_topic import LetterRecord, LetterTopic, Outcome
from agents.kafka.unpublished_letters import AT_ONCE, UnpublishedLetters
from agents.metrics import BACKLOG
from agents.upkeep.maintenance import Maintenance
from agents.upkeep.measuring import Measuring
from broker.errors import BrokerUnavailable, RecordRefused
from broker.outage import Outages
from broker.publisher import Publisher, Record, Written
from broker.settings import BrokerSettings
from broker.topics import create_topics
from schemas.dead_letter import DeadLetter, RedriveLink
from schemas.envelope import Headers
from schemas.reasons.reason import own_words
from schemas.redrive import EraseLettersRequest
from schemas.refusal import DeadLetterCode, Refusal
from schemas.topics import MAX_RECORD_BYTES
from storage.database import Database
from storage.dead_letters import Reach
from storage.letter_audit import Author
from storage.letter_changes import erase_letters
from storage.settings import StorageSettings
from storage.unpublished_letters import LeftLetter, claim_unpublished, mark_published, release_unpublished
from tests.support.agents import every_record, produce, running_worker, send_command, stored
from tests.support.events import raw, result
from tests.support.kafka_admin import delete_topic
from tests.support.letters import refused
from tests.support.processes import conexoes
from tests.support.waiting import eventually

pytestmark = pytest.mark.law

REACH = Reach("acme", every_account=True, evidence=True)
WAITING = "SELECT count(*) FROM unpublished_letters"
LEASES_END = "UPDATE unpublished_letters SET publish_after = now()"


def made(
    *,
    key: bytes | None = b"acme/MLB/SKU-1",
    value: bytes = b'{"a": 1}',
    headers: Headers = (),
    part: bytes | None = None,
    position: int = 0,
    said: str = "no event",
) -> Callable[[int], DeadLetter]:
    """Make the letter of a record at an offset; `part` of one that was an event of a batch."""
    refusal = Refusal(DeadLetterCode.SCHEMA, own_words(said), part)
    return lambda offset: DeadLetter(
        "acme", refusal, "conexoes.results.price", 0, offset, position, key, headers, value, 1_700_000_000_000
    )


KINDS = {
    "a usual one": made(headers=(("ce_id", b"e1"), ("content-type", b"application/json"))),
    "no key": made(key=None),
    "an empty key": made(key=b""),
    "an empty value": made(value=b""),
    "neither key nor value": made(key=None, value=b""),
    "bytes that are no text": made(key=b"\xff\x00\xfe", value=b"\x00\xff{"),
    "headers of one name": made(headers=(("a", b"1"), ("a", b"2"), ("b", b""), ("a", b"1"))),
    "a header without a value": made(headers=(("a", None), ("b", b"x"))),
    "a header that is no text": made(headers=(("ação 店", b"\xff\xfe\x00"),)),
    "a header's name with NUL": made(headers=(("a\x00b", b"1"), ("", b"2"))),
    "headers of our names": made(headers=(("x-dead-letter-code", b"json"), ("x-dead-letter-position", b"9"))),
    "one that was redriven": made(headers=(RedriveLink(str(uuid.uuid4()), str(uuid.uuid4())).to_header(),)),
    "the first of a batch": made(value=b'{"b": 2}', part=b'{"b": 2}'),
    "another one of a batch": made(key=None, value=b'{"c": 3}', part=b'{"c": 3}', position=7),
    "a sentence that PostgreSQL can't hold": made(said="a\x00b\ud800c"),
    "a sentence that is kept cut": made(said="long " * 500),
    "as large as a record may be": made(value=b"v" * MAX_RECORD_BYTES),
    "too large for the topic": made(key=b"k" * 500_000, value=b"v" * MAX_RECORD_BYTES, headers=(("a", b"h" * 9000),)),
}


@pytest.fixture
async def publisher(broker_settings: BrokerSettings) -> AsyncIterator[Publisher]:
    found = Publisher(str(broker_settings.kafka_bootstrap_servers))
    yield found
    await found.close()


@pytest.fixture
async def hasty(broker_settings: BrokerSettings) -> AsyncIterator[Publisher]:
    """A publisher that gives up soon, for what is away."""
    found = Publisher(str(broker_settings.kafka_bootstrap_servers), timeout_seconds=2)
    yield found
    await found.close()


def topic_of(broker: BrokerSettings, publisher: Publisher) -> LetterTopic:
    return LetterTopic(broker.topics.dead_letter, publisher)


async def take_away(broker: BrokerSettings) -> None:
    await delete_topic(str(broker.kafka_bootstrap_servers), broker.topics.dead_letter)


async def bring_back(broker: BrokerSettings) -> None:
    await create_topics(str(broker.kafka_bootstrap_servers), broker)


async def in_topic(broker: BrokerSettings) -> list[ConsumerRecord]:
    return await every_record(str(broker.kafka_bootstrap_servers), broker.topics.dead_letter)


def place(record: ConsumerRecord) -> tuple[int, int]:
    """Offset and position of the letter that a record of the topic is."""
    headers = dict(record.headers)
    return int(headers["x-dead-letter-offset"]), int(headers.get("x-dead-letter-position", b"0"))


def whole(record: ConsumerRecord) -> tuple[bytes | None, bytes | None, tuple[Any, ...]]:
    return record.key, record.value, tuple(record.headers)


async def none_waits(owner: asyncpg.Connection) -> None:
    async def look() -> bool:
        return not await owner.fetchval(WAITING)

    await eventually(look)


def some(count: int, name: str = "e") -> list[DeadLetter]:
    """Letters of one entity, so that one partition of their topic has all; every second one is nobody's."""
    return refused([raw((b"{", b"[1")[n % 2], f"{name}{n}", key=b"acme/MLB/SKU-1") for n in range(count)])


async def test_what_comes_with_a_letter_is_stored_while_its_topic_is_missing(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    publisher: Publisher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Results of its batch and of later ones, and commands; and the topic has each letter when it is made."""
    monkeypatch.setattr("agents.worker.Publisher", partial(Publisher, timeout_seconds=5))
    servers, topics = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics
    await take_away(broker_settings)
    key = b"acme/MLB/SKU-0"
    first = [raw(b"{", "bad-0", key=key), *(result(f"e{n}", key=f"SKU-{n}") for n in range(20)), raw(b"{", key=key)]
    good = [result(f"t{n}", "tracking", key=f"T-{n}") for n in range(20)]
    later = [raw(b"[", "bad-2", "tracking", key=key), *good]

    async def kept(letters: int) -> bool:
        found = await owner.fetchval(WAITING), await owner.fetchval("SELECT count(*) FROM dead_letters")
        return bool(found == (letters, letters))

    async def sent() -> bool:
        return bool(await owner.fetchval("SELECT count(*) FROM reprocess_items WHERE state = 'sent'"))

    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, topics.prefix, first)
        await stored(owner, 20)
        await eventually(lambda: kept(2))
        await produce(servers, topics.prefix, later)
        await stored(owner, 40)
        await publisher.publish(Record(topics.commands, b"acme", b"{"))
        log_id = await owner.fetchval("SELECT id FROM status_logs WHERE integration_type = 'price' LIMIT 1")
        await send_command(broker_settings, "c", [log_id])
        await eventually(sent)
        await eventually(lambda: kept(4))
        await bring_back(broker_settings)
        await none_waits(owner)
    places = {
        tuple(dict(each.headers)[f"x-dead-letter-{name}"].decode() for name in ("topic", "partition", "offset"))
        for each in await in_topic(broker_settings)
    }
    expected = {topics.results("price"): 2, topics.results("tracking"): 1, topics.commands: 1}
    assert Counter(topic for topic, *_place in places) == expected
    assert await owner.fetchval("SELECT count(*) FROM dead_letters") == 4


async def test_a_letter_that_is_published_late_is_the_one_that_would_have_been(
    broker_settings: BrokerSettings,
    writer: Database,
    owner: asyncpg.Connection,
    publisher: Publisher,
    hasty: Publisher,
) -> None:
    letters = [make(offset) for offset, make in enumerate(KINDS.values())]
    topic = topic_of(broker_settings, publisher)
    await take_away(broker_settings)
    await DeadLetters(topic_of(broker_settings, hasty), writer).keep(letters)
    assert await owner.fetchval(WAITING) == len(letters)
    await bring_back(broker_settings)
    assert await UnpublishedLetters(topic, writer).publish() == len(letters)
    late = {place(each): whole(each) for each in await in_topic(broker_settings)}
    assert await owner.fetchval(WAITING) == 0

    await owner.execute("DELETE FROM dead_letters")  # as if none had come
    await DeadLetters(topic, writer).keep(letters)
    assert await owner.fetchval(WAITING) == 0
    both = defaultdict(list)
    for each in await in_topic(broker_settings):
        both[place(each)].append(whole(each))
    assert len(both) == len(late) == len(letters)
    for kind, letter in zip(KINDS, letters, strict=True):
        found = both[letter.offset, letter.position]
        assert found == [late[letter.offset, letter.position]] * 2, kind
        key, value, headers = found[0]
        if "x-dead-letter-cut" in dict(headers):
            assert kind == "too large for the topic"
        else:
            assert (key, value, list(headers)) == (letter.key, letter.value, letter.header_items()), kind


class Switched(Publisher):
    """A broker that takes letters or does not, and remembers those that it was asked to take."""

    def __init__(self, *, found: bool = False, takes: bool = False) -> None:
        super().__init__("127.0.0.1:9")
        self.found, self.takes = found, takes
        self.asked: list[bytes | None] = []
        self.too_large = b"no value has this"

    async def wait_for_topic(self, topic: str) -> None:
        if not self.found:
            raise BrokerUnavailable(f"no {topic}")

    async def publish(self, record: Record) -> Written:
        self.asked.append(dict(record.headers).get("ce_id"))
        if not self.takes:
            raise BrokerUnavailable("not now")
        if self.too_large in (record.value or b""):
            raise RecordRefused("too large")
        return Written(0, len(self.asked))


def ids(count: int, name: str = "e") -> list[bytes]:
    return [f"{name}{n}".encode() for n in range(count)]


async def test_one_try_finds_out_and_no_other_letter_is_tried_while_the_topic_is_away(
    writer: Database, owner: asyncpg.Connection
) -> None:
    publisher = Switched()
    topic = LetterTopic("t", publisher)
    dead_letters, unpublished = DeadLetters(topic, writer), UnpublishedLetters(topic, writer)
    await dead_letters.keep(some(1, "a"))
    assert publisher.asked == ids(1, "a")
    await dead_letters.keep(some(300, "b"))
    with pytest.raises(BrokerUnavailable, match="no t"):
        await unpublished.publish()
    assert publisher.asked == ids(1, "a")

    publisher.found = True  # as a topic on which a right is missing
    for tries in (1, 2):
        with pytest.raises(BrokerUnavailable, match="not now"):
            await unpublished.publish()
        assert publisher.asked[1:] == ids(1, "a") * tries
        await dead_letters.keep(some(1, f"c{tries}"))
    assert await owner.fetchval(WAITING) == 303

    publisher.takes, publisher.asked = True, []
    assert await unpublished.publish() == 303
    # In the order in which they came.
    assert publisher.asked == [*ids(1, "a"), *ids(300, "b"), *ids(1, "c1"), *ids(1, "c2")]
    assert await owner.fetchval(WAITING) == 0
    await dead_letters.keep(some(1, "d"))
    assert publisher.asked[303:] == ids(1, "d")
    assert await owner.fetchval(WAITING) == 0
    assert await unpublished.publish() == 0


async def test_a_worker_that_could_not_write_says_so_of_itself_alone(
    writer: Database, owner: asyncpg.Connection
) -> None:
    """Another one that can publishes its letters; it goes on by itself when one of its own tries succeeds."""
    cut_off, other = Switched(), Switched(found=True, takes=True)
    topic = LetterTopic("t", cut_off)
    dead_letters = DeadLetters(topic, writer)
    await dead_letters.keep(some(2, "a"))
    assert await UnpublishedLetters(LetterTopic("t", other), writer).publish() == 2
    assert await UnpublishedLetters(topic, writer).publish() == 0
    await dead_letters.keep(some(1, "b"))
    assert len(cut_off.asked) == 2
    cut_off.found = cut_off.takes = True
    assert await UnpublishedLetters(topic, writer).publish() == 1
    await dead_letters.keep(some(1, "c"))
    assert cut_off.asked[2:] == [*ids(1, "b"), *ids(1, "c")]
    assert await owner.fetchval(WAITING) == 0


async def test_workers_share_what_waits_and_publish_each_letter_once(
    writer: Database, owner: asyncpg.Connection
) -> None:
    await DeadLetters(LetterTopic("t", Switched()), writer).keep(some(3 * AT_ONCE))
    publisher = Switched(found=True, takes=True)
    workers = [UnpublishedLetters(LetterTopic("t", publisher), writer) for _ in range(4)]
    assert sum(await asyncio.gather(*(each.publish() for each in workers))) == 3 * AT_ONCE
    assert sorted(each for each in publisher.asked if each) == sorted(ids(3 * AT_ONCE))
    assert await owner.fetchval(WAITING) == 0


async def test_what_is_large_is_published_a_few_at_a_time(
    writer: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.kafka.unpublished_letters.MAX_BYTES", 1)
    most: list[int] = []

    class Watched(LetterTopic):
        async def publish(self, letters: Sequence[LetterRecord]) -> list[Outcome]:
            most.append(len(letters))
            return await super().publish(letters)

    await DeadLetters(LetterTopic("t", Switched()), writer).keep(some(5))
    topic = Watched("t", Switched(found=True, takes=True))
    assert await UnpublishedLetters(topic, writer).publish() == 5
    assert most == [1] * 5


async def test_a_letter_that_its_topic_takes_in_no_form_holds_up_no_other(
    writer: Database, owner: asyncpg.Connection
) -> None:
    """Keep it in the table, as without the topic, until the topic takes more."""
    publisher = Switched(found=True, takes=True)
    publisher.too_large = b"huge"
    topic = LetterTopic("t", publisher)
    dead_letters, unpublished = DeadLetters(topic, writer), UnpublishedLetters(topic, writer)
    with capture_logs() as lines:
        await dead_letters.keep([*refused([raw(b"{huge", "huge")]), *some(2, "a")])
        assert await owner.fetchval(WAITING) == 1
        await dead_letters.keep(some(1, "b"))  # goes behind it
        assert await unpublished.publish() == 2
        assert await owner.fetchval(WAITING) == 1
        assert await unpublished.publish() == 0
    assert [each["log_level"] for each in lines if each["event"] == "dead letter refused"] == ["error"]
    publisher.too_large, publisher.asked = b"no value has this", []
    await dead_letters.keep(some(1, "c"))
    assert publisher.asked == ids(1, "c")
    await owner.execute(LEASES_END)
    assert await unpublished.publish() == 1
    assert await owner.fetchval(WAITING) == 0


class Killed(LetterTopic):
    """A topic whose writer is killed when it has written, and before it has said so."""

    def __init__(self, broker: BrokerSettings, publisher: Publisher) -> None:
        super().__init__(broker.topics.dead_letter, publisher)
        self.written = asyncio.Event()

    async def publish(self, letters: Sequence[LetterRecord]) -> list[Outcome]:
        outcomes = await super().publish(letters)
        assert {each.state for each in outcomes} == {"published"}
        self.written.set()
        await asyncio.Event().wait()
        return outcomes


async def test_a_crash_before_it_is_marked_publishes_a_letter_twice_whatever_is_delivered_again(
    broker_settings: BrokerSettings, writer: Database, owner: asyncpg.Connection, publisher: Publisher
) -> None:
    letters = some(5)
    await DeadLetters(LetterTopic("t", Switched()), writer).keep(letters)
    killed = Killed(broker_settings, publisher)
    publishing = asyncio.create_task(UnpublishedLetters(killed, writer).publish())
    await killed.written.wait()
    publishing.cancel()
    await asyncio.gather(publishing, return_exceptions=True)

    # Another process, to which the records are delivered again since their offsets were not committed.
    topic = topic_of(broker_settings, publisher)
    unpublished = UnpublishedLetters(topic, writer)
    await DeadLetters(topic, writer).keep(letters)
    assert len(await in_topic(broker_settings)) == 5
    assert await unpublished.publish() == 0  # leased
    await owner.execute(LEASES_END)
    assert await unpublished.publish() == 5
    await DeadLetters(topic, writer).keep(letters)
    assert await owner.fetchval(WAITING) == 0
    found = await in_topic(broker_settings)
    assert Counter(map(place, found)) == dict.fromkeys([(each.offset, 0) for each in letters], 2)
    assert len({whole(each) for each in found}) == 5


async def test_kill_9_of_workers_in_the_middle_loses_none_and_publishes_none_more_than_twice(
    broker_settings: BrokerSettings,
    database_url: str,
    data_dir: Path,
    writer: Database,
    owner: asyncpg.Connection,
    hasty: Publisher,
) -> None:
    letters = some(20 * AT_ONCE)
    await take_away(broker_settings)
    await DeadLetters(topic_of(broker_settings, hasty), writer).keep(letters)
    assert await owner.fetchval(WAITING) == len(letters)
    await bring_back(broker_settings)
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": str(broker_settings.kafka_bootstrap_servers),
        "TOPIC_PREFIX": broker_settings.topic_prefix,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data_dir),
    }

    async def begun() -> bool:
        return bool(await owner.fetchval(WAITING) < len(letters))

    async with AsyncExitStack() as stack:  # its end kills both
        for name in ("w1", "w2"):
            await stack.enter_async_context(
                conexoes("agents", log=data_dir / f"{name}.log", WORKER_ID=name, **settings)
            )
        await eventually(begun)
    await owner.execute(LEASES_END)
    async with conexoes("agents", log=data_dir / "w1.log", WORKER_ID="w1", **settings):
        await none_waits(owner)
    times = Counter(offset for offset, _position in map(place, await in_topic(broker_settings)))
    assert times.keys() == {each.offset for each in letters}
    assert set(times.values()) <= {1, 2}


async def test_a_letter_that_is_delivered_again_is_published_once(
    broker_settings: BrokerSettings, writer: Database, owner: asyncpg.Connection, publisher: Publisher
) -> None:
    """Publish it at once or late."""
    topic = topic_of(broker_settings, publisher)
    at_once, late = some(2, "a"), some(2, "b")
    for _ in range(2):
        await DeadLetters(topic, writer).keep(at_once)
        await DeadLetters(LetterTopic("t", Switched()), writer).keep(late)
    assert await owner.fetchval(WAITING) == 2
    assert await UnpublishedLetters(topic, writer).publish() == 2
    for letters in (at_once, late):
        await DeadLetters(topic, writer).keep(letters)
        await DeadLetters(LetterTopic("t", Switched()), writer).keep(letters)
    assert await owner.fetchval(WAITING) == 0
    expected = [each.offset for each in (*at_once, *late)]
    assert sorted(offset for offset, _ in map(place, await in_topic(broker_settings))) == expected


@pytest.mark.parametrize("how", ["erased", "deleted"])
async def test_a_letter_that_is_erased_while_it_waits_is_never_published(
    broker_settings: BrokerSettings,
    writer: Database,
    owner: asyncpg.Connection,
    publisher: Publisher,
    hasty: Publisher,
    how: str,
) -> None:
    topic = topic_of(broker_settings, publisher)
    await take_away(broker_settings)
    erased, left = some(2, "a"), some(2, "b")
    await DeadLetters(topic_of(broker_settings, hasty), writer).keep([*erased, *left])
    running = asyncio.create_task(UnpublishedLetters(topic, writer).run())  # as it is while somebody erases
    try:
        if how == "erased":
            asked = EraseLettersRequest.model_validate(
                {"account": "acme", "ids": [each.id for each in erased], "requested_by": "maria", "reason": "asked for"}
            )
            assert await erase_letters(writer, REACH, asked, Author("maria", "asked for")) == 2
        else:  # as with a person, or by retention
            await owner.execute("DELETE FROM dead_letters WHERE id = ANY($1::uuid[])", [each.id for each in erased])
        assert await owner.fetchval(WAITING) == 2
        await bring_back(broker_settings)
        await none_waits(owner)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    if how == "erased":
        await DeadLetters(topic, writer).keep(erased)  # delivered again
    found = await in_topic(broker_settings)
    assert sorted(offset for offset, _position in map(place, found)) == [each.offset for each in left]


async def test_a_letter_that_is_being_erased_is_not_taken_and_one_that_is_published_holds_up_no_erasure(
    writer: Database, owner: asyncpg.Connection
) -> None:
    """Rows that an erasure has locked are left out; those that are being published are not locked."""
    await DeadLetters(LetterTopic("t", Switched()), writer).keep(some(4))
    async with writer.transaction() as connection:
        claimed = await claim_unpublished(connection, most=3, most_bytes=10**9, lease_seconds=60)
    assert len(claimed) == 3
    async with owner.transaction():
        await owner.execute("SET LOCAL lock_timeout = '100ms'")
        await owner.execute("DELETE FROM dead_letters")
        async with writer.transaction() as connection:
            assert await claim_unpublished(connection, most=3, most_bytes=10**9, lease_seconds=60) == []
    async with writer.transaction() as connection:
        await mark_published(connection, claimed[:2])
        await release_unpublished(connection, [LeftLetter(each.account, each.letter_id, 0) for each in claimed[2:]])
    assert await owner.fetchval(WAITING) == 0


@pytest.mark.parametrize("how", ["published", "left"])
async def test_an_erasure_and_a_worker_lock_in_one_order(writer: Database, owner: asyncpg.Connection, how: str) -> None:
    """Opposite orders would end one of them as a deadlock."""
    await DeadLetters(LetterTopic("t", Switched()), writer).keep(some(12))
    async with writer.transaction() as connection:
        claimed = await claim_unpublished(connection, most=12, most_bytes=10**9, lease_seconds=60)
    backwards = claimed[::-1]
    first = "SELECT FROM unpublished_letters WHERE number = (SELECT min(number) FROM unpublished_letters) FOR UPDATE"

    async def tell() -> None:
        async with writer.transaction() as connection:
            if how == "published":
                await mark_published(connection, backwards)
            else:
                await release_unpublished(
                    connection, [LeftLetter(each.account, each.letter_id, 0) for each in backwards]
                )

    async def erase() -> None:
        asked = EraseLettersRequest.model_validate(
            {"account": "acme", "ids": [each.letter_id for each in claimed], "requested_by": "m", "reason": "r"}
        )
        await erase_letters(writer, REACH, asked, Author("m", "r"))

    async def both_wait() -> bool:
        sessions = "pg_stat_activity WHERE datname = current_database()"
        async with writer.connection() as connection:
            found = await connection.fetch(f"SELECT FROM {sessions} AND pg_blocking_pids(pid) <> '{{}}'")
        return len(found) == 2

    async with owner.transaction():
        await owner.execute(first)
        waiting = [asyncio.create_task(each()) for each in (tell, erase)]
        await eventually(both_wait)
        # Neither has any: they wait for the first.
        await owner.execute("SET LOCAL lock_timeout = '100ms'")
        await owner.execute("SELECT FROM unpublished_letters FOR UPDATE")
    await asyncio.gather(*waiting)
    assert await owner.fetchval(WAITING) == 0


async def test_letters_that_wait_are_counted(writer: Database, owner: asyncpg.Connection) -> None:
    await DeadLetters(LetterTopic("t", Switched()), writer).keep(some(3))
    counted = []
    for _ in range(2):
        await Measuring(writer).once()
        counted.append(BACKLOG.labels("unpublished")._value.get())
        await UnpublishedLetters(LetterTopic("t", Switched(found=True, takes=True)), writer).publish()
    assert counted == [3, 0]


async def test_an_outage_is_said_when_it_begins_and_when_it_ends(
    writer: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.process.availability._outages", Outages(structlog.get_logger()))
    publisher = Switched()
    topic = LetterTopic("t", publisher)
    tries = 0

    async def failing(_topic: str) -> None:
        nonlocal tries
        tries += 1
        raise BrokerUnavailable("no t")

    async def tried() -> bool:
        return tries > 3

    with capture_logs() as lines:
        await DeadLetters(topic, writer).keep(some(2))
        with monkeypatch.context() as patch:
            patch.setattr(publisher, "wait_for_topic", failing)
            running = asyncio.create_task(UnpublishedLetters(topic, writer).run())
            await eventually(tried)
        publisher.found = publisher.takes = True
        await none_waits(owner)

        async def said() -> bool:
            return any(each["event"] == "waited" for each in lines)

        await eventually(said)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    found = [(each["event"], each["work"]) for each in lines if "work" in each]
    assert found == [(each, "publishing dead letters") for each in ("waiting", "waited")]
    assert next(each for each in lines if each["event"] == "waiting")["reason"] == "no t"


async def test_retention_deletes_what_was_never_published_and_says_so(
    writer: Database, owner: asyncpg.Connection
) -> None:
    """Bytes are kept no longer than promised. Published at once, the topic had deleted them too by now."""
    old, young, published = some(2, "a"), some(1, "b"), some(1, "c")
    await DeadLetters(LetterTopic("t", Switched()), writer).keep([*old, *young])
    await DeadLetters(LetterTopic("t", Switched(found=True, takes=True)), writer).keep(published)
    gone = [each.id for each in (*old, *published)]
    await owner.execute(
        "UPDATE dead_letters SET received_at = now() - interval '91 days' WHERE id = ANY($1::uuid[])", gone
    )
    with capture_logs() as lines:
        for _ in range(2):
            await Maintenance(writer, writer.settings).once()
    assert [row["id"].hex for row in await owner.fetch("SELECT id FROM dead_letters")] == [young[0].id]
    assert [row["letter_id"].hex for row in await owner.fetch("SELECT letter_id FROM unpublished_letters")] == [
        young[0].id
    ]
    found = [(each["log_level"], each["letters"]) for each in lines if "expired" in each["event"]]
    assert found == [("error", 2)]
