"""Sources of results: counted by agents beside ingest, and their rhythms where a type of an affiliate has several."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from schemas.rhythm import WEEK_HOURS, Count, Rhythm, learn
from schemas.signal import LONGEST_SILENCE, Pair, SourcePair
from schemas.source_day import Place, SourceDay, recent
from storage.database import Connection, clock
from storage.statements import SQL, text_array


class SourceName(NamedTuple):
    """One source of one type of one affiliate of an account."""

    account: str
    integration_type: str
    affiliate: str
    source: str


class SourceCount(NamedTuple):
    """Results of one source that were received in one step."""

    account: str
    integration_type: str
    affiliate: str
    source: str  # '': of sources that are too many to be told apart
    results: int
    first_at: datetime
    last_at: datetime


async def count_sources(connection: Connection, step: Place, counts: Sequence[SourceCount]) -> None:
    """Add what came in one step, of no source twice. Not safe to repeat: what is added again counts again."""
    await SQL["count_sources"].execute(connection, counts, day=step.day, place=step.place)


async def learn_sources(connection: Connection) -> int:
    """Learn the rhythm of each of several sources anew, of all accounts. Returns their number."""
    found = {}
    since = await _since(connection)
    for row in await SQL["sources_to_learn"].fetch(connection, since=since, account=None):
        name = _name(row)
        rows = await SQL["days_of_source"].fetch(connection, **name._asdict(), last_at=row["last_at"])
        rhythm = _learned([SourceDay(each["day"], each["steps"]) for each in rows], row["first_at"], row["last_at"])
        await asyncio.sleep(0)  # a rhythm takes some milliseconds: other work has its turn between two
        if rhythm is not None:
            found[name] = rhythm
    if found:
        await SQL["set_source_rhythms"].execute(
            connection,
            list(found),
            weeks=[each.weeks for each in found.values()],
            pace=[text_array(map(str, each.pace)) for each in found.values()],
        )
    return len(found)


def _learned(days: Sequence[SourceDay], first: datetime, last: datetime) -> Rhythm | None:
    hours: dict[datetime, Count] = {}
    steps: dict[datetime, Count] = {}
    for each in days:
        hours |= each.by_hour()
        steps |= each.since(last - timedelta(hours=24))
    return learn(first, last, hours, steps)


async def read_source_rhythms(connection: Connection, account: str | None = None) -> dict[SourceName, Rhythm]:
    """Return the rhythms of sources of an account; of all accounts when it is None. They know no share of failures."""
    nothing = (0.0,) * WEEK_HOURS
    return {
        _name(row): Rhythm(weeks=row["weeks"], pace=tuple(row["pace"]), shares=nothing, rough=0.0)
        for row in await SQL["read_source_rhythms"].fetch(connection, account=account)
    }


async def read_sources(
    connection: Connection, rhythms: Mapping[SourceName, Rhythm], account: str | None = None
) -> dict[str, list[SourcePair]]:
    """Return the sources of types of affiliates that have had several since LONGEST_SILENCE, by account; of all when it
    is None. Those that were left for good, or that are too many to be told apart, are not among them.
    """
    found: dict[str, list[SourcePair]] = {}
    for row in await SQL["read_sources"].fetch(connection, since=await _since(connection), account=account):
        steps = recent(row["last_at"], row["recent"])
        pair = Pair(row["integration_type"], row["affiliate"], rhythms.get(_name(row)), row["last_at"], steps)
        found.setdefault(row["account"], []).append(SourcePair(row["source"], row["first_at"], pair))
    return found


async def _since(connection: Connection) -> datetime:
    return await clock(connection) - LONGEST_SILENCE


def _name(row: Any) -> SourceName:
    return SourceName(row["account"], row["integration_type"], row["affiliate"], row["source"])
