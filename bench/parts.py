"""What ingest is made of: reading from the broker, decoding, and the database, each alone."""

import json
from collections.abc import Sequence
from typing import Any

from bench import databases, topics
from bench.child import check, python
from bench.events import Event, partitioned
from bench.ingest import TYPE
from bench.machine import noise
from bench.say import say
from bench.system import System

PARTS = ("broker", "decoding", "database")


async def measure(system: System, events: Sequence[Event], rounds: int) -> Any:
    """The section `parts` of the results."""
    rows: dict[str, dict[str, Any]] = {name: {"name": name, "rounds": []} for name in PARTS}
    noises = []
    for number in range(rounds):
        noises.append(noise())
        async with databases.fresh(system.database_url) as url:
            broker = await topics.fresh(system.kafka)
            topic = broker.topics.results(TYPE)
            await topics.fill(system.kafka, topic, partitioned(events, topics.PARTITIONS))
            log = system.directory / f"parts-{number}.log"
            environment = {
                "CONEXOES_KAFKA_BOOTSTRAP_SERVERS": system.kafka,
                "CONEXOES_DATABASE_URL": url,
                "BENCH_TOPIC": topic,
                "BENCH_COUNT": str(len(events)),
                "BENCH_POSTGRES_PID": str(system.postgres_pid),
            }
            async with python(["-m", "bench.one_part"], environment, log) as process:
                if await process.wait():
                    check(process, log)
            await topics.remove(broker)
        told = json.loads(log.read_text("utf-8").splitlines()[-1])
        for name in PARTS:
            part = told["parts"][name]
            per_100k = 100_000 / told["events"]
            rows[name]["rounds"].append(
                {
                    "results_per_second": told["events"] / part["seconds"],
                    "worker_cpu": part["worker_cpu"] * per_100k,
                    "database_cpu": part["database_cpu"] * per_100k,
                }
            )
        rates = ", ".join(f"{name} {rows[name]['rounds'][-1]['results_per_second']:,.0f}/s" for name in PARTS)
        say(f"parts {number + 1}/{rounds}: {rates}")
    return {"events": len(events), "rounds": rounds, "noise": noises, "rows": list(rows.values())}
