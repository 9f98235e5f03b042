"""A plan as a page shows it."""

from collections.abc import Sequence
from typing import NamedTuple

from api.plan import WILL_SEND, Plan
from schemas.item_state import ItemState
from schemas.reasons.reason import Reason
from schemas.shown.plan import PlannedLog

SAMPLES = 5


class VerdictCount(NamedTuple):
    """Number of logs with one verdict."""

    state: str  # `queued` is to be sent; any other is why not
    entities: int
    reasons: Sequence[Reason]
    samples: Sequence[PlannedLog]


class PlanTable(NamedTuple):
    """A plan, one line for each verdict."""

    verdicts: list[VerdictCount]
    total: int
    reason_required: Reason | None

    @property
    def sent(self) -> int:
        """Number of logs that will be sent."""
        return self._count(ItemState.QUEUED)

    @property
    def paused(self) -> int:
        """Number of logs for paused affiliates: they may wait for the end of the pause."""
        return self._count(ItemState.PAUSED)

    def _count(self, state: ItemState) -> int:
        return next((each.entities for each in self.verdicts if each.state == state), 0)


def table_of(made: Plan) -> PlanTable:
    """Make the table of a plan, with the verdicts that some log gets."""
    verdicts = [
        VerdictCount(
            ItemState.QUEUED if name == WILL_SEND else name,
            entities,
            made.reasons.get(name, []),
            made.samples.get(name, [])[:SAMPLES],
        )
        for name, entities in made.verdicts.items()
        if entities
    ]
    return PlanTable(verdicts, made.total, made.reason_required)
