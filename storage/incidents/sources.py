"""Sources of results: counted by agents beside ingest, and their rhythms where a type of an affiliate has several."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from schemas.rhythm import Rhythm
from schemas.signal import LONGEST_SILENCE, Pair
from schemas.source_day import Place, SourceDay, recent
from schemas.source_freshness import SourcePair, learn_source
from schemas.uneven import WEEK_HOURS
from storage.database import Connection, Database, clock
from storage.incidents.rhythms import LEARNED_AT_ONCE, json_of, uneven_of
from storage.statements import SQL, text_array

#: Sources of a type of an affiliate that are told apart: more are no connectors, but names made up for each run.
MAX_SOURCES: Final = 20


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


async def learn_sources(database: Database) -> int:
    """Learn the rhythm of each of several sources anew, of all accounts. Returns their number.

    In pieces of LEARNED_AT_ONCE, each in a transaction of its own: those that were learned stay.
    """
    async with database.transaction() as connection:
        rows = await SQL["sources_to_learn"].fetch(
            connection, since=await _since(connection), account=None, most=MAX_SOURCES
        )
    for first in range(0, len(rows), LEARNED_AT_ONCE):
        async with database.transaction() as connection:
            await _learn(connection, rows[first : first + LEARNED_AT_ONCE])
    return len(rows)


async def _learn(connection: Connection, rows: Sequence[Any]) -> None:
    found = {}
    for row in rows:
        name = _name(row)
        days = await SQL["days_of_source"].fetch(connection, **name._asdict(), last_at=row["last_at"])
        rhythm = learn_source([SourceDay(each["day"], each["steps"]) for each in days], row["first_at"], row["last_at"])
        await asyncio.sleep(0)  # a rhythm takes some milliseconds: other work has its turn between two
        if rhythm is not None:
            found[name] = rhythm
    if found:
        await SQL["set_source_rhythms"].execute(
            connection,
            list(found),
            weeks=[each.weeks for each in found.values()],
            pace=[text_array(map(str, each.pace)) for each in found.values()],
            uneven=[json_of(each.uneven) for each in found.values()],
        )


async def read_sources(connection: Connection, account: str) -> list[SourcePair]:
    """Return the sources of types of affiliates that have had several since LONGEST_SILENCE.

    Those that were left for good, or that are too many to be told apart, are not among them.
    """
    nothing = (0.0,) * WEEK_HOURS  # no share of failures is known
    rhythms = {
        _name(row): Rhythm(
            weeks=row["weeks"],
            pace=tuple(row["pace"]),
            shares=nothing,
            rough=0.0,
            uneven=uneven_of(row["uneven"]),
        )
        for row in await SQL["read_source_rhythms"].fetch(connection, account=account)
    }
    found = []
    for row in await SQL["read_sources"].fetch(
        connection, since=await _since(connection), account=account, most=MAX_SOURCES
    ):
        steps = recent(row["last_at"], row["recent"])
        pair = Pair(row["integration_type"], row["affiliate"], rhythms.get(_name(row)), row["last_at"], steps)
        found.append(SourcePair(row["source"], pair))
    return found


async def _since(connection: Connection) -> datetime:
    return await clock(connection) - LONGEST_SILENCE


def _name(row: Any) -> SourceName:
    return SourceName(row["account"], row["integration_type"], row["affiliate"], row["source"])
