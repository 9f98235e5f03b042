"""`python -m bench.reprocess`: one command by filter over everything that failed, from request to outcome.

Real Kafka, real PostgreSQL, one agents process as a user starts it, and a connector that fixes a share of the
entities and repeats the error of the others. With `--kills` the agents are killed with -9 now and again. The plan is
compared with the outcome, and every promise about what is sent is checked; what does not hold is said, with exit
code 1. Prints one JSON object.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
import uuid
import zlib
from asyncio.subprocess import Process
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from api.plan import plan_filter
from broker.settings import BrokerSettings
from broker.topics import create_topics
from embedded.ports import free_port
from embedded.system import EmbeddedSystem
from schemas.catalogue import BY_NAME
from schemas.envelope import STRUCTURED
from schemas.filter import ReprocessFilter
from schemas.policy import Policy
from schemas.reprocess import ReprocessRequest, command_event
from schemas.shown.plan import ReprocessPlan
from schemas.timestamp import to_text
from schemas.topics import Topics
from storage.database import Database
from storage.migrate import migrate
from storage.settings import StorageSettings

ACCOUNT, TYPE, AFFILIATES = "acme", "price", ("MLB", "AMZ")
COMMAND = "bulk"
_SECONDS = 900.0
_SAMPLE_SECONDS = 0.2
_RETENTION_DAYS = 90


@dataclass
class Report:
    """The request, its outcome and its times."""

    results: int
    entities: int
    kills: int
    fixed_share: float
    plan: dict[str, int] = field(default_factory=dict)
    plan_seconds: float = 0.0
    states: dict[str, int] = field(default_factory=dict)
    retries: int = 0
    retry_ids: int = 0
    making_seconds: float = 0.0
    sending_seconds: float = 0.0
    retries_per_second: float = 0.0
    whole_seconds: float = 0.0
    agents_cpu_seconds: float = 0.0  # during the command, its answers included
    memory_mib: list[int] = field(default_factory=list)
    deadlocks: int = 0
    faults: list[str] = field(default_factory=list)


def is_fixed(key: str, share: float) -> bool:
    """Tell if a retry fixes this entity; the same in every run."""
    return zlib.crc32(key.encode()) % 1000 < share * 1000


def _result(key: str, affiliate: str, at: datetime, status: str, correlation: str | None) -> tuple[bytes, bytes, Any]:
    """Key, value and headers of a result."""
    data: dict[str, Any] = {
        "account": ACCOUNT,
        "affiliate": affiliate,
        "key": key,
        "status": status,
        "processed_at": to_text(at),
    }
    if status == "error":
        data |= {
            "message": f"The price of {key} is below the minimum",
            "errors": [{"code": "price.below_minimum", "message": "below the minimum"}],
        }
    headers = {
        "ce_specversion": "1.0",
        "ce_type": BY_NAME[TYPE].result_event_type,
        "ce_source": "/bench",
        "ce_id": str(uuid.uuid4()),
        "ce_time": to_text(at),
        "content-type": "application/json",
        **({"ce_correlationid": correlation} if correlation else {}),
    }
    record_key = f"{ACCOUNT}/{affiliate}/{key}".encode()
    return record_key, orjson.dumps(data), [(name, value.encode()) for name, value in headers.items()]


async def _produce(servers: str, topics: Topics, report: Report) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=servers, linger_ms=20, max_batch_size=256 * 1024)
    await producer.start()
    beginning = datetime.now(UTC) - timedelta(hours=2)
    for number in range(report.results):
        entity = number % report.entities
        at = beginning + timedelta(milliseconds=number * 10)
        key, value, headers = _result(f"SKU-{entity:07}", AFFILIATES[entity % 2], at, "error", None)
        await producer.send(topics.results(TYPE), value, key=key, headers=headers)
    await producer.stop()


class Connector:
    """Answers every retry, and remembers what it saw."""

    def __init__(self, servers: str, topics: Topics, fixed_share: float) -> None:
        self._servers = servers
        self._topics = topics
        self._fixed_share = fixed_share
        self.seen: Counter[str] = Counter()
        self.ids_of: dict[str, set[str]] = {}

    async def run(self) -> None:
        consumer = AIOKafkaConsumer(
            self._topics.retry(TYPE), bootstrap_servers=self._servers, auto_offset_reset="earliest"
        )
        producer = AIOKafkaProducer(bootstrap_servers=self._servers, linger_ms=20, max_batch_size=256 * 1024)
        await consumer.start()
        await producer.start()
        try:
            while True:
                for records in (await consumer.getmany(timeout_ms=200, max_records=2000)).values():
                    for record in records:
                        await self._answer(producer, orjson.loads(record.value))
        finally:
            await producer.stop()
            await consumer.stop()

    async def _answer(self, producer: AIOKafkaProducer, retry: dict[str, Any]) -> None:
        data = retry["data"]
        self.seen[retry["id"]] += 1
        self.ids_of.setdefault(data["key"], set()).add(retry["id"])
        status = "success" if is_fixed(data["key"], self._fixed_share) else "error"
        key, value, headers = _result(data["key"], data["affiliate"], datetime.now(UTC), status, retry["id"])
        await producer.send(self._topics.results(TYPE), value, key=key, headers=headers)


class Agents:
    """One agents process that can be killed and started again under the same name."""

    def __init__(self, settings: dict[str, str], log: Path) -> None:
        self._settings = settings
        self._log = log
        self._process: Process | None = None
        self.memory_mib: list[int] = []
        self.cpu_seconds = 0.0
        self._cpu_of_this = 0.0

    async def start(self) -> None:
        environment = {**os.environ, **{f"CONEXOES_{name}": value for name, value in self._settings.items()}}
        with self._log.open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "cli", "agents", env=environment, stdout=out, stderr=out
            )

    async def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        assert self._process is not None  # noqa: S101
        if self._process.returncode is None:
            self._process.send_signal(number)
        await self._process.wait()

    def sample(self) -> None:
        assert self._process is not None  # noqa: S101
        try:
            process = psutil.Process(self._process.pid)
            self.memory_mib.append(process.memory_info().rss // 2**20)
            cpu = sum(process.cpu_times()[:2])
        except psutil.NoSuchProcess:
            return
        # The counter of a process that was killed and restarted begins at 0.
        self.cpu_seconds += cpu - self._cpu_of_this if cpu >= self._cpu_of_this else cpu
        self._cpu_of_this = cpu


async def run(report: Report, servers: str, url: str, broker: BrokerSettings, data_dir: Path) -> Report:
    """Fill in `report`: one command over everything that failed, until nothing of it is open.

    The topics exist and the database is migrated and empty.
    """
    topics = broker.topics
    data_dir.mkdir(parents=True, exist_ok=True)
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TOPIC_PREFIX": broker.topic_prefix,
        "DATABASE_URL": url,
        "DATA_DIR": str(data_dir),
        "WORKER_ID": "bench",
    }
    agents = Agents(settings, data_dir / "agents.log")
    reader = Database(url, "reader", StorageSettings())
    owner = await asyncpg.connect(url, server_settings={"search_path": "conexoes"})
    connector = Connector(servers, topics, report.fixed_share)
    await agents.start()
    answering = asyncio.create_task(connector.run())
    try:
        await _produce(servers, topics, report)
        await _until(owner, "SELECT count(*) >= $1 FROM received_results", report.results)
        await owner.execute("ANALYZE")
        filter_ = ReprocessFilter(status=("error",))
        started = time.monotonic()
        planned = await plan_filter(reader, ACCOUNT, TYPE, filter_, policy=Policy())
        report.plan_seconds = round(time.monotonic() - started, 3)
        report.plan = planned.verdicts
        await _command(servers, topics, planned, filter_)
        await _follow(owner, agents, report)
        await _measure(owner, connector, report)
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        await agents.kill(signal.SIGTERM)
        await owner.close()
        await reader.close()
    report.memory_mib = agents.memory_mib[:: max(len(agents.memory_mib) // 20, 1)]
    return report


async def _command(servers: str, topics: Topics, planned: ReprocessPlan, filter_: ReprocessFilter) -> None:
    request = ReprocessRequest(
        account=ACCOUNT, integration_type=TYPE, requested_by="bench", filter=filter_, as_of=planned.as_of
    )
    producer = AIOKafkaProducer(bootstrap_servers=servers)
    await producer.start()
    value = orjson.dumps(command_event(COMMAND, request, to_text(datetime.now(UTC))))
    await producer.send_and_wait(topics.commands, value, headers=[("content-type", STRUCTURED.encode())])
    await producer.stop()


async def _follow(owner: asyncpg.Connection, agents: Agents, report: Report) -> None:
    """Follow the command until it is done, killing the agents on the way."""
    started = time.monotonic()
    agents.sample()
    before = agents.cpu_seconds
    rng = random.Random(report.entities)
    # Kill by the number sent, not by time: then it is in the middle on any machine.
    ahead = sorted(rng.randrange(report.entities // 10, report.entities * 9 // 10) for _ in range(report.kills))
    while await owner.fetchval("SELECT state FROM reprocess_commands") != "done":
        if time.monotonic() - started > _SECONDS:
            report.faults.append(f"not done within {_SECONDS:g} s")
            return
        sums = await owner.fetchrow(
            """SELECT (SELECT coalesce(sum(items), 0) FROM reprocess_counts) AS counted, made, sent
               FROM (SELECT count(*) AS made, count(sent_at) AS sent FROM reprocess_items) AS items"""
        )
        assert sums is not None  # noqa: S101
        if sums["counted"] != sums["made"]:
            report.faults.append(f"counts say {sums['counted']}, items are {sums['made']}")
        agents.sample()
        if ahead and sums["sent"] > ahead[0]:
            await agents.kill()
            await agents.start()
            del ahead[0]
        await asyncio.sleep(_SAMPLE_SECONDS)
    agents.sample()
    report.agents_cpu_seconds = round(agents.cpu_seconds - before, 1)
    report.kills -= len(ahead)
    report.whole_seconds = round(time.monotonic() - started, 1)


async def _measure(owner: asyncpg.Connection, connector: Connector, report: Report) -> None:
    rows = await owner.fetch("SELECT state, count(*) FROM reprocess_items GROUP BY 1 ORDER BY 1")
    report.states = {row["state"]: row["count"] for row in rows}
    times = await owner.fetchrow(
        """SELECT extract(epoch FROM max(created_at) - min(created_at))::float AS making,
                  extract(epoch FROM max(sent_at) - min(sent_at))::float AS sending,
                  (SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()) AS deadlocks
           FROM reprocess_items"""
    )
    assert times is not None  # noqa: S101
    report.making_seconds, report.sending_seconds = round(times["making"], 2), round(times["sending"], 2)
    report.retries, report.retry_ids = connector.seen.total(), len(connector.seen)
    report.retries_per_second = round(report.retry_ids / max(times["sending"], 0.001))
    report.deadlocks = times["deadlocks"]
    keys = [f"SKU-{number:07}" for number in range(report.entities)]
    fixed = sum(is_fixed(key, report.fixed_share) for key in keys)
    expected = {"fixed": fixed, "same_error": report.entities - fixed}
    _expect(report, "states", report.states, expected)
    _expect(report, "planned to send", report.plan["will_send"], report.entities)
    _expect(report, "retry ids", report.retry_ids, report.entities)
    _expect(report, "entities with two ids", sum(len(ids) > 1 for ids in connector.ids_of.values()), 0)
    _expect(report, "deadlocks", report.deadlocks, 0)


def _expect(report: Report, what: str, found: object, wanted: object) -> None:
    if found != wanted:
        report.faults.append(f"{what}: {found}, not {wanted}")


async def _until(owner: asyncpg.Connection, question: str, *arguments: object) -> None:
    deadline = time.monotonic() + _SECONDS
    while not await owner.fetchval(question, *arguments):
        if time.monotonic() > deadline:
            raise TimeoutError(question)
        await asyncio.sleep(0.2)


async def _main(report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="conexoes-bench-") as directory:
        async with EmbeddedSystem(Path(directory) / "servers", kafka_port=free_port(), durable=False) as system:
            servers, url = str(system.kafka_bootstrap_servers), str(system.database_url)
            broker = BrokerSettings(kafka_bootstrap_servers=servers)
            await create_topics(servers, broker)
            await migrate(url, _RETENTION_DAYS)
            await run(report, servers, url, broker, Path(directory) / "data")


def main() -> int:
    """Returns 1 when a promise does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=100_000)
    parser.add_argument("--entities", type=int, default=60_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--fixed-share", type=float, default=0.7)
    given = parser.parse_args()
    report = Report(given.results, given.entities, given.kills, given.fixed_share)
    asyncio.run(_main(report))
    sys.stdout.write(json.dumps(asdict(report), indent=2) + "\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
