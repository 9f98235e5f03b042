"""Plan, selection, claims, steps, pace and pauses, on a real PostgreSQL; what Kafka carries is handed over."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import asyncpg
import pytest

from agents.reprocess.materialise import MAX_FAILURES
from schemas.breaker import SILENT_PROBES
from schemas.filter import ReprocessState
from schemas.item_state import ItemState
from schemas.policy import Policy
from schemas.reasons.reason import own_words
from schemas.reasons.say import say
from schemas.refusal import Refusal
from storage.errors import NotLetIn, StorageUnavailable
from storage.reprocess import affiliates
from storage.reprocess.affiliates import EVERYTHING, Extent, end_pauses
from storage.reprocess.claims import QueuedItem
from storage.reprocess.writer import FailedItem, UnneededItem, cancel, mark_failed, mark_silent, mark_unneeded
from storage.settings import StorageSettings
from tests.support.events import at, result
from tests.support.reprocess import Desk
from tests.support.stored import sentences, texts
from tests.support.waiting import eventually

pytestmark = pytest.mark.law

DIFFERENT = [{"code": "other", "message": "another fault"}]
BUSY = [{"code": "http.429", "message": "too many requests"}]


@pytest.fixture
async def desk(database_url: str, storage_settings: StorageSettings) -> AsyncIterator[Desk]:
    one = Desk(database_url, storage_settings, Policy(), chunk=7)
    yield one
    await one.close()


def desk_with(url: str, settings: StorageSettings, **price: object) -> Desk:
    return Desk(url, settings, Policy.model_validate({"price": {"*": price}}))


async def pause(desk: Desk, affiliate: str, extent: Extent = EVERYTHING) -> None:
    async with desk.writer.transaction() as connection:
        await affiliates.switch(
            connection, "acme", affiliate, "paused", requested_by="maria", reason="maintenance", extent=extent
        )


async def stop(desk: Desk, command_id: str) -> bool:
    async with desk.writer.transaction() as connection:
        return await cancel(connection, "acme", command_id, requested_by="maria", note=own_words("enough"))


async def test_the_plan_is_the_outcome_verdict_by_verdict(desk: Desk, owner: asyncpg.Connection) -> None:
    """Sent, in flight, paused and succeeded, over two affiliates and several chunks."""
    await desk.fail(range(30))
    await desk.fail(range(20), "AMZ")
    await desk.fail(range(5), "PAUSED")
    await desk.store(*(result(f"ok{n}", key=f"OK-{n}", status="success", errors=None) for n in range(8)))
    await desk.by_filter("first", filter={"status": ["error"], "affiliate": "AMZ"})
    await pause(desk, "PAUSED")
    planned = await desk.plan(all=True)
    assert planned.verdicts == {
        "will_send": 30,
        "already_succeeded": 8,
        "in_flight": 20,
        "not_reprocessable": 0,
        "changed_since": 0,
        "paused": 5,
    }
    assert planned.affiliates == {
        "MLB": {"will_send": 30, "already_succeeded": 8},
        "AMZ": {"in_flight": 20},
        "PAUSED": {"paused": 5},
    }
    assert {name: len(logs) for name, logs in planned.samples.items()} == {
        "will_send": 10,
        "already_succeeded": 8,
        "in_flight": 10,
        "paused": 5,
    }
    await desk.by_filter("second", planned.as_of, filter=planned.filter)
    ledger = await desk.ledger("second")
    assert ledger.items == {"queued": 30, "already_succeeded": 8, "in_flight": 20, "paused": 5}
    assert (ledger.selected, ledger.state, ledger.joined) == (63, "running", {"queued": 20})
    assert sentences(await texts(owner)) == {}


async def test_what_changed_since_is_left_and_counted_and_what_joined_is_counted_apart(desk: Desk) -> None:
    await desk.fail(range(20))
    planned = await desk.plan()
    await desk.store(*(result(f"n{n}", key=f"SKU-{n}", status="success", processed_at=at(9)) for n in range(3)))
    await desk.store(*(result(f"n{n}", key=f"SKU-{n}", processed_at=at(9)) for n in range(3, 5)))
    await desk.store(result("late", key="SKU-6", processed_at=at(-9), status="success"))
    await desk.fail(range(100, 104))
    later = await desk.plan(planned.as_of)
    assert {name: logs for name, logs in later.verdicts.items() if logs} == {
        "will_send": 15,
        "already_succeeded": 3,
        "changed_since": 2,
    }
    assert later.total == 20
    await desk.by_filter("c", planned.as_of)
    ledger = await desk.ledger("c")
    assert ledger.items == {"queued": 15, "already_succeeded": 3, "changed_since": 2}
    assert (ledger.selected, ledger.joined_since) == (20, 4)


async def test_a_log_that_changes_while_items_are_made_is_counted_once(desk: Desk) -> None:
    """Logs change between any two chunks: one that moves to the front is neither missed nor read twice."""
    await desk.fail(range(40))
    planned = await desk.plan()
    await desk.command("c", filter={"status": ["error"]}, as_of=planned.as_of)
    number = 0
    while await desk.make_once():
        await desk.store(result(f"x{number}", key=f"SKU-{number}", processed_at=at(100 + number)))
        ledger = await desk.ledger("c")
        assert ledger.total <= 40
        number += 1
    ledger = await desk.ledger("c")
    assert ledger.total == ledger.selected == 40
    assert ledger.items["changed_since"] >= 1
    assert ledger.items["queued"] + ledger.items["changed_since"] == 40


async def test_what_another_command_took_meanwhile_is_in_flight_not_changed(desk: Desk) -> None:
    await desk.fail(range(10))
    planned = await desk.plan()
    await desk.by_filter("other", filter={"status": ["error"], "q": "SKU-1"})
    await desk.by_filter("c", planned.as_of)
    assert (await desk.ledger("c")).items == {"queued": 9, "in_flight": 1}


async def test_a_filter_by_reprocess_state_means_the_state_of_then(desk: Desk) -> None:
    await desk.fail(range(4))
    await desk.by_filter("first")
    await desk.send()
    assert await desk.expire() == 4
    planned = await desk.plan(reprocess="silent")
    assert planned.verdicts["will_send"] == 4
    await desk.by_filter("other", planned.as_of, filter={"q": "SKU-1"})
    await desk.by_filter("again", planned.as_of, filter={"reprocess": "silent"})
    assert (await desk.ledger("again")).items == {"queued": 3, "in_flight": 1}


async def _fail_to_send(desk: Desk) -> None:
    failed = [FailedItem(each.account, each.id, each.command_id, own_words("no")) for each in await desk.claim()]
    async with desk.writer.transaction() as connection:
        await mark_failed(connection, failed)


async def _cancel(desk: Desk) -> None:
    assert await stop(desk, "cancelled")
    assert await desk.let_go() == 1


async def _answer(desk: Desk, **changes: Any) -> None:
    await desk.answer(*await desk.send(), **changes)


async def _busy(desk: Desk) -> None:
    """The command is stopped meanwhile: the answer was its last try."""
    items = await desk.send()
    assert await stop(desk, "busy")
    await desk.answer(*items, status="error", errors=BUSY)


async def _silence(desk: Desk) -> None:
    await desk.send()
    assert await desk.expire() == 1


async def _heal(desk: Desk) -> None:
    await desk.store(result("healed", key="SKU-11", status="success", processed_at=at(60)))
    assert await desk.claim() == []


async def _change(desk: Desk) -> None:
    items = await desk.claim()
    await desk.fail(range(12, 13), processed_at=at(60))
    await _end(desk, items, ItemState.CHANGED_SINCE)


async def _forbid(desk: Desk) -> None:
    await _end(desk, await desk.claim(), ItemState.NOT_REPROCESSABLE)


async def _end(desk: Desk, items: list[QueuedItem], state: ItemState) -> None:
    ended = [UnneededItem(each.account, each.id, state, own_words("no")) for each in items]
    async with desk.writer.transaction() as connection:
        assert await mark_unneeded(connection, ended) == [state]


#: Steps that bring a queued item into each state that a log can show. Sending takes all that is queued, so the
#: states that stay open come last.
BROUGHT: dict[str, Callable[[Desk], Awaitable[object]]] = {
    "fixed": _answer,
    "healed": _heal,
    "changed_since": _change,
    "not_reprocessable": _forbid,
    "same_error": lambda desk: _answer(desk, status="error"),
    "different_error": lambda desk: _answer(desk, status="error", errors=DIFFERENT),
    "busy": _busy,
    "silent": _silence,
    "failed": _fail_to_send,
    "cancelled": _cancel,
    "sent": Desk.send,
    "queued": Desk.plan,
}


async def test_every_reprocess_state_is_that_of_then_whatever_came_after(desk: Desk) -> None:
    """The filter finds it at `as_of`, before and after its item has moved on and its log shows another result."""
    assert {"in_flight", *BROUGHT} == set(get_args(ReprocessState))
    keys = range(10, 10 + len(BROUGHT))  # none is the beginning of another
    await desk.fail(keys)
    for number, (state, bring) in zip(keys, BROUGHT.items(), strict=True):
        await desk.by_filter(state, filter={"status": ["error"], "q": f"SKU-{number}"})
        await bring(desk)
    as_of = (await desk.plan()).as_of
    expected = dict.fromkeys(BROUGHT, 1) | {"in_flight": 2}
    assert {state: (await desk.plan(as_of, reprocess=state)).total for state in expected} == expected
    await _answer(desk)
    await desk.by_filter("later")
    await desk.fail(keys, processed_at=at(120))
    assert {state: (await desk.plan(as_of, reprocess=state)).total for state in expected} == expected


async def test_a_result_that_is_being_stored_is_after_the_plan_s_as_of(desk: Desk, owner: asyncpg.Connection) -> None:
    """A result has the time at which its transaction began; a plan made meanwhile must not have a later `as_of`."""
    await desk.fail(range(2))
    async with desk.writer.transaction() as connection:
        began = await connection.fetchval("SELECT now()")
        await connection.execute("UPDATE status_logs SET updated_at = now() WHERE key = 'SKU-0'")
        planned = await desk.plan()
    assert planned.as_of < began


async def test_a_log_that_is_erased_while_items_are_made_has_none(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(3))
    await desk.command("c", filter={"status": ["error"]}, as_of=(await desk.plan()).as_of)
    assert await desk.make_once()  # counts
    async with owner.transaction():
        await owner.execute("DELETE FROM status_logs WHERE key = 'SKU-1'")
        making = asyncio.create_task(desk.make())

        async def waits() -> bool:
            return bool(await owner.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))

        await eventually(waits)
    await making
    assert (await desk.ledger("c")).items == {"queued": 2}


async def test_a_command_of_a_clock_that_is_ahead_selects_what_is_known(desk: Desk) -> None:
    await desk.fail(range(3))
    await desk.by_filter("c", datetime.now(UTC) + timedelta(hours=1))
    ledger = await desk.ledger("c")
    assert ledger.items == {"queued": 3}
    assert ledger.as_of < datetime.now(UTC)


async def test_four_hundred_failures_of_one_entity_are_one_retry(desk: Desk) -> None:
    await desk.store(*(result(f"e{n}", processed_at=at(n)) for n in range(400)))
    await desk.by_filter("c")
    assert len(await desk.send()) == 1


async def test_two_commands_at_once_are_one_item_in_flight(desk: Desk) -> None:
    await desk.fail(range(50))
    planned = await desk.plan()
    await asyncio.gather(
        *(desk.command(name, filter={"status": ["error"]}, as_of=planned.as_of) for name in ("a", "b"))
    )
    await asyncio.gather(desk.make(), desk.make(), desk.make())
    ledgers = [await desk.ledger("a"), await desk.ledger("b")]
    assert sum(each.items.get("queued", 0) for each in ledgers) == 50
    assert sum(each.items.get("in_flight", 0) for each in ledgers) == 50
    items = await desk.send()
    await desk.answer(*items)
    joined = Counter[str]()
    for name in ("a", "b"):
        ledger = await desk.ledger(name)
        assert ledger.state == "done"
        joined.update(ledger.joined)
    assert joined == {"fixed": 50}


async def test_cancel_stops_what_was_not_sent_and_follows_what_was(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(20))
    await desk.by_filter("c")
    sent = await desk.send(5)
    taken = await desk.claim(3)  # a worker has them: sent or not, nobody else knows
    assert await stop(desk, "c")
    assert not await stop(desk, "c")
    while await desk.let_go():
        pass
    assert (await desk.ledger("c")).items == {"sent": 5, "queued": 3, "cancelled": 12}
    assert await desk.send() == []
    await desk.mark(taken)
    await desk.answer(*sent, *taken)
    ledger = await desk.ledger("c")
    assert (ledger.state, ledger.note, ledger.items) == (
        "cancelled",
        own_words("enough"),
        {"fixed": 8, "cancelled": 12},
    )
    await desk.by_filter("again")
    assert (await desk.ledger("again")).items == {"queued": 12}
    shown = await owner.fetchval("SELECT count(*) FROM status_logs WHERE reprocess_state = 'queued'")
    assert shown == 12


async def test_cancelling_while_items_are_made_sends_no_more_and_records_what_would_have_been_sent(desk: Desk) -> None:
    await desk.fail(range(40))
    await desk.command("c", filter={"status": ["error"]}, as_of=(await desk.plan()).as_of)
    for _ in range(3):
        await desk.make_once()
    assert await stop(desk, "c")
    await desk.let_go()
    assert (await desk.ledger("c")).items == {"cancelled": 14}
    await desk.make()
    ledger = await desk.ledger("c")
    assert (ledger.items, ledger.selected) == ({"cancelled": 40}, 40)
    assert await desk.send() == []


async def test_a_filter_that_nobody_knows_any_more_blocks_no_other_command(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(20))
    as_of = (await desk.plan()).as_of
    await desk.command("broken", filter={"status": ["error"]}, as_of=as_of)
    await owner.execute("""UPDATE reprocess_commands SET request = jsonb_set(request, '{filter,no_such}', '1')""")
    await desk.command("good", filter={"status": ["error"]}, as_of=as_of)
    await desk.make()
    broken, good = await desk.ledger("broken"), await desk.ledger("good")
    assert good.items == {"queued": 20}
    assert (broken.state, broken.total) == ("cancelled", 0)
    assert "filter" in say(broken.note, "en")


async def test_a_selection_that_takes_too_long_blocks_no_other_command(
    database_url: str, storage_settings: StorageSettings, owner: asyncpg.Connection
) -> None:
    """Another transaction locks its logs, so that each try times out."""
    desk = Desk(database_url, storage_settings.model_copy(update={"command_seconds": 1}), Policy(), chunk=7)
    await desk.fail(range(20))
    await desk.fail(range(20), "AMZ")
    as_of = (await desk.plan()).as_of
    await desk.command("slow", filter={"affiliate": "AMZ"}, as_of=as_of)
    await desk.command("good", filter={"affiliate": "MLB"}, as_of=as_of)
    failures = 0
    async with owner.transaction():
        await owner.execute("SELECT FROM status_logs WHERE affiliate = 'AMZ' FOR UPDATE")
        more = True
        while more:
            try:
                more = await desk.make_once()
            except StorageUnavailable:
                failures += 1
    slow, good = await desk.ledger("slow"), await desk.ledger("good")
    assert (good.items, failures) == ({"queued": 20}, MAX_FAILURES)
    assert (slow.state, slow.total) == ("cancelled", 0)
    assert "too long" in say(slow.note, "en")
    await desk.close()


async def test_a_failure_that_passes_is_forgotten(
    database_url: str, storage_settings: StorageSettings, owner: asyncpg.Connection
) -> None:
    desk = Desk(database_url, storage_settings.model_copy(update={"command_seconds": 1}), Policy(), chunk=7)
    await desk.fail(range(20))
    await desk.command("c", filter={"status": ["error"]}, as_of=(await desk.plan()).as_of)
    await desk.make_once()
    async with owner.transaction():
        await owner.execute("SELECT FROM status_logs FOR UPDATE")
        with contextlib.suppress(StorageUnavailable):
            await desk.make_once()
    assert await owner.fetchval("SELECT failures FROM reprocess_selections") == 1
    await desk.make()
    assert await owner.fetchval("SELECT failures FROM reprocess_selections") == 0
    assert (await desk.ledger("c")).items == {"queued": 20}
    await desk.close()


async def test_what_joined_is_counted_once_more_when_the_command_is_over(desk: Desk) -> None:
    await desk.fail(range(5))
    await desk.by_filter("c")
    await desk.fail(range(100, 103))
    await desk.make()
    assert (await desk.ledger("c")).joined_since == 0
    await desk.answer(*await desk.send())
    await desk.make()
    ledger = await desk.ledger("c")
    assert (ledger.state, ledger.joined_since) == ("done", 3)
    await desk.by_filter("other", filter={"q": "SKU-10"})
    await desk.fail(range(1000, 1002))
    assert await stop(desk, "other")
    await desk.make()
    assert (await desk.ledger("other")).joined_since == 2


@pytest.mark.parametrize("at_most", [0, 2000])
async def test_a_search_selects_what_it_found_then_by_key_alias_and_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, at_most: int
) -> None:
    """The selection is the same by index or by scan, and a message that changed since counts as it was."""
    monkeypatch.setattr("storage.logs.page.MAX_FOUND", at_most)
    await desk.store(
        result("a", key="words-1", message="nothing"),
        result("b", key="SKU-1", message="the words are here"),
        result("c", key="SKU-2", message="nothing", aliases={"ean": "my WORDS-9"}),
        result("d", key="SKU-3", message="The WORDS changed"),
        result("e", key="SKU-4", message="nothing"),
        result("f", key="SKU-5", message="words elsewhere", account="globex"),
    )
    as_of = (await desk.plan()).as_of
    await desk.store(
        result("g", key="SKU-3", message="nothing", processed_at=at(5)),
        result("h", key="SKU-4", message="words since", processed_at=at(5)),
    )
    planned = await desk.plan(as_of, q="words", code="price.minimum")
    assert (planned.verdicts["will_send"], planned.verdicts["changed_since"]) == (3, 1)
    await desk.by_filter("c", as_of, filter=planned.filter)
    ledger = await desk.ledger("c")
    assert (ledger.items, ledger.joined_since) == ({"queued": 3, "changed_since": 1}, 1)


async def test_a_single_reprocess_is_not_stuck_behind_a_bulk_one(desk: Desk) -> None:
    await desk.fail(range(500))
    await desk.by_filter("bulk", filter={"status": ["error"], "processed_to": at(1)})
    await desk.fail(range(1000, 1001), processed_at=at(2))
    await desk.by_filter("single", filter={"q": "SKU-1000"})
    assert "single" in {each.command_id for each in await desk.send(10)}


async def test_pace_is_shared_fairly_and_never_exceeded(database_url: str, storage_settings: StorageSettings) -> None:
    desk = desk_with(database_url, storage_settings, per_second=10)
    await desk.fail(range(50))
    await desk.store(*(result(f"g{n}", account="globex", key=f"SKU-{n}") for n in range(50)))
    await desk.by_filter("a")
    await desk.by_filter("b", account="globex")
    started = datetime.now(UTC)
    taken = Counter(each.account for each in await desk.send())
    assert set(taken.values()) == {5}
    for _ in range(5):
        taken.update(each.account for each in await desk.send())
    assert taken.total() <= 10 + 10 * ((datetime.now(UTC) - started).total_seconds() + 1)
    assert abs(taken["acme"] - taken["globex"]) <= 6
    await desk.close()


async def test_a_command_s_own_pace_holds_for_each_affiliate(desk: Desk) -> None:
    await desk.fail(range(30))
    await desk.fail(range(30), "AMZ")
    await desk.by_filter("c", pace={"per_second": 4})
    assert Counter(each.affiliate for each in await desk.send()) == {"MLB": 4, "AMZ": 4}


async def test_steps_go_on_while_it_helps(desk: Desk) -> None:
    await desk.fail(range(50))
    await desk.by_filter("c", pace={"steps": [1, 10]})
    sizes = []
    while items := await desk.send():
        sizes.append(len(items))
        await desk.judge()
        assert await desk.send() == []  # not before the outcome of the step
        await desk.answer(*items)
        await desk.judge()
    assert sizes == [1, 10, 39]
    assert (await desk.ledger("c")).items == {"fixed": 50}
    assert (await desk.ledger("c")).state == "done"


async def test_steps_stop_by_themselves_when_the_same_error_comes_back(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(50))
    await desk.by_filter("c", pace={"steps": [1, 10]})
    await desk.answer(*await desk.send())
    await desk.judge()
    items = await desk.send()
    await desk.answer(*items[:7])
    await desk.answer(*items[7:9], status="error")
    await desk.judge()
    assert (await desk.ledger("c")).state == "running"
    await desk.answer(*items[9:], status="error", errors=DIFFERENT)
    await desk.judge()
    while await desk.let_go():
        pass
    ledger = await desk.ledger("c")
    assert ledger.state == "cancelled"
    assert ledger.items == {"fixed": 8, "same_error": 2, "different_error": 1, "cancelled": 39}
    assert "70%" in say(ledger.note, "en")
    assert "price.minimum" in say(ledger.note, "en")
    assert (ledger.ending.action, ledger.ending.by, ledger.ending.reason) == ("stopped", "conexoes", ledger.note)
    assert sentences(await texts(owner)) == {}
    outcome = {
        "step": 2,
        "items": {"different_error": 1, "fixed": 7, "same_error": 2},
        "fixed_share": 0.8,
        "fault": None,
    }
    assert ledger.ending.outcome.model_dump() == {**outcome, "code": "price.minimum"}
    actions = [row["action"] for row in await owner.fetch("SELECT action FROM reprocess_audit ORDER BY at")]
    assert actions == ["requested", "stopped"]


async def test_steps_wait_for_expiry(desk: Desk) -> None:
    await desk.fail(range(5))
    await desk.by_filter("c", pace={"steps": [2]})
    await desk.send()
    await desk.judge()
    assert (await desk.ledger("c")).step == 1
    await desk.expire()
    await desk.judge()
    assert (await desk.ledger("c")).state == "cancelled"


async def test_a_paused_affiliate_waits_and_nothing_of_it_is_red(desk: Desk) -> None:
    await desk.fail(range(3))
    await desk.fail(range(3), "AMZ")
    await desk.by_filter("before")
    await pause(desk, "MLB")
    assert {each.affiliate for each in await desk.send()} == {"AMZ"}
    [amz, mlb] = await affiliates.list_affiliates(desk.reader, "acme")
    assert (amz.sending, mlb.sending, mlb.queued, mlb.paused_by) == (True, False, 3, "maria")
    async with desk.writer.transaction() as connection:
        assert await affiliates.switch(connection, "acme", "MLB", "resumed", requested_by="joao", reason=None)
    assert len(await desk.send()) == 3


@pytest.mark.parametrize("types", [None, ["price"], ["inventory"], ["inventory", "price"]])
async def test_a_pause_holds_back_its_types_until_its_end_and_no_longer(
    desk: Desk, owner: asyncpg.Connection, types: list[str] | None
) -> None:
    held = types is None or "price" in types
    await desk.fail(range(4))
    await desk.fail(range(2), "AMZ")
    await desk.by_filter("before")
    until = datetime.now(UTC) + timedelta(hours=1)
    await pause(desk, "MLB", Extent(until, types))
    assert Counter(each.affiliate for each in await desk.send(4)) == ({"AMZ": 2} if held else {"AMZ": 2, "MLB": 2})
    [_, mlb] = await affiliates.list_affiliates(desk.reader, "acme")
    assert (mlb.paused_until, mlb.paused_types, mlb.queued_by_type) == (until, types, {"price": 4 if held else 2})
    await desk.fail(range(4, 9))
    assert (await desk.plan()).verdicts.get("paused", 0) == (5 if held else 0)
    await desk.by_filter("while")
    assert (await desk.ledger("while")).items.get("paused", 0) == (5 if held else 0)
    # PostgreSQL's clock passes the end: nothing is held back, and nobody had to do anything.
    await owner.execute("UPDATE affiliates SET paused_until = clock_timestamp()")
    assert (await desk.plan()).verdicts.get("paused", 0) == 0
    assert len(await desk.send(100)) == (4 if held else 7)
    [_, mlb] = await affiliates.list_affiliates(desk.reader, "acme")
    assert (mlb.paused_at, mlb.sending) == (None, True)
    # Agents say it, once; one who pauses before they could does.
    async with desk.writer.transaction() as connection:
        assert (await end_pauses(connection), await end_pauses(connection)) == (1, 0)
    await pause(desk, "MLB", Extent(datetime.now(UTC) + timedelta(hours=1)))
    await owner.execute("UPDATE affiliates SET paused_until = clock_timestamp()")
    await pause(desk, "MLB")
    await pause(desk, "MLB")
    await pause(desk, "MLB", Extent(types=["price"]))
    acts = await owner.fetch(
        "SELECT action, requested_by, request ->> 'until' IS NOT NULL AS ends FROM reprocess_audit"
        " WHERE command_id IS NULL ORDER BY at, id"
    )
    assert [tuple(each) for each in acts] == [
        ("paused", "maria", True),
        ("pause_ended", "conexoes", True),
        ("paused", "maria", True),
        ("pause_ended", "conexoes", True),
        ("paused", "maria", False),
        ("paused", "maria", False),
    ]


async def test_an_affiliate_that_says_not_now_is_left_alone_and_tried_with_one(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(60))
    await desk.by_filter("c")
    await desk.answer(*await desk.send(20), status="error", errors=BUSY)
    assert await desk.send() == []
    [shown] = await affiliates.list_affiliates(desk.reader, "acme")
    assert (shown.breaker, shown.sending, shown.queued) == ("open", False, 60)
    await owner.execute("UPDATE breakers SET retry_at = now()")
    [trial] = await desk.send()
    assert await desk.send() == []
    await desk.answer(trial, status="error", errors=BUSY)
    [shown] = await affiliates.list_affiliates(desk.reader, "acme")
    assert shown.breaker == "open"
    [breaker] = shown.breakers
    assert breaker.integration_type == "price"
    assert breaker.retry_at is not None
    assert breaker.retry_at > breaker.since + timedelta(seconds=30)
    await owner.execute("UPDATE breakers SET retry_at = now()")
    await desk.answer(*await desk.send())
    assert len(await desk.send()) == 38


async def test_a_slow_answer_to_an_earlier_probe_closes_the_breaker(desk: Desk, owner: asyncpg.Connection) -> None:
    """Answers that take longer than the pause between two probes: all of them are to probes of before the last."""
    await half_open(desk, owner)
    [first] = await probe(desk, owner)
    [_second] = await probe(desk, owner)
    await desk.answer(first)
    [shown] = await affiliates.list_affiliates(desk.reader, "acme")
    assert (shown.breaker, shown.sending) == ("closed", True)


async def test_the_last_of_a_few_silent_probes_opens_the_breaker_again(desk: Desk, owner: asyncpg.Connection) -> None:
    await half_open(desk, owner)
    for state in (*["half_open"] * (SILENT_PROBES - 1), "open"):
        [silent] = await probe(desk, owner)
        [_awaited] = await probe(desk, owner)  # whose answer is awaited, and may come yet
        await owner.execute(
            "UPDATE reprocess_items SET expires_at = now() - interval '2 days' WHERE id = $1", silent.id
        )
        async with desk.writer.transaction() as connection:
            assert await mark_silent(connection, datetime.now(UTC) - timedelta(days=1), 10) == 1
        assert await owner.fetchval("SELECT state FROM breakers") == state
    assert await desk.send() == []


async def test_an_answer_that_outruns_the_mark_of_sending_moves_the_breaker(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await half_open(desk, owner)
    await owner.execute("UPDATE breakers SET retry_at = now()")
    await desk.answer(*await desk.claim())
    assert await owner.fetchval("SELECT state FROM breakers") == "closed"


async def half_open(desk: Desk, owner: asyncpg.Connection) -> None:
    """An affiliate whose breaker has opened, with more to send."""
    await desk.fail(range(60))
    await desk.by_filter("c")
    await desk.answer(*await desk.send(20), status="error", errors=BUSY)
    assert await owner.fetchval("SELECT state FROM breakers") == "open"


async def probe(desk: Desk, owner: asyncpg.Connection) -> list[QueuedItem]:
    """Send one more retry, as if the last had not been answered for a minute."""
    await owner.execute("UPDATE breakers SET retry_at = now()")
    return await desk.send()


async def test_expiry_opens_the_breaker_too(desk: Desk) -> None:
    await desk.fail(range(30))
    await desk.by_filter("c")
    await desk.send(20)
    await desk.expire()
    assert await desk.send() == []


async def test_a_claim_that_ends_is_sent_again_with_the_same_id(
    database_url: str, storage_settings: StorageSettings
) -> None:
    desk = Desk(database_url, storage_settings, Policy(), lease_seconds=0)
    await desk.fail(range(5))
    await desk.by_filter("c")
    first = {each.id for each in await desk.claim()}
    second = {each.id for each in await desk.claim()}
    assert (first, len(second)) == (second, 5)
    await desk.close()


async def test_a_claim_that_holds_is_nobody_else_s(desk: Desk) -> None:
    await desk.fail(range(5))
    await desk.by_filter("c")
    claims = await asyncio.gather(*(desk.claim(2) for _ in range(5)))
    ids = [each.id for claim in claims for each in claim]
    assert len(ids) == len(set(ids))
    rest = await desk.claim()
    assert len(ids) + len(rest) == 5


async def test_a_reason_is_required_above_so_many(
    database_url: str, storage_settings: StorageSettings, owner: asyncpg.Connection
) -> None:
    desk = desk_with(database_url, storage_settings, reason_required_above=3)
    await desk.fail(range(4))
    planned = await desk.plan()
    assert "reason" in say(planned.reason_required, "en")
    await desk.by_filter("none")
    ids = [row["id"] for row in await owner.fetch("SELECT id FROM status_logs")]
    await desk.command("by ids".replace(" ", "-"), log_ids=ids)
    for name in ("none", "by-ids"):
        ledger = await desk.ledger(name)
        assert (ledger.state, ledger.total) == ("cancelled", 0)
        assert "more than 3" in say(ledger.note, "en")
    await desk.by_filter("some", reason="the table was corrected")
    assert (await desk.ledger("some")).items == {"queued": 4}
    await desk.close()


async def test_the_audit_can_t_be_changed_by_anyone(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c", reason="because")
    row = await owner.fetchrow("SELECT action, requested_by, reason, request FROM reprocess_audit")
    assert row is not None
    assert tuple(row)[:3] == ("requested", "maria", "because")
    assert '"filter"' in row["request"]
    for statement in (
        "UPDATE reprocess_audit SET reason = 'x'",
        "DELETE FROM reprocess_audit",
        "TRUNCATE reprocess_audit",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)
        with pytest.raises(NotLetIn):
            async with desk.writer.connection() as connection:
                await connection.execute(statement)
    with pytest.raises(NotLetIn):
        async with desk.writer.connection() as connection:
            await connection.execute("UPDATE reprocess_commands SET requested_by = 'x'")


async def test_another_account_s_filter_finds_nothing_of_ours(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(3))
    await desk.by_filter("c", account="thief")
    assert await owner.fetchval("SELECT count(*) FROM reprocess_items") == 0
    row = await owner.fetchrow("SELECT account, state FROM reprocess_commands")
    assert row is not None
    assert tuple(row) == ("thief", "done")
    assert await owner.fetchval("SELECT account FROM reprocess_audit") == "thief"


async def test_a_command_by_filter_ten_times_is_one(desk: Desk) -> None:
    await desk.fail(range(10))
    planned = await desk.plan()
    for _ in range(10):
        assert not isinstance(await desk.command("c", filter={"status": "error"}, as_of=planned.as_of), Refusal)
    await desk.make()
    assert len(await desk.send()) == 10
    assert await desk.send() == []


async def test_counts_are_the_items_whatever_moves_them(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(20))
    await desk.by_filter("c")
    items = await desk.send(12)
    await desk.answer(*items[:4])
    await desk.answer(*items[4:6], status="error")
    await desk.expire()
    await desk.answer(items[10])
    await stop(desk, "c")
    await desk.let_go()
    counted = await owner.fetch("SELECT state, sum(items) FROM reprocess_counts WHERE items > 0 GROUP BY 1 ORDER BY 1")
    made = await owner.fetch("SELECT state, count(*) FROM reprocess_items GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in counted] == [tuple(row) for row in made]
