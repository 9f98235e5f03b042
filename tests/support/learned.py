"""Weeks of results, as counters have them, for whoever judges what is usual."""

from collections.abc import Sequence

import asyncpg


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
