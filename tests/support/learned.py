"""Weeks of results, as counters have them, for whoever judges what is usual."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg

from schemas.catalogue import CATALOGUE
from schemas.incident import Edge, IncidentFacts, Kind, State
from schemas.incident_change import Change, Known
from storage.incidents.incidents import keep
from storage.incidents.rhythms import learn_rhythms


async def have_had(
    owner: asyncpg.Connection, pairs: Sequence[tuple[str, str, str]], *, per_step: int = 5, failures: int = 2
) -> None:
    """Let each (account, integration_type, affiliate) have had so many results in every five minutes of ten weeks.

    `failures`: those of every hour that failed. The last one was received now.
    """
    for account, type_, affiliate in pairs:
        own = (account, type_, affiliate)
        await owner.execute(
            """INSERT INTO received_hours (account, integration_type, affiliate, hour, results, failures)
               SELECT $1, $2, $3, hour, 12 * $4::integer, $5::integer
               FROM generate_series(
                   date_trunc('hour', now()) - interval '70 days', now() - interval '1 hour', '1 hour'
               ) hour""",
            *own,
            per_step,
            failures,
        )
        await owner.execute(
            """INSERT INTO received_steps (account, integration_type, affiliate, step, results, failures)
               SELECT $1, $2, $3, step, $4::integer, 0
               FROM generate_series(
                   date_bin('5 minutes', now(), 'epoch') - interval '1 day', now() - interval '5 minutes', '5 minutes'
               ) step""",
            *own,
            per_step,
        )
        await owner.execute(
            """INSERT INTO received_times (account, integration_type, affiliate, first_at, last_at)
               VALUES ($1, $2, $3, now() - interval '70 days', now())""",
            *own,
        )


async def sources_have_had(
    owner: asyncpg.Connection, pair: tuple[str, str, str], silent_hours: Mapping[str, int], *, per_step: int = 5
) -> None:
    """Let each source of an (account, integration_type, affiliate) have had so many results in every five minutes.

    For ten weeks, but for the last hours, whose number is given with its name.
    """
    for source, hours in silent_hours.items():
        last_at = await owner.fetchval("SELECT now() - make_interval(hours => $1)", hours)
        await owner.execute(
            """INSERT INTO source_times (account, integration_type, affiliate, source, first_at, last_at)
               VALUES ($1, $2, $3, $4, now() - interval '70 days', $5)""",
            *pair,
            source,
            last_at,
        )
        await owner.execute(
            """INSERT INTO source_days (account, integration_type, affiliate, source, day, steps)
               SELECT $1, $2, $3, $4, day, ARRAY(
                   SELECT CASE WHEN day + step * interval '5 minutes' <= $5 THEN $6::integer ELSE 0 END
                   FROM generate_series(0, 287) step
               )
               FROM generate_series(
                   date_trunc('day', now(), 'UTC') - interval '70 days', date_trunc('day', $5::timestamptz, 'UTC'),
                   '1 day'
               ) day""",
            *pair,
            source,
            last_at,
            per_step,
        )


async def learn(owner: asyncpg.Connection) -> None:
    """Let agents have learned what is usual, and have looked at every type just now."""
    await learn_rhythms(owner)
    await owner.executemany(
        """INSERT INTO data_times (integration_type, as_of, whole_since, judged_at)
           VALUES ($1, now(), now() - interval '70 days', now())
           ON CONFLICT (integration_type) DO UPDATE SET as_of = now()""",
        [(each.name,) for each in CATALOGUE],
    )


async def have_come(owner: asyncpg.Connection, counts: Iterable[tuple[str, str, str, int, int]]) -> None:
    """Let results of acme have come: rows of type, affiliate, status, hours ago, and how many."""
    await owner.executemany(
        """INSERT INTO result_changes (account, integration_type, affiliate, status, hour, results, received_at)
           VALUES ('acme', $1, $2, $3, date_trunc('hour', now(), 'UTC') - $4::integer * interval '1 hour', $5, NULL)""",
        counts,
    )
    await owner.fetchval("SELECT compact_result_changes(2147483647)")


async def pass_time(owner: asyncpg.Connection, minutes: int) -> None:
    """Make everything that was counted and judged so much older, as if it were so much later now."""
    back = f"interval '{minutes} minutes'"
    async with owner.transaction():
        for table, column in (("received_steps", "step"), ("received_hours", "hour")):
            # Up and down again: rows of one key may not meet on their way.
            await owner.execute(f"UPDATE {table} SET {column} = {column} - {back} - interval '1000 years'")
            await owner.execute(f"UPDATE {table} SET {column} = {column} + interval '1000 years'")
        await owner.execute(f"UPDATE received_times SET first_at = first_at - {back}, last_at = last_at - {back}")
        await owner.execute(
            f"""UPDATE incidents SET opened_at = opened_at - {back}, changed_at = changed_at - {back},
                facts = facts || jsonb_build_object('seen_at', (facts ->> 'seen_at')::timestamptz - {back})"""
        )
        await owner.execute(f"UPDATE incident_edges SET at = at - {back}")


async def an_incident(owner: asyncpg.Connection, **changes: Any) -> int:
    """Store an incident of acme that joined others, escalated. Returns its id. `changes` are fields."""
    incident = Known(
        incident_id=None,
        kind=Kind.FAILURE_SHARE,
        integration_type="price",
        affiliate="MLB",
        subject="",
        state=State.ESCALATED,
        severity="critical",
        opened_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
        changed_at=datetime(2026, 11, 24, 12, 9, tzinfo=UTC),
        resolved_at=None,
        facts=IncidentFacts(
            count=212,
            of=240,
            minutes=30,
            share=212 / 240,
            usual=0.06,
            code="gateway.timeout",
            fingerprint="74dab71393f51981",
            faults=["74dab71393f51981", "84dab71393f51981"],
            kinds=list(Kind)[1:],
            integration_types=["price"],
            usual_interval_seconds=100,
        ),
    )._replace(**changes)
    await keep(owner, "acme", [Change(incident, Edge.OPENED)])
    number: int = await owner.fetchval("SELECT max(incident_id) FROM incidents")
    await keep(owner, "acme", [Change(incident._replace(incident_id=number), Edge.ESCALATED)])
    return number
