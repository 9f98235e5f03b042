"""Staged rollout: a few items first, then more, as long as reprocessing helps. Pure rules: no clock, no database.

A step is over when none of its items is in flight; one that was answered busy is queued until its last try. Then the
command stops if

1. less than half of what was sent was tried at all: nobody answers, or the marketplace has no time;
2. less than `fixed_share` of what was tried is fixed;
3. one fault came back in more than half of the tried items that had it, at least SAME_FAULT_ITEMS of them, however many
   others were fixed: that fault is not cured by sending it again. Where a person accepts that less than half is fixed,
   it may come back in as many as that.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from schemas.item_state import TRIED_STATES
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

#: Items of the first step, unless told otherwise: a hundredth, and at least so many that their outcome says something.
FIRST_STEP = 5
FIRST_STEP_SHARE = 0.01
#: Factor from the size of one step to that of the next.
GROWTH = 10
#: Number of tried items with one fault of which no more than the share below it may come back with that fault.
SAME_FAULT_ITEMS = 2
SAME_FAULT_SHARE = 0.5
#: Share of what was sent that must be tried at least.
TRIED_SHARE = 0.5
DEFAULT_FIXED_SHARE = 0.8
MAX_STEPS = 20
MAX_STEP_SIZE = 100_000
MAX_PER_SECOND = 10_000


#: Words for the items of a step that are not fixed, by their state.
_PARTS = {
    "same_error": ReasonCode.PART_SAME_ERROR,
    "different_error": ReasonCode.PART_DIFFERENT_ERROR,
    "silent": ReasonCode.PART_SILENT,
    "failed": ReasonCode.PART_FAILED,
    "cancelled": ReasonCode.PART_CANCELLED,
    "busy": ReasonCode.PART_BUSY,
    "healed": ReasonCode.PART_HEALED,
}


class Pace(BaseModel):
    """Pace at which the items of one command may be sent. An empty one changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: (
        Annotated[tuple[Annotated[int, Field(ge=1, le=MAX_STEP_SIZE)], ...], Field(min_length=1, max_length=MAX_STEPS)]
        | None
    ) = Field(
        default=None,
        description="send so many, wait for their outcome, then so many more; after the last step, all the rest",
        examples=[[5, 50, 500]],
    )
    fixed_share: Annotated[float, Field(gt=0, le=1)] = Field(
        default=DEFAULT_FIXED_SHARE,
        description="the share of a step's tried items that must be fixed before the next step begins",
    )
    per_second: Annotated[float, Field(gt=0, le=MAX_PER_SECOND)] | None = Field(
        default=None, description="retries of one affiliate a second, at most; the policy's own limit holds as well"
    )


def default_steps(items: int) -> tuple[int, ...]:
    """Return the sizes of the steps for a command of so many items; the rest comes after the last of them."""
    steps = [max(FIRST_STEP, math.ceil(items * FIRST_STEP_SHARE))]
    while sum(steps) + steps[-1] * GROWTH < items:
        steps.append(steps[-1] * GROWTH)
    return tuple(min(each, MAX_STEP_SIZE) for each in steps)


def released(steps: Sequence[int], step: int) -> int | None:
    """Return the position up to which items may be sent in this step; None after the last step: all."""
    return sum(steps[: step + 1]) if step < len(steps) else None


class StepFault(BaseModel):
    """A fault among the tried items of a step."""

    model_config = ConfigDict(frozen=True)

    fingerprint: str
    code: str | None
    tried: int = Field(description="items that had it and were tried")
    came_back: int = Field(description="of these, items whose answer has it again")


class StepOutcome(BaseModel):
    """Outcome of a step that stopped its command."""

    model_config = ConfigDict(frozen=True)

    step: int = Field(description="from 1")
    items: dict[str, int] = Field(description="its items by state")
    fixed_share: float = Field(description="the share of fixed items that the step needed")
    code: str | None = Field(description="code of the fault that came back most often")
    fault: StepFault | None = Field(default=None, description="the fault that came back too often, if that stopped it")

    @property
    def sent(self) -> int:
        """Items that were sent, whatever came of it."""
        return self.tried + sum(self.items.get(each, 0) for each in ("busy", "silent", "failed"))

    @property
    def tried(self) -> int:
        """Items that say if reprocessing helps."""
        return sum(self.items.get(each, 0) for each in TRIED_STATES)

    @property
    def fixed(self) -> int:
        return self.items.get("fixed", 0)


class Judgement(NamedTuple):
    """Decision to go on or to stop after a step."""

    go_on: bool
    reason: Reason
    outcome: StepOutcome


def judge(number: int, states: Mapping[str, int], fixed_share: float, faults: Sequence[StepFault] = ()) -> Judgement:
    """Judge the outcome of step `number` (from 1). `states` counts its items, none of them in flight.

    `faults` are those of its tried items. A step of which nothing was sent lets the command go on.
    """
    most = max(faults, key=lambda each: each.came_back, default=None)
    outcome = StepOutcome(
        step=number,
        items=dict(sorted(states.items())),
        fixed_share=fixed_share,
        code=most.code if most is not None and most.came_back else None,
    )
    parts = tuple(
        _part(state, count, outcome.code)
        for state, count in {"same_error": states.get("same_error", 0), **outcome.items}.items()
        if count and state != "fixed"
    )
    if outcome.tried < TRIED_SHARE * outcome.sent:
        reason = Reason(ReasonCode.STEP_NOT_TRIED, step=number, tried=outcome.tried, total=outcome.sent, parts=parts)
        return Judgement(go_on=False, reason=reason, outcome=outcome)
    share = outcome.fixed / outcome.tried if outcome.tried else 1.0
    counts = {"step": number, "fixed": outcome.fixed, "total": outcome.tried, "share": share}
    if share < fixed_share:
        reason = Reason(ReasonCode.STEP_STOPPED, **counts, wanted=fixed_share, parts=parts)
        return Judgement(go_on=False, reason=reason, outcome=outcome)
    fault = next((each for each in faults if _came_back_too_often(each, fixed_share)), None)
    if fault is not None:
        reason = Reason(
            ReasonCode.STEP_SAME_FAULT,
            step=number,
            count=fault.came_back,
            total=fault.tried,
            code=fault.code or fault.fingerprint,
        )
        return Judgement(go_on=False, reason=reason, outcome=outcome.model_copy(update={"fault": fault}))
    return Judgement(go_on=True, reason=Reason(ReasonCode.STEP_WENT_ON, **counts), outcome=outcome)


def _came_back_too_often(fault: StepFault, fixed_share: float) -> bool:
    allowed = max(SAME_FAULT_SHARE, 1 - fixed_share)
    return fault.tried >= SAME_FAULT_ITEMS and fault.came_back > allowed * fault.tried


def _part(state: str, count: int, code: str | None) -> Reason:
    if state == "same_error" and code:
        return Reason(ReasonCode.PART_SAME_ERROR_CODE, count=count, code=code)
    known = _PARTS.get(state)
    return Reason(ReasonCode.PART_OTHER, count=count, state=state) if known is None else Reason(known, count=count)
