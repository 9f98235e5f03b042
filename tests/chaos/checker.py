"""The check after any faults: a ledger of what Kafka acknowledged, against what is in PostgreSQL."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from connectors.simulator.plan import SimulatedRecord
from schemas.catalogue import BY_NAME
from schemas.result import Result, read
from tests.support.model import fold


class Verdict(NamedTuple):
    """Six counts, all of which must be 0."""

    lost: int  # results that were acknowledged and are not stored
    phantom: int  # results that are stored and were never sent
    doubled: int  # results that are stored as more than one attempt
    stale: int  # status logs that do not show the highest version
    wrong: int  # status logs that differ from the model in any other way
    lost_dead_letters: int  # malformed records that were acknowledged and are in no dead letter


async def check(owner: asyncpg.Connection, ledger: Sequence[SimulatedRecord]) -> Verdict:
    """Compare, once everything that was sent is handled."""
    sent = results_of(ledger)
    ids = {each.event_id for each in sent}
    stored = [row["event_id"] for row in await owner.fetch("SELECT event_id FROM attempts")]
    rows = await owner.fetch(
        "SELECT account, integration_type, affiliate, key, status, event_id, attempts, first_seen_at FROM status_logs"
    )
    expected = fold(sent)
    found = {tuple(row)[:4]: tuple(row)[4:] for row in rows}
    stale = sum(1 for name, row in expected.items() if name in found and found[name][1] != row.event_id)
    wrong = sum(1 for name, row in expected.items() if found.get(name) != tuple(row)) - stale
    letters = await owner.fetchval("SELECT count(*) FROM dead_letters")
    return Verdict(
        lost=len(ids - set(stored)),
        phantom=len(set(stored) - ids),
        doubled=len(stored) - len(set(stored)),
        stale=stale,
        wrong=wrong + len(set(found) - set(expected)),
        lost_dead_letters=max(0, sum(1 for each in ledger if each.refused) - letters),
    )


def results_of(records: Sequence[SimulatedRecord]) -> list[Result]:
    """The valid ones, as the agents must have read them."""
    found: list[Result] = []
    for each in records:
        if each.refused is None:
            record = each.record
            events = read(
                BY_NAME[each.integration_type], record.headers, record.key, record.value or b"", time.time_ns()
            )
            found.extend(event for event in events if isinstance(event, Result))
    return found
