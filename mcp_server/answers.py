"""Answers of the tools: the API's own models, put together where one call answers with several of them."""

from datetime import datetime

from pydantic import Field

from schemas.group import ErrorGroup
from schemas.incident import Incident
from schemas.shown.base import Shown
from schemas.shown.command import FieldChange, LedgerItem, ReprocessCommand
from schemas.shown.dead_letter import DeadLetterCounts, ShownDeadLetter
from schemas.shown.log import StatusLog, StatusLogDetail, TimelineEntry
from schemas.shown.plan import ReprocessPlan

_NEXT = Field(description="to be given as `page_token`; null on the last page")


class LogPage(Shown):
    """A page of status logs."""

    items: list[StatusLog]
    next_page_token: str | None = _NEXT
    not_found: list[str] = Field(description="names that `q` lists and no log has")


class GroupPage(Shown):
    """A page of groups of equal errors, the largest first."""

    items: list[ErrorGroup]
    next_page_token: str | None = _NEXT


class IncidentPage(Shown):
    """A page of incidents, opened last first."""

    items: list[Incident]
    next_page_token: str | None = _NEXT


class LetterPage(Shown):
    """A page of dead letters, newest first, and the counts of all that the filter matches."""

    counts: DeadLetterCounts
    items: list[ShownDeadLetter]
    next_page_token: str | None = _NEXT


class LogWithTimeline(Shown):
    """One log with its evidence, and a page of what happened to it, newest first."""

    log: StatusLogDetail
    timeline: list[TimelineEntry]
    next_page_token: str | None = _NEXT


class PlanWithSteps(ReprocessPlan):
    """A plan, and the steps in which it would be sent."""

    steps: list[int] = Field(description="the usual steps of so many logs, a canary first; empty: nothing to send")


class PlannedCorrection(Shown):
    """A correction of one log, as it would be sent."""

    log_id: str
    affiliate: str | None = Field(description="null: there is no such log")
    key: str | None = Field(description="null: there is no such log")
    event_id: str | None = Field(description="of the result whose request it is; null: it is not there any more")
    differences: list[FieldChange] = Field(description="fields before and after, as JSON texts; empty when refused")
    refused: list[str] = Field(description="why it can't be sent, in sentences")
    editable: list[str] = Field(
        description="where a field is refused, as there is none or it may not be corrected: some that may be"
    )
    editable_fields: int = Field(description="how many these are in all, as the log lists them")


class CorrectionPlan(Shown):
    """The difference that corrections would make, and the steps in which they would be sent."""

    as_of: datetime | None = Field(description="the last change of these logs, as they were read; null: there is none")
    will_send: int = Field(description="logs without a refusal")
    steps: list[int] = Field(description="the usual steps of so many logs, a canary first; empty: nothing to send")
    logs: list[PlannedCorrection]


class FollowedCommand(Shown):
    """A command, and a page of its items where it was asked for."""

    over: bool = Field(description="it is done or cancelled: only late answers still move its items")
    command: ReprocessCommand
    items: list[LedgerItem] | None
    next_page_token: str | None = Field(description="of the items")


class GivenCommand(Shown):
    """A command that was asked for."""

    command_id: str
    repeated: bool = Field(description="true: this very call was made before, and its command was given then")
    command: ReprocessCommand | None = Field(description="null: it was accepted, and can't be read yet")
