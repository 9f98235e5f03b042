"""Plans and delivers, in one process after another: `python -m tests.support.deliver DATABASE_URL KEY SMTP_PORT`.

Each is a fork of this one, which has imported all that they need, so that the next one begins at once when one was
killed. Their ids are lines of standard output. It ends when one ends in any other way.
"""

import asyncio
import os
import signal
import sys

from agents.notify.delivery import Delivery
from agents.notify.planning import Planning
from broker.publisher import Publisher
from outbound.sealed import Sealer
from tests.support import notified
from tests.support.opened import opened


async def work(url: str, key: str, port: int) -> None:
    """Lease channels for a second only, so that the next process need not wait."""
    async with opened(url, "writer") as database, asyncio.TaskGroup() as tasks:
        publisher = Publisher("127.0.0.1:1")
        settings = notified.settings(port)
        tasks.create_task(Planning(database, every_seconds=0.02).run())
        tasks.create_task(
            Delivery(
                database, publisher, settings, Sealer(key), topic="none", lease_seconds=1.0, every_seconds=0.02
            ).run()
        )


def main(url: str, key: str, port: int) -> None:
    """Begin the next process whenever one was killed."""
    while True:
        child = os.fork()
        if child == 0:
            asyncio.run(work(url, key, port))
            return
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _child, status = os.waitpid(child, 0)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            sys.exit(f"it ended by itself: {status}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
