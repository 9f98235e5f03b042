"""The state machine of a group of equal errors: what a person decided, and what came since, in; its state now, out.

    open ⇄ acknowledged → (fails again) open
      ⇅
    resolved → (fails again) regressed
      ⇅
    ignored → (the date comes, so many results more came, or it escalates) open; or for good

A person may decide anything at any time. What ends a decision by itself is never stored: it is computed when a group is
read, from counters that there are anyway, so that ingest pays nothing for it. docs/equal-errors.md has the table.
"""

from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

#: Decisions of a person. `open`: that it waits for somebody. `acknowledged`: somebody works on it. `resolved`: its
#: cause is gone. `ignored`: it needs no work, for good or until something happens.
DecidedState = Literal["open", "acknowledged", "resolved", "ignored"]
#: States of a group. `regressed`: it was resolved, and one more result has failed with it.
GroupState = Literal["open", "acknowledged", "resolved", "regressed", "ignored"]
#: Ends that a decision has by itself: one more result failed, the date came, so many results came, it escalated.
EndedBy = Literal["failed_again", "date", "results", "escalated"]


class Until(BaseModel):
    """The end of being ignored: one of the three at most; none is for good."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    until: datetime | None = Field(default=None, description="ignored until this time")
    until_results: int | None = Field(
        default=None, description="ignored until so many results more have failed with it"
    )
    until_escalates: bool = Field(
        default=False,
        description="ignored until it is a `group_escalates` incident, with three times the results that it had in the "
        "two hours before it was ignored",
    )


class Decision(Until):
    """The last decision that a person made about a group."""

    state: DecidedState
    set_by: str
    set_at: datetime
    note: str | None = None
    #: Results of until_results, acknowledged and resolved that had come when it was decided. None in an old decision.
    baseline: int | None = None


class Evidence(NamedTuple):
    """Facts of a group at one moment, by PostgreSQL's clock."""

    now: datetime
    last_received_at: datetime  # when its last failed result came
    received: int  # failed results that have ever come; only differences say something
    escalated_at: datetime | None  # when it last ended a decision by escalating


class Standing(Until):
    """The state of a group now, and the decision that it comes from."""

    state: GroupState
    reopened: bool = Field(description="true when the decision has ended by itself: `reopened_by`")
    reopened_by: EndedBy | None = Field(
        description="`failed_again`: it was acknowledged or resolved, and one more result has failed since; `date`, "
        "`results`, `escalated`: it was ignored until then; null: the decision holds, or there is none"
    )
    state_by: str | None = Field(description="who decided last; null when nobody has")
    state_at: datetime | None
    note: str | None = Field(description="of that decision")


#: Nobody has decided about it.
UNDECIDED = Standing(state="open", reopened=False, reopened_by=None, state_by=None, state_at=None, note=None)


def standing(decision: Decision | None, evidence: Evidence) -> Standing:
    """The state of a group that was decided about so, and of which this is known."""
    if decision is None:
        return UNDECIDED
    ended = _ended(decision, evidence)
    state: GroupState = decision.state
    if ended is not None:
        state = "regressed" if decision.state == "resolved" else "open"
    return Standing(
        state=state,
        reopened=ended is not None,
        reopened_by=ended,
        state_by=decision.set_by,
        state_at=decision.set_at,
        note=decision.note,
        until=decision.until,
        until_results=decision.until_results,
        until_escalates=decision.until_escalates,
    )


def _ended(decision: Decision, evidence: Evidence) -> EndedBy | None:
    if decision.state in {"acknowledged", "resolved"}:
        # A result that began to be stored before the decision, and was seen after it, has the earlier time.
        failed = decision.baseline is not None and evidence.received > decision.baseline
        return "failed_again" if failed or evidence.last_received_at > decision.set_at else None
    if decision.until is not None:
        return "date" if evidence.now >= decision.until else None
    if decision.until_results is not None:
        more = evidence.received - (decision.baseline or 0)
        return "results" if more >= decision.until_results else None
    if decision.until_escalates and evidence.escalated_at is not None:
        return "escalated" if evidence.escalated_at > decision.set_at else None
    return None
