"""Lists in every order against all logs sorted one by one: any filter, any way of reading, forward and back."""

import itertools
import random
import uuid
from datetime import datetime
from typing import Any, Final, get_args

import asyncpg
import pytest

from schemas.filter import LogFilter
from schemas.log_sort import MOVING, LogSort, value_of
from schemas.shown.log import StatusLog
from storage.cursors import LogCursor, Walk
from storage.database import Database
from storage.logs import by_column
from storage.logs import page as log_page
from storage.logs.by_column import TooManyToSort
from storage.logs.reader import LogReader
from tests.support.events import Event, at, result
from tests.support.reprocess import Desk
from tests.support.some_logs import change_something, known, matches, some_filter

SORTS: Final[tuple[LogSort, ...]] = get_args(LogSort)
SEVERITIES = {"success": 0, "warning": 1, "error": 2}


def by_date(log: StatusLog) -> tuple[datetime, str]:
    return log.processed_at, log.id


def in_order(logs: list[StatusLog], sort: LogSort) -> list[StatusLog]:
    """Sort as the API says: by code point, severity, number or time; then newest first; those without a value last."""
    newest = sorted(logs, key=by_date, reverse=True)
    if sort in ("newest", "oldest"):
        return newest if sort == "newest" else newest[::-1]
    column, down = sort.removeprefix("-"), sort.startswith("-")

    def value(log: StatusLog) -> Any:
        return SEVERITIES[log.status] if column == "status" else getattr(log, column)

    with_value = [each for each in newest if value(each) is not None]
    without = [each for each in newest if value(each) is None]
    # Stable in either direction: equal ones stay newest first.
    return sorted(with_value, key=value, reverse=down) + without


def place(log: StatusLog, sort: LogSort, walk: Walk | None, *, backwards: bool = False) -> LogCursor:
    return LogCursor(log.processed_at, uuid.UUID(log.id), value_of(log, sort), walk, backwards)


async def forward(
    reader: LogReader, filter_: LogFilter, sort: LogSort, size: int
) -> tuple[list[StatusLog], Walk | None]:
    """Every page, put together, and the walk that they are of."""
    found, walk = await reader.listed("acme", "price", filter_, sort, after=None, limit=size)
    walked = list(found)
    while len(found) == size:
        after = place(walked[-1], sort, walk)
        found, again = await reader.listed("acme", "price", filter_, sort, after=after, limit=size)
        assert again == walk
        walked += found
    return walked, walk


async def back(
    reader: LogReader, filter_: LogFilter, sort: LogSort, last: StatusLog, walk: Walk | None, size: int
) -> list[StatusLog]:
    """Every page before `last`, from there to the first one, put together in the order of the list."""
    walked: list[StatusLog] = []
    while True:
        before = place(walked[0] if walked else last, sort, walk, backwards=True)
        found, _walk = await reader.listed("acme", "price", filter_, sort, after=before, limit=size)
        walked = [*found[::-1], *walked]
        if len(found) < size:
            return walked


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_asked_each_order_is_that_of_every_single_log(
    seed: int, writer: Database, reader: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, numbers = random.Random(300 + seed), itertools.count()
    logs_of = LogReader(reader, lambda *_: [])
    for _round in range(5):
        await change_something(writer, owner, draw, numbers)
        every = await logs_of.page("acme", "price", LogFilter(), after=None, limit=10_000)
        beside = await known(owner)
        for _ in range(30):
            # Every way of reading a page, whatever the numbers are.
            monkeypatch.setattr(log_page, "MAX_RUNS", draw.choice((0, 500)))
            monkeypatch.setattr(log_page, "MAX_PICKED", draw.choice((0, 3, 5000)))
            monkeypatch.setattr(log_page, "MAX_FOUND", draw.choice((0, 3, 5000)))
            monkeypatch.setattr(log_page, "MAX_SCANNED", draw.choice((1, 10, 5000)))
            most = draw.choice((3, 20, 10_000))
            monkeypatch.setattr(by_column, "MAX_SORTED", most)
            filter_, sort, size = some_filter(draw, every), draw.choice(SORTS), draw.choice((1, 7, 100))
            expected = in_order([log for log in every if matches(filter_, log, beside[log.id])], sort)
            # Exact at any size by date, and of as many logs as are sorted; a search may find too many by itself.
            may_refuse = sort not in ("newest", "oldest") and (len(expected) > most or filter_.q is not None)
            must_answer = sort in ("newest", "oldest") or len(expected) <= most
            try:
                walked, walk = await forward(logs_of, filter_, sort, size)
            except TooManyToSort as exc:
                if may_refuse and (len(expected) > most or not exc.is_known):
                    continue
                raise
            assert must_answer, (filter_, sort, most)
            assert walked == expected, (filter_, sort)
            if walked:
                last = draw.randrange(len(walked))
                came = await back(logs_of, filter_, sort, walked[last], walk, size)
                assert came == expected[:last], (filter_, sort)


def logs_of(database: Database) -> LogReader:
    return LogReader(database, lambda *_: [])


async def test_keys_of_any_characters_are_in_the_order_of_their_code_points(desk: Desk) -> None:
    """One order by values that differ is the other one backwards; equal values are newest first in both."""
    keys = ["B", "a", "b", "Á", "10", "9", "商品", "😀", "a/b", "a b", "-", "z"]
    await desk.store(*(result(f"k{n}", key=key, processed_at=at(n)) for n, key in enumerate(keys)))
    logs = logs_of(desk.reader)
    up, _ = await logs.listed("acme", "price", LogFilter(), "key", after=None, limit=50)
    down, _ = await logs.listed("acme", "price", LogFilter(), "-key", after=None, limit=50)
    assert [each.key for each in up] == sorted(keys)
    assert down == up[::-1]
    equal: tuple[LogSort, ...] = (
        "status",
        "-status",
        "affiliate",
        "-affiliate",
        "attempts",
        "-attempts",
        "code",
        "-code",
    )
    for sort in equal:
        same, _ = await logs.listed("acme", "price", LogFilter(), sort, after=None, limit=50)
        assert [each.key for each in same] == keys[::-1], sort


@pytest.mark.parametrize(("sort", "expected"), [("code", "ACDB"), ("-code", "CADB")])
async def test_logs_without_a_code_come_last_either_way(desk: Desk, sort: LogSort, expected: str) -> None:
    done: dict[str, Any] = {"status": "success", "errors": None, "message": None}
    await desk.store(
        result("a", key="A", errors=[{"code": "x"}], processed_at=at(1)),
        result("b", key="B", processed_at=at(2), **done),
        result("c", key="C", errors=[{"code": "y"}], processed_at=at(3)),
        result("d", key="D", processed_at=at(4), **done),
    )
    logs = logs_of(desk.reader)
    for size in range(1, 5):
        walked, walk = await forward(logs, LogFilter(), sort, size)
        assert "".join(each.key for each in walked) == expected, size
        before = await back(logs, LogFilter(), sort, walked[-1], walk, size)
        assert [*before, walked[-1]] == walked, size


async def test_a_walk_goes_on_while_a_command_changes_the_states_of_its_logs(desk: Desk) -> None:
    """A log that is being reprocessed is on its page all the same: nothing but a newer result moves it."""
    await desk.store(*(result(f"e{n}", key=f"K{n}", processed_at=at(n)) for n in range(6)))
    logs = logs_of(desk.reader)
    for sort in ("oldest", "key", "-status"):
        found, walk = await logs.listed("acme", "price", LogFilter(), sort, after=None, limit=2)
        await desk.by_filter(f"command-{sort}")
        assert len(await desk.send()) == (6 if sort == "oldest" else 0)
        after = place(found[-1], sort, walk)
        rest, _ = await logs.listed("acme", "price", LogFilter(), sort, after=after, limit=10)
        assert len({each.id for each in [*found, *rest]}) == 6, sort
        assert {each.reprocess.state for each in rest if each.reprocess} == {"sent"}


@pytest.mark.parametrize("sort", SORTS)
async def test_what_a_newer_result_can_not_move_behind_is_on_its_page_with_it(sort: LogSort, desk: Desk) -> None:
    await desk.store(*(result(f"e{n}", key=f"K{n}", processed_at=at(n)) for n in range(9)))
    logs = logs_of(desk.reader)
    first, walk = await logs.listed("acme", "price", LogFilter(), sort, after=None, limit=3)
    whole, _ = await logs.listed("acme", "price", LogFilter(), sort, after=None, limit=9)
    await desk.store(result("newer", key=whole[-1].key, processed_at=at(60)))
    after = place(first[-1], sort, walk)
    rest, _ = await logs.listed("acme", "price", LogFilter(), sort, after=after, limit=9)
    found = {each.key: each.attempts for each in rest}
    if sort in ("key", "-key", "first_seen_at"):
        assert found[whole[-1].key] == 2
    else:  # moved to the front, or left out
        assert whole[-1].key not in found
    assert (walk is not None) is (sort in MOVING)


#: Orders in which a result that comes late may move a row behind the pages that were read.
NOT_PROMISED = {"attempts", "-first_seen_at"}


def some_event(draw: random.Random, name: str, number: int, when: float) -> Event:
    status = draw.choice(("success", "warning", "error"))
    return result(
        name,
        key=f"K{number:02}",
        affiliate=("MLB", "AMZ", "VTEX")[number % 3],
        processed_at=at(when),
        status=status,
        errors=None if status == "success" else [{"code": draw.choice("abc")}],
    )


@pytest.mark.law
@pytest.mark.parametrize("sort", SORTS)
async def test_walking_while_rows_change_never_repeats_a_row_and_meets_all_that_stay(sort: LogSort, desk: Desk) -> None:
    """Old rows get newer results, late ones and copies, with other statuses and codes; new rows come in."""
    draw, serial = random.Random(sort), itertools.count()
    logs = logs_of(desk.reader)
    for filter_ in (LogFilter(), LogFilter(affiliate=("MLB", "AMZ")), LogFilter(exclude_affiliate=("MLB",))):
        await desk.store(*(some_event(draw, f"e{next(serial)}", n, n % 5) for n in range(60)))
        before = await logs.page("acme", "price", filter_, after=None, limit=1000)
        found, walk = await logs.listed("acme", "price", filter_, sort, after=None, limit=4)
        seen = list(found)
        while found:
            for _ in range(3):
                when = draw.choice([-3.0, 2.0, 10.0 + next(serial)])
                await desk.store(some_event(draw, f"n{next(serial)}", draw.randrange(70), when))
            after = place(seen[-1], sort, walk)
            found, _ = await logs.listed("acme", "price", filter_, sort, after=after, limit=draw.randint(1, 7))
            seen += found
        ids = [each.id for each in seen]
        assert sort in NOT_PROMISED or len(ids) == len(set(ids))
        now = {each.id: each for each in await logs.page("acme", "price", filter_, after=None, limit=1000)}
        stayed = {each.id for each in before if now[each.id].attempts == each.attempts}
        assert stayed
        assert stayed <= set(ids)
