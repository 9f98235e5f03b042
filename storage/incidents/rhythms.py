"""Rhythms: learned from the results that were received by hour and by step, and read by whoever judges."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from schemas.rhythm import Count, Rhythm, learn
from schemas.signal import Pair
from schemas.source_day import SourceDay, within_hours
from schemas.uneven import Uneven
from storage.database import Connection
from storage.statements import SQL, text_array

#: Rhythms whose days are in memory at once.
LEARNED_AT_ONCE: Final = 100


class PairName(NamedTuple):
    """One type of one affiliate of an account."""

    account: str
    integration_type: str
    affiliate: str


async def last_learned(connection: Connection) -> datetime | None:
    """Return when rhythms were learned last; None: never."""
    at: datetime | None = await SQL["last_learned"].fetchval(connection)
    return at


async def learn_rhythms(connection: Connection) -> int:
    """Learn every rhythm anew, of all accounts. Returns their number.

    Reads 1,344 rows of counts for each type and affiliate, and 58 days of each of their sources, however many results
    there were.
    """
    found: dict[PairName, Rhythm] = {}
    rows = await SQL["hours_to_learn"].fetch(connection)
    for first in range(0, len(rows), LEARNED_AT_ONCE):
        found |= await _learn(connection, rows[first : first + LEARNED_AT_ONCE])
    if found:
        await SQL["set_rhythms"].execute(
            connection,
            list(found),
            weeks=[each.weeks for each in found.values()],
            pace=[text_array(map(str, each.pace)) for each in found.values()],
            shares=[text_array(map(str, each.shares)) for each in found.values()],
            rough=[each.rough for each in found.values()],
            uneven=[json_of(each.uneven) for each in found.values()],
        )
    return len(found)


async def _learn(connection: Connection, rows: Sequence[Any]) -> dict[PairName, Rhythm]:
    days: dict[int, list[SourceDay]] = defaultdict(list)
    last = [row["last_at"] for row in rows]
    for each in await SQL["days_of_pair"].fetch(connection, [_name(row) for row in rows], last_at=last):
        days[each["place"]].append(SourceDay(each["day"], each["steps"]))
    found = {}
    for place, row in enumerate(rows, 1):
        hours = zip(row["hours"] or (), row["results"] or (), row["failures"] or (), strict=True)
        steps = zip(row["steps"] or (), row["step_results"] or (), strict=True)
        rhythm = learn(
            row["first_at"],
            row["last_at"],
            {hour: Count(results, failures) for hour, results, failures in hours},
            {step: Count(results, 0) for step, results in steps},
            within_hours(days[place]),
        )
        await asyncio.sleep(0)  # a rhythm takes some milliseconds: other work has its turn between two
        if rhythm is not None:
            found[_name(row)] = rhythm
    return found


async def read_rhythms(connection: Connection, account: str | None = None) -> dict[PairName, Rhythm]:
    """Return the rhythms of an account; of all accounts when it is None."""
    return {
        _name(row): Rhythm(
            weeks=row["weeks"],
            pace=tuple(row["pace"]),
            shares=tuple(row["shares"]),
            rough=row["rough"],
            uneven=uneven_of(row["uneven"]),
        )
        for row in await SQL["read_rhythms"].fetch(connection, account=account)
    }


async def read_pairs(
    connection: Connection, rhythms: Mapping[PairName, Rhythm], account: str | None = None
) -> dict[str, list[Pair]]:
    """Return the types and affiliates by account, with the times of their last results; of all when it is None."""
    found: dict[str, list[Pair]] = {}
    for row in await SQL["read_received"].fetch(connection, account=account):
        pair = Pair(row["integration_type"], row["affiliate"], rhythms.get(_name(row)), row["last_at"], _steps(row))
        found.setdefault(row["account"], []).append(pair)
    return found


def json_of(uneven: Uneven) -> str:
    """Return hours that are not even as a row has them."""
    return json.dumps({str(slot): list(steps) for slot, steps in uneven.items()})


def uneven_of(text: str) -> Uneven:
    """Return the hours that are not even of a row."""
    return {int(slot): steps for slot, steps in json.loads(text).items()}


def _steps(row: Any) -> dict[datetime, Count]:
    columns: Sequence[Sequence[Any]] = [row[name] or () for name in ("steps", "results", "failures")]
    return {step: Count(results, failures) for step, results, failures in zip(*columns, strict=True)}


def _name(row: Any) -> PairName:
    return PairName(row["account"], row["integration_type"], row["affiliate"])
