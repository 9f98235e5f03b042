"""Ends a worker that looks alive and does nothing, so that its supervisor starts a new one.

Faust and aiokafka have open reports of consumers that stop for good after broker trouble, without an error.
"""

import asyncio
import faulthandler
import sys
import threading
import time
from collections.abc import Callable, Iterable

from mode.utils.tracebacks import print_task_stack

from agents.process import crash

CHECK_SECONDS = 5.0
#: Seconds of a stall; those of Kafka or PostgreSQL that heal by themselves take less once they are back.
STALLED_SECONDS = 120.0
#: Seconds for which the event loop is never blocked in a healthy process.
BLOCKED_SECONDS = 60.0


class Progress:
    """Compares successive positions: detects that work waits and none is done."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: object = None
        self._since = clock()

    def stalled_seconds(self, *, waiting: bool, position: object) -> float:
        """Return for how many seconds work waited and `position` (anything that changes with progress) stood still."""
        if not waiting or position != self._seen:
            self._seen = position
            self._since = self._clock()
        return self._clock() - self._since


class LoopGuard(threading.Thread):
    """A thread that ends the process when the event loop is blocked."""

    def __init__(self) -> None:
        super().__init__(name="loop-guard", daemon=True)
        self._beat = time.monotonic()
        self._over = threading.Event()

    def beat(self) -> None:
        """Record that the event loop is running."""
        self._beat = time.monotonic()

    def stop(self) -> None:
        self._over.set()

    def run(self) -> None:
        while not self._over.wait(CHECK_SECONDS):
            if time.monotonic() - self._beat > BLOCKED_SECONDS:
                faulthandler.dump_traceback(sys.stderr)
                crash.die("event loop blocked")


def show_tasks(loops: Iterable[asyncio.AbstractEventLoop]) -> None:
    """Write to stderr where each thread stands, and each task of `loops`: the reason of a stall is in one of them."""
    faulthandler.dump_traceback(sys.stderr)
    for task in [task for loop in loops for task in asyncio.all_tasks(loop)]:
        print_task_stack(task, file=sys.stderr)  # along what it awaits, which Task.print_stack does not follow


async def watch(look: Callable[[], tuple[bool, object]], show: Callable[[], None]) -> None:
    """Poll `look()` until cancelled; end the process when work waits and the position stands still too long.

    Before that, `show` writes what there is to see.
    """
    guard = LoopGuard()
    guard.start()
    progress = Progress()
    try:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            guard.beat()
            waiting, position = look()
            if progress.stalled_seconds(waiting=waiting, position=position) > STALLED_SECONDS:
                show()
                crash.die("stalled")
    finally:
        guard.stop()
