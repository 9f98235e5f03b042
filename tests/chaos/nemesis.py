"""Does faults: several lanes at once, in each an order that follows from the seed."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack

from tests.chaos.fault import Fault, Hurt, Lane
from tests.chaos.load.load import Load
from tests.chaos.machine import KEEPALIVE_SECONDS
from tests.chaos.probe import Probe
from tests.chaos.system import System
from tests.chaos.turns import Turns

#: Seconds before each fault of a lane, from and to.
_PAUSES = {
    Lane.KILLS: (0.2, 1.0),
    Lane.WORKERS: (0.5, 5.0),
    Lane.MACHINES: (30.0, 90.0),  # whoever wants to be alone waits until its locks are gone
    Lane.POSTGRESQL: (0.5, 2.0),
    Lane.KAFKA: (0.5, 2.0),
    Lane.PAGES: (2.0, 12.0),
    Lane.RECORDS: (5.0, 40.0),
}
#: One in so many of a kind is measured, from a system that has recovered, and while nothing else is hurt; the others
#: come in the thick of it.
MEASURED = 5


class Nemesis:
    """Counts what it has done, and the seconds that each recovery took."""

    def __init__(
        self, system: System, load: Load, faults: Sequence[Fault], seed: int, say: Callable[[str], None]
    ) -> None:
        self._system = system
        self._load = load
        self._probe = Probe(system, load)
        self._faults = faults
        self._seed = seed
        self._say = say
        self._turns = Turns()
        self._forgetting = asyncio.Lock()
        self._gone_until = 0.0  # monotonic: no lock of a lost machine is left then
        self.done: Counter[str] = Counter()
        self.recoveries: dict[str, list[float]] = defaultdict(list)

    async def torment(self, until: Callable[[], bool]) -> None:
        """Faults until `until()` says so; when it returns everything runs again."""
        async with asyncio.TaskGroup() as lanes:
            for lane in Lane:
                if found := [each for each in self._faults if each.lane is lane]:
                    lanes.create_task(self._torment(lane, found, until))

    async def _torment(self, lane: Lane, faults: Sequence[Fault], until: Callable[[], bool]) -> None:
        draw = random.Random(f"{self._seed} {lane}")
        for fault in order(faults, draw):
            await asyncio.sleep(draw.uniform(*_PAUSES[lane]))
            if until():
                return
            seed = draw.random()  # what a fault draws is its own: it may depend on what it finds
            measured = fault.recovers_within is not None and self.done[fault.name] % MEASURED == 0
            async with AsyncExitStack() as stack:
                if fault.forgets:
                    await stack.enter_async_context(self._forgetting)
                if measured or fault.alone:
                    await stack.enter_async_context(self._turns.alone(after=self._until_no_machine_is_gone()))
                    await self._until_no_machine_is_gone()
                    await self._until_workers_are_ready()
                    if measured:  # otherwise it is also the recovery from what came just before
                        await self._probe.recovered(Hurt(time.monotonic()))
                elif lane not in {Lane.PAGES, Lane.RECORDS}:
                    await stack.enter_async_context(self._turns.together(brief=lane is Lane.KILLS))
                await self._do(fault, random.Random(seed), measured=measured)

    async def _until_no_machine_is_gone(self) -> None:
        """Wait until the locks of lost machines are gone."""
        await asyncio.sleep(max(0.0, self._gone_until - time.monotonic()))

    async def _until_workers_are_ready(self) -> None:
        """Wait for those that were killed just before: how long Python takes to start is no recovery."""
        for slot in self._system.workers:
            await slot.until_ready()

    async def _do(self, fault: Fault, draw: random.Random, *, measured: bool) -> None:
        self._say(fault.name)
        hurt = await fault.do(self._system, self._load, draw) or Hurt(time.monotonic())
        self.done[fault.name] += 1
        if fault.lane is Lane.MACHINES:
            self._gone_until = time.monotonic() + KEEPALIVE_SECONDS
        if measured:
            seconds = await self._probe.recovered(hurt)
            self.recoveries[fault.name].append(seconds)
            self._say(f"{fault.name}: recovered after {seconds:.1f} s")


def order(faults: Sequence[Fault], draw: random.Random) -> Iterator[Fault]:
    """The faults of one lane without end: in each round every one once, shuffled."""
    while True:
        yield from draw.sample(faults, len(faults))
