"""`make bench`: ingest, ours and others on the same work, side by side in one run.

Every contestant reads the same records from the same broker into a fresh database of the same server, in rounds that
take turns, so that a noisy machine is noisy for all. The ratios are the result; absolute figures are context.
Writes `bench/results/ingest.json`.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
import uuid
from asyncio.subprocess import Process
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaProducer

from broker.settings import BrokerSettings
from broker.topics import create_topics
from connectors.simulator.plan import Plan
from connectors.simulator.settings import SimulatorSettings
from embedded.ports import free_port
from embedded.system import EmbeddedSystem
from storage.migrate import migrate

RESULTS = Path(__file__).parent / "results"
#: Rates are taken between these shares of the records, so that neither start nor end counts.
FROM_SHARE, TO_SHARE = 0.1, 0.95


@dataclass
class Contestant:
    """A process that stores the records, and what it reached in each round."""

    name: str
    arguments: list[str]
    share: float = 1.0  # of the records that it is given time for: a slow one is measured on fewer
    rows_per_second: list[float] = field(default_factory=list)
    cpu_seconds_per_100k: list[float] = field(default_factory=list)


CONTESTANTS = [
    Contestant("conexoes agents", ["-m", "conexoes", "agents"]),
    Contestant("the bound for Python (aiokafka, same decoding, same SQL)", ["-m", "bench.bound"]),
    Contestant(
        "Faust as in its manual", ["-m", "bench.faust_manual", "worker", "--without-web", "-l", "error"], share=0.05
    ),
]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def fill(broker: BrokerSettings, count: int) -> None:
    """`count` results of one type, none malformed, none twice."""
    settings = SimulatorSettings(malformed_share=0, duplicate_share=0, entities=20_000)
    plan = Plan(settings, broker.topics, run="bench")
    producer = AIOKafkaProducer(bootstrap_servers=broker.kafka_bootstrap_servers, linger_ms=20, max_batch_size=2**18)
    await producer.start()
    records = plan.records(datetime.now(UTC) - timedelta(days=1), timedelta(milliseconds=50))
    price = (each.record for each in records if each.integration_type == "price")
    for record in islice(price, count):
        await producer.send(record.topic, record.value, key=record.key, headers=list(record.headers))
    await producer.stop()


async def measure(contestant: Contestant, broker: BrokerSettings, server: str, count: int, directory: Path) -> None:
    """One round: from a fresh database to `count` rows, or its share of them."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(server)
    await admin.execute(f"CREATE DATABASE {name}")
    url = f"{server.rpartition('/')[0]}/{name}"
    await migrate(url, 90)
    owner = await asyncpg.connect(url, server_settings={"search_path": "conexoes"})
    environment = {
        **os.environ,
        "CONEXOES_KAFKA_BOOTSTRAP_SERVERS": str(broker.kafka_bootstrap_servers),
        "CONEXOES_DATABASE_URL": url,
        "CONEXOES_DATA_DIR": str(directory / name),
        "CONEXOES_TOPIC_PREFIX": broker.topic_prefix,
        "BENCH_TOPIC": broker.topics.results("price"),
        "BENCH_GROUP": name,
    }
    (directory / name).mkdir()
    with (directory / f"{name}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *contestant.arguments, env=environment, stdout=log, stderr=log
        )
    try:
        wanted = int(count * contestant.share)
        begun, first = await _until(owner, process, int(wanted * FROM_SHARE))
        ended, last = await _until(owner, process, int(wanted * TO_SHARE))
        contestant.rows_per_second.append((last - first) / (ended - begun))
        contestant.cpu_seconds_per_100k.append(_cpu_seconds(process.pid) / last * 100_000)
    finally:
        process.kill()
        await process.wait()
        await owner.close()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


async def _until(owner: asyncpg.Connection, process: Process, rows: int) -> tuple[float, int]:
    """When at least `rows` were stored, and how many were."""
    deadline = time.monotonic() + 300
    while True:
        found = await owner.fetchval("SELECT count(*) FROM received_results")
        if found >= rows:
            return time.monotonic(), found
        if process.returncode is not None or time.monotonic() > deadline:
            raise RuntimeError(f"ended with {process.returncode}, {found} of {rows} rows stored")
        await asyncio.sleep(0.1)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(count: int, rounds: int) -> None:
    """Print the table and keep it."""
    best = statistics.median(CONTESTANTS[0].rows_per_second)
    for each in CONTESTANTS:
        median = statistics.median(each.rows_per_second)
        span = f"{min(each.rows_per_second):,.0f}–{max(each.rows_per_second):,.0f}"
        say(
            f"{each.name:60} {median:9,.0f} rows/s ({span}), "
            f"CPU {statistics.median(each.cpu_seconds_per_100k):5.1f} s/100k, ours is {best / median:5.2f} ×"
        )
    RESULTS.mkdir(exist_ok=True)
    machine = {"cpus": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    document = {
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}",
        "machine": machine,
        "records": count,
        "rounds": rounds,
        "contestants": [asdict(each) for each in CONTESTANTS],
    }
    (RESULTS / "ingest.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


async def run(count: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="conexoes-bench-") as name:
        directory = Path(name)
        async with EmbeddedSystem(directory / "servers", kafka_port=free_port()) as system:
            for number in range(rounds):
                # Topics of its own for each round, so that every contestant finds the same and nothing else.
                for contestant in CONTESTANTS:
                    broker = BrokerSettings(
                        kafka_bootstrap_servers=system.kafka_bootstrap_servers, topic_prefix=f"b{uuid.uuid4().hex[:8]}"
                    )
                    await create_topics(system.kafka_bootstrap_servers, broker)
                    await fill(broker, max(int(count * contestant.share), 1000))
                    say(f"round {number + 1} of {rounds}: {contestant.name}")
                    await measure(contestant, broker, system.database_url, count, directory)
                    say(f"  {contestant.rows_per_second[-1]:,.0f} rows/s")
    report(count, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    asyncio.run(run(given.count, given.rounds))


if __name__ == "__main__":
    main()
