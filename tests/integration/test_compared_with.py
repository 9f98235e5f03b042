"""Answers are compared with the result that their log showed when the retry left, not when it was asked for."""

from typing import Any

import asyncpg
import pytest

from schemas.reasons.reason import own_words
from storage.logs.cures import cures_of
from storage.reprocess.claims import QueuedItem, release_claims
from storage.reprocess.writer import cancel
from tests.support.events import at, result
from tests.support.reprocess import Desk

pytestmark = pytest.mark.law

BUSY = [{"code": "http.429", "message": "too many requests"}]


def told(*codes: str) -> list[dict[str, str]]:
    """Return an error for each code."""
    return [{"code": each, "message": f"it says {each}"} for each in codes]


async def asked_before(desk: Desk, now: list[dict[str, str]], numbers: range = range(1), **changes: Any) -> None:
    """Entities that failed with `asked` when they were asked for, and fail with `now`."""
    await desk.fail(numbers, errors=told("asked"))
    await desk.by_filter("c")
    await desk.fail(numbers, processed_at=at(30), errors=now, **changes)


async def answer(desk: Desk, item: QueuedItem, errors: list[dict[str, str]], seconds: float = 60) -> Any:
    await desk.answer(item, seconds=seconds, status="error", errors=errors)
    return next(each for each in await desk.items(item.command_id) if each.id == str(item.id))


@pytest.mark.parametrize("marked", [True, False], ids=["marked as sent", "answered before that"])
@pytest.mark.parametrize(
    ("now", "errors", "state", "sizes"),
    [
        (told("left"), told("left"), "same_error", (0, 1, 0)),
        (told("left"), told("asked"), "different_error", (1, 0, 1)),
        (told("left"), told("third"), "different_error", (1, 0, 1)),
        (told("left", "asked"), told("left"), "different_error", (1, 1, 0)),
        (told("left", "asked"), told("asked", "left", "third"), "same_error", (0, 2, 1)),
        (told("asked"), told("asked"), "same_error", (0, 1, 0)),
    ],
)
async def test_errors_are_those_of_the_time_when_the_retry_left(
    desk: Desk,
    now: list[dict[str, str]],
    errors: list[dict[str, str]],
    state: str,
    sizes: tuple[int, int, int],
    *,
    marked: bool,
) -> None:
    await asked_before(desk, now)
    [item] = await desk.send() if marked else await desk.claim()
    shown = await answer(desk, item, errors)
    assert shown.state == state
    assert (len(shown.went), len(shown.stayed), len(shown.came)) == sizes
    assert (shown.before_code, shown.before_message) == (now[0]["code"], "The price 10.00 is below the minimum")
    assert shown.before_fingerprint in {*shown.went, *shown.stayed}


@pytest.mark.parametrize(("asked", "left", "fixed"), [("error", "warning", False), ("warning", "error", True)])
async def test_so_is_the_status(desk: Desk, asked: str, left: str, *, fixed: bool) -> None:
    await desk.fail(range(1), status=asked)
    await desk.by_filter("c", filter={"status": ["error", "warning"]})
    await desk.fail(range(1), status=left, processed_at=at(30))
    await desk.answer(*await desk.send(), status="warning", errors=told("price.minimum"))
    [item] = await desk.items("c")
    assert (item.before_status, item.after_status, item.state == "fixed") == (left, "warning", fixed)


async def test_what_leaves_again_is_compared_with_what_the_log_says_by_then(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    """The busy answer to it says nothing of the entity; another result since does."""
    await asked_before(desk, told("left"))
    await desk.answer(*await desk.send(), status="error", errors=BUSY)
    await desk.fail(range(1), processed_at=at(70), errors=told("left again"))
    await desk.answer(*await again(desk, owner), seconds=80, status="error", errors=BUSY)
    [shown] = await desk.items("c")
    assert (shown.before_code, shown.after_code, shown.busy_answers) == ("left again", "http.429", 2)
    [item] = await again(desk, owner)
    assert (await answer(desk, item, told("left again"), 90)).state == "same_error"


async def again(desk: Desk, owner: asyncpg.Connection) -> list[QueuedItem]:
    assert await desk.wait_out(owner) == 1
    return await desk.send()


async def test_a_success_under_a_busy_answer_is_not_what_is_to_be_cured(desk: Desk, owner: asyncpg.Connection) -> None:
    """The log shows the busy answer, so that the retry leaves again: for the error that was there before."""
    await asked_before(desk, told("left"))
    [item] = await desk.send()
    await desk.store(result("success", key="SKU-0", status="success", processed_at=at(50), errors=None))
    await desk.answer(item, status="error", errors=BUSY)
    [item] = await again(desk, owner)
    shown = await answer(desk, item, told("left"), 90)
    assert (shown.before_status, shown.before_code, shown.state) == ("error", "left", "same_error")


async def test_one_that_was_claimed_and_not_sent_is_compared_with_what_the_log_says_when_it_is(desk: Desk) -> None:
    await asked_before(desk, told("first"))
    items = await desk.claim()
    async with desk.writer.transaction() as connection:
        await release_claims(connection, items)
    await desk.fail(range(1), processed_at=at(40), errors=told("second"))
    [item] = await desk.send()
    assert (await answer(desk, item, told("second"))).state == "same_error"


async def test_what_was_never_sent_says_what_it_was_asked_for_about(desk: Desk) -> None:
    await asked_before(desk, told("other"), range(2))
    await desk.store(result("success", key="SKU-0", status="success", processed_at=at(50), errors=None))
    [left] = await desk.claim()
    async with desk.writer.transaction() as connection:
        await release_claims(connection, [left])
        await cancel(connection, "acme", "c", requested_by="maria", note=own_words("enough"))
    while await desk.let_go():
        pass
    codes = {each.state: each.before_code for each in await desk.items("c")}
    assert codes["healed"] == "asked"
    assert set(codes) == {"healed", "cancelled"}


async def test_an_answer_after_an_upgrade_is_compared_with_the_result_that_the_retry_was_about(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    """The fingerprints of an earlier version were others: that result is read again."""
    await asked_before(desk, told("left"))
    [item] = await desk.send()
    await owner.execute("UPDATE reprocess_items SET before_fingerprints = '{0123456789abcdef}'")
    assert (await answer(desk, item, told("left"))).state == "same_error"


async def test_steps_stop_for_the_fault_that_returned_since_the_retries_left(desk: Desk) -> None:
    """All were asked for with one error. Four have another by then, and come back with it; the rest is fixed."""
    await desk.fail(range(20), errors=told("asked"), processed_at=at(10))  # the newest are first
    await desk.fail(range(20, 40), errors=told("asked"))
    await desk.by_filter("c", pace={"steps": [20]})
    await desk.fail(range(16, 20), processed_at=at(30), errors=told("left"))
    items = await desk.send()
    returned = [each for each in items if int(each.key.removeprefix("SKU-")) >= 16]
    await desk.answer(*(each for each in items if each not in returned))
    await desk.answer(*returned, status="error", errors=told("left"))
    await desk.judge()
    ledger = await desk.ledger("c")
    assert ledger.state == "cancelled"
    assert (ledger.ending.outcome.fault.code, ledger.ending.outcome.fault.tried) == ("left", 4)


async def test_a_cure_is_of_the_fault_that_the_retry_was_sent_for(desk: Desk, owner: asyncpg.Connection) -> None:
    await asked_before(desk, told("left"))
    asked = await owner.fetchval("SELECT before_fingerprint FROM reprocess_items")
    left = await owner.fetchval("SELECT fingerprint FROM status_logs")
    await desk.answer(*await desk.send())
    async with desk.reader.reading("acme") as connection:
        cures = await cures_of(connection, "acme", [asked, left])
    assert {name: each.fixed for name, each in cures.items()} == {asked: 0, left: 1}


async def test_nothing_is_written_of_items_whose_log_is_as_it_was(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(3))
    await desk.by_filter("c")
    await desk.send()
    assert [row[0] for row in await owner.fetch("SELECT last_event_id FROM reprocess_items")] == [None] * 3
