"""Fields of the filter for what a command sent in vain and for what it did not send: exact for any number of logs.

Whatever else the command's own filter matches by now is not among them, and every reader means the same logs.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from api.plan_groups import plan_groups
from schemas.filter import LogFilter, ReprocessFilter
from schemas.playbook import Playbook
from schemas.policy import Policy
from schemas.reasons.reason import own_words
from schemas.reprocess import MAX_LOG_IDS
from storage.exports.reader import snapshot
from storage.logs.groups import list_groups
from storage.logs.reader import LogReader
from storage.logs.summary import summarize
from storage.reprocess import reader as reprocess_reader
from storage.reprocess.writer import FailedItem, cancel, mark_failed
from storage.settings import StorageSettings
from tests.support.events import at, result
from tests.support.reprocess import Desk

pytestmark = pytest.mark.law

OTHER = [{"code": "other", "message": "another fault"}]
BUSY = [{"code": "http.429", "message": "too many requests"}]


@pytest.fixture
async def desk(database_url: str, storage_settings: StorageSettings) -> AsyncIterator[Desk]:
    one = Desk(database_url, storage_settings, Policy(), chunk=7)
    yield one
    await one.close()


def named(*numbers: int) -> set[str]:
    return {f"SKU-{each}" for each in numbers}


async def stop(desk: Desk, command_id: str = "c") -> None:
    async with desk.writer.transaction() as connection:
        assert await cancel(connection, "acme", command_id, requested_by="maria", note=own_words("enough"))


async def end(desk: Desk) -> None:
    """Let the agents do all that is left of commands that were stopped."""
    await desk.make()
    while await desk.let_go():
        pass


async def succeed(desk: Desk, *numbers: int, seconds: float = 90) -> None:
    await desk.store(
        *(
            result(f"ok-{n}-{seconds}", key=f"SKU-{n}", status="success", processed_at=at(seconds), errors=None)
            for n in numbers
        )
    )


async def keys(desk: Desk, **filter_: Any) -> set[str]:
    """Return the keys that the list has, after a look at whether every other reader means the same logs."""
    wanted = LogFilter.model_validate(filter_)
    logs = LogReader(desk.reader, lambda *_of_log: [])
    found = {each.key for each in await logs.page("acme", "price", wanted, after=None, limit=10_000)}
    assert (await summarize(desk.reader, "acme", "price", wanted)).total == len(found)
    async with snapshot(desk.reader, "acme", "price", wanted, seconds=10) as taken:
        assert (await taken.count())[0] == len(found)
        assert {row["key"] async for chunk in taken.rows() for row in chunk} == found
    planned = await desk.plan(**filter_)
    assert planned.total == len(found)
    by_group = await plan_groups(
        desk.reader,
        "acme",
        "price",
        ReprocessFilter.model_validate(filter_),
        policy=desk.policy,
        playbook=Playbook(),
    )
    assert (by_group.plan.total, by_group.plan.verdicts) == (planned.total, planned.verdicts)
    groups = await list_groups(desk.reader, "acme", "price", wanted, now=planned.as_of, after=None, limit=1000)
    assert {each.fingerprint: each.logs for each in groups} == {each.fingerprint: each.logs for each in by_group.groups}
    return found


async def given(desk: Desk, as_of: datetime | None = None, **filter_: Any) -> dict[str, set[str]]:
    """Give a command of a plan; return the keys of its items by state."""
    planned = await desk.plan(as_of, **filter_)
    await desk.by_filter("given", planned.as_of, filter=planned.filter)
    found: dict[str, set[str]] = {}
    async for items in reprocess_reader.all_items(desk.reader, "acme", "given", None):
        for each in items:
            found.setdefault(each.state, set()).add(each.key or "")
    states = {"queued" if name == "will_send" else name: count for name, count in planned.verdicts.items() if count}
    assert {state: len(each) for state, each in found.items()} == states
    return found


async def test_those_still_failing_are_the_items_that_were_sent_in_vain_and_whose_log_still_fails(desk: Desk) -> None:
    await desk.fail(range(100, 110))
    await desk.by_filter("c")
    items = {each.key: each for each in await desk.claim()}
    await desk.mark([each for key, each in items.items() if key != "SKU-108"])
    async with desk.writer.transaction() as connection:
        await mark_failed(connection, [FailedItem("acme", items["SKU-108"].id, "c", own_words("no"))])
    await desk.answer(items["SKU-100"], items["SKU-101"])
    await desk.answer(*(items[f"SKU-{n}"] for n in (102, 103, 105)), status="error")
    await desk.answer(items["SKU-104"], status="error", errors=OTHER)
    await stop(desk)
    await desk.answer(items["SKU-106"], status="error", errors=BUSY)
    await desk.expire()
    await desk.answer(items["SKU-109"])  # late
    await succeed(desk, 105)
    # What the command's own filter matches by now, and what another command sent in vain.
    await desk.fail(range(200, 203))
    await desk.by_filter("another", filter={"q": "SKU-200"})
    await desk.answer(*await desk.send(), status="error")
    assert await keys(desk, failing_of="c") == named(102, 103, 104, 106, 107, 108)
    assert await keys(desk, failing_of="c", code="other") == named(104)
    assert await keys(desk, failing_of="c", q="SKU-103") == named(103)
    assert await keys(desk, failing_of="c", rest_of="c") == set()
    assert await keys(desk, failing_of="another") == named(200)
    assert await keys(desk, failing_of="nothing") == await keys(desk, rest_of="nothing") == set()
    await desk.by_filter("meanwhile", filter={"q": "SKU-102"})
    assert await given(desk, failing_of="c") == {"queued": named(103, 104, 106, 107, 108), "in_flight": named(102)}


async def test_they_are_all_of_them_however_many_there_are(
    database_url: str, storage_settings: StorageSettings
) -> None:
    """More than a command may name, of several outcomes, beside as many that another command sent in vain."""
    desk = Desk(database_url, storage_settings, Policy(), chunk=500)
    many = MAX_LOG_IDS + 100
    await desk.fail(range(many))
    await desk.by_filter("c")
    first = await desk.send(10_000)
    await desk.fail(range(many, many + 50))
    await desk.by_filter("another")
    await desk.answer(*first[: many // 2], status="error")
    await desk.answer(*first[many // 2 :], status="error", errors=OTHER)
    await desk.answer(*await desk.send(), status="error")
    healed = [int(each.key.removeprefix("SKU-")) for each in first[:5]]
    await succeed(desk, *healed)
    expected = named(*range(many)) - named(*healed)
    assert await keys(desk, failing_of="c") == expected
    assert await given(desk, failing_of="c") == {"queued": expected}
    await desk.close()


async def test_they_are_those_of_the_plan_s_time_whatever_came_after(desk: Desk) -> None:
    await desk.fail(range(100, 104))
    await desk.by_filter("c")
    sent = {each.key: each for each in await desk.send(3)}
    silent, late, same = sent.values()
    await desk.expire()
    [last] = await desk.send()
    planned = await desk.plan(failing_of="c")
    assert planned.verdicts["will_send"] == 3
    await desk.answer(late)
    await desk.answer(same, status="error")
    await desk.expire()  # the last one too
    assert await keys(desk, failing_of="c") == {silent.key, same.key, last.key}
    again = await desk.plan(planned.as_of, failing_of="c")
    assert (again.total, again.verdicts["already_succeeded"], again.verdicts["changed_since"]) == (3, 1, 1)
    assert await given(desk, planned.as_of, failing_of="c") == {
        "queued": {silent.key},
        "already_succeeded": {late.key},
        "changed_since": {same.key},
    }


@pytest.mark.parametrize("chunks", [0, 1, 2, 3, 7, 8])
async def test_the_rest_is_all_that_a_command_chose_and_did_not_send_wherever_it_was_stopped(
    desk: Desk, chunks: int
) -> None:
    """Stopped before it was counted, after so many chunks of seven, and after the last one."""
    await desk.fail(range(100, 140))
    await desk.command("c", filter={"status": ["error"]}, as_of=(await desk.plan()).as_of)
    for _ in range(chunks):
        assert await desk.make_once()
    sent = await desk.send(5)
    assert len(sent) == (5 if chunks > 1 else 0)
    await stop(desk)
    ledger = await desk.ledger("c")
    assert ledger.materialising == (chunks < 8)
    unsent = [n for n in range(100, 140) if f"SKU-{n}" not in {each.key for each in sent}]
    await succeed(desk, unsent[0], unsent[-1])
    await desk.fail(range(unsent[1], unsent[1] + 1), processed_at=at(60), errors=OTHER)
    await desk.fail(range(unsent[-2], unsent[-2] + 1), processed_at=at(60), errors=OTHER)
    await desk.fail(range(200, 203))
    await end(desk)
    await desk.answer(*sent, status="error")
    ledger = await desk.ledger("c")
    assert (ledger.state, ledger.selected, ledger.total, ledger.materialising) == ("cancelled", 40, 40, False)
    assert ledger.items.get("same_error", 0) == len(sent)
    assert not {"queued", "sent"} & ledger.items.keys()
    assert await keys(desk, rest_of="c") == named(*unsent)
    assert await keys(desk, rest_of="c", status=["success"]) == named(unsent[0], unsent[-1])
    assert await given(desk, rest_of="c") == {
        "queued": named(*unsent[1:-1]),
        "already_succeeded": named(unsent[0], unsent[-1]),
    }


async def test_so_it_is_when_steps_stop_it_before_all_items_are_made(desk: Desk) -> None:
    await desk.fail(range(100, 140))
    planned = await desk.plan()
    await desk.command("c", filter={"status": ["error"]}, as_of=planned.as_of, pace={"steps": [5]})
    for _ in range(2):
        assert await desk.make_once()
    sent = await desk.send()
    await desk.answer(*sent, status="error")
    await desk.judge()
    ledger = await desk.ledger("c")
    assert (ledger.state, ledger.total) == ("cancelled", 7)
    await end(desk)
    rest = named(*range(100, 140)) - {each.key for each in sent}
    assert len(rest) == 35
    assert await keys(desk, rest_of="c") == rest
    assert await keys(desk, failing_of="c") == {each.key for each in sent}


async def test_what_was_stopped_sends_nothing_of_what_it_chose_later(desk: Desk, owner: asyncpg.Connection) -> None:
    """No log shows a reprocess that nobody began, or has had one."""
    await desk.fail(range(100, 120))
    await desk.command("c", filter={"status": ["error"]}, as_of=(await desk.plan()).as_of)
    await desk.make_once()
    await stop(desk)
    await end(desk)
    assert (await desk.ledger("c")).items == {"cancelled": 20}
    assert await desk.claim() == []
    assert await owner.fetchval("SELECT count(*) FROM status_logs WHERE reprocess_state IS NOT NULL") == 0
    await desk.by_filter("again")
    assert {each.attempt for each in await desk.send()} == {1}


async def test_the_rest_is_known_of_a_command_that_would_have_needed_a_reason(
    database_url: str, storage_settings: StorageSettings
) -> None:
    policy = Policy.model_validate({"price": {"*": {"reason_required_above": 3}}})
    desk = Desk(database_url, storage_settings, policy, chunk=7)
    await desk.fail(range(100, 110))
    await desk.command("c", filter={"status": ["error"]}, as_of=(await desk.plan()).as_of)
    await stop(desk)
    await end(desk)
    assert await keys(desk, rest_of="c") == named(*range(100, 110))
    await desk.close()


async def test_the_rest_has_what_was_refused_or_healed_too_and_of_logs_that_were_named(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(100, 104))
    await succeed(desk, 103)
    await desk.by_filter("earlier", filter={"q": "SKU-100"})
    ids = [row["id"] for row in await owner.fetch("SELECT id FROM status_logs")]
    await desk.command("c", log_ids=ids)
    await succeed(desk, 101)
    sent = await desk.send()
    assert {each.key for each in sent} == named(100, 102)
    await desk.answer(*sent)
    assert (await desk.ledger("c")).items == {"in_flight": 1, "healed": 1, "already_succeeded": 1, "fixed": 1}
    assert await keys(desk, rest_of="c") == named(100, 101, 103)
    await desk.fail(range(101, 102), processed_at=at(200))
    assert (await given(desk, rest_of="c"))["queued"] == named(101)


async def test_what_is_tried_again_after_a_busy_answer_is_no_rest(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(100, 102))
    await desk.by_filter("c")
    [item] = await desk.send(1)
    await desk.answer(item, status="error", errors=BUSY)
    other = named(100, 101) - {item.key}
    assert await keys(desk, rest_of="c") == other
    assert await desk.wait_out(owner) == 1
    assert await keys(desk, rest_of="c") == other
    await stop(desk)
    await end(desk)
    assert await keys(desk, rest_of="c") == other
    assert await keys(desk, failing_of="c") == {item.key}


async def test_a_command_of_another_account_has_none_of_ours(desk: Desk) -> None:
    await desk.fail(range(100, 103))
    await desk.store(result("theirs", account="globex", key="SKU-100"))
    await desk.by_filter("c", account="globex")
    async with desk.writer.transaction() as connection:
        await cancel(connection, "globex", "c", requested_by="maria", note=own_words("enough"))
    await end(desk)
    assert await keys(desk, rest_of="c") == set()
