"""Figures of every account at one moment, from counters: no attempt and no log is read."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from schemas.rhythm import WEEKS, Rhythm, high
from schemas.signal import (
    ESCALATES_RESULTS,
    NEW_FAULT_RESULTS,
    NEW_FOR,
    STOPPED_FOR,
    Figures,
    Letters,
    NewFault,
    OpenBreaker,
    RisingFault,
    Stopped,
)
from storage.database import Connection, clock
from storage.incidents.rhythms import PairName, read_pairs
from storage.incidents.times import DataTimes
from storage.statements import SQL

#: Dead letters of an account in the last hour that are counted: beyond that there is no doubt.
MAX_LETTERS = 10_000
#: New faults of an account that are looked at, the largest; as many that rise; those of open incidents besides. To find
#: the affiliate of each takes a look at facets.
MAX_FAULTS = 200
#: Hours of two weeks, in which dead letters are usual.
_LETTER_HOURS = 14 * 24
_FAULT_WEEKS = WEEKS // 2


async def usual_letters(connection: Connection) -> dict[str, float]:
    """Return, by account, the dead letters that 19 of 20 hours of the last two weeks have at most."""
    rows = await SQL["letters_by_hour"].fetch(connection)
    return {row["account"]: high(row["letters"], _LETTER_HOURS) for row in rows}


async def read_figures(
    connection: Connection,
    times: DataTimes,
    rhythms: Mapping[PairName, Rhythm],
    letters: Mapping[str, float],
    topics: Mapping[str, str],
) -> dict[str, Figures]:
    """Return the figures of each account that has any.

    `letters` are the usual ones, `topics` the type of each topic of results. Costs some milliseconds for 25 types and
    affiliates, whatever they have received.
    """
    now = await clock(connection)
    found: dict[str, dict[str, list[Any]]] = {}

    def add(account: str, kind: str, figure: Any) -> None:
        found.setdefault(account, {}).setdefault(kind, []).append(figure)

    for account, pairs in (await read_pairs(connection, rhythms)).items():
        found[account] = {"pairs": list(pairs)}
    for row in await SQL["new_faults"].fetch(
        connection,
        since=now - NEW_FOR - timedelta(hours=3),  # data may be late
        some=NEW_FAULT_RESULTS,
        limit=MAX_FAULTS,
        new_for=NEW_FOR,
    ):
        if row["affiliate"] is not None:
            add(row["account"], "new_faults", NewFault(**_without(row, "account")))
    hour, type_hours = _hour(now), [_hour(at) for at in times.as_of.values()]
    for row in await SQL["rising_faults"].fetch(
        connection,
        types=list(times.as_of),
        type_hours=type_hours,
        hour=hour,
        hours=sorted({each - timedelta(hours=back) for each in (hour, *type_hours) for back in (0, 1)}),
        history=now - timedelta(weeks=_FAULT_WEEKS),
        known=now - NEW_FOR,
        some=ESCALATES_RESULTS // 2,
        limit=MAX_FAULTS,
    ):
        if row["affiliate"] is not None:
            hours = dict(zip(row["hours"], row["results"], strict=True))
            add(row["account"], "rising", RisingFault(**_without(row, "account", "hours", "results"), hours=hours))
    for row in await SQL["open_breakers"].fetch(connection):
        breaker = OpenBreaker(row["integration_type"], row["affiliate"], row["changed_at"], row["openings"])
        add(row["account"], "breakers", breaker)
    for row in await SQL["recent_letters"].fetch(connection, since=now - timedelta(hours=1), limit=MAX_LETTERS):
        letter = Letters(topics.get(row["topic"]), row["affiliate"], row["code"], row["letters"])
        add(row["account"], "letters", letter)
    for row in await SQL["stopped_commands"].fetch(connection, since=now - STOPPED_FOR):
        stop = Stopped(row["integration_type"], row["affiliate"], row["id"], row["finished_at"])
        add(row["account"], "stopped", stop)
    return {
        account: Figures(now, times.as_of, times.whole_since, **of_account, usual_letters=letters.get(account, 0.0))
        for account, of_account in found.items()
    }


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _without(row: Any, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
