"""`make restore-drill`: a backup is made, more happens, the database is lost and the backup restored; then all tables
are compared with what was lost.

Nobody rewinds anything: the workers start, read again from Kafka what the backup lacks, and the drill ends with 0 when
every table is what it was, but for the times at which rows were written. Exit 1 if one is not.
"""

import asyncio
import itertools
import logging
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from broker.publisher import Publisher, Record
from conexoes_connector.connector import Connector
from connectors.simulator.plan import SOURCE, Mix, Plan
from connectors.simulator.settings import SimulatorSettings
from embedded.postgres_install import find_postgres
from tests.chaos.ledger import Ledger
from tests.chaos.system import System
from tests.support.waiting import eventually

RECORDS = 1500
SETTLE_SECONDS = 180.0
#: Times at which rows were written, and the ids that were made of nothing: those of the second writing.
WRITTEN = {"updated_at", "received_at", "created_at", "sent_at", "expires_at", "claimed_until", "reprocess_at"}
WRITTEN |= {"accepted_at", "recorded_at", "finished_at"}
WRITTEN_THERE = {"reprocess_audit": {"at", "id"}}
#: Tables of processes, not of data, and tables of counts, which differ until their changes are added up.
LEFT_OUT = (
    {
        "workers",
        "pace_buckets",
        "log_changes",
        "fault_changes",
        "fault_hours",
        "faults",
        "log_hours",
        "log_days",
    }
    | {
        "result_changes",
        "result_hours",
        "result_days",
        "result_hours_by_affiliate",
        "result_days_by_affiliate",
        "result_facets",
    }
    | {
        "received_times",
        "received_hours",
        "received_steps",
        "rhythms",
        "source_times",
        "source_days",
        "source_rhythms",
        "stored_until",
        "data_times",
        "incidents",
        "incident_edges",
    }
)


def say(line: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S} {line}\n")
    sys.stdout.flush()


async def run() -> int:
    directory = Path(tempfile.mkdtemp(prefix="conexoes-drill-"))
    system = System(directory, 2)
    await system.start()
    try:
        mix = Mix(malformed_share=0.02, duplicate_share=0.05, late_share=0.1)
        servers = str(system.broker.kafka_bootstrap_servers)
        async with Connector(servers, source=SOURCE) as connector:
            plan = Plan(SimulatorSettings(seed=17), connector.topics, run="drill", mix=mix)
            ledger = Ledger()
            await _send(connector, plan, ledger)
            await _handled(system, ledger)
            await _reprocess(system, "before-the-backup")
            dump = await _dump(system, directory)
            say(f"backup: {dump.stat().st_size:,} bytes, {ledger.records} records")
            await _send(connector, plan, ledger)
            await _handled(system, ledger)
            await _reprocess(system, "after-the-backup")
        wanted = await _tables(system)
        await system.kill_workers()
        await _restore(system, dump)
        restored = await _tables(system)
        say(f"restored: {_total(wanted) - _total(restored)} rows are missing")
        await system.start_workers()
        await _handled(system, ledger)
        found = await _until_equal(system, wanted)
        for table, rows in wanted.items():
            lost, more = rows - found[table], found[table] - rows
            say(
                f"{table}: {rows.total()} rows"
                + (f", {lost.total()} lost, {more.total()} more" if lost or more else "")
            )
            for row in itertools.islice(itertools.chain(lost, more), 4):
                say(f"  {row}")
        return int(found != wanted)
    finally:
        await system.stop()


async def _send(connector: Connector, plan: Plan, ledger: Ledger) -> None:
    made = [plan.one(datetime.now(UTC)) for _ in range(RECORDS)]
    for each in made:
        ledger.add(each)
    await asyncio.gather(*(connector.send(each.record) for each in made))


async def _handled(system: System, ledger: Ledger) -> None:
    wanted, refused = len(ledger.results), ledger.refused.total()
    owner = await system.owner()

    async def all_there() -> bool:
        return bool(
            await owner.fetchval(
                "SELECT (SELECT count(*) FROM received_results) >= $1 AND (SELECT count(*) FROM dead_letters) >= $2",
                wanted,
                refused,
            )
        )

    await eventually(all_there, SETTLE_SECONDS)
    await owner.close()


async def _reprocess(system: System, command: str) -> None:
    """A command for some failed log, and wait until its retry is sent."""
    owner = await system.owner()
    log = await owner.fetchrow(
        "SELECT account, id FROM status_logs WHERE integration_type = 'price' AND status = 'error' "
        "AND reprocess_state IS NULL ORDER BY id LIMIT 1"
    )
    assert log is not None
    data = {
        "account": log["account"],
        "integration_type": "price",
        "requested_by": "drill",
        "reason": "drill",
        "log_ids": [str(log["id"])],
    }
    event = {
        "specversion": "1.0",
        "type": "conexoes.reprocess.requested.v1",
        "source": "/drill",
        "id": command,
        "time": datetime.now(UTC).isoformat(),
        "data": data,
    }
    publisher = Publisher(str(system.broker.kafka_bootstrap_servers))
    await publisher.publish(Record(system.broker.topics.commands, log["account"].encode(), orjson.dumps(event), []))
    await publisher.close()

    async def sent() -> bool:
        states = await owner.fetch("SELECT state FROM reprocess_items WHERE command_id = $1", command)
        return [row["state"] for row in states] == ["sent"]

    await eventually(sent, SETTLE_SECONDS)
    await owner.close()


async def _dump(system: System, directory: Path) -> Path:
    path = directory / "backup.dump"
    await _program("pg_dump", "--format=custom", f"--file={path}", system.url)
    return path


async def _restore(system: System, dump: Path) -> None:
    base, _slash, name = system.url.rpartition("/")
    name = name.partition("?")[0]
    server = await asyncpg.connect(f"{base}/postgres")
    await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await server.execute(f'CREATE DATABASE "{name}"')
    await server.close()
    await _program("pg_restore", "--exit-on-error", f"--dbname={system.url}", str(dump))


async def _program(name: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(find_postgres().directory / name, *arguments)
    if await process.wait():
        raise RuntimeError(f"{name} ended with {process.returncode}")


async def _tables(system: System) -> dict[str, Counter[str]]:
    """Each table's rows as JSON, without the times at which they were written. Sums are those of all that was added."""
    owner = await system.owner()
    names = await owner.fetch(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'conexoes'::regnamespace AND relkind IN ('r', 'p') "
        "AND NOT relispartition ORDER BY 1"
    )
    found = {}
    for [name] in names:
        if name not in LEFT_OUT:
            rows = await owner.fetch(f"SELECT to_jsonb(t) FROM {name} t")
            found[name] = Counter(_row(orjson.loads(row[0]), WRITTEN | WRITTEN_THERE.get(name, set())) for row in rows)
    logs = await owner.fetch("""
        SELECT facet_id, hour, sum(logs) FROM (TABLE log_hours UNION ALL TABLE log_changes) AS l
        GROUP BY account, integration_type, hour, facet_id HAVING sum(logs) <> 0
    """)
    found["log_hours + log_changes"] = Counter(str(tuple(row)) for row in logs)
    faults = await owner.fetch("""
        SELECT account, integration_type, fingerprint, hour, sum(results) FROM (
            SELECT account, integration_type, fingerprint, hour, results FROM fault_hours
            UNION ALL SELECT account, integration_type, fingerprint, hour, results FROM fault_changes
        ) AS f GROUP BY 1, 2, 3, 4
    """)
    found["fault_hours + fault_changes"] = Counter(str(tuple(row)) for row in faults)
    results = await owner.fetch("""
        SELECT account, integration_type, hour, affiliate, status, codes, sum(results) FROM (
            SELECT account, integration_type, hour, affiliate, status, codes, results
            FROM result_hours JOIN result_facets f USING (account, integration_type) WHERE f.id = facet_id
            UNION ALL
            SELECT account, integration_type, hour, affiliate, status, result_codes(code, other_codes), results
            FROM result_changes
        ) AS r GROUP BY 1, 2, 3, 4, 5, 6
    """)
    found["result_hours + result_changes"] = Counter(str(tuple(row)) for row in results)
    sums = await owner.fetch("""
        SELECT account, integration_type, hour, affiliate, status, sum(results) FROM (
            SELECT h.account, h.integration_type, h.hour, h.affiliate, each.status, each.results
            FROM result_hours_by_affiliate h
            CROSS JOIN LATERAL (
                VALUES ('success', h.success), ('warning', h.warning), ('error', h.error)
            ) AS each (status, results)
            UNION ALL
            SELECT account, integration_type, hour, affiliate, status, results FROM result_changes
        ) AS r GROUP BY 1, 2, 3, 4, 5 HAVING sum(results) <> 0
    """)
    found["result_hours_by_affiliate + result_changes"] = Counter(str(tuple(row)) for row in sums)
    await owner.close()
    return found


def _row(row: dict[str, Any], written: set[str]) -> str:
    kept = {name: value for name, value in row.items() if name not in written}
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()


def _total(tables: dict[str, Counter[str]]) -> int:
    return sum(rows.total() for rows in tables.values())


async def _until_equal(system: System, wanted: dict[str, Counter[str]]) -> dict[str, Counter[str]]:
    """The tables when they are what they were, or after SETTLE_SECONDS."""
    found: dict[str, Counter[str]] = {}

    async def equal() -> bool:
        nonlocal found
        found = await _tables(system)
        return found == wanted

    with suppress(AssertionError):
        await eventually(equal, SETTLE_SECONDS)
    return found


if __name__ == "__main__":
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    sys.exit(asyncio.run(run()))
