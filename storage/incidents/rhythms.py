"""Rhythms: learned from the results that were received by hour, and read by whoever judges."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.rhythm import Count, Rhythm, learn
from schemas.signal import Pair
from storage.database import Connection
from storage.statements import SQL, text_array


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

    Reads 1,344 rows of counts for each type and affiliate, however many results there were: 25 of them take 50 ms.
    """
    found = {}
    for row in await SQL["hours_to_learn"].fetch(connection):
        hours = zip(row["hours"] or (), row["results"] or (), row["failures"] or (), strict=True)
        steps = zip(row["steps"] or (), row["step_results"] or (), strict=True)
        rhythm = learn(
            row["first_at"],
            row["last_at"],
            {hour: Count(results, failures) for hour, results, failures in hours},
            {step: Count(results, 0) for step, results in steps},
        )
        await asyncio.sleep(0)  # a rhythm takes some milliseconds: other work has its turn between two
        if rhythm is not None:
            found[PairName(row["account"], row["integration_type"], row["affiliate"])] = rhythm
    if found:
        await SQL["set_rhythms"].execute(
            connection,
            list(found),
            weeks=[each.weeks for each in found.values()],
            pace=[text_array(map(str, each.pace)) for each in found.values()],
            shares=[text_array(map(str, each.shares)) for each in found.values()],
            rough=[each.rough for each in found.values()],
        )
    return len(found)


async def read_rhythms(connection: Connection, account: str | None = None) -> dict[PairName, Rhythm]:
    """Return the rhythms of an account; of all accounts when it is None."""
    return {
        _name(row): Rhythm(weeks=row["weeks"], pace=tuple(row["pace"]), shares=tuple(row["shares"]), rough=row["rough"])
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


def _steps(row: Any) -> dict[datetime, Count]:
    columns: Sequence[Sequence[Any]] = [row[name] or () for name in ("steps", "results", "failures")]
    return {step: Count(results, failures) for step, results, failures in zip(*columns, strict=True)}


def _name(row: Any) -> PairName:
    return PairName(row["account"], row["integration_type"], row["affiliate"])
