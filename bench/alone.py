"""The command line of `cli`, whose agents judge no incident, plan and send no message, and retry nothing by themselves.

There is no setting for most of this: it costs too little. Here it waits, for the measurement of what it costs.
"""

import asyncio

from agents.notify.delivery import Delivery
from agents.notify.log_edges import LogEdges
from agents.notify.planning import Planning
from agents.reprocess.automatic import Automatic
from agents.upkeep.judging import Judging
from cli.entry import main

OFF = (Automatic, Delivery, Judging, LogEdges, Planning)


async def _wait(_work: object) -> None:
    await asyncio.Event().wait()


if __name__ == "__main__":
    for each in OFF:
        each.run = _wait  # type: ignore[assignment, method-assign]
    main()
