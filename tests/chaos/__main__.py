"""`make chaos`: a system under load and faults; then all that was sent is compared with all that is stored.

Prints the seed, what was done, recovery times, memory, and seven counts that must all be 0; exit 1 if one is not. The
same seed does the same faults in the same order in each lane, though not at the same microsecond. docs/reliability.md
has every fault, and the figures of the last long run.
"""

import argparse
import asyncio
import logging
import random
import signal
import sys
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from tests.chaos import page
from tests.chaos.fault import Fault
from tests.chaos.faults import FAULTS
from tests.chaos.report import Report, lines
from tests.chaos.run import run


def say(line: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S} {line}\n")
    sys.stdout.flush()


def chosen(names: str) -> Sequence[Fault]:
    """The faults of `--only`; all when it names none. Raises ValueError for an unknown one."""
    wanted = {each.strip() for each in names.split(",") if each.strip()}
    if unknown := wanted - {each.name for each in FAULTS}:
        known = ", ".join(each.name for each in FAULTS)
        raise ValueError(f"there is no fault {', '.join(sorted(unknown))}; there are {known}")
    return [each for each in FAULTS if not wanted or each.name in wanted]


async def _until_terminated(work: Coroutine[Any, Any, None]) -> None:
    """Let SIGTERM end it as Ctrl-C does: no process is left behind."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await work


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--rate", type=float, default=150.0, help="records a second")
    parser.add_argument("--only", default="", help="names of faults, separated by commas")
    parser.add_argument("--record", action="store_true", help="keep the figures in docs/reliability.md")
    given = parser.parse_args()
    try:
        faults = chosen(given.only)
    except ValueError as exc:
        parser.error(str(exc))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # that brokers are away is what this is about
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    report = Report(given.seed, given.minutes, given.workers, given.rate)
    asyncio.run(_until_terminated(run(report, faults, say)))
    for line in lines(report):
        say(line)
    if given.record:
        report.write()
        page.write()
    return 0 if report.all_kept else 1


if __name__ == "__main__":
    sys.exit(main())
