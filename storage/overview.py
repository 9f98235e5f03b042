"""Reader of the overview: what came, what is usual, and what is wrong, of one account at one moment.

The number of its statements depends on the number of types alone. All of them read counters, rhythms and incidents;
none reads a log or an attempt.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from schemas.incident import Incident
from schemas.overview.matrix import Known, Pair
from schemas.overview.results import AccountResults
from schemas.series import SeriesQuery
from storage.database import Database
from storage.incidents.freshness import judged_pairs
from storage.incidents.incidents import worst_incidents
from storage.incidents.times import read_times
from storage.series import read_account_results

#: Incidents that are read. Whoever has more of them has other worries than their order.
MAX_INCIDENTS: Final = 100


class OverviewFigures(NamedTuple):
    """Figures of an account."""

    results: AccountResults  # of the span
    last_day: AccountResults  # of the last 24 hours, by the hour
    known: Mapping[Pair, Known]
    incidents: Sequence[Incident]  # those that aren't over, MAX_INCIDENTS at most
    as_of: datetime | None  # the time up to which all data is complete; None: agents have not said


async def read_overview(
    database: Database, account: str, types: Sequence[str], *, span: SeriesQuery, last_day: SeriesQuery, now: datetime
) -> OverviewFigures:
    """Read the figures of an account. Where both queries are one, it is counted once."""
    async with database.snapshot(account) as connection:
        times = await read_times(connection)
        pairs = await judged_pairs(connection, account, times)
        incidents = await worst_incidents(connection, account, MAX_INCIDENTS)
        results = await read_account_results(connection, account, types, span, now)
        same = last_day == span
        day = results if same else await read_account_results(connection, account, types, last_day, now)
    known = {
        (pair.integration_type, pair.affiliate): Known(pair.rhythm, found.state, pair.last) for pair, found in pairs
    }
    as_of = min((at for name, at in times.as_of.items() if name in types), default=None)
    return OverviewFigures(results, day, known, incidents, as_of)
