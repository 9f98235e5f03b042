"""Items whose turn comes: their log, their policy or their command may have changed while they waited."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from agents.reprocess.dispatch import Dispatch
from broker.publisher import Publisher
from broker.settings import BrokerSettings
from conexoes_connector.retry import read_retry
from schemas.filter import LogFilter
from schemas.policy import Policy
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import own_words
from schemas.reprocess import RetryData
from schemas.shown.log import TimelineReprocess
from storage.logs.reader import LogReader
from storage.reprocess.writer import FailedItem, cancel, mark_failed
from storage.settings import StorageSettings
from tests.support.agents import records
from tests.support.events import at, result, with_evidence
from tests.support.reprocess import Desk

pytestmark = pytest.mark.law

BUSY: dict[str, Any] = {"status": "error", "errors": [{"code": "http.429", "message": "too many requests"}]}
OTHER = [{"code": "other", "message": "another fault"}]
Desks = Callable[..., Desk]


@pytest.fixture
async def desks(database_url: str, storage_settings: StorageSettings) -> AsyncIterator[Desks]:
    """Make desks of the same account, each by the policy of an installation for `price`."""
    made: list[Desk] = []

    def of(affiliate: str = "*", **rule: Any) -> Desk:
        policy = Policy.model_validate({"price": {affiliate: rule}} if rule else {})
        made.append(Desk(database_url, storage_settings, policy))
        return made[-1]

    yield of
    for each in made:
        await each.close()


async def close_breakers(owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE breakers SET state = 'closed', in_a_row = 0, good = 0, bad = 0")


async def _cancelled(desk: Desk, _desks: Desks) -> None:
    async with desk.writer.transaction() as connection:
        assert await cancel(connection, "acme", "c", requested_by="maria", note=own_words("enough"))
    assert await desk.let_go() == 1


async def _healed(desk: Desk, _desks: Desks) -> None:
    await desk.store(result("healed", status="success", processed_at=at(90), errors=None))
    assert await desk.claim() == []


async def _changed(desk: Desk, desks: Desks) -> None:
    await desk.store(result("changed", processed_at=at(90), errors=OTHER))
    assert await desks(only_unchanged=True).claim() == []


async def _not_allowed(_desk: Desk, desks: Desks) -> None:
    assert await desks(reprocessable=False).claim() == []


async def _refused(desk: Desk, _desks: Desks) -> None:
    failed = [FailedItem(each.account, each.id, each.command_id, own_words("no")) for each in await desk.claim()]
    async with desk.writer.transaction() as connection:
        await mark_failed(connection, failed)


async def _silent(desk: Desk, _desks: Desks) -> None:
    await desk.send()
    assert await desk.expire() == 1


async def _answered(desk: Desk, _desks: Desks) -> None:
    await desk.answer(*await desk.send(), seconds=90)


#: Ways in which an item ends that was sent, answered busy and queued again, and the state that it then has.
ENDS: dict[str, tuple[Callable[[Desk, Desks], Awaitable[None]], str]] = {
    "its command is cancelled": (_cancelled, "busy"),
    "its log succeeds by another result": (_healed, "busy"),
    "its log changes": (_changed, "busy"),
    "it may not be reprocessed any more": (_not_allowed, "busy"),
    "Kafka refuses the next try": (_refused, "failed"),
    "nobody answers the next try": (_silent, "silent"),
    "the next answer comes": (_answered, "fixed"),
}


@pytest.mark.parametrize("how", ENDS)
async def test_an_item_that_was_sent_and_answered_busy_never_ends_as_one_that_was_not(
    desk: Desk, desks: Desks, owner: asyncpg.Connection, how: str
) -> None:
    end, state = ENDS[how]
    await desk.fail(range(1, 2))
    await desk.by_filter("c")
    [first] = await desk.send()
    await desk.answer(first, **BUSY)
    assert await desk.wait_out(owner) == 1
    steps = await steps_of(desk, first.log_id)
    assert steps == {"requested": "queued", "sent": "sent", "answered": "busy"}
    await end(desk, desks)
    assert (await desk.ledger("c")).items == {state: 1}
    [item] = await desk.items("c")
    assert item.sent_at is not None
    assert item.answered_at is not None
    steps = await steps_of(desk, first.log_id)
    assert steps.pop("silent", "silent") == "silent"
    answered = "fixed" if state == "fixed" else "busy"
    assert steps == {"requested": "queued", "sent": "sent", "answered": answered}


async def steps_of(desk: Desk, log_id: uuid.UUID) -> dict[str, str]:
    """Return the steps of its reprocess that the timeline of a log has, each with the state after it."""
    found = await LogReader(desk.reader, lambda *_of_log: []).timeline("acme", "price", log_id, after=None, limit=50)
    assert found is not None
    return {each.step: each.state for _place, each in found.entries if isinstance(each, TimelineReprocess)}


@pytest.mark.parametrize(
    "how", ["its command is cancelled", "nobody answers the next try", "Kafka refuses the next try"]
)
async def test_what_is_queued_again_is_in_flight_at_that_time_however_it_ends(
    desk: Desk, desks: Desks, owner: asyncpg.Connection, how: str
) -> None:
    await desk.fail(range(1, 2))
    await desk.by_filter("c")
    await desk.answer(*await desk.send(), **BUSY)
    assert await desk.wait_out(owner) == 1
    as_of = (await desk.plan()).as_of
    end, _state = ENDS[how]
    await end(desk, desks)
    found = {
        state: (await desk.plan(as_of, status=["error"], reprocess=state)).total for state in ("in_flight", "busy")
    }
    assert found == {"in_flight": 1, "busy": 0}


async def test_an_item_of_before_the_times_were_kept_is_cancelled_without_an_error(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    """An earlier version took them when it queued again; a state that needs them would stop the agents."""
    await desk.fail(range(1))
    await desk.by_filter("c")
    await desk.answer(*await desk.send(), **BUSY)
    await desk.wait_out(owner)
    await owner.execute("UPDATE reprocess_items SET sent_at = NULL, answered_at = NULL, silent_at = NULL")
    async with desk.writer.transaction() as connection:
        await cancel(connection, "acme", "c", requested_by="maria", note=own_words("enough"))
    assert await desk.let_go() == 1
    assert (await desk.ledger("c")).items == {"cancelled": 1}


#: Ways in which something holds items back while the policy is changed.
HELD = {
    "nothing": "SELECT 1",
    "a pause": """
        INSERT INTO affiliates (account, affiliate, paused_at, paused_by) VALUES ('acme', 'MLB', now(), 'maria')""",
    "a breaker": """
        INSERT INTO breakers (account, affiliate, integration_type, state, retry_at)
        VALUES ('acme', 'MLB', 'price', 'open', now() + interval '1 hour')""",
    "a time": "UPDATE reprocess_commands SET not_before = now() + interval '1 hour'",
}
RELEASED = """
    DELETE FROM affiliates;
    DELETE FROM breakers;
    UPDATE reprocess_commands SET not_before = now() - interval '1 hour'"""


@pytest.mark.parametrize("affiliate", ["*", "MLB"])
@pytest.mark.parametrize("held", HELD)
async def test_what_may_not_be_reprocessed_any_more_is_refused_when_its_turn_comes(
    desk: Desk, desks: Desks, owner: asyncpg.Connection, held: str, affiliate: str
) -> None:
    """The agents were restarted with another policy meanwhile. It comes for one of two affiliates, or for both."""
    await desk.fail(range(20))
    await desk.fail(range(20, 25), "AMZ")
    await desk.by_filter("c")
    await owner.execute(HELD[held])
    after = desks(affiliate, reprocessable=False, reason="prices of this week are final")
    await owner.execute(RELEASED)
    sent = await after.send()
    assert {each.affiliate for each in sent} == ({"AMZ"} if affiliate == "MLB" else set())
    items = await desk.items("c")
    refused = [each for each in items if each.state == "not_reprocessable"]
    assert len(refused) == 25 - len(sent)
    assert {each.reason and each.reason.code for each in refused} == {ReasonCode.OWN_WORDS}
    assert (await desk.ledger("c")).state == ("running" if sent else "done")
    assert {each.sent_at for each in refused} == {None}
    shown = await LogReader(desk.reader, lambda *_of_log: []).page(
        "acme", "price", LogFilter(reprocess="not_reprocessable"), after=None, limit=50
    )
    assert len(shown) == len(refused)


async def test_a_log_that_may_not_be_reprocessed_any_more_and_has_succeeded_is_healed(desk: Desk, desks: Desks) -> None:
    await desk.fail(range(1, 2))
    await desk.by_filter("c")
    await _healed(desk, desks)
    assert await desks(reprocessable=False).claim() == []
    assert (await desk.ledger("c")).items == {"healed": 1}


class Line:
    """Sends retries of `price` to a real Kafka, and reads them there."""

    def __init__(self, desk: Desk, settings: BrokerSettings, policy: Policy) -> None:
        self._servers, self._topics = str(settings.kafka_bootstrap_servers), settings.topics
        self._publisher = Publisher(self._servers, timeout_seconds=20)
        self._dispatch = Dispatch(desk.writer, self._publisher, self._topics, policy)
        self._sent = 0

    async def send(self) -> RetryData:
        """Send the one retry that is queued, and return what Kafka has."""
        assert await self._dispatch.send_queued("price") == 1
        self._sent += 1
        found = await records(self._servers, self._topics.retry("price"), self._sent)
        return read_retry(found[-1].value).data

    async def close(self) -> None:
        await self._publisher.close()


@pytest.fixture
async def line(desk: Desk, broker_settings: BrokerSettings) -> AsyncIterator[Line]:
    one = Line(desk, broker_settings, Policy())
    yield one
    await one.close()


def priced(event_id: str, price: str | None, seconds: float, **changes: Any) -> Any:
    event = result(event_id, processed_at=at(seconds), **changes)
    return event if price is None else with_evidence(event, f'{{"price": {price}}}')


async def test_a_replay_sends_the_request_that_the_log_shows_when_it_leaves(desk: Desk, line: Line) -> None:
    await desk.store(priced("A", "10.00", 0))
    await desk.by_filter("c", mode="replay")
    await desk.store(priced("B", "20.00", 30), priced("late", "15.00", 20))
    sent = await line.send()
    assert (sent.mode, sent.last_event_id, sent.request) == ("replay", "B", {"price": 20.0})


async def test_a_replay_whose_log_shows_no_request_any_more_is_a_refresh_of_what_it_shows(
    desk: Desk, line: Line
) -> None:
    await desk.store(priced("A", "10.00", 0))
    await desk.by_filter("c", mode="replay")
    await desk.store(priced("B", None, 30))
    sent = await line.send()
    assert (sent.mode, sent.last_event_id, sent.request) == ("refresh", "B", None)
    assert [each.mode for each in await desk.items("c")] == ["refresh"]


@pytest.mark.parametrize("when", ["before it was sent", "before its answer", "after its answer"])
async def test_a_replay_that_was_answered_busy_sends_the_newest_request_but_not_that_of_its_answer(
    desk: Desk, line: Line, owner: asyncpg.Connection, when: str
) -> None:
    await desk.store(priced("A", "10.00", 0))
    await desk.by_filter("c", mode="replay")
    if when == "before it was sent":
        await desk.store(priced("B", "20.00", 30))
    assert (await line.send()).last_event_id == ("B" if when == "before it was sent" else "A")
    item_id = str(await owner.fetchval("SELECT id FROM reprocess_items"))
    if when == "before its answer":
        await desk.store(priced("B", "20.00", 30))
    await desk.store(priced("busy", "10.00", 60, correlationid=item_id, **BUSY))
    if when == "after its answer":
        await desk.store(priced("B", "20.00", 90))
    await close_breakers(owner)
    assert await desk.wait_out(owner) == 1
    again = await line.send()
    assert (again.last_event_id, again.request, again.busy_answers) == ("B", {"price": 20.0}, 1)


async def test_a_replay_that_was_answered_busy_and_whose_log_has_nothing_newer_sends_the_same_again(
    desk: Desk, line: Line, owner: asyncpg.Connection
) -> None:
    await desk.store(priced("older", "5.00", -30), priced("A", "10.00", 0))
    await desk.by_filter("c", mode="replay")
    first = await line.send()
    item_id = str(await owner.fetchval("SELECT id FROM reprocess_items"))
    await desk.store(priced("busy", None, 60, correlationid=item_id, **BUSY))
    await close_breakers(owner)
    assert await desk.wait_out(owner) == 1
    again = await line.send()
    assert (again.last_event_id, again.request) == (first.last_event_id, first.request) == ("A", {"price": 10.0})


async def test_a_policy_that_replays_nothing_any_more_sends_no_request(
    desk: Desk, broker_settings: BrokerSettings
) -> None:
    await desk.store(priced("A", "10.00", 0))
    await desk.by_filter("c", mode="replay")
    line = Line(desk, broker_settings, Policy.model_validate({"price": {"*": {"mode": "refresh"}}}))
    try:
        sent = await line.send()
    finally:
        await line.close()
    assert (sent.mode, sent.request) == ("refresh", None)


@pytest.mark.parametrize("when", ["before its answer", "after its answer"])
async def test_what_changed_behind_a_busy_answer_has_changed(
    desks: Desks, owner: asyncpg.Connection, when: str
) -> None:
    """The log shows the answer, and under it is a result that nobody had seen when this was asked for."""
    desk = desks(only_unchanged=True)
    await desk.store(priced("A", "10.00", 0))
    await desk.by_filter("c", mode="replay")
    [item] = await desk.send()
    newer = priced("B", "20.00", 30 if when == "before its answer" else 90)
    if when == "before its answer":
        await desk.store(newer)
    await desk.answer(item, **BUSY)
    if when == "after its answer":
        await desk.store(newer)
    assert await desk.wait_out(owner) == 1
    assert await desk.claim() == []
    assert (await desk.ledger("c")).items == {"busy": 1}
