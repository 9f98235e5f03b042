"""Breakers: one for each type of an affiliate. Answers move them; claiming asks them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from schemas.breaker import IDLE_SECONDS, Breaker
from storage.database import Connection, clock
from storage.statements import SQL

#: Fate of a retry: an answer, one that says "not now", or none in time.
Became = Literal["good", "busy", "silent"]


class BreakerName(NamedTuple):
    """The key of a breaker."""

    account: str
    affiliate: str
    integration_type: str


class Answered(NamedTuple):
    """One retry that was answered, or expired, as a breaker counts it."""

    account: str
    affiliate: str
    integration_type: str
    sent_at: datetime | None  # None: answered before it was marked as sent, which counts as sent now
    became: Became

    @property
    def name(self) -> BreakerName:
        """The breaker that counts it."""
        return BreakerName(self.account, self.affiliate, self.integration_type)


def breaker_of(row: Any) -> Breaker:
    """Return the breaker in a row; a closed one where there is none."""
    return Breaker() if row["state"] is None else Breaker(*(row[name] for name in Breaker._fields))


async def lock_breakers(connection: Connection, names: Sequence[BreakerName]) -> dict[BreakerName, Breaker]:
    """Return the breakers of `names` that have a row, locked until the transaction ends."""
    rows = await SQL["lock_breakers"].fetch(connection, sorted(set(names)))
    return {BreakerName(*(row[name] for name in BreakerName._fields)): breaker_of(row) for row in rows}


async def set_breakers(connection: Connection, breakers: Mapping[BreakerName, Breaker]) -> None:
    """Store breakers; to be called with all of them locked."""
    if breakers:
        names = list(breakers)
        await SQL["set_breakers"].execute(
            connection,
            list(breakers.values()),
            **{field: [getattr(name, field) for name in names] for field in BreakerName._fields},
        )


async def count_answers(connection: Connection, answers: Sequence[Answered]) -> None:
    """Let breakers count answers. A transaction that locks other rows must do this last."""
    if not answers:
        return
    bad = sorted({each.name for each in answers if each.became != "good"})
    if bad:
        await SQL["make_breakers"].execute(connection, bad)
    before = await lock_breakers(connection, [each.name for each in answers])
    counts: Counter[tuple[BreakerName, Became]] = Counter()
    for each in answers:
        if each.name in before and (each.sent_at is None or each.sent_at >= before[each.name].changed_at):
            counts[each.name, each.became] += 1
    if not counts:
        return
    now = await clock(connection)
    after = {
        name: breaker.answered(counts[name, "good"], counts[name, "busy"], now, silent=counts[name, "silent"])
        for name, breaker in before.items()
    }
    await set_breakers(connection, {name: each for name, each in after.items() if each != before[name]})


async def close_idle(connection: Connection) -> list[BreakerName]:
    """Close breakers that nothing would ever try: their pause is long over, and no retry is there. Returns which."""
    rows = await SQL["close_idle_breakers"].fetch(connection, idle_seconds=IDLE_SECONDS)
    return [BreakerName(**row) for row in rows]
