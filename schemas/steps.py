"""Stepped release: a few first, then more, as long as reprocessing helps. Pure rules, no clock and no database."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_STEPS = (1, 10, 100, 1000)
DEFAULT_FIXED_SHARE = 0.8
MAX_STEPS = 20
MAX_STEP_SIZE = 100_000
MAX_PER_SECOND = 10_000


class Pace(BaseModel):
    """How fast the items of one command may be sent. An empty one changes nothing."""

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
    """Items up to which position may be sent in this step; None when it is after the last: all."""
    return sum(steps[: step + 1]) if step < len(steps) else None


class StepOutcome(BaseModel):
    """How a step ended that stopped its command."""

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
    """Whether to go on after a step."""

    go_on: bool
    sentence: str
    outcome: StepOutcome


def judge(number: int, states: Mapping[str, int], fixed_share: float, codes: Sequence[str | None]) -> Judgement:
    """What the outcome of step `number` (from 1) says. `states` counts its items, none of them open.

    `codes` are the error codes of those that came back with the same error. A step of no item says nothing against
    going on.
    """
    [(code, _count)] = Counter(codes).most_common(1) if codes else [(None, 0)]
    outcome = StepOutcome(step=number, items=dict(sorted(states.items())), fixed_share=fixed_share, code=code)
    share = outcome.fixed / outcome.total if outcome.total else 1.0
    said = f"step {number}: {outcome.fixed} of {outcome.total} fixed ({share:.0%})"
    if share >= fixed_share:
        return Judgement(go_on=True, sentence=f"Went on after {said}.", outcome=outcome)
    parts = [f"Stopped after {said}, less than {fixed_share:.0%}"]
    if same := states.get("same_error", 0):
        parts.append(f"{same} came back with the same error{f' ({code})' if code else ''}")
    parts += [f"{count} {state}" for state, count in outcome.items.items() if state not in {"fixed", "same_error"}]
    return Judgement(go_on=False, sentence="; ".join(parts) + ".", outcome=outcome)
