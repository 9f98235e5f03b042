"""Exact counts beside a list, when they come quickly; a page never waits long for them.

Counting what a search finds among a million rows takes longer than showing fifty. So a page takes what is there within
BUDGET_SECONDS; what is not, it asks for in a request of its own, whose counts replace the placeholder.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import NamedTuple, TypeVar

from schemas.filter import LogFilter
from schemas.summary import LogSummary
from storage.database import Database
from storage.summary_reader import summarize

BUDGET_SECONDS = 0.15
T = TypeVar("T")


class Counts(NamedTuple):
    """Counts of one view."""

    summary: LogSummary  # of what the filter matches
    by_status: Mapping[str, int]  # of what it would match with any status
    by_affiliate: Mapping[str, int]  # of what it would match with any affiliate


async def count_view(database: Database, account: str, integration_type: str, filter_: LogFilter) -> Counts:
    """Counts of a view. Those beside a choice leave that choice out, or all others would count nothing."""
    wanted = [filter_]
    wanted += [filter_.model_copy(update={"status": ()})] if filter_.status else []
    wanted += [filter_.model_copy(update={"affiliate": ()})] if filter_.affiliate else []
    found = await asyncio.gather(*(summarize(database, account, integration_type, each) for each in wanted))
    return Counts(
        summary=found[0],
        by_status=found[1 if filter_.status else 0].by_status,
        by_affiliate=found[-1 if filter_.affiliate else 0].by_affiliate,
    )


async def within_budget(work: Awaitable[T], *, wait: bool) -> T | None:
    """What `work` gives, or None when it takes longer than the budget and `wait` is false. It is stopped then."""
    try:
        return await asyncio.wait_for(work, None if wait else BUDGET_SECONDS)
    except TimeoutError:
        return None
