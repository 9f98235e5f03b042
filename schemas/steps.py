"""Staged rollout: a few items first, then more, as long as reprocessing helps. Pure rules: no clock, no database."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

DEFAULT_STEPS = (1, 10, 100, 1000)
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
        examples=[list(DEFAULT_STEPS)],
    )
    fixed_share: Annotated[float, Field(gt=0, le=1)] = Field(
        default=DEFAULT_FIXED_SHARE,
        description="the share of a step's items that must be fixed before the next step begins",
    )
    per_second: Annotated[float, Field(gt=0, le=MAX_PER_SECOND)] | None = Field(
        default=None, description="retries of one affiliate a second, at most; the policy's own limit holds as well"
    )


def released(steps: Sequence[int], step: int) -> int | None:
    """Return the position up to which items may be sent in this step; None after the last step: all."""
    return sum(steps[: step + 1]) if step < len(steps) else None


class StepOutcome(BaseModel):
    """Outcome of a step that stopped its command."""

    model_config = ConfigDict(frozen=True)

    step: int = Field(description="from 1")
    items: dict[str, int] = Field(description="its items by state")
    fixed_share: float = Field(description="the share of fixed items that the step needed")
    code: str | None = Field(description="the commonest code among those that came back with the same error")

    @property
    def total(self) -> int:
        return sum(self.items.values())

    @property
    def fixed(self) -> int:
        return self.items.get("fixed", 0)


class Judgement(NamedTuple):
    """Decision to go on or to stop after a step."""

    go_on: bool
    reason: Reason
    outcome: StepOutcome


def judge(number: int, states: Mapping[str, int], fixed_share: float, codes: Sequence[str | None]) -> Judgement:
    """Judge the outcome of step `number` (from 1). `states` counts its items, none of them open.

    `codes` are the error codes of the items that came back with the same error. A step without items lets the command
    go on.
    """
    [(code, _count)] = Counter(codes).most_common(1) if codes else [(None, 0)]
    outcome = StepOutcome(step=number, items=dict(sorted(states.items())), fixed_share=fixed_share, code=code)
    share = outcome.fixed / outcome.total if outcome.total else 1.0
    counts = {"step": number, "fixed": outcome.fixed, "total": outcome.total, "share": share}
    if share >= fixed_share:
        return Judgement(go_on=True, reason=Reason(ReasonCode.STEP_WENT_ON, **counts), outcome=outcome)
    rest = {"same_error": states.get("same_error", 0), **outcome.items}
    parts = tuple(_part(state, count, code) for state, count in rest.items() if count and state != "fixed")
    reason = Reason(ReasonCode.STEP_STOPPED, **counts, wanted=fixed_share, parts=parts)
    return Judgement(go_on=False, reason=reason, outcome=outcome)


def _part(state: str, count: int, code: str | None) -> Reason:
    if state == "same_error" and code:
        return Reason(ReasonCode.PART_SAME_ERROR_CODE, count=count, code=code)
    known = _PARTS.get(state)
    return Reason(ReasonCode.PART_OTHER, count=count, state=state) if known is None else Reason(known, count=count)
