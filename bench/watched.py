"""Ingest while the agents judge incidents, watch failures for retries and put events out, beside ingest alone.

The same agents, by turns: with all that work, with it and a channel that wants the events of all logs, and with none of
it (bench.alone). Nobody is told of incidents, since no rule asks for it, and nothing is retried: the first retry would
leave after a minute. The account has had ten weeks with fewer failures, so that there are incidents. What is usual is
learned before: agents do it once an hour, and in a round it would weigh hundreds of times as much. In all of them the
fold notes when each result came, and upkeep counts by that: there is no ingest without.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from bench import databases
from bench.contestants import AGENTS, Contestant
from bench.events import Event
from bench.ingest import TYPE, in_turn, one_round
from bench.machine import noise
from bench.say import say
from bench.system import System
from connectors.simulator.settings import SimulatorSettings
from schemas.event_out import EventType
from storage.database import Database
from storage.incidents.rhythms import learn_rhythms
from storage.notifications.definitions import Author, NewChannel, make_channel
from storage.settings import StorageSettings

ALONE, WATCHED, EVENTS = "without", "with", "with, and events of every log"
#: Results of every hour of ten weeks that one in 33 failed.
_HISTORY: Final = """
WITH of_affiliate AS (SELECT unnest($3::text[]) AS affiliate), inserted AS (
    INSERT INTO received_times (account, integration_type, affiliate, first_at, last_at)
    SELECT $1, $2, affiliate, now() - interval '70 days', now() FROM of_affiliate
)
INSERT INTO received_hours (account, integration_type, affiliate, hour, results, failures)
SELECT $1, $2, affiliate, hour, 1000, 30
FROM of_affiliate, generate_series(
    date_trunc('hour', now(), 'UTC') - interval '70 days', date_trunc('hour', now(), 'UTC') - interval '1 hour',
    '1 hour'
) AS hour
"""
#: Counts of what was done by the end of a round: all of it was at work.
_DONE: Final = """
SELECT (SELECT count(*) FROM incidents) AS incidents,
    (SELECT coalesce(sum(sent), 0)::bigint FROM notification_channels) AS events_out,
    (SELECT count(*) FROM automatic_retries) AS retries
"""


class Way(NamedTuple):
    """One way in which the same results are stored."""

    contestant: Contestant
    events: bool  # a channel wants the events of all logs


WAYS: Final = (
    Way(
        Contestant(
            name=ALONE, arguments=("-m", "bench.alone", "agents"), environment={"CONEXOES_AUTOMATIC_RETRIES": "0"}
        ),
        events=False,
    ),
    Way(Contestant(name=WATCHED, arguments=AGENTS), events=False),
    Way(Contestant(name=EVENTS, arguments=AGENTS), events=True),
)


async def measure(system: System, events: Sequence[Event], rounds: int) -> Any:
    """The section `watched` of the results: for each way what it reached in each round."""
    rows: list[dict[str, Any]] = [{"name": each.contestant.name, "rounds": []} for each in WAYS]
    turns = [*zip(WAYS, rows, strict=True)]
    noises = []
    for number in range(rounds):
        noises.append(noise())
        for way, row in in_turn(turns, number):
            async with databases.fresh(system.database_url) as url:
                await prepare(url, events=way.events)
                await databases.checkpoint(system.database_url)
                reached = await one_round(system, way.contestant, events, url) | await done(url)
            row["rounds"].append(reached)
            say(
                f"watched {number + 1}/{rounds}: {row['name']}: {reached['results_per_second']:,.0f}/s, "
                f"{reached['worker_cpu']:.1f} + {reached['database_cpu']:.1f} CPU s/100k, "
                f"{reached['incidents']:.0f} incidents, {reached['events_out']:.0f} events, "
                f"{reached['retries']:.0f} watched failures"
            )
    return {"events": len(events), "rounds": rounds, "noise": noises, "rows": rows}


async def prepare(url: str, *, events: bool) -> None:
    """Give the simulator's account its weeks, learned, and with `events` a channel that wants all of them."""
    settings = SimulatorSettings()
    owner = await databases.connect(url)
    await owner.execute(_HISTORY, settings.account, TYPE, list(settings.affiliates))
    await learn_rhythms(owner)
    await owner.close()
    if not events:
        return
    database = Database(url, "writer", StorageSettings(database_url=url))
    channel = NewChannel(
        name="bench",
        kind="topic",
        shown="",
        language="en",
        time_zone="UTC",
        events=list(EventType),
        address=None,
        secret=None,
    )
    await make_channel(database, settings.account, channel, Author("bench"))
    await database.close()


async def done(url: str) -> dict[str, float]:
    """Count the incidents, the events that were put out and the failures that are watched in a database."""
    owner = await databases.connect(url)
    [row] = await owner.fetch(_DONE)
    await owner.close()
    return {name: float(count) for name, count in row.items()}
