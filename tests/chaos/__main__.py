"""`make chaos`: results at a steady rate through a system under faults, then sent and stored are compared.

Prints the seed, what was done, and six counts that must all be 0; exit 1 if one is not. The same seed does the same
faults in the same order, though not at the same microsecond.
"""

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from connectors.connector import Connector
from connectors.simulator.plan import SOURCE, Mix, Plan, SimulatedRecord
from connectors.simulator.settings import SimulatorSettings
from tests.chaos.checker import check, results_of
from tests.chaos.nemesis import Nemesis
from tests.chaos.system import System
from tests.support.waiting import eventually

SETTLE_SECONDS = 180.0


def say(line: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S} {line}\n")
    sys.stdout.flush()


async def send(system: System, seed: int, rate: float, ended: asyncio.Event) -> list[SimulatedRecord]:
    """Records at `rate` a second until `ended`; the ledger of those that Kafka acknowledged, which is all of them."""
    mix = Mix(malformed_share=0.02, duplicate_share=0.05, late_share=0.1)
    ledger: list[SimulatedRecord] = []
    servers = str(system.broker.kafka_bootstrap_servers)
    async with Connector(servers, source=SOURCE) as connector, asyncio.TaskGroup() as sending:
        plan = Plan(SimulatorSettings(seed=seed), connector.topics, run=f"chaos-{seed}", mix=mix)
        while not ended.is_set():
            made = plan.one(datetime.now(UTC))
            ledger.append(made)
            sending.create_task(connector.send(made.record))
            await asyncio.sleep(1 / rate)
    return ledger


async def run(seed: int, seconds: float, workers: int, rate: float) -> int:
    directory = Path(tempfile.mkdtemp(prefix="conexoes-chaos-"))
    say(f"seed {seed}, {seconds:g} s, {workers} workers, {rate:g} records/s, in {directory}")
    system = System(directory, workers)
    await system.start()
    try:
        ended = asyncio.Event()
        sending = asyncio.create_task(send(system, seed, rate, ended))
        deadline = time.monotonic() + seconds
        nemesis = Nemesis(system, seed, say)
        await nemesis.torment(lambda: time.monotonic() > deadline)
        ended.set()
        ledger = await sending
        say(f"{len(nemesis.done)} faults, {len(ledger)} records acknowledged; waiting for them to be handled")
        owner = await system.owner()
        wanted = len({each.event_id for each in results_of(ledger)})
        refused = sum(1 for each in ledger if each.refused)
        revived = 0

        async def handled() -> bool:
            nonlocal revived
            revived += await system.revive_workers()
            counts = await owner.fetchrow(
                "SELECT (SELECT count(*) FROM received_results) >= $1 AND (SELECT count(*) FROM dead_letters) >= $2",
                wanted,
                refused,
            )
            return bool(counts and counts[0])

        try:
            await eventually(handled, SETTLE_SECONDS)
        except AssertionError:
            say(f"not everything was handled within {SETTLE_SECONDS:g} s")
        verdict = await check(owner, ledger)
        await owner.close()
        say(f"workers that ended by themselves: {revived}")
        say(" ".join(f"{name}={count}" for name, count in verdict._asdict().items()))
        return 1 if any(verdict) else 0
    finally:
        await system.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=300.0)
    given = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # that brokers are away is what this is about
    return asyncio.run(run(given.seed, given.seconds, given.workers, given.rate))


if __name__ == "__main__":
    sys.exit(main())
