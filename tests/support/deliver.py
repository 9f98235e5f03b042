"""Delivers the outbox until it is killed: `python -m tests.support.deliver DATABASE_URL KEY SMTP_PORT`."""

import asyncio
import sys

from agents.notify.delivery import Delivery
from broker.publisher import Publisher
from outbound.sealed import Sealer
from tests.support import notified
from tests.support.opened import opened


async def main(url: str, key: str, port: int) -> None:
    """Lease channels for a second only, so that the next process need not wait."""
    async with opened(url, "writer") as database:
        publisher = Publisher("127.0.0.1:1")
        settings = notified.settings(port)
        await Delivery(
            database, publisher, settings, Sealer(key), topic="none", lease_seconds=1.0, every_seconds=0.02
        ).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
