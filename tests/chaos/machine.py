"""The network of one machine: its own way to each server, which can fail for it alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from embedded.ports import LOOPBACK
from storage.database import DEAD_PEER
from tests.support.proxy import Proxy, listening

#: Seconds after which PostgreSQL gives up a client whose machine answers no keepalive, by the settings of our sessions.
KEEPALIVE_SECONDS = int(DEAD_PEER["tcp_keepalives_idle"]) + int(DEAD_PEER["tcp_keepalives_interval"]) * int(
    DEAD_PEER["tcp_keepalives_count"]
)


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
        asyncio.get_running_loop().call_later(KEEPALIVE_SECONDS, self._bury)
        return found

    def _bury(self) -> None:
        """Let the servers hear of it, as by keepalives that nobody answers: a proxy on this machine answers them."""
        self.kafka.bury()
        self.postgres.bury()


@asynccontextmanager
async def machine() -> AsyncIterator[Machine]:
    """A machine whose servers are not known yet."""
    async with AsyncExitStack() as stack:
        kafka, postgres = [await stack.enter_async_context(listening(LOOPBACK, 0)) for _ in range(2)]
        yield Machine(kafka, postgres)
