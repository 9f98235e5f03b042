"""The network of one machine: its own way to each server, which can fail for it alone."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from embedded.ports import LOOPBACK
from tests.support.proxy import Proxy, listening


@dataclass(frozen=True)
class Machine:
    """Two proxies that nobody else uses."""

    kafka: Proxy
    postgres: Proxy

    async def vanish_at_commit(self, seconds: float) -> bool:
        """Be gone for both servers at the next COMMIT, which does not arrive: locks are held, and nobody is there.

        After `seconds` without one at any rate, then False.
        """
        found = await self.postgres.lose_at(b"COMMIT", seconds)
        self.kafka.lose()
        return found

    def bury(self) -> None:
        """Tell the servers at last, so that no connections are left."""
        self.kafka.bury()
        self.postgres.bury()


@asynccontextmanager
async def machine() -> AsyncIterator[Machine]:
    """A machine whose servers are not known yet."""
    async with AsyncExitStack() as stack:
        kafka, postgres = [await stack.enter_async_context(listening(LOOPBACK, 0)) for _ in range(2)]
        yield Machine(kafka, postgres)
