"""Affiliates, whose retries a person or the breaker can pause."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from schemas.breaker import Breaker
from schemas.shown.affiliate import ShownAffiliate
from storage.database import Connection, Database, clock
from storage.reprocess import audit
from storage.reprocess.audit import NO_KEY, UsedKey
from storage.statements import SQL

Switch = Literal["paused", "resumed"]


class Name(NamedTuple):
    """An affiliate of an account."""

    account: str
    affiliate: str


class Answered(NamedTuple):
    """One answer, or an expired retry, as a breaker counts it."""

    account: str
    affiliate: str
    sent_at: datetime | None  # None: answered before it was marked as sent, which counts as sent now
    busy: bool  # answered "not now", or expired


def breaker_of(row: Any) -> Breaker:
    """Return the breaker in a row; a closed one where there is none."""
    if row["breaker"] is None:
        return Breaker()
    return Breaker(row["breaker"], row["changed_at"], row["retry_at"], row["good"], row["bad"], row["openings"])


async def lock_breakers(connection: Connection, names: Sequence[Name]) -> dict[Name, Breaker]:
    """Return the breakers of `names` that have a row, locked until the transaction ends."""
    rows = await SQL["lock_affiliates"].fetch(connection, sorted(set(names)))
    return {Name(row["account"], row["affiliate"]): breaker_of(row) for row in rows}


async def set_breakers(connection: Connection, breakers: Mapping[Name, Breaker]) -> None:
    """Store breakers; to be called with all of them locked."""
    if breakers:
        await SQL["set_breakers"].execute(
            connection,
            list(breakers.values()),
            account=[name.account for name in breakers],
            affiliate=[name.affiliate for name in breakers],
        )


async def record_answers(connection: Connection, answers: Sequence[Answered]) -> None:
    """Let breakers count answers. A transaction that locks other rows must do this last."""
    if not answers:
        return
    bad = sorted({Name(each.account, each.affiliate) for each in answers if each.busy})
    if bad:
        await SQL["make_affiliates"].execute(connection, bad)
    before = await lock_breakers(connection, [Name(each.account, each.affiliate) for each in answers])
    counts: Counter[tuple[Name, bool]] = Counter()
    for each in answers:
        name = Name(each.account, each.affiliate)
        if name in before and (each.sent_at is None or each.sent_at >= before[name].changed_at):
            counts[name, each.busy] += 1
    if not counts:
        return
    now = await clock(connection)
    after = {name: breaker.answered(counts[name, False], counts[name, True], now) for name, breaker in before.items()}
    await set_breakers(connection, {name: each for name, each in after.items() if each != before[name]})


async def switch(
    connection: Connection,
    account: str,
    affiliate: str,
    to: Switch,
    *,
    requested_by: str,
    reason: str | None,
    key: UsedKey = NO_KEY,
) -> bool:
    """Pause an affiliate, so that nothing is sent to it, or resume it, whether a person or its breaker paused it.

    The audit says who did. Returns False, and changes nothing, when it is so already.
    """
    if to == "paused":
        done = await SQL["pause_affiliate"].fetchval(
            connection, account=account, affiliate=affiliate, requested_by=requested_by, reason=reason
        )
    else:
        done = await SQL["resume_affiliate"].fetchval(connection, account=account, affiliate=affiliate)
    if done is None:
        return False
    await audit.add(connection, account, to, affiliate=affiliate, requested_by=requested_by, reason=reason, key=key)
    return True


async def paused(connection: Connection, account: str) -> frozenset[str]:
    """Return the affiliates that a person has paused."""
    rows = await SQL["paused_affiliates"].fetch(connection, account=account)
    return frozenset(row["affiliate"] for row in rows)


async def list_affiliates(database: Database, account: str) -> list[ShownAffiliate]:
    """Return the affiliates that were ever paused or sent to, by name."""
    async with database.reading(account) as connection:
        rows = await SQL["list_affiliates"].fetch(connection, account=account)
    return [_shown(row) for row in rows]


async def with_logs(database: Database, account: str) -> list[str]:
    """Return the affiliates of the account's logs of all types."""
    async with database.reading(account) as connection:
        return [row["affiliate"] for row in await SQL["affiliates_with_logs"].fetch(connection, account=account)]


def untouched(affiliate: str) -> ShownAffiliate:
    """Return an affiliate that was never paused or sent to."""
    return ShownAffiliate(
        affiliate=affiliate,
        sending=True,
        paused_at=None,
        paused_by=None,
        paused_with=None,
        paused_reason=None,
        breaker="closed",
        breaker_since=None,
        retry_at=None,
        queued=0,
        sent=0,
    )


def _shown(row: Any) -> ShownAffiliate:
    """Show an affiliate. Its breaker is half-open once a test retry may be sent, even while there is none to send."""
    state = row["breaker"]
    if state == "open" and row["may_be_tried"]:
        state = "half_open"
    by_itself = state != "closed"
    return ShownAffiliate(
        affiliate=row["affiliate"],
        sending=row["paused_at"] is None and not by_itself,
        paused_at=row["paused_at"],
        paused_by=row["paused_by"],
        paused_with=row["paused_with"],
        paused_reason=row["paused_reason"],
        breaker=state,
        breaker_since=row["changed_at"] if by_itself else None,
        retry_at=row["retry_at"] if by_itself else None,
        queued=row["queued"],
        sent=row["sent"],
    )
