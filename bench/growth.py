"""Ingest into a loaded database against ingest into an empty one: the same kind of results, by turns.

Just started, PostgreSQL reads every page from the disk and logs each whole when it first writes it. So the loaded
database takes some rounds before those that count; the first of them is shown beside.
"""

import uuid
from itertools import islice
from typing import Any

from bench.contestants import CONTESTANTS, OURS
from bench.events import Event, about
from bench.ingest import TYPE, one_round
from bench.loader.load import Load
from bench.loader.population import entities
from bench.machine import noise
from bench.say import say
from bench.system import System

#: Of as many results as each that counts.
WARM_ROUNDS = 4


async def measure(system: System, loaded_url: str, loaded: Load, count: int, rounds: int) -> Any:
    """The section `growth` of the results: new results of loaded entities, each round other ones."""
    [ours] = [each for each in CONTESTANTS if each.name == OURS]
    empty: list[dict[str, float]] = []
    full: list[dict[str, float]] = []
    noises = []

    def some(number: int) -> list[Event]:
        drawn = (each for each in entities(loaded.population, count * 6, number) if each.integration_type == TYPE)
        return list(about(islice(drawn, count), uuid.uuid4().hex[:8]))

    warming = []
    for number in range(WARM_ROUNDS):
        warming.append(await one_round(system, ours, some(rounds + number), loaded_url))
        say(f"growth, warming up {number + 1}/{WARM_ROUNDS}: {warming[-1]['results_per_second']:,.0f}/s")
    for number in range(rounds):
        noises.append(noise())
        events = some(number)
        turns = [(None, empty), (loaded_url, full)]
        for url, reached in turns if number % 2 == 0 else reversed(turns):
            reached.append(await one_round(system, ours, events, url))
        say(
            f"growth {number + 1}/{rounds}: empty {empty[-1]['results_per_second']:,.0f}/s, "
            f"{loaded.logs:,} logs {full[-1]['results_per_second']:,.0f}/s"
        )
    rows = [
        {"name": "empty", "rounds": empty},
        {"name": f"{loaded.logs:,} logs", "rounds": full},
        {"name": f"{loaded.logs:,} logs, just started", "rounds": warming[:1]},
    ]
    return {"events": count, "logs": loaded.logs, "rounds": rounds, "noise": noises, "rows": rows}
