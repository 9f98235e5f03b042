"""What reprocessing would do, said before anyone asks for it."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from schemas.reprocess import ItemState
from schemas.shown.log import StatusLog
from schemas.shown.plan import PlannedLog, ReprocessPlan
from storage.reprocess.plan import WILL_SEND

SAMPLES = 5


class Verdict(NamedTuple):
    """Entities that the same would become of."""

    state: str  # `queued` is to be sent; any other is why not
    entities: int
    reason: str | None
    samples: Sequence[StatusLog | PlannedLog]


class Plan(NamedTuple):
    """A plan as a page shows it."""

    verdicts: list[Verdict]  # what will be sent first, then by count
    total: int

    @property
    def sent(self) -> int:
        """How many will be sent."""
        return next((each.entities for each in self.verdicts if each.state == ItemState.QUEUED), 0)


def plan_of_filter(made: ReprocessPlan) -> Plan:
    """Of everything that a filter matches."""
    verdicts = [
        Verdict(
            ItemState.QUEUED if name == WILL_SEND else name,
            entities,
            " ".join(made.reasons.get(name, [])) or None,
            made.samples.get(name, [])[:SAMPLES],
        )
        for name, entities in made.verdicts.items()
        if entities
    ]
    return Plan(verdicts, made.total)


def plan_of_rows(rows: Sequence[StatusLog], missing: int) -> Plan:
    """Of rows that were chosen one by one, by the policy that the agents decide by: they decide anew what changes."""
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
