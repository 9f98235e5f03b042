"""Results of every type: good, failed, late, twice, and such that can't be results."""

import asyncio
from datetime import UTC, datetime

from connectors.simulator.plan import Mix, Plan
from connectors.simulator.settings import SimulatorSettings
from tests.chaos.load.load import ACCOUNTS, Load

MIX = Mix(malformed_share=0.02, duplicate_share=0.05, late_share=0.1, error_share=0.2)


async def send_results(load: Load, rate: float) -> None:
    """Send `rate` records a second until the load stops, and wait for the last."""
    plans = [
        Plan(
            SimulatorSettings(seed=load.seed + number, account=account),
            load.topics,
            run=f"chaos-{load.seed}-{account}",
            mix=MIX,
        )
        for number, account in enumerate(ACCOUNTS)
    ]
    async with asyncio.TaskGroup() as sending:
        number = 0
        due = asyncio.get_running_loop().time()
        while not load.stop.is_set():
            made = plans[number % len(plans)].one(datetime.now(UTC))
            sending.create_task(load.give(made))
            number += 1
            due = max(due + 1 / rate, asyncio.get_running_loop().time() - 1)  # never more than a second to catch up
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
