"""Verdicts when a retry leaves, busy answers, and which breaker they move, on a real PostgreSQL."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from schemas.breaker import SILENT_PROBES
from schemas.item_state import OPEN_ITEM_STATES
from schemas.policy import BUSY_TRIES, Policy
from schemas.reasons.reason import own_words
from storage.reprocess import affiliates
from storage.reprocess.breakers import close_idle
from storage.reprocess.claims import QueuedItem, kept_requests, release_claims
from storage.reprocess.writer import FailedItem, SentItem, cancel, erase_items, mark_failed, mark_sent, steps_to_judge
from storage.settings import StorageSettings
from storage.statements import SQL
from tests.support.events import at, result
from tests.support.explained import explained, nodes
from tests.support.reprocess import DIGEST, Desk

pytestmark = pytest.mark.law

THROTTLED = {"code": "QuotaExceeded", "message": "You exceeded your quota"}
BUSY: dict[str, Any] = {"status": "error", "errors": [THROTTLED]}
PAUSE = "SELECT round(extract(epoch FROM not_before - answered_at)) FROM reprocess_items WHERE state = 'queued'"
OTHER = [{"code": "other", "message": "another fault"}]


@pytest.fixture
async def unchanging(database_url: str, storage_settings: StorageSettings) -> AsyncIterator[Desk]:
    """A desk whose policy sends nothing whose log has changed."""
    one = Desk(database_url, storage_settings, Policy.model_validate({"price": {"*": {"only_unchanged": True}}}))
    yield one
    await one.close()


async def heal(desk: Desk, *numbers: int) -> None:
    """A success for each entity, that answers nothing."""
    await desk.store(
        *(result(f"healed-{n}", key=f"SKU-{n}", status="success", processed_at=at(30), errors=None) for n in numbers)
    )


async def test_a_campaign_sends_exactly_what_has_not_healed(desk: Desk) -> None:
    """Items leave twenty at a time; every third of the 300 heals while it waits, and none of these is sent."""
    await desk.fail(range(300))
    await desk.by_filter("c")
    sent: list[QueuedItem] = []
    healing, healed = list(range(0, 300, 3)), set[int]()
    for _ in range(1000):
        gone = {int(each.key.removeprefix("SKU-")) for each in sent}
        now = [n for n in healing if n not in gone and n not in healed][:10]
        await heal(desk, *now)
        healed |= set(now)
        sent += await desk.send(20)
        if not (await desk.ledger("c")).items.get("queued"):
            break
    await desk.answer(*sent)
    assert healed
    assert {each.key for each in sent} == {f"SKU-{n}" for n in range(300) if n not in healed}
    ledger = await desk.ledger("c")
    assert ledger.items == {"fixed": 300 - len(healed), "healed": len(healed)}
    assert ledger.state == "done"


async def test_what_healed_takes_nothing_of_the_pace(desk: Desk) -> None:
    await desk.fail(range(3))
    await desk.by_filter("c", pace={"per_second": 0.001})
    await heal(desk, 0, 1, 2)
    for _ in range(3):
        assert await desk.claim() == []
    assert (await desk.ledger("c")).items == {"healed": 3}
    assert (await desk.ledger("c")).state == "done"


async def test_a_breaker_that_nothing_is_left_to_try_closes(desk: Desk, owner: asyncpg.Connection) -> None:
    async def close() -> str:
        async with desk.writer.transaction() as connection:
            await close_idle(connection)
        return str(await owner.fetchval("SELECT state FROM breakers"))

    await desk.fail(range(8))
    await desk.by_filter("c")
    await desk.answer(*await desk.send(5), **BUSY)
    await owner.execute("UPDATE breakers SET retry_at = now() - interval '1 day'")
    assert await close() == "open"  # three are queued: one of them is the trial
    [trial] = await desk.send()
    await owner.execute("UPDATE breakers SET retry_at = now() - interval '1 day'")
    async with desk.writer.transaction() as connection:
        await cancel(connection, "acme", "c", requested_by="maria", note=own_words("enough"))
    while await desk.let_go():
        pass
    await owner.execute("UPDATE breakers SET state = 'open', retry_at = now() - interval '9 minutes'")
    assert await close() == "open"  # somebody may ask for a retry yet
    await owner.execute("UPDATE breakers SET retry_at = now() - interval '11 minutes'")
    assert await close() == "closed"
    await desk.answer(trial, **BUSY)  # of what was sent before
    assert await owner.fetchval("SELECT state FROM breakers") == "closed"


async def test_what_healed_is_no_trial_of_a_breaker(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(8))
    await desk.by_filter("c")
    await desk.answer(*await desk.send(5), **BUSY)
    rest = await owner.fetch(
        "SELECT key FROM reprocess_items WHERE state = 'queued' AND not_before IS NULL ORDER BY id"
    )
    await heal(desk, int(rest[0]["key"].removeprefix("SKU-")))
    await owner.execute("UPDATE breakers SET retry_at = now()")
    assert await desk.send() == []
    assert await owner.fetchval("SELECT state FROM breakers") == "open"
    [trial] = await desk.send()
    assert trial.key in {rest[1]["key"], rest[2]["key"]}


async def test_a_log_that_failed_again_is_sent_unless_the_policy_says_otherwise(desk: Desk, unchanging: Desk) -> None:
    await desk.fail(range(2))
    await desk.by_filter("c")
    await desk.fail(range(1), processed_at=at(30), errors=OTHER)
    assert [each.key for each in await unchanging.send()] == ["SKU-1"]
    assert (await desk.ledger("c")).items == {"changed_since": 1, "sent": 1}
    await desk.by_filter("d")
    await desk.fail(range(1), processed_at=at(40))
    assert [each.key for each in await desk.send()] == ["SKU-0"]


async def test_a_result_of_another_source_with_the_same_id_is_another_result(desk: Desk, unchanging: Desk) -> None:
    of_another = result("e1", processed_at=at(30), request={"price": 2})
    headers = [("ce_source", b"/other") if name == "ce_source" else (name, value) for name, value in of_another.headers]
    await desk.store(result("e1", request={"price": 1}))
    await desk.by_filter("c", mode="replay")
    await desk.store(of_another._replace(headers=headers))
    [item] = await desk.claim()
    assert item.changed
    async with desk.writer.transaction() as connection:
        assert [json.loads(each) for each in (await kept_requests(connection, [item])).values()] == [{"price": 2}]
        await release_claims(connection, [item])
    assert await unchanging.claim() == []
    assert (await desk.ledger("c")).items == {"changed_since": 1}


async def test_a_busy_item_is_tried_again_with_the_same_id_until_the_last_try(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c")
    [first] = await desk.send()
    pauses = []
    for number in range(1, BUSY_TRIES + 1):
        await desk.answer(first, seconds=60 + number, **BUSY)
        ledger = await desk.ledger("c")
        assert (ledger.state, ledger.items) == ("running", {"busy": 1})
        pauses.append(await owner.fetchval(PAUSE))
        assert await desk.send() == []  # not before its pause is over
        await desk.command(f"asked-again-{number}", log_ids=[str(first.log_id)])
        assert (await desk.ledger(f"asked-again-{number}")).items == {"in_flight": 1}
        assert (await desk.plan()).verdicts["in_flight"] == 1
        assert await desk.wait_out(owner) == 1
        assert (await desk.ledger("c")).items == {"queued": 1}
        await owner.execute("UPDATE breakers SET state = 'closed', in_a_row = 0, good = 0, bad = 0")
        [again] = await desk.send()
        assert (again.id, again.busy_answers) == (first.id, number)
    assert pauses == [30, 60, 120, 240, 480]
    await desk.answer(first, seconds=120, **BUSY)
    ledger = await desk.ledger("c")
    assert (ledger.state, ledger.items) == ("done", {"busy": 1})
    assert await desk.wait_out(owner) == 0
    assert (await desk.plan()).verdicts["will_send"] == 1


async def test_two_answers_that_say_busy_of_one_sending_use_up_one_try(desk: Desk, owner: asyncpg.Connection) -> None:
    """Two events, not one that is delivered twice: while it waits, when its pause is over, and after its last try."""
    await desk.fail(range(1))
    await desk.by_filter("c")
    pauses, seconds = [], itertools.count(60)
    for number in range(1, BUSY_TRIES + 2):
        [item] = await desk.send()
        assert item.busy_answers == number - 1
        await desk.answer(item, seconds=next(seconds), **BUSY)
        waits_until = await owner.fetchval("SELECT not_before FROM reprocess_items")
        pauses.append(await owner.fetchval(PAUSE))
        for _ in range(2):
            await desk.answer(item, seconds=next(seconds), **BUSY)
            assert await owner.fetchval("SELECT not_before FROM reprocess_items") == waits_until
            assert (await desk.items("c"))[0].busy_answers == number
        if await desk.wait_out(owner):
            await desk.answer(item, seconds=next(seconds), **BUSY)
            assert (await desk.ledger("c")).items == {"queued": 1}
        await owner.execute("UPDATE breakers SET state = 'closed', in_a_row = 0, good = 0, bad = 0")
    assert pauses == [30, 60, 120, 240, 480, None]
    ledger = await desk.ledger("c")
    assert (ledger.state, ledger.items) == ("done", {"busy": 1})
    [shown] = await desk.items("c")
    assert shown.busy_answers == BUSY_TRIES + 1


async def test_what_an_answer_between_two_busy_ones_says_gives_no_try_back_and_takes_none(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c")
    [item] = await desk.send()
    await desk.answer(item, seconds=60, **BUSY)
    await desk.answer(item, seconds=61, status="error", errors=OTHER)
    assert (await desk.ledger("c")).items == {"different_error": 1}
    await desk.answer(item, seconds=62, **BUSY)
    assert (await desk.ledger("c")).items == {"busy": 1}
    assert await owner.fetchval(PAUSE) == 30
    assert await desk.wait_out(owner) == 1
    [again] = await desk.send()
    assert again.busy_answers == 1


@pytest.mark.parametrize("sendings", [1, 2])
async def test_so_do_two_answers_before_the_mark(desk: Desk, owner: asyncpg.Connection, sendings: int) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c")
    for number in range(1, sendings + 1):
        items = await desk.claim()
        for seconds in (0, 1):
            await desk.answer(*items, seconds=60 + 10 * number + seconds, **BUSY)
        await desk.mark(items)
        assert [each.busy_answers for each in await desk.items("c")] == [number]
        assert await desk.wait_out(owner) == 1
    await desk.answer(*await desk.send(), seconds=120)
    assert (await desk.ledger("c")).items == {"fixed": 1}


async def test_a_test_retry_that_is_never_answered_lets_the_next_one_be_tried(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(9))
    await desk.by_filter("c")
    await desk.answer(*await desk.send(5), **BUSY)
    await owner.execute("UPDATE breakers SET retry_at = now()")
    for bad in range(1, SILENT_PROBES):
        [_trial] = await desk.send()
        assert await desk.expire() == 1
        assert await owner.fetchval("SELECT (state, bad) FROM breakers") == ("half_open", bad)
    [trial] = await desk.send()
    await desk.answer(trial)
    assert await owner.fetchval("SELECT state FROM breakers") == "closed"


async def test_a_breaker_counts_one_busy_answer_of_each_sending(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(4))
    await desk.by_filter("c")
    items = await desk.send()
    for seconds in (60, 61, 62):
        await desk.answer(*items, seconds=seconds, **BUSY)
    breakers = await owner.fetch("SELECT state, in_a_row FROM breakers")
    assert [tuple(each) for each in breakers] == [("closed", 4)]


async def test_a_busy_item_ends_as_its_next_answer_says(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(3))
    await desk.by_filter("c")
    items = await desk.send()
    await desk.answer(*items, **BUSY)
    assert await desk.wait_out(owner) == 3
    fixed, same, other = await desk.send()
    await desk.answer(fixed, seconds=90)
    await desk.answer(same, seconds=90, status="error")
    await desk.answer(other, seconds=90, status="error", errors=OTHER)
    ledger = await desk.ledger("c")
    assert (ledger.state, ledger.items) == ("done", {"different_error": 1, "fixed": 1, "same_error": 1})
    assert {each.busy_answers for each in await desk.items("c")} == {1}


async def test_a_busy_answer_before_the_mark_loses_nothing(desk: Desk, owner: asyncpg.Connection) -> None:
    """The worker dies between sending and marking; or its mark comes when the item is queued again."""
    await desk.fail(range(1))
    await desk.by_filter("c")
    [claimed] = await desk.claim()
    await desk.answer(claimed, **BUSY)
    assert (await desk.items("c"))[0].not_before is not None
    assert await desk.wait_out(owner) == 1
    await desk.mark([claimed])
    assert (await desk.ledger("c")).items == {"queued": 1}
    [again] = await desk.send()
    assert again.id == claimed.id


async def test_an_answer_to_the_next_try_before_its_mark_moves_the_breaker(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(5))
    await desk.by_filter("c")
    await desk.answer(*await desk.send(), **BUSY)
    assert await desk.wait_out(owner) == 5
    await owner.execute("UPDATE breakers SET retry_at = now()")
    [trial] = await desk.claim()
    await desk.answer(trial, seconds=90)
    assert await owner.fetchval("SELECT state FROM breakers") == "closed"


async def test_a_command_that_is_cancelled_tries_nothing_again(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(2))
    await desk.by_filter("c")
    first, second = await desk.send()
    await desk.answer(first, **BUSY)
    async with desk.writer.transaction() as connection:
        assert await cancel(connection, "acme", "c", requested_by="maria", note=own_words("enough"))
    await desk.answer(second, **BUSY)
    assert await desk.wait_out(owner) == 0
    assert await desk.let_go() == 1
    ledger = await desk.ledger("c")
    assert (ledger.state, ledger.items) == ("cancelled", {"busy": 2})
    assert (await desk.plan()).verdicts["will_send"] == 2


async def test_what_waits_for_its_next_try_is_in_flight_for_every_reader(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c")
    await desk.answer(*await desk.send(), **BUSY)
    assert await owner.fetchval("SELECT reprocess_state FROM status_logs") in OPEN_ITEM_STATES
    assert (await desk.plan()).verdicts["in_flight"] == 1
    assert (await desk.plan(status=["error"], reprocess="in_flight")).verdicts["in_flight"] == 1
    assert (await desk.ledger("c")).state == "running"


async def test_what_waits_takes_no_room_of_a_batch(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(4))
    await desk.by_filter("waits", filter={"q": "SKU-0"})
    await desk.answer(*await desk.send(), **BUSY)
    await desk.by_filter("steps", filter={"q": "SKU-1"}, pace={"steps": [1]})
    await desk.answer(*await desk.send(), **BUSY)
    await desk.by_filter("next")
    assert [each.command_id for each in await desk.claim(1)] == ["next"]
    assert [each.command_id for each in await desk.claim(1)] == ["next"]


async def test_a_late_busy_answer_does_not_get_in_the_way_of_a_later_item(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(1))
    await desk.by_filter("first")
    [first] = await desk.send()
    assert await desk.expire() == 1
    await desk.by_filter("second")
    await desk.answer(first, **BUSY)
    assert (await desk.ledger("first")).items == {"busy": 1}
    assert (await desk.ledger("first")).state == "done"
    assert await desk.wait_out(owner) == 0
    assert [each.command_id for each in await desk.send()] == ["second"]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({}, "fixed"),
        ({"status": "error"}, "same_error"),
        ({"status": "error", "errors": OTHER}, "different_error"),
        (BUSY, "busy"),
    ],
)
async def test_any_late_answer_moves_a_silent_item(desk: Desk, answer: dict[str, Any], state: str) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c")
    sent = await desk.send()
    assert await desk.expire() == 1
    assert (await desk.ledger("c")).state == "done"
    await desk.answer(*sent, **answer)
    ledger = await desk.ledger("c")
    assert (ledger.state, ledger.items) == ("running" if state == "busy" else "done", {state: 1})


async def test_a_silent_item_that_is_tried_again_is_silent_no_more(desk: Desk, owner: asyncpg.Connection) -> None:
    """Neither for who reads it now nor for who asks about the time since; and its next answer ends it."""
    await desk.fail(range(1))
    await desk.by_filter("c")
    [first] = await desk.send()
    await desk.expire()
    await desk.answer(first, **BUSY)
    assert await desk.wait_out(owner) == 1
    as_of = (await desk.plan()).as_of
    [again] = await desk.send()
    assert again.id == first.id
    assert (await desk.plan(as_of, status=["error"], reprocess="silent")).total == 0
    assert (await desk.plan(as_of, status=["error"], reprocess="in_flight")).total == 1
    await desk.answer(again, seconds=90)
    ledger = await desk.ledger("c")
    assert (ledger.state, ledger.items) == ("done", {"fixed": 1})


async def test_steps_wait_for_busy_items_and_judge_what_was_tried(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(20))
    await desk.by_filter("c", pace={"steps": [5]})
    items = await desk.send()
    await desk.answer(*items[:4])
    await desk.answer(items[4], **BUSY)
    await desk.judge()
    assert await desk.send() == []
    assert await desk.wait_out(owner) == 1
    await desk.answer(*await desk.send(), seconds=90)
    await desk.judge()
    assert len(await desk.send()) == 15


async def test_a_step_is_judged_when_it_is_over_however_it_ended_and_not_before(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    """Workers look four times a second, and lock none of which something is in flight."""

    async def to_judge() -> list[str]:
        async with desk.writer.connection() as connection:
            return [each.id for each in await steps_to_judge(connection)]

    ends = ("answered", "silent", "healed", "failed", "erased")
    await desk.fail(range(20))
    await desk.by_filter("c", pace={"steps": [2] * len(ends), "fixed_share": 0.01})
    for number, end in enumerate(ends):
        assert await to_judge() == []
        first, second = await owner.fetch(
            "SELECT id, log_id, key FROM reprocess_items WHERE position IN ($1, $1 + 1) ORDER BY position",
            2 * number + 1,
        )
        if end == "healed":
            await heal(desk, int(second["key"].removeprefix("SKU-")))
        sent = {each.id: each for each in await desk.claim()}
        await desk.mark([each for each in sent.values() if end != "failed" or each.id == first["id"]])
        async with owner.transaction(), asyncio.timeout(5):
            await owner.execute("SELECT FROM reprocess_commands FOR UPDATE")
            await desk.judge()
        assert await to_judge() == []
        await desk.answer(sent[first["id"]])
        assert (await to_judge() == []) is (end != "healed")
        if end == "answered":
            await desk.answer(sent[second["id"]])
        elif end == "silent":
            await desk.expire()
        elif end == "failed":
            async with desk.writer.transaction() as connection:
                await mark_failed(connection, [FailedItem("acme", second["id"], "c", own_words("no"))])
        elif end == "erased":
            await erase_items(owner, "acme", [second["log_id"]])
        assert await to_judge() == ["c"]
        await desk.judge()
        if end == "silent":  # its late answer puts it back into the queue, and holds no later step up
            await desk.answer(sent[second["id"]], **BUSY)
    assert await to_judge() == []
    assert (await desk.ledger("c")).state == "running"
    assert len(await desk.send()) == 10


async def test_one_fault_that_comes_back_stops_the_steps(desk: Desk) -> None:
    """Fixed is 80 % of the step, but the four with the other fault all came back with it."""
    await desk.fail(range(16))
    await desk.fail(range(16, 20), errors=OTHER)
    await desk.fail(range(20, 40))
    await desk.by_filter("c", pace={"steps": [20]}, filter={"q": "SKU-"})
    items = {each.key: each for each in await desk.send()}
    hopeless = [each for each in items.values() if each.key in {f"SKU-{n}" for n in range(16, 20)}]
    await desk.answer(*(each for each in items.values() if each not in hopeless))
    await desk.answer(*hopeless, status="error", errors=OTHER)
    await desk.judge()
    ledger = await desk.ledger("c")
    if len(hopeless) < 3:  # the order of the same time is that of the ids
        pytest.fail(f"only {len(hopeless)} of the fault were in the step")
    assert ledger.state == "cancelled"
    assert ledger.ending.outcome.fault.code == "other"


GTIN = {"code": "missing_required", "message": "GTIN is required", "severity": "error"}
PRICE = {"code": "price.invalid", "message": "Price too low", "severity": "error"}
ADVICE = {"code": "me2_mandatory", "message": "ME2 is mandatory", "severity": "warning"}
PAGE, LACKS = "<h1>404 Not Found</h1><hr>nginx/{}", "'{}' is required but not supplied."


def told(text: str) -> list[dict[str, str]]:
    """Errors of a marketplace that gives one code for everything, and says in the text what it is."""
    return [{"code": "90220", "message": text}]


@pytest.mark.parametrize(
    ("before", "after", "state", "sizes"),
    [
        ([GTIN, PRICE], [PRICE, GTIN], "same_error", (0, 2, 0)),
        ([ADVICE, GTIN], [ADVICE, PRICE], "different_error", (1, 1, 1)),
        ([GTIN], [PRICE, GTIN], "same_error", (0, 1, 1)),
        ([GTIN, PRICE], [PRICE], "different_error", (1, 1, 0)),
        ([GTIN, PRICE], [THROTTLED], "busy", (2, 0, 1)),
        ([GTIN, PRICE], [ADVICE, THROTTLED], "busy", (2, 0, 2)),  # advice beside it is no answer
        ([GTIN, PRICE], [PRICE, THROTTLED], "different_error", (1, 1, 1)),  # something was tried
        # Texts: what is said decides, whatever differs from one time to the next.
        (told("Retorno: 401"), told("Retorno: 403"), "different_error", (1, 0, 1)),
        (told("Retorno: 401"), told("Retorno: 503"), "busy", (1, 0, 1)),
        (told(PAGE.format("1.24.0")), told(PAGE.format("1.18.0 (Ubuntu)")), "same_error", (0, 1, 0)),
        (told("Request 1a2b3c4d5e6f failed"), told("Request deadbeefcafe failed"), "same_error", (0, 1, 0)),
        (told(LACKS.format("brand")), told(LACKS.format("item_type_keyword")), "different_error", (1, 0, 1)),
    ],
)
async def test_sets_of_errors_are_compared_whatever_their_order(
    desk: Desk, before: list[Any], after: list[Any], state: str, sizes: tuple[int, int, int]
) -> None:
    await desk.fail(range(1), errors=before)
    await desk.by_filter("c")
    await desk.answer(*await desk.send(), status="error", errors=after)
    [item] = await desk.items("c")
    assert item.state == state
    assert (len(item.went), len(item.stayed), len(item.came)) == sizes


@pytest.mark.parametrize("stored", ["'{0123456789abcdef}'", "NULL"])
@pytest.mark.parametrize(
    ("before", "after", "state", "sizes"),
    [
        ([GTIN], [GTIN], "same_error", (0, 1, 0)),
        ([GTIN, PRICE], [PRICE, GTIN], "same_error", (0, 2, 0)),
        ([GTIN, PRICE], [PRICE], "different_error", (1, 1, 0)),
        ([GTIN], [OTHER[0]], "different_error", (1, 0, 1)),
    ],
)
async def test_an_answer_after_an_upgrade_is_compared_by_the_rules_of_today(
    desk: Desk,
    owner: asyncpg.Connection,
    stored: str,
    before: list[Any],
    after: list[Any],
    state: str,
    sizes: tuple[int, int, int],
) -> None:
    """The fingerprints of an earlier version were others, and before 0013 there was one for an item."""
    await desk.fail(range(1), errors=before)
    await desk.by_filter("c")
    sent = await desk.send()
    await owner.execute(
        f"UPDATE reprocess_items SET before_fingerprint = '0123456789abcdef', before_fingerprints = {stored}"
    )
    await desk.answer(*sent, status="error", errors=after)
    [item] = await desk.items("c")
    assert item.state == state
    assert (len(item.went), len(item.stayed), len(item.came)) == sizes


async def test_without_the_result_of_before_its_stored_faults_count(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c")
    sent = await desk.send()
    await owner.execute("UPDATE reprocess_items SET before_fingerprints = '{0123456789abcdef}'")
    await owner.execute("DELETE FROM attempts")
    await desk.answer(*sent, status="error")
    [item] = await desk.items("c")
    assert (item.state, len(item.went), len(item.came)) == ("different_error", 1, 1)


async def test_a_busy_answer_fixes_nothing_even_as_a_warning(desk: Desk) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c")
    await desk.answer(*await desk.send(), status="warning", errors=[THROTTLED])
    [item] = await desk.items("c")
    assert (item.state, item.busy_answers) == ("busy", 1)


async def test_only_the_breaker_of_the_type_moves(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(10))
    await desk.by_filter("c")
    await desk.answer(*await desk.send(5), **BUSY)
    assert await desk.send() == []
    rows = await owner.fetch("SELECT affiliate, integration_type, state FROM breakers")
    assert [tuple(row) for row in rows] == [("MLB", "price", "open")]
    [shown] = await affiliates.list_affiliates(desk.reader, "acme")
    assert (shown.breaker, [each.integration_type for each in shown.breakers]) == ("open", ["price"])
    async with desk.writer.transaction() as connection:
        assert await affiliates.switch(connection, "acme", "MLB", "resumed", requested_by="maria", reason=None)
    assert len(await desk.send()) == 5


async def test_an_answer_about_the_product_moves_no_breaker(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(25))
    await desk.by_filter("c")
    errors = [{"code": "product_unavailable", "message": "Discontinued"}]
    await desk.answer(*await desk.send(), status="error", errors=errors)
    assert (await desk.ledger("c")).items == {"different_error": 25}
    assert await owner.fetchval("SELECT count(*) FROM breakers WHERE state <> 'closed'") == 0


async def test_the_ledger_has_what_was_sent(desk: Desk) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c", mode="replay")
    [item] = await desk.claim()
    async with desk.writer.transaction() as connection:
        await mark_sent(connection, [SentItem(item.account, item.id, 0, item.mode, datetime.now(UTC), DIGEST, 3, 1207)])
    [shown] = await desk.items("c")
    assert (shown.sent_digest, shown.sent_partition, shown.sent_offset) == (DIGEST.hex(), 3, 1207)
    assert (shown.mode, (await desk.ledger("c")).modes) == ("replay", ["replay"])


async def test_the_ledger_has_the_mode_in_which_it_was_sent(desk: Desk) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c", mode="replay")
    await desk.mark([each._replace(mode="refresh") for each in await desk.claim()])
    assert [each.mode for each in await desk.items("c")] == ["refresh"]
    assert (await desk.ledger("c")).modes == ["refresh"]


@pytest.mark.parametrize("marked", [True, False], ids=["marked as sent", "answered before that"])
async def test_the_modes_of_a_command_are_those_in_which_something_was_sent(desk: Desk, *, marked: bool) -> None:
    await desk.fail(range(4))
    await desk.by_filter("c", mode="replay")
    assert (await desk.ledger("c")).modes == []
    await heal(desk, 0)
    first, second, third = await desk.claim()
    assert (await desk.ledger("c")).modes == []
    for item, mode, known in ((first, "refresh", ["refresh"]), (second, "replay", ["refresh", "replay"])):
        if not marked:
            await desk.answer(item)
        await desk.mark([item._replace(mode=mode)])
        assert (await desk.ledger("c")).modes == known
    async with desk.writer.transaction() as connection:
        await mark_failed(connection, [FailedItem("acme", third.id, "c", own_words("no"))])
    assert (await desk.ledger("c")).modes == ["refresh", "replay"]


async def test_a_command_of_which_nothing_was_sent_has_no_mode(desk: Desk) -> None:
    await desk.fail(range(3))
    await desk.by_filter("c", mode="replay")
    await heal(desk, 0)
    first, second = await desk.claim()
    async with desk.writer.transaction() as connection:
        await mark_failed(connection, [FailedItem("acme", second.id, "c", own_words("no"))])
        await cancel(connection, "acme", "c", requested_by="maria", note=own_words("enough"))
        await release_claims(connection, [first])
    assert await desk.let_go() == 1
    ledger = await desk.ledger("c")
    assert (ledger.items, ledger.modes) == ({"healed": 1, "failed": 1, "cancelled": 1}, [])


async def test_a_cancelled_command_is_asked_for_no_longer_once_nothing_of_it_is_open(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(4))
    await desk.by_filter("c")
    [sent] = await desk.send(1)
    async with desk.writer.transaction() as connection:
        await cancel(connection, "acme", "c", requested_by="maria", note=own_words("enough"))
    assert await desk.let_go() == 3
    let_go = "SELECT let_go FROM reprocess_commands"
    assert [await desk.let_go(), await owner.fetchval(let_go)] == [0, False]
    await owner.execute("UPDATE reprocess_commands SET finished_at = now() - interval '11 minutes'")
    assert [await desk.let_go(), await owner.fetchval(let_go)] == [0, False]  # an answer is awaited
    await desk.answer(sent, **BUSY)
    assert [await desk.let_go(), await owner.fetchval(let_go)] == [0, True]
    assert (await desk.ledger("c")).items == {"cancelled": 3, "busy": 1}


async def test_nothing_that_is_queued_is_read_to_find_what_was_cancelled(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(500))
    await desk.by_filter("c")
    await owner.execute("ANALYZE")
    statement = SQL["mark_cancelled"]
    async with desk.writer.transaction() as connection:
        told = nodes(await explained(connection, statement.text, statement.arguments(limit=1000, reason="{}")))
    read = {each["Relation Name"]: each["Actual Loops"] for each in told if "Relation Name" in each}
    assert (read["reprocess_commands"], read["reprocess_counts"], read["reprocess_items"]) == (1, 0, 0)
