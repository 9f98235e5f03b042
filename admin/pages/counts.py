"""Exact counts beside a list, when they come quickly; a page never waits long for them.

Counting a million rows takes longer than showing fifty. So a page takes what is there within BUDGET_SECONDS; what
is not, it asks for in a request of its own, whose counts replace the placeholder.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol, TypeVar, cast

from schemas.filter import LogFilter
from storage.database import Database

BUDGET_SECONDS = 0.15
T = TypeVar("T")


class Summary(Protocol):
    """What LogReader.summary answers, as far as pages use it."""

    total: int
    by_status: Mapping[str, int]
    by_affiliate: Mapping[str, int]
    by_code: Mapping[str, int]
    histogram: Sequence[Any]


class Counts(NamedTuple):
    """Counts of one view."""

    summary: Summary  # of what the filter matches
    by_status: Mapping[str, int]  # of what it would match with any status
    by_affiliate: Mapping[str, int]  # of what it would match with any affiliate


def can_count() -> bool:
    """Whether this version has counts."""
    return find_spec("storage.summary_reader") is not None


async def summarize(database: Database, account: str, integration_type: str, filter_: LogFilter) -> Summary:
    """Exact counts of what the list with this filter shows."""
    read = import_module("storage.summary_reader").summarize
    return cast("Summary", await read(database, account, integration_type, filter_))


async def count(database: Database, account: str, integration_type: str, filter_: LogFilter) -> Counts:
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
