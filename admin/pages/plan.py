"""What reprocessing would do, said before anyone asks for it."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from schemas.reprocess import ItemState
from schemas.status_log import StatusLog

SAMPLES = 5


class Verdict(NamedTuple):
    """Entities that the same would become of."""

    state: str  # `queued` is to be sent; any other is why not
    entities: int
    reason: str | None
    samples: list[StatusLog]


class Plan(NamedTuple):
    """A plan for rows that were chosen one by one."""

    verdicts: list[Verdict]  # what will be sent first, then by count
    total: int

    @property
    def sent(self) -> int:
        """How many will be sent."""
        return next((each.entities for each in self.verdicts if each.state == ItemState.QUEUED), 0)


def plan(rows: Sequence[StatusLog], missing: int) -> Plan:
    """By the policy that the agents decide by; what changes until they do is decided anew by them."""
    counts: Counter[str] = Counter()
    reasons: dict[str, str | None] = {}
    samples: dict[str, list[StatusLog]] = {}
    for row in rows:
        action = row.actions[0]
        state = ItemState.QUEUED.value if action.allowed else str(action.verdict)
        counts[state] += 1
        reasons.setdefault(state, action.reason)
        samples.setdefault(state, []).append(row)
    if missing:
        counts[ItemState.NOT_FOUND.value] += missing
    ordered = sorted(counts, key=lambda state: (state != ItemState.QUEUED, -counts[state]))
    verdicts = [
        Verdict(state, counts[state], reasons.get(state), samples.get(state, [])[:SAMPLES]) for state in ordered
    ]
    return Plan(verdicts, counts.total())
