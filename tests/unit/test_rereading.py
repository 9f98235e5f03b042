"""Dead letters are read again as ingest reads records, and published as they came."""

import json
import time

import pytest
from aiokafka.structs import ConsumerRecord

from agents.kafka.record_batch import RecordBatch
from agents.results.ingest import decode
from broker.publisher import Record
from connectors.simulator.malformed import MALFORMED
from schemas.catalogue import BY_NAME
from schemas.dead_letter import REDRIVE_HEADER, DeadLetter, RedriveLink, affiliate_of, link_of
from schemas.envelope import BATCH, STRUCTURED
from schemas.reading.reader import ResultsReader
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal
from schemas.rereading import (
    NOT_OF_RESULTS,
    OF_ANOTHER_ACCOUNT,
    OF_COMMANDS,
    OF_NO_CONNECTOR,
    KeptLetter,
    Rereading,
)
from schemas.result import Result
from schemas.topics import Topics
from tests.support.events import SOURCE, Event, at, data, result, whole
from tests.support.letters import OTHER_SOURCES, refused

TOPICS = Topics()
NOW = time.time_ns()
LETTER = "11111111-1111-1111-1111-111111111111"
REDRIVE = "33333333-3333-3333-3333-333333333333"


def kept(letter: DeadLetter) -> KeptLetter:
    return KeptLetter(letter.id, letter.account, letter.topic, letter.key, letter.headers, letter.value)


def malformed(code: DeadLetterCode) -> Event:
    good = result()
    bad = MALFORMED[code](Record("t", good.key, good.value, good.headers))
    return Event(bad.key, bad.value, list(bad.headers))


@pytest.mark.parametrize("code", MALFORMED)
def test_what_is_refused_is_refused_for_the_same_reason_while_the_rules_are_the_same(code: DeadLetterCode) -> None:
    [letter] = refused([malformed(code)])
    refusal = Rereading(TOPICS, None).refusal(kept(letter), NOW)
    assert refusal is not None
    assert (refusal.code, refusal.reason) == (letter.refusal.code, letter.refusal.reason) or code == "too_large"


def test_it_becomes_a_result_once_the_rules_allow_it() -> None:
    [letter] = refused([result()], OTHER_SOURCES)
    assert letter.refusal.code is DeadLetterCode.NOT_ALLOWED
    refusal = Rereading(TOPICS, OTHER_SOURCES).refusal(kept(letter), NOW)
    assert refusal is not None
    assert refusal.reason == letter.refusal.reason
    assert Rereading(TOPICS, None).refusal(kept(letter), NOW) is None


def test_an_event_of_a_batch_comes_back_alone() -> None:
    attributes = {"specversion": "1.0", "type": "conexoes.price.result.v1", "source": SOURCE, "time": at(0)}
    events = [{**attributes, "id": str(n), "data": data(key=f"K{n}", affiliate=f"A{n}")} for n in range(3)]
    batch = Event(b"acme/A0/K0", json.dumps(events).encode(), [("content-type", BATCH.encode()), ("x", b"\xff")])
    letters = refused([batch], OTHER_SOURCES)
    for letter, event in zip(letters, events, strict=True):
        [found] = Rereading(TOPICS, None).read(kept(letter), NOW)
        assert isinstance(found, Result)
        assert (found.event_id, found.key) == (event["id"], event["data"]["key"])  # type: ignore[index]
        headers = kept(letter).to_publish()
        assert ("content-type", STRUCTURED.encode()) in headers
        assert ("x", b"\xff") in headers


def test_a_whole_batch_that_was_refused_stays_a_batch() -> None:
    value = b'[{"specversion": "1.0"}'
    letter = KeptLetter(LETTER, "acme", TOPICS.results("price"), None, [("content-type", BATCH.encode())], value)
    assert ("content-type", BATCH.encode()) in letter.to_publish()


def test_the_record_says_which_letter_it_is_of_and_no_earlier_one() -> None:
    first = KeptLetter(LETTER, "acme", "t", None, [("a", b"1"), ("a", b"2"), ("b", None)], b"{}")
    again = first._replace(id="22222222-2222-2222-2222-222222222222", headers=first.to_publish())
    assert link_of(first.to_publish()) == RedriveLink(LETTER, first.redrive_id)
    assert link_of(again._replace(redrive_id=REDRIVE).to_publish()) == RedriveLink(again.id, REDRIVE)
    assert again.to_publish()[:3] == [("a", b"1"), ("a", b"2"), ("b", b"")]


@pytest.mark.parametrize(
    "value", [None, b"", b"no id", b"\xff", LETTER.encode(), f"{LETTER}/".encode(), f"/{LETTER}".encode()]
)
def test_a_header_without_an_id_links_nothing(value: bytes | None) -> None:
    assert link_of([(REDRIVE_HEADER, value)]) is None


def test_a_refused_copy_knows_its_letter_even_where_its_headers_are_not_kept() -> None:
    headers = [("content-type", BATCH.encode()), ("x", b"x" * 5000), RedriveLink(LETTER, REDRIVE).to_header()]
    record = ConsumerRecord(TOPICS.results("price"), 0, 1, 0, 0, None, b"[1]", None, 0, 0, tuple(headers))
    batch = RecordBatch(("t", 0), 0, [record], 0, 1)  # type: ignore[arg-type]
    [letter] = decode(ResultsReader([BY_NAME["price"]]), batch, NOW).refused
    assert (letter.headers, letter.redrive_of) == ((), LETTER)


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        (TOPICS.commands, OF_COMMANDS),
        (TOPICS.results("price", "gone"), OF_NO_CONNECTOR),
        (TOPICS.retry("price"), NOT_OF_RESULTS),
        (TOPICS.results("prices"), NOT_OF_RESULTS),
        ("", NOT_OF_RESULTS),
    ],
)
def test_a_letter_of_another_topic_is_refused_with_the_reason_of_its_topic(topic: str, reason: Reason) -> None:
    rereading = Rereading(TOPICS, None)
    refusal = rereading.refusal(KeptLetter(LETTER, "acme", topic, None, [], b"{}"), NOW)
    assert refusal is not None
    assert (refusal.code, refusal.reason) == (DeadLetterCode.NOT_ALLOWED, reason)
    assert rereading.reason_against(topic) == reason


def test_a_reason_against_several_topics_advises_only_where_it_is_that_of_all() -> None:
    rereading = Rereading(TOPICS, None)
    read, removed = TOPICS.results("price"), [TOPICS.results(each, "gone") for each in ("price", "orders")]
    assert rereading.reason_against_all([]) is None
    assert rereading.reason_against_all([read]) is None
    assert rereading.reason_against_all(removed) == OF_NO_CONNECTOR
    assert rereading.reason_against_all([read, TOPICS.commands]) == OF_COMMANDS
    assert rereading.reason_against_all([TOPICS.commands, *removed]) == NOT_OF_RESULTS


def test_only_topics_of_results_are_read() -> None:
    topics = Topics(connectors=("mlb",))
    rereading = Rereading(topics, None)
    assert set(rereading.topics) == set(topics.read_by_agents()) - {topics.commands}
    assert all(rereading.reason_against(each) is None for each in rereading.topics)


@pytest.mark.parametrize(
    ("key", "value", "affiliate"),
    [
        (b"acme/MLB/1", b"", "MLB"),
        (b"acme/MLB/1", b"{", "MLB"),
        (b"acme/MLB/1", b'{"data": {"affiliate": "AMZ"}}', "AMZ"),
        (None, b'{"affiliate": "AMZ"}', "AMZ"),
        (b"acme/MLB/1", b'{"affiliate": 7}', "MLB"),
        (b"acme", b"[]", None),
        (b"acme//1", b"1", None),
        (b"a/" + b"x" * 65 + b"/1", b"", None),
        (b"acme/\x00/1", b"", "\ufffd"),
        (None, b'\xef\xbb\xbf{"affiliate": "AMZ"}', "AMZ"),
    ],
)
def test_the_affiliate_is_told_where_it_can_be(key: bytes | None, value: bytes, affiliate: str | None) -> None:
    assert affiliate_of(key, value) == affiliate


def test_a_reading_is_of_results_and_refusals_only() -> None:
    [letter] = refused([malformed(DeadLetterCode.SCHEMA)])
    assert [type(each) for each in Rereading(TOPICS, None).read(kept(letter), NOW)] == [Refusal]


def structured(*events: Event) -> bytes:
    """The events as one structured event, or as a batch."""
    each = [whole(event) for event in events]
    return json.dumps(each if len(each) > 1 else each[0]).encode()


FOREIGN = {
    "a result": structured(result(account="globex")),
    "one result of a batch": structured(result("1"), result("2", account="globex")),
    "one refused event of a batch": structured(result("1"), result("2", account="globex", status="maybe")),
}


@pytest.mark.parametrize("value", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("key", [None, b"SKU-1"])
def test_a_letter_of_one_account_says_nothing_of_another(key: bytes | None, value: bytes) -> None:
    media = BATCH if value.startswith(b"[") else STRUCTURED
    letter = KeptLetter(LETTER, "acme", TOPICS.results("price"), key, [("content-type", media.encode())], value)
    refusal = Rereading(TOPICS, None).refusal(letter, NOW)
    assert refusal is OF_ANOTHER_ACCOUNT
    assert Rereading(TOPICS, None).refusal(letter._replace(account=""), NOW) is None
    own = letter._replace(value=value.replace(b"globex", b"acme"))
    assert Rereading(TOPICS, None).refusal(own, NOW) is None
