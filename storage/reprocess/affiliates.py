"""Affiliates, whose retries a person can pause; their breakers are in storage.reprocess.breakers."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from schemas.filter import LogFilter
from schemas.reprocess import OURSELVES
from schemas.shown.affiliate import ShownAffiliate, ShownBreaker
from schemas.timestamp import to_text
from storage.database import Connection, Database
from storage.reprocess import audit
from storage.reprocess.audit import NO_KEY, UsedKey
from storage.statements import SQL

Switch = Literal["paused", "resumed"]
#: Limit of pauses that end in one transaction.
ENDED_AT_ONCE = 100


class Extent(NamedTuple):
    """The extent of a pause."""

    until: datetime | None = None  # by PostgreSQL's clock; None: until somebody resumes it
    types: Sequence[str] | None = None  # None: every type

    def as_audited(self) -> str:
        """Return it as JSON of the audit, without what it has not."""
        kept = {"until": self.until and to_text(self.until), "integration_types": self.types and list(self.types)}
        return json.dumps({name: value for name, value in kept.items() if value})


EVERYTHING = Extent()


async def switch(
    connection: Connection,
    account: str,
    affiliate: str,
    to: Switch,
    *,
    requested_by: str,
    reason: str | None,
    extent: Extent = EVERYTHING,
    key: UsedKey = NO_KEY,
) -> bool:
    """Pause an affiliate, so that nothing is sent to it, or resume it, whether a person or a breaker paused it.

    A pause of another extent, or with another reason, takes the place of the one that there is. The audit says who did.
    Returns False, and changes nothing, when it is so already, or the time of the pause is over.
    """
    own = {"account": account, "affiliate": affiliate}
    await end_pauses(connection, 1, **own)
    if to == "paused":
        done = await SQL["pause_affiliate"].fetchval(
            connection,
            **own,
            requested_by=requested_by,
            reason=reason,
            until=extent.until,
            types=extent.types and sorted(extent.types),
        )
        changed = done is not None
    else:
        was_paused = await SQL["resume_affiliate"].fetchval(connection, **own) is not None
        changed = bool(await SQL["close_breakers"].fetch(connection, **own)) or was_paused
    if not changed:
        return False
    await audit.add(
        connection,
        account,
        to,
        affiliate=affiliate,
        requested_by=requested_by,
        reason=reason,
        request=extent.as_audited(),
        key=key,
    )
    return True


async def end_pauses(
    connection: Connection, at_most: int = ENDED_AT_ONCE, *, account: str | None = None, affiliate: str | None = None
) -> int:
    """End pauses whose time is over, of one affiliate or of any, and say so in the audit. Returns their number.

    They hold nothing back from that time on, whenever this is done.
    """
    rows = await SQL["end_pauses"].fetch(connection, account=account, affiliate=affiliate, limit=at_most)
    for row in rows:
        await audit.add(
            connection,
            row["account"],
            "pause_ended",
            affiliate=row["affiliate"],
            requested_by=OURSELVES,
            reason=None,
            request=Extent(row["paused_until"], row["paused_types"]).as_audited(),
        )
    return len(rows)


async def paused(connection: Connection, account: str, integration_type: str) -> frozenset[str]:
    """Return the affiliates that a person has paused for a type."""
    rows = await SQL["paused_affiliates"].fetch(connection, account=account, integration_type=integration_type)
    return frozenset(row["affiliate"] for row in rows)


async def list_affiliates(database: Database, account: str) -> list[ShownAffiliate]:
    """Return the affiliates that were ever paused or sent to, by name."""
    async with database.reading(account) as connection:
        rows = await SQL["list_affiliates"].fetch(connection, account=account)
        suspended: dict[str, list[ShownBreaker]] = {}
        for row in await SQL["suspended_types"].fetch(connection, account=account):
            suspended.setdefault(row["affiliate"], []).append(_breaker(row))
        queued: dict[str, dict[str, int]] = {}
        for row in await SQL["queued_by_type"].fetch(connection, account=account):
            queued.setdefault(row["affiliate"], {})[row["integration_type"]] = row["items"]
    return [_shown(row, suspended.get(row["affiliate"], []), queued.get(row["affiliate"], {})) for row in rows]


async def with_logs(database: Database, account: str) -> list[str]:
    """Return the affiliates of the account's logs of all types."""
    async with database.reading(account) as connection:
        return [row["affiliate"] for row in await SQL["affiliates_with_logs"].fetch(connection, account=account)]


async def without_logs(database: Database, account: str, filter_: LogFilter) -> list[str]:
    """Return the affiliates that a filter names and no log of the account has: one that is misspelled takes nothing,
    and leaves out nothing.
    """
    named = dict.fromkeys((*filter_.affiliate, *filter_.exclude_affiliate))
    if not named:
        return []
    known = frozenset(await with_logs(database, account))
    return [each for each in named if each not in known]


def untouched(affiliate: str) -> ShownAffiliate:
    """Return an affiliate that was never paused or sent to."""
    return ShownAffiliate(
        affiliate=affiliate,
        sending=True,
        paused_at=None,
        paused_by=None,
        paused_with=None,
        paused_reason=None,
        paused_until=None,
        paused_types=None,
        breaker="closed",
        breakers=[],
        queued=0,
        queued_by_type={},
        sent=0,
    )


def _shown(row: Any, breakers: list[ShownBreaker], queued: dict[str, int]) -> ShownAffiliate:
    states = {each.state for each in breakers}
    return ShownAffiliate(
        affiliate=row["affiliate"],
        sending=row["paused_at"] is None and not breakers,
        paused_at=row["paused_at"],
        paused_by=row["paused_by"],
        paused_with=row["paused_with"],
        paused_reason=row["paused_reason"],
        paused_until=row["paused_until"],
        paused_types=row["paused_types"],
        breaker=next((each for each in ("open", "half_open") if each in states), "closed"),
        breakers=breakers,
        queued=row["queued"],
        queued_by_type=queued,
        sent=row["sent"],
    )


def _breaker(row: Any) -> ShownBreaker:
    """Show a breaker. It is half-open once a test retry may be sent, even while there is none to send."""
    return ShownBreaker(
        integration_type=row["integration_type"],
        state="half_open" if row["may_be_tried"] else row["state"],
        since=row["changed_at"],
        retry_at=row["retry_at"],
    )
