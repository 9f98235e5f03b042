"""Exact counts beside a list, when they come quickly; a page never waits long for them.

Counting what a search finds among a million rows takes longer than showing fifty. So a page takes what is there within
BUDGET_SECONDS; what is not, it asks for in a request of its own, whose counts replace the placeholder.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Mapping
from datetime import tzinfo
from typing import Any, NamedTuple, TypeVar, cast

from schemas.filter import LogFilter
from schemas.summary import LogSummary
from storage.database import Database
from storage.logs.summary import summarize

BUDGET_SECONDS = 0.15
#: How long a result waits for the request that will ask for it.
KEPT_SECONDS = 5.0
T = TypeVar("T")


class Counts(NamedTuple):
    """Counts of one view."""

    summary: LogSummary  # of what the filter matches
    by_status: Mapping[str, int]  # of what it would match with any status
    by_affiliate: Mapping[str, int]  # of what it would match with any affiliate


async def count_view(
    database: Database, account: str, integration_type: str, filter_: LogFilter, zone: tzinfo
) -> Counts:
    """Counts of a view, with the days of `zone`.

    Those beside a choice leave that choice out, or all others would count nothing.
    """
    wanted = [filter_]
    wanted += [filter_.model_copy(update={"status": ()})] if filter_.status else []
    wanted += [filter_.model_copy(update={"affiliate": ()})] if filter_.affiliate else []
    found = await asyncio.gather(*(summarize(database, account, integration_type, each, zone) for each in wanted))
    return Counts(
        summary=found[0],
        by_status=found[1 if filter_.status else 0].by_status,
        by_affiliate=found[-1 if filter_.affiliate else 0].by_affiliate,
    )


class Underway:
    """Counting that goes on after a page stopped waiting, for the request that asks for it next."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    async def within_budget(
        self, key: Hashable, count: Callable[[], Coroutine[Any, Any, T]], *, wait: bool
    ) -> T | None:
        """What `count` gives, or None when it takes longer than the budget and `wait` is false.

        `key` tells it from every other, account included: who comes with the same while it is underway gets the same.
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
            task.exception()  # read, so that one that nobody asks for any more is no warning
        asyncio.get_running_loop().call_later(KEPT_SECONDS, self._forget, key, task)

    def _forget(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
