"""Whether retries may go to an affiliate: paused by a person, or by its breaker."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.breaker import Breaker
from schemas.shown.affiliate import ShownAffiliate
from storage.database import Connection, Database, clock
from storage.reprocess import audit
from storage.reprocess.audit import NO_KEY, UsedKey
from storage.statements import SQL


class Name(NamedTuple):
    """An affiliate of an account."""

    account: str
    affiliate: str


class Answered(NamedTuple):
    """One answer, or a silence, as a breaker sees it."""

    account: str
    affiliate: str
    sent_at: datetime | None  # None: the answer outran the mark of its sending, which is as good as now
    busy: bool  # "not now", or no answer at all


def breaker_of(row: Any) -> Breaker:
    """The breaker in a row; a closed one where there is none."""
    if row["breaker"] is None:
        return Breaker()
    return Breaker(row["breaker"], row["changed_at"], row["retry_at"], row["good"], row["bad"], row["openings"])


async def lock_breakers(connection: Connection, names: Sequence[Name]) -> dict[Name, Breaker]:
    """Those of `names` that have a row, locked until the transaction ends."""
    rows = await SQL["lock_affiliates"].fetch(connection, sorted(set(names)))
    return {Name(row["account"], row["affiliate"]): breaker_of(row) for row in rows}


async def set_breakers(connection: Connection, breakers: Mapping[Name, Breaker]) -> None:
    """Keep them; to be called with all of them locked."""
    if breakers:
        await SQL["set_breakers"].execute(
            connection,
            list(breakers.values()),
            account=[name.account for name in breakers],
            affiliate=[name.affiliate for name in breakers],
        )


async def record_answers(connection: Connection, answers: Sequence[Answered]) -> None:
    """Let breakers see answers. The last thing of a transaction that locks anything else."""
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


async def pause(
    connection: Connection,
    account: str,
    affiliate: str,
    *,
    requested_by: str,
    reason: str | None,
    key: UsedKey = NO_KEY,
) -> bool:
    """Send nothing there until it is resumed. False when it is paused already."""
    done = await SQL["pause_affiliate"].fetchval(
        connection, account=account, affiliate=affiliate, requested_by=requested_by, reason=reason
    )
    if done is None:
        return False
    await audit.add(
        connection, account, "paused", affiliate=affiliate, requested_by=requested_by, reason=reason, key=key
    )
    return True


async def resume(
    connection: Connection,
    account: str,
    affiliate: str,
    *,
    requested_by: str,
    reason: str | None,
    key: UsedKey = NO_KEY,
) -> bool:
    """Send again, whatever it was that paused it. False when nothing did."""
    if await SQL["resume_affiliate"].fetchval(connection, account=account, affiliate=affiliate) is None:
        return False
    await audit.add(
        connection, account, "resumed", affiliate=affiliate, requested_by=requested_by, reason=reason, key=key
    )
    return True


async def paused(connection: Connection, account: str) -> frozenset[str]:
    """Affiliates that a person has paused."""
    rows = await SQL["paused_affiliates"].fetch(connection, account=account)
    return frozenset(row["affiliate"] for row in rows)


async def list_affiliates(database: Database, account: str) -> list[ShownAffiliate]:
    """Affiliates that something was sent to or that were paused, by name."""
    async with database.reading(account) as connection:
        rows = await SQL["list_affiliates"].fetch(connection, account=account)
    return [_shown(row) for row in rows]


async def with_logs(database: Database, account: str) -> list[str]:
    """Affiliates that the account has logs of, of any type."""
    async with database.reading(account) as connection:
        return [row["affiliate"] for row in await SQL["affiliates_with_logs"].fetch(connection, account=account)]


def untouched(affiliate: str) -> ShownAffiliate:
    """One that nothing is known of."""
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
    """A breaker that may be tried is half-open to a reader, even while there is nothing to try it with."""
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
