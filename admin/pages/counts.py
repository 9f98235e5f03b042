"""Exact counts beside a list. A page never waits long for them.

Counting the results of a search among a million rows takes longer than showing fifty. So a page takes counts that are
ready within BUDGET_SECONDS; it asks for slower ones in a request of their own, whose counts replace the placeholder.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar, cast
from zoneinfo import ZoneInfo

from schemas.filter import LogFilter
from schemas.reasons.error import ReasonError
from schemas.series import ResultSeries, series_of
from schemas.summary import LogSummary
from storage.database import Database
from storage.logs.summary import summarize
from storage.series import read_series

BUDGET_SECONDS = 0.15
#: Time for which counts wait for the request that asks for them.
KEPT_SECONDS = 5.0
T = TypeVar("T")


class Counts(NamedTuple):
    """Counts of one view."""

    summary: LogSummary  # of the filter
    by_status: Mapping[str, int]  # of the filter without its status
    by_affiliate: Mapping[str, int]  # of the filter without its affiliate
    series: ResultSeries | None  # None where results are not counted by what the filter chooses by


async def count_view(
    database: Database, account: str, integration_type: str, filter_: LogFilter, zone: ZoneInfo, now: datetime
) -> Counts:
    """Count a view, with the days of `zone`.

    Counts beside the choices of a field leave that field out, or all other choices would count nothing.
    """
    wanted = [filter_]
    wanted += [filter_.model_copy(update={"status": ()})] if filter_.status else []
    wanted += [filter_.model_copy(update={"affiliate": ()})] if filter_.affiliate else []
    series, found = await asyncio.gather(
        results_over_time(database, account, integration_type, filter_, zone, now),
        asyncio.gather(*(summarize(database, account, integration_type, each, zone) for each in wanted)),
    )
    return Counts(
        summary=found[0],
        by_status=found[1 if filter_.status else 0].by_status,
        by_affiliate=found[-1 if filter_.affiliate else 0].by_affiliate,
        series=series,
    )


async def results_over_time(
    database: Database, account: str, integration_type: str, filter_: LogFilter, zone: ZoneInfo, now: datetime
) -> ResultSeries | None:
    """Count the results of the logs that a filter selects, over its time; None where they are not counted by it."""
    query = series_of(filter_, zone.key)
    if query is None:
        return None
    try:
        return await read_series(database, account, integration_type, query, now)
    except ReasonError:  # a longer time than it shows
        return None


class Underway:
    """Counts that go on after a page stopped waiting, for the request that asks for them next."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    async def within_budget(
        self, key: Hashable, count: Callable[[], Coroutine[Any, Any, T]], *, wait: bool
    ) -> T | None:
        """Return the result of `count`, or None when it takes longer than the budget and `wait` is false.

        `key` identifies the count, account included: requests with the same key share one count while it runs.
        """
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(count())
            task.add_done_callback(lambda done: self._end(key, done))
        done, _ = await asyncio.wait({task}, timeout=None if wait else BUDGET_SECONDS)
        if not done:
            return None
        self._forget(key, task)
        return cast("T", task.result())

    def _end(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not warn of an error that nobody awaits any more
        asyncio.get_running_loop().call_later(KEPT_SECONDS, self._forget, key, task)

    def _forget(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
