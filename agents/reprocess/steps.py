"""Evaluates commands that are released in steps, and releases what cancelled commands have not sent."""

from collections.abc import Callable

import structlog

from agents.metrics import ITEMS
from agents.process.rounds import POLL_SECONDS, rounds
from schemas.reasons.say import say
from storage.database import Database
from storage.reprocess.writer import judge_step, mark_cancelled, steps_to_judge

_AT_ONCE = 1000

log = structlog.get_logger(__name__)


class Steps:
    """Evaluates steps and releases items; any number of workers share the work."""

    def __init__(self, database: Database, released: Callable[[], None], poll_seconds: float = POLL_SECONDS) -> None:
        """`released` is called when there may be more to send."""
        self._database = database
        self._released = released
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        """Evaluate and release until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("steps", self._once, full=_AT_ONCE, pause_seconds=self._poll_seconds)

    async def _once(self, at_most: int) -> int:
        await self.judge()
        return await self.let_go(at_most)

    async def judge(self) -> None:
        """Evaluate every command whose step is over. Raises StorageUnavailable."""
        async with self._database.connection() as connection:
            waiting = await steps_to_judge(connection)
        for account, command_id in waiting:
            async with self._database.transaction() as connection:
                verdict = await judge_step(connection, account, command_id)
            if verdict is not None:
                log.info(
                    "step", account=account, command_id=command_id, go_on=verdict.go_on, said=say(verdict.reason, "en")
                )
                self._released()

    async def let_go(self, at_most: int = _AT_ONCE) -> int:
        """End up to `at_most` items of cancelled commands; return how many.

        Raises StorageUnavailable, and then none is.
        """
        async with self._database.transaction() as connection:
            ended = await mark_cancelled(connection, at_most)
        for state in ended:
            ITEMS.labels(state.value).inc()
        return len(ended)
