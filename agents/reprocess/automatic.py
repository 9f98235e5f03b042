"""Tries failures again by itself: looks at the results that came, and records commands for what is due.

A command is recorded by the writer of people's commands, so that pauses, pace, breakers, steps, verdicts and outcomes
hold for it without anything of their own. Looking and recording are transactions of their own, each whole or not at
all; one worker at a time does them, and any other goes on where it stopped.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from agents.process.rounds import rounds
from agents.reprocess.new_items import Asked, new_items
from schemas.automatic_rule import CANARY, COMMAND_LOGS, AutomaticRule
from schemas.catalogue import BY_NAME
from schemas.identity import automatic_command_id
from schemas.item_state import ItemState
from schemas.policy import Policy
from schemas.reasons.reason import Reason
from schemas.reasons.say import say
from schemas.reprocess import OURSELVES, Command, ReprocessRequest
from schemas.steps import Pace
from schemas.verdict import Facts, verdict
from storage.database import Connection, Database, clock
from storage.logs.cures import cures_of
from storage.reprocess import automatic
from storage.reprocess.automatic import Lane
from storage.reprocess.writer import LockedLog, insert_command, insert_items, lock_logs

#: Results that one look reads.
LOOK = 2000
POLL_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Automatic:
    """Any number of workers take turns."""

    def __init__(
        self,
        database: Database,
        policy: Policy,
        queued: Callable[[], None],
        *,
        enabled: bool,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        """`queued` is called when there may be more to send. Not `enabled`: nothing is tried again by itself."""
        self._database = database
        self._policy = policy
        self._queued = queued
        self._enabled = enabled
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        """Look and record until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("automatic", self.once, full=LOOK, pause_seconds=self._poll_seconds)

    async def once(self, at_most: int = LOOK) -> int:
        """Do one round; return how many results were read, or failures forgotten. Raises StorageUnavailable.

        Whatever was recorded then stays.
        """
        async with self._database.transaction() as connection:
            cancelled = await automatic.cancel_stopped(connection, every_account=not self._enabled)
        if cancelled:
            log.info("automatic commands cancelled", commands=cancelled)
        read = await self.look(at_most)
        if self._enabled:
            await self.record_due()
        return read

    async def look(self, at_most: int = LOOK) -> int:
        """Watch the failures among the next `at_most` results or so.

        Returns how many were read, and `at_most` or more where others may have come as well.
        """
        async with self._database.connection() as connection:
            until = await automatic.all_stored_until(connection)
        async with self._database.transaction() as connection:
            since = await automatic.lock_progress(connection)
            if since is None:
                return 0
            if not self._enabled:
                await automatic.move_progress(connection, max(since, until))
                return await automatic.forget_all(connection, at_most)
            found = await automatic.results_since(connection, since, until, at_most)
            # An earlier version may have had more types.
            known = [each for each in found.results if each.integration_type in BY_NAME]
            rules = await automatic.rules_of(connection, (each.account for each in known))
            reprocessable = [
                each
                if self._policy.for_(each.integration_type, each.affiliate).reprocessable
                else each._replace(class_=None)
                for each in known
            ]
            await automatic.watch(connection, reprocessable, rules)
            await automatic.move_progress(connection, max(since, found.until))
            return found.read

    async def record_due(self) -> int:
        """Record a command for each lane with something due that nothing holds back; return how many were recorded."""
        async with self._database.transaction() as connection:
            if await automatic.lock_progress(connection) is None:
                return 0  # nobody looks for what another worker records
            lanes = await automatic.due_lanes(connection, await clock(connection))
        recorded = 0
        for lane in lanes:
            async with self._database.transaction() as connection:
                if await automatic.lock_progress(connection) is None:
                    break
                recorded += await self._record(connection, lane)
        if recorded:
            self._queued()
        return recorded

    async def _record(self, connection: Connection, lane: Lane) -> bool:
        """Record the command of a lane, unless something holds it back."""
        at = await clock(connection)
        rules = await automatic.rules_of(connection, [lane.account])
        rule = rules[lane.account].for_(lane.integration_type, lane.affiliate)
        watched = await automatic.due_logs(connection, lane, at, COMMAND_LOGS)
        due = list(watched)
        if not rule.retries(lane.class_):
            await automatic.unwatch(connection, due)  # the rule has changed meanwhile
            return False
        if await self._is_over(connection, lane, rule, at):
            await automatic.set_next_try(connection, due, at=at, pause=None, tried=False)
            return False
        if not due or await self._is_held_back(connection, lane, at):
            return False
        # Locked in the order of the key, as every transaction locks logs; rows of ours are locked by the progress.
        logs = await lock_logs(connection, lane.account, lane.integration_type, due, None)
        states = {each: self._verdict(lane, found) for each, found in logs.items()}
        over = [each for each in due if states.get(each) not in {ItemState.QUEUED, ItemState.IN_FLIGHT}]
        waiting = [each for each, state in states.items() if state is ItemState.IN_FLIGHT]
        queued = {each: logs[each] for each in due if states.get(each) is ItemState.QUEUED}
        chosen = {each: found for each, found in queued.items() if found.fingerprint == watched[each].fingerprint}
        # One that has failed otherwise since it was looked at may be permanent now: the next look tells, if there is
        # anything to look at. A fingerprint that was made anew is tried after a pause.
        changed = {
            each: found.fingerprint for each, found in queued.items() if each not in chosen and found.fingerprint
        }
        pause = rule.pause_after(lane.tries)
        await automatic.unwatch(connection, over)
        await automatic.set_next_try(connection, waiting, at=at, pause=pause, tried=False)
        await automatic.set_fingerprint(connection, changed, at=at, pause=pause)
        if not chosen:
            return False
        why = lane.reason(rule, [watched[each].code for each in chosen])
        return await self._try(connection, lane, rule, chosen, why, at=at)

    async def _try(
        self,
        connection: Connection,
        lane: Lane,
        rule: AutomaticRule,
        chosen: Mapping[uuid.UUID, LockedLog],
        why: Reason,
        *,
        at: datetime,
    ) -> bool:
        """Count a try of the chosen logs, and record its command."""
        pause = rule.pause_after(lane.tries)
        # Of a group only the canary is sent for now; the others are counted when they are.
        sent = list(chosen)[: None if lane.fingerprint is None else 1]
        await automatic.set_next_try(connection, sent, at=at, pause=rule.pause_after(lane.tries + 1), tried=True)
        others = list(chosen)[len(sent) :]
        await automatic.set_next_try(connection, others, at=at, pause=pause, tried=False)
        command = _command(lane, rule, chosen, at)
        if lane.fingerprint is not None:
            canary = await automatic.canary_of(connection, lane, at)
            tries = canary.tries + 1
            await automatic.set_canary(
                connection, lane, tries=tries, at=at, pause=rule.pause_after(tries), command_id=command.id
            )
        if not await insert_command(connection, command, None, automatic=why):
            return False  # a database that was restored in part has the command, and not that it was tried
        asked = Asked(lane.account, command.id, lane.integration_type, command.request.mode)
        items = new_items(asked, list(chosen), chosen, self._policy, ())
        first = None if lane.fingerprint is None else 1
        await insert_items(connection, lane.account, command.id, lane.integration_type, items, first=first)
        log.info("automatic", account=lane.account, command_id=command.id, items=len(items), said=say(why, "en"))
        return True

    async def _is_over(self, connection: Connection, lane: Lane, rule: AutomaticRule, at: datetime) -> bool:
        """Return True for what is not tried any more: it was often enough, or reprocessing never cures its group."""
        if lane.tries >= rule.tries:
            return True
        if lane.fingerprint is None:
            return False
        canary = await automatic.canary_of(connection, lane, at)
        cures = await cures_of(connection, lane.account, [lane.fingerprint])
        return canary.tries >= rule.tries or cures[lane.fingerprint].automation == "advised_against"

    async def _is_held_back(self, connection: Connection, lane: Lane, at: datetime) -> bool:
        """Return True while what was recorded before is to be sent first, or the group's canary is on its way."""
        if lane.fingerprint is None:
            return await automatic.is_queue(connection, lane)
        return (await automatic.canary_of(connection, lane, at)).is_open

    def _verdict(self, lane: Lane, found: LockedLog) -> ItemState:
        rule = self._policy.for_(lane.integration_type, lane.affiliate)
        return verdict(Facts(found.status, found.in_flight is not None), rule)


def _command(lane: Lane, rule: AutomaticRule, chosen: Mapping[uuid.UUID, LockedLog], at: datetime) -> Command:
    """Return the command that tries these logs again. Its id is made of each log and the ordinal of its reprocess.

    It is constructed, since its author's name is refused of anybody else.
    """
    pace = Pace() if lane.fingerprint is None else CANARY
    request = ReprocessRequest.model_construct(
        account=lane.account,
        integration_type=lane.integration_type,
        requested_by=OURSELVES,
        log_ids=list(chosen),
        pace=pace.model_copy(update={"per_second": rule.per_second}),
    )
    attempts = {each: found.reprocessed + 1 for each, found in chosen.items()}
    return Command.model_construct(id=automatic_command_id(lane.account, attempts), requested_at=at, request=request)
