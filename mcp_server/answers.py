"""Answers of the tools: the API's own models, put together where one call answers with several of them."""

from pydantic import Field

from schemas.group import ErrorGroup
from schemas.shown.base import Shown
from schemas.shown.command import LedgerItem, ReprocessCommand
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
