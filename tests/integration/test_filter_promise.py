"""The next field of the filter: every reader applies it, or refuses to.

The test gives a made-up field to every reader, in each of its ways to read.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from pydantic import create_model

from schemas.filter import LogFilter
from schemas.log_sort import BY_COLUMN
from storage import filters
from storage.constants import Phase
from storage.exports.reader import CsvView, Snapshot, snapshot
from storage.filters import Field, UnappliedFieldError
from storage.logs import page as log_page
from storage.logs.by_column import read_sorted
from storage.logs.groups import list_groups
from storage.logs.page import read_page
from storage.logs.summary import summarize
from storage.reprocess.selection import Selection, count_joined_since, count_logs, next_logs, survey, survey_faults
from tests.support.events import at, result
from tests.support.reprocess import Desk

ACCOUNT, TYPE = "acme", "price"
#: `event` is no field of ours: the beginning of the id of the event that a log shows.
Next: Any = create_model("Next", __base__=LogFilter, event=(str | None, None))
#: Each reader's ways: by the kept counts, by what a search finds few or many of, by facets or along the list.
WAYS: dict[str, dict[str, Any]] = {
    "alone": {},
    "facets": {"status": ("error",)},
    "time": {"processed_from": datetime(2026, 1, 1, tzinfo=UTC)},
    "search": {"q": "SKU"},
    "words": {"q": "below the minimum", "status": ("error",)},
}


class Asked(NamedTuple):
    """Arguments of a reader."""

    desk: Desk
    filter_: LogFilter
    as_of: datetime


async def _list(asked: Asked) -> int:
    async with asked.desk.reader.reading(ACCOUNT) as connection:
        return len(await read_page(connection, ACCOUNT, TYPE, asked.filter_, after=None, limit=50))


async def _list_from_the_oldest(asked: Asked) -> int:
    async with asked.desk.reader.reading(ACCOUNT) as connection:
        own = (connection, ACCOUNT, TYPE, asked.filter_)
        return len(await read_page(*own, after=None, limit=50, direction="oldest"))


async def _list_by_a_column(asked: Asked) -> int:
    async with asked.desk.reader.reading(ACCOUNT) as connection:
        own = (connection, ACCOUNT, TYPE, asked.filter_)
        return len(await read_sorted(*own, BY_COLUMN["key"], after=None, limit=50))


async def _summary(asked: Asked) -> int:
    return (await summarize(asked.desk.reader, ACCOUNT, TYPE, asked.filter_)).total


async def _summary_of_a_zone(asked: Asked) -> int:
    return (await summarize(asked.desk.reader, ACCOUNT, TYPE, asked.filter_, ZoneInfo("Asia/Kolkata"))).total


async def _groups(asked: Asked) -> int:
    now = datetime.now(UTC)
    found = await list_groups(asked.desk.reader, ACCOUNT, TYPE, asked.filter_, now=now, after=None, limit=50)
    return sum(group.logs for group in found)


async def _export_count(taken: Snapshot) -> int:
    return (await taken.count())[0]


async def _export_counts(taken: Snapshot) -> int:
    return sum(count.total for count in await taken.counts(50) if count.kind == "status")


async def _export_days(taken: Snapshot) -> int:
    return sum((await taken.days("UTC", datetime(2020, 1, 1, tzinfo=UTC).date())).values())


async def _export_rows(taken: Snapshot) -> int:
    return sum([len(chunk) async for chunk in taken.rows()])


async def _nowhere(_written: bytes) -> None:
    """Takes what is written."""


async def _export_csv(taken: Snapshot) -> int:
    return await taken.copy_csv(CsvView(",", "UTC", "/", {}, {}), _nowhere)


async def _export_jsonl(taken: Snapshot) -> int:
    return await taken.copy_jsonl("/", _nowhere)


def _exported(read: Callable[[Snapshot], Awaitable[int]]) -> Callable[[Asked], Awaitable[int]]:
    async def exported(asked: Asked) -> int:
        async with snapshot(asked.desk.reader, ACCOUNT, TYPE, asked.filter_, seconds=10) as taken:
            return await read(taken)

    return exported


async def _plan(asked: Asked) -> int:
    async with asked.desk.reader.snapshot(ACCOUNT) as connection:
        groups = await survey(connection, ACCOUNT, TYPE, asked.filter_, asked.as_of)
    return sum(group.logs for group in groups)


async def _plan_by_group(asked: Asked) -> int:
    async with asked.desk.reader.snapshot(ACCOUNT) as connection:
        found = await survey_faults(connection, ACCOUNT, TYPE, asked.filter_, asked.as_of, largest=1, named=[])
    return count_logs(found.facts)


class _Selection(Selection):
    """A selection with a filter that no command can ask for yet."""

    wanted: LogFilter

    @property
    def filter(self) -> LogFilter:
        return self.wanted


def _selection(asked: Asked, phase: Phase) -> Selection:
    one = _Selection(
        account=ACCOUNT,
        command_id="c",
        phase=phase,
        after=None,
        next_position=0,
        integration_type=TYPE,
        state="running",
        mode="refresh",
        as_of=asked.as_of,
        when_back=False,
        stepped=False,
        reason=None,
        asked="{}",
    )
    one.wanted = asked.filter_
    return one


async def _unchanged(asked: Asked) -> int:
    async with asked.desk.writer.transaction() as connection:
        return len(await next_logs(connection, _selection(asked, "unchanged"), 50))


async def _changed(asked: Asked) -> int:
    async with asked.desk.writer.transaction() as connection:
        return len(await next_logs(connection, _selection(asked, "changed"), 50))


async def _joined(asked: Asked) -> int:
    async with asked.desk.writer.transaction() as connection:
        return await count_joined_since(connection, _selection(asked, "joining"))


class Reader(NamedTuple):
    """A reader, with the number of logs that it reads and of those with the made-up field's value; None: it refuses."""

    read: Callable[[Asked], Awaitable[int]]
    all: int
    of_event: int | None


READERS = {
    "list": Reader(_list, 3, 1),
    "list from the oldest": Reader(_list_from_the_oldest, 3, 1),
    "list by a column": Reader(_list_by_a_column, 3, 1),
    "summary": Reader(_summary, 3, None),
    "summary of a zone": Reader(_summary_of_a_zone, 3, None),
    "groups": Reader(_groups, 3, None),
    "export's count": Reader(_exported(_export_count), 3, 1),
    "export's counts": Reader(_exported(_export_counts), 3, 1),
    "export's days": Reader(_exported(_export_days), 3, 1),
    "export's rows": Reader(_exported(_export_rows), 3, 1),
    "CSV": Reader(_exported(_export_csv), 3, 1),
    "JSON Lines": Reader(_exported(_export_jsonl), 3, 1),
    "plan": Reader(_plan, 3, 2),
    "plan by group": Reader(_plan_by_group, 3, 2),
    "selection, unchanged": Reader(_unchanged, 2, 1),
    "selection, changed": Reader(_changed, 1, 1),
    "joined since": Reader(_joined, 1, 0),
}


@pytest.fixture
async def as_of(desk: Desk, owner: asyncpg.Connection) -> datetime:
    """A time at which logs a and b showed an event `erp-…`; a shows another one now, as c always did."""
    events = [("erp-a", "SKU-a"), ("erp-b", "SKU-b"), ("web-c", "SKU-c")]
    await desk.store(*(result(event, key=key) for event, key in events))
    moment: datetime = await owner.fetchval("SELECT clock_timestamp()")
    await desk.store(result("web-a", key="SKU-a", processed_at=at(9)))
    return moment


@pytest.fixture(params=[0, 500], ids=["few picked", "many picked"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches that are picked out, and that are gone through."""
    monkeypatch.setattr(log_page, "MAX_RUNS", request.param)
    monkeypatch.setattr(log_page, "MAX_PICKED", request.param)
    monkeypatch.setattr(log_page, "MAX_FOUND", request.param)


@pytest.mark.usefixtures("ways")
@pytest.mark.parametrize("way", WAYS)
async def test_a_field_that_nobody_knows_is_refused_by_every_reader(desk: Desk, as_of: datetime, way: str) -> None:
    for name, reader in READERS.items():
        asked = Asked(desk, Next.model_validate(WAYS[way]), as_of)
        assert await reader.read(asked) == reader.all, name
        with pytest.raises(UnappliedFieldError, match="event"):
            pytest.fail(f"{name} read {await reader.read(asked._replace(filter_=_with_event(way)))} logs")


@pytest.mark.usefixtures("ways")
@pytest.mark.parametrize("way", WAYS)
async def test_a_field_that_is_only_known_is_applied_to_logs_and_refused_where_they_are_counted(
    desk: Desk, as_of: datetime, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facets have no such column: until somebody says how it is counted, nothing is."""
    monkeypatch.setitem(filters.MEANINGS, "event", Field("starts_with(s.event_id, :filter_event::text)"))
    for name, reader in READERS.items():
        asked = Asked(desk, _with_event(way), as_of)
        if reader.of_event is not None:
            assert await reader.read(asked) == reader.of_event, name
            continue
        with pytest.raises(UnappliedFieldError, match="event"):
            pytest.fail(f"{name} read {await reader.read(asked)} logs")


def _with_event(way: str) -> LogFilter:
    found: LogFilter = Next.model_validate({**WAYS[way], "event": "erp-"})
    return found
