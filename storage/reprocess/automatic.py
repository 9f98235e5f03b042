"""Automatic retries: failures that are watched, and the commands that try them again.

A try is one transaction: the command, its items by the same writer as a person's, and the count of tries. So a crash
loses or repeats none. Only the worker that has locked the progress does any of it.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from schemas.activity import ReprocessAct
from schemas.automatic_rule import (
    COMMAND_LOGS,
    FORGET_CANARY_SECONDS,
    GATHER_SECONDS,
    AutomaticChange,
    AutomaticRule,
    AutomaticRules,
)
from schemas.classification import class_of_texts
from schemas.error_class import ErrorClass
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reprocess import OURSELVES
from schemas.shown.automatic import AutomaticOff, SetAutomaticRule, ShownAutomatic
from schemas.spelling import MAX_CHARACTERS
from storage.database import Connection, Database
from storage.reprocess import audit
from storage.reprocess.audit import NO_KEY, UsedKey
from storage.reprocess.writer import cancel
from storage.statements import SQL

SWITCHED_OFF = Reason(ReasonCode.AUTOMATIC_SWITCHED_OFF)
#: Lanes that one look finds; others have their turn after these.
MAX_LANES = 1000
#: Results that are passed over, for each that is read, in one statement at most.
SCANNED = 5
#: Time in which so few results come that all of them may be passed over. Where they end is found by reading them twice.
SOON = timedelta(seconds=5)
#: Sentences of why, by class.
_WHY = {
    ErrorClass.BUSY: ReasonCode.AUTOMATIC_BUSY,
    ErrorClass.TRANSPORT: ReasonCode.AUTOMATIC_TRANSPORT,
    ErrorClass.UNKNOWN: ReasonCode.AUTOMATIC_CANARY,
}


class ClassedResult(NamedTuple):
    """A result that is to be watched, or the end of watching its log."""

    account: str
    log_id: uuid.UUID
    integration_type: str
    affiliate: str
    class_: ErrorClass | None  # None: it did not fail
    code: str | None
    fingerprint: str | None
    received_at: datetime
    answers: bool  # it answers a retry, ours or a person's
    followed_item_id: uuid.UUID | None  # of ours, sent since the canary of its group was fixed, that it answers


class Lane(NamedTuple):
    """Failures that are tried together."""

    account: str
    integration_type: str
    affiliate: str
    class_: ErrorClass
    tries: int  # that each of them had
    fingerprint: str | None  # of the group of a canary

    def reason(self, rule: AutomaticRule, codes: Iterable[str | None]) -> Reason:
        """Return why they are tried again; of several codes the commonest is told."""
        known = Counter(each for each in codes if each)
        code = max(sorted(known), key=known.__getitem__, default="–")
        return Reason(_WHY[self.class_], code=code, attempt=self.tries + 1, tries=rule.tries)


class Due(NamedTuple):
    """A failure that is due, as it was when it was looked at."""

    code: str | None
    fingerprint: str


class Found(NamedTuple):
    """Results that came since some time."""

    results: list[ClassedResult]  # the newest of each log
    until: datetime  # all that came until then are among them
    read: int  # as many as were to be read at least, if there may be more


class Canary(NamedTuple):
    """Canaries of a group, as far as they count."""

    tries: int = 0  # in a row that were not fixed
    is_open: bool = False  # the last one's command still runs

    @classmethod
    def of(cls, row: Any, at: datetime) -> "Canary":
        """Make it from a row of `read_canary`. One that was fixed, or was left alone for long, counts no more."""
        if row is None:
            return cls()
        forgotten = row["tried_at"] < at - timedelta(seconds=FORGET_CANARY_SECONDS)
        return cls(0 if row["is_fixed"] or forgotten else row["tries"], row["is_open"])


class _Watched(NamedTuple):
    account: str
    log_id: uuid.UUID
    integration_type: str
    affiliate: str
    class_: str
    code: str | None
    fingerprint: str | None
    tries: int
    next_at: datetime | None
    followed_item_id: uuid.UUID | None  # the last that `tries` has


async def all_stored_until(connection: Connection) -> datetime:
    """Return the time before which every result that will ever be stored is there.

    Call it before the transaction that uses it.
    """
    at: datetime = await SQL["all_stored_until"].fetchval(connection)
    return at


async def lock_progress(connection: Connection) -> datetime | None:
    """Lock the progress until the transaction ends; return how far it is. None: another worker has it."""
    found: datetime | None = await SQL["lock_automatic_progress"].fetchval(connection)
    return found


async def move_progress(connection: Connection, until: datetime) -> None:
    """Say that all results up to then have been looked at."""
    await SQL["move_automatic_progress"].execute(connection, until=until)


async def results_since(connection: Connection, since: datetime, until: datetime, limit: int) -> Found:
    """Return results that came after `since`, up to `until`. About `limit` are read; of a transaction all or none.

    Those that did not fail are passed over. Of a backlog, up to SCANNED times as many are: it is looked at in pieces.
    """
    end = until
    if until - since > SOON:
        end = await SQL["results_until"].fetchval(connection, since=since, until=until, many=limit * SCANNED)
    rows = await SQL["results_to_class"].fetch(
        connection, since=since, until=end, limit=limit, characters=MAX_CHARACTERS
    )
    newest = {row["log_id"]: row for row in sorted(rows, key=lambda row: bytes(row["version"]))}
    reached = end if len(rows) < limit else max(row["received_at"] for row in rows)
    read = max(len(rows), limit) if reached < until else len(rows)
    return Found([_classed(row) for row in newest.values()], reached, read)


def _classed(row: Any) -> ClassedResult:
    fields = {name: row[name] for name in ClassedResult._fields if name != "class_"}
    if row["status"] == "success":
        return ClassedResult(**fields, class_=None)
    if row["too_long"]:
        return ClassedResult(**fields, class_=ErrorClass.UNKNOWN)
    return ClassedResult(**fields, class_=class_of_texts(row["errors"], row["message"], row["response"]))


async def watch(connection: Connection, results: Sequence[ClassedResult], rules: Mapping[str, AutomaticRules]) -> None:
    """Watch what failed for a reason that is retried, and stop watching the rest. `rules`: by account.

    A failure that answers no retry leaves the next try where it was: a connector that tries by itself does not push it
    away. What followed a canary is counted here, since nobody knew before that it would be sent: once, however many
    answers it has.
    """
    known = {
        row["log_id"]: row
        for row in await SQL["read_watched"].fetch(connection, log_ids=[each.log_id for each in results])
    }
    watched: list[_Watched] = []
    over: list[uuid.UUID] = []
    for each in results:
        rule = rules[each.account].for_(each.integration_type, each.affiliate)
        if each.class_ is None or not rule.retries(each.class_):
            over += [each.log_id] if each.log_id in known else []
            continue
        row = known.get(each.log_id)
        tries, followed = (row["tries"], row["followed_item_id"]) if row else (0, None)
        if each.followed_item_id not in {None, followed}:
            tries, followed = tries + 1, each.followed_item_id
        pause = rule.pause_after(tries)
        next_at = None if pause is None else each.received_at + timedelta(seconds=pause)
        if row and row["next_at"] and next_at and not each.answers:
            next_at = row["next_at"]
        watched.append(_Watched(*each[:4], each.class_.value, each.code, each.fingerprint, tries, next_at, followed))
    if watched:
        await SQL["watch"].execute(connection, watched)
    await unwatch(connection, over)


async def forget_all(connection: Connection, limit: int) -> int:
    """Stop watching up to `limit` failures of any account; return how many."""
    return len(await SQL["unwatch_all"].fetch(connection, limit=limit))


async def due_lanes(connection: Connection, at: datetime) -> list[Lane]:
    """Return what is due at a time, gathered, and held back by nobody, longest first."""
    gathered = at - timedelta(seconds=GATHER_SECONDS)
    rows = await SQL["due_lanes"].fetch(connection, at=at, gathered=gathered, many=COMMAND_LOGS, limit=MAX_LANES)
    return [Lane(**{**row, "class_": ErrorClass(row["class_"])}) for row in rows]


async def due_logs(connection: Connection, lane: Lane, at: datetime, limit: int) -> dict[uuid.UUID, Due]:
    """Return the logs of a lane that are due; none while its account is switched off."""
    rows = await SQL["due_logs"].fetch(connection, **lane._asdict(), at=at, limit=limit)
    return {row["log_id"]: Due(row["code"], row["fingerprint"]) for row in rows}


async def is_queue(connection: Connection, lane: Lane) -> bool:
    """Return True while items of an earlier automatic command wait to be sent there."""
    found: bool = await SQL["is_automatic_queue"].fetchval(
        connection, account=lane.account, integration_type=lane.integration_type, affiliate=lane.affiliate
    )
    return found


async def canary_of(connection: Connection, lane: Lane, at: datetime) -> Canary:
    """Return what is known of the canaries of a lane's group."""
    return Canary.of(await SQL["read_canary"].fetchrow(connection, **_group(lane)), at)


async def set_canary(
    connection: Connection, lane: Lane, *, tries: int, at: datetime, pause: float | None, command_id: str
) -> None:
    """Keep that a canary of a lane's group was sent at `at`: `tries` in a row with it."""
    next_at = None if pause is None else at + timedelta(seconds=pause)
    await SQL["set_canary"].execute(
        connection, **_group(lane), tries=tries, tried_at=at, next_at=next_at, command_id=command_id
    )


def _group(lane: Lane) -> dict[str, Any]:
    names = ("account", "integration_type", "affiliate", "fingerprint")
    return {name: getattr(lane, name) for name in names}


async def set_next_try(
    connection: Connection, log_ids: Sequence[uuid.UUID], *, at: datetime, pause: float | None, tried: bool
) -> None:
    """Say when logs are tried next: `pause` seconds after `at`, or never when it is None. `tried`: they were now."""
    if log_ids:
        next_at = None if pause is None else at + timedelta(seconds=pause)
        await SQL["set_next_try"].execute(connection, log_ids=log_ids, next_at=next_at, more=1 if tried else 0)


async def set_fingerprint(
    connection: Connection, fingerprints: Mapping[uuid.UUID, str], *, at: datetime, pause: float | None
) -> None:
    """Give watched logs the fingerprint that they have now, by log id, and `pause` seconds from `at` to their try."""
    if fingerprints:
        next_at = None if pause is None else at + timedelta(seconds=pause)
        await SQL["set_fingerprint"].execute(
            connection, log_ids=list(fingerprints), fingerprints=list(fingerprints.values()), next_at=next_at
        )


async def unwatch(connection: Connection, log_ids: Sequence[uuid.UUID]) -> None:
    """Stop watching logs."""
    if log_ids:
        await SQL["unwatch"].execute(connection, log_ids=log_ids)


async def rules_of(connection: Connection, accounts: Iterable[str]) -> dict[str, AutomaticRules]:
    """Return the rules of accounts now; the connection sees their rows."""
    names = sorted(set(accounts))
    changes: dict[str, dict[tuple[str, str], AutomaticChange]] = {name: {} for name in names}
    for row in await SQL["automatic_rules"].fetch(connection, accounts=names):
        changes[row["account"]][row["integration_type"], row["affiliate"]] = _change(row)
    return {name: AutomaticRules(each) for name, each in changes.items()}


def _change(row: Any) -> AutomaticChange:
    return AutomaticChange.model_validate_json(row["change"])


async def set_rule(
    connection: Connection,
    account: str,
    integration_type: str,
    affiliate: str,
    change: AutomaticChange,
    *,
    requested_by: str,
    reason: str | None,
    key: UsedKey = NO_KEY,
) -> bool:
    """Set the change of a rule, or take it back with an empty one. The audit says who did.

    Returns False, and changes nothing, when it is so already.
    """
    own = {"account": account, "integration_type": integration_type, "affiliate": affiliate}
    given = change.model_dump_json(exclude_none=True)
    if given == "{}":
        done = await SQL["take_back_automatic_rule"].fetchval(connection, **own)
    else:
        done = await SQL["set_automatic_rule"].fetchval(connection, **own, change=given, set_by=requested_by)
    if done is None:
        return False
    request = json.dumps({"integration_type": integration_type, "change": json.loads(given)})
    await audit.add(
        connection,
        account,
        "automatic_rule",
        affiliate=affiliate,
        requested_by=requested_by,
        reason=reason,
        request=request,
        key=key,
    )
    return True


async def switch(
    connection: Connection, account: str, *, on: bool, requested_by: str, reason: str | None, key: UsedKey = NO_KEY
) -> bool:
    """Switch all automatic retries of an account on or off. Off cancels what is not sent yet. The audit says who did.

    Returns False, and changes nothing, when it is so already.
    """
    if on:
        done = await SQL["switch_automatic_on"].fetchval(connection, account=account)
    else:
        done = await SQL["switch_automatic_off"].fetchval(
            connection, account=account, set_by=requested_by, reason=reason
        )
    if done is None:
        return False
    action: ReprocessAct = "automatic_on" if on else "automatic_off"
    await audit.add(connection, account, action, requested_by=requested_by, reason=reason, key=key)
    if not on:
        await cancel_stopped(connection, every_account=False)
    return True


async def cancel_stopped(connection: Connection, *, every_account: bool) -> int:
    """Cancel the open automatic commands of accounts that are switched off, or of every one; return how many."""
    rows = await SQL["automatic_commands_to_stop"].fetch(connection, all=every_account)
    done = [
        await cancel(connection, row["account"], row["id"], requested_by=OURSELVES, note=SWITCHED_OFF) for row in rows
    ]
    return sum(done)


async def outcomes(connection: Connection) -> dict[str, int]:
    """Return the items of the automatic commands of the last day, by state. The connection must be the writer's."""
    return {row["state"]: row["items"] for row in await SQL["automatic_outcomes"].fetch(connection)}


async def read_automatic(database: Database, account: str) -> ShownAutomatic:
    """Return the rules of an account, and if they are switched off."""
    async with database.snapshot(account) as connection:
        off = await SQL["read_automatic_off"].fetchrow(connection, account=account)
        rows = await SQL["automatic_rules"].fetch(connection, accounts=[account])
    changes = {(row["integration_type"], row["affiliate"]): _change(row) for row in rows}
    rules = AutomaticRules(changes)
    return ShownAutomatic(
        off=off and AutomaticOff(**dict(off)),
        rules=rules.of_each_type(),
        changes=[
            SetAutomaticRule(
                integration_type=row["integration_type"],
                affiliate=row["affiliate"],
                change=_change(row),
                rule=rules.for_(row["integration_type"], row["affiliate"]).shown,
                set_by=row["set_by"],
                set_at=row["set_at"],
            )
            for row in rows
        ],
    )
