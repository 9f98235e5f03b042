"""Reader of freshness: last results against rhythms, and orders that are known by their tracking only."""

import uuid
from collections import defaultdict

from schemas.identity import log_id
from schemas.rhythm import Freshness
from schemas.search.fold import fold
from schemas.search.query import whole_gram
from schemas.shown.freshness import AccountFreshness, ShownFreshness, SourceFreshness, TrackedOrder, TrackingOnly
from schemas.signal import Figures, Pair, fresh
from schemas.source_freshness import fresh_source
from storage.database import Connection, Database, clock
from storage.incidents.rhythms import read_pairs, read_rhythms
from storage.incidents.sources import read_sources
from storage.incidents.times import DataTimes, read_times
from storage.statements import SQL

#: Logs of tracking whose orders are looked for.
LOOKED_AT = 200


async def read_freshness(database: Database, account: str) -> AccountFreshness:
    """Return how fresh an account is, by affiliate and type, of one moment.

    A result counts a second after it was stored, when agents have added it up.
    """
    async with database.snapshot(account) as connection:
        times = await read_times(connection)
        pairs = await judged_pairs(connection, account, times)
        sources = await _judged_sources(connection, account, times)
        tracking_only = await _tracking_only(connection, account)
    shown = [
        ShownFreshness(
            affiliate=pair.affiliate,
            integration_type=pair.integration_type,
            last_result_at=pair.last,
            as_of=times.as_of.get(pair.integration_type),
            sources=sources.get((pair.integration_type, pair.affiliate), []),
            **found._asdict(),
        )
        for pair, found in pairs
    ]
    return AccountFreshness(items=shown, tracking_only=tracking_only)


async def judged_pairs(connection: Connection, account: str, times: DataTimes) -> list[tuple[Pair, Freshness]]:
    """Return every type of every affiliate of an account that ever had a result, and how fresh it is."""
    pairs = await read_pairs(connection, await read_rhythms(connection, account), account)
    figures = Figures(await clock(connection), times.as_of, times.whole_since)
    return [(pair, fresh(figures, pair)) for pair in pairs.get(account, [])]


async def _judged_sources(
    connection: Connection, account: str, times: DataTimes
) -> dict[tuple[str, str], list[SourceFreshness]]:
    """Return the sources of the types of affiliates that have several, by name, and how fresh each is."""
    figures = Figures(await clock(connection), times.as_of, times.whole_since)
    found: defaultdict[tuple[str, str], list[SourceFreshness]] = defaultdict(list)
    for each in await read_sources(connection, account):
        judged = fresh_source(figures, each)
        found[each.pair.integration_type, each.pair.affiliate].append(
            SourceFreshness(source=each.source, last_result_at=each.pair.last, **judged._asdict())
        )
    return found


async def _tracking_only(connection: Connection, account: str) -> TrackingOnly:
    rows = await SQL["newest_tracking"].fetch(connection, account=account, limit=LOOKED_AT)
    ids = {uuid.UUID(log_id(account, "orders", row["affiliate"], row["key"])): row for row in rows}
    there = {row["id"] for row in await SQL["logs_of_ids"].fetch(connection, account=account, ids=list(ids))}
    missing = [row for id_, row in ids.items() if id_ not in there]
    if missing:
        # An order may have the code as an alias.
        names = list({name for row in missing if (name := fold(row["key"]))})
        found = await SQL["orders_named"].fetch(
            connection, account=account, names=names, whole=[whole_gram(account, "orders", each) for each in names]
        )
        known = {(row["affiliate"], name) for row in found for name in row["names"].split("\n")}
        missing = [row for row in missing if (row["affiliate"], fold(row["key"])) not in known]
    orders = [TrackedOrder(**dict(row) | {"log_id": str(row["log_id"])}) for row in missing]
    return TrackingOnly(looked_at=len(rows), orders=orders)
