"""Arguments of the tools. An assistant sees these descriptions, and nothing else about them."""

import uuid
from typing import TYPE_CHECKING, Annotated, Literal, Protocol, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from mcp_server.fan_out import MAX_WITHOUT_PLAN, MIN_FIXED_SHARE, steps_of
from schemas.catalogue import BY_NAME
from schemas.command_id import CommandId
from schemas.correction import (
    MAX_CHANGES,
    MAX_VALUE_CHARACTERS,
    Change,
    Correction,
    EventId,
    Pointer,
    ScalarText,
    each_once,
)
from schemas.filter import MAX_VALUES, LogFilter, QueryText, ReprocessFilter, SearchText
from schemas.fingerprint import Fingerprint
from schemas.incident import Kind, State
from schemas.item_state import ItemState
from schemas.letter_filter import LetterFilter
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError
from schemas.reprocess import MAX_CORRECTIONS, MAX_REASON_CHARACTERS, Mode
from schemas.result import Account
from schemas.series import SeriesQuery
from schemas.steps import DEFAULT_FIXED_SHARE, MAX_PER_SECOND, MAX_STEP_SIZE, MAX_STEPS, Pace
from schemas.timestamp import Rfc3339

#: Rows of a page: 50 of any list are within mcp_server.bounds as a rule.
PAGE_SIZE = 20
MAX_PAGE_SIZE = 50
#: Seconds that one call follows a command: assistants commonly give a call a minute.
MAX_WAIT_SECONDS = 45

if TYPE_CHECKING:
    TypeName = str
else:
    TypeName = Literal[tuple(BY_NAME)]

PageSize = Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE, description="rows per page")]
PageToken = Annotated[
    str | None, Field(max_length=1000, description="`next_page_token` of the page before, with the same arguments")
]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REASON_CHARACTERS),
    Field(description="why, in a sentence for people: it is kept for ever with the command"),
]


class _HasLog(Protocol):
    @property
    def log_id(self) -> uuid.UUID: ...


_OfLog = TypeVar("_OfLog", bound=_HasLog)


class OfAccount(BaseModel):
    """Arguments of a tool about an account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: Account | None = Field(
        default=None, description="the store. Left out: the account of the key, which must then be for a single one"
    )


class OfType(OfAccount):
    """Arguments of a tool about one integration type of an account."""

    integration_type: TypeName = Field(description="the kind of entity that the call is about")


class Paged(BaseModel):
    """Arguments of a tool that gives a page of a list."""

    page_size: PageSize = PAGE_SIZE
    page_token: PageToken = None


class FindEntity(OfAccount):
    """Arguments of `find_entity`."""

    q: SearchText = Field(
        description="a name of the entity: order number, SKU, EAN, shipment or any other alias, in any case; or a part "
        "of it of 4 characters or more, or its beginning; or up to 200 whole names, separated by commas"
    )
    page_size: PageSize = PAGE_SIZE


class ListLogs(OfType, Paged):
    """Arguments of `list_logs`."""

    filter: LogFilter = Field(default=LogFilter(), description="logs that match all of its fields; {} is all of them")


class CountLogs(OfType):
    """Arguments of `count_logs`."""

    filter: LogFilter = Field(default=LogFilter(), description="logs that match all of its fields; {} is all of them")


class CountResults(SeriesQuery, OfType):
    """Arguments of `count_results_over_time`."""


class ListGroups(OfType, Paged):
    """Arguments of `list_groups`."""

    filter: LogFilter = Field(default=LogFilter(), description="logs that match all of its fields; {} is all of them")


class WhyGroup(OfType):
    """Arguments of `why_group`."""

    fingerprint: Fingerprint = Field(description="`fingerprint` of the group")


class ListIncidents(OfAccount, Paged):
    """Arguments of `list_incidents`."""

    state: Annotated[tuple[State, ...], Field(max_length=MAX_VALUES)] = Field(
        default=(), description="any of these; empty: all, those too that are over"
    )
    kind: Annotated[tuple[Kind, ...], Field(max_length=MAX_VALUES)] = Field(default=(), description="any of these")
    affiliate: Annotated[tuple[QueryText, ...], Field(max_length=MAX_VALUES)] = Field(
        default=(), description="any of these; incidents of no one affiliate are left out"
    )
    integration_type: Annotated[tuple[TypeName, ...], Field(max_length=MAX_VALUES)] = Field(
        default=(), description="about any of these; incidents of no type are about each"
    )


class WhyIncident(OfAccount):
    """Arguments of `why_incident`."""

    incident_id: Annotated[int, Field(ge=1, lt=2**63)] = Field(description="`incident_id` of the incident")


class GetLog(OfType, Paged):
    """Arguments of `get_log`."""

    log_id: uuid.UUID = Field(description="`id` of the log")
    page_size: PageSize = 10


class PlanReprocess(OfType):
    """Arguments of `plan_reprocess`."""

    filter: ReprocessFilter = Field(description="logs that match all of its fields")
    ignored: bool = Field(default=False, description="true: logs of groups that people decided to ignore as well")
    as_of: Rfc3339 | None = Field(default=None, description="`as_of` of an earlier plan, to see it again; unset = now")


class FollowCommand(OfAccount, Paged):
    """Arguments of `follow_command`."""

    command_id: CommandId = Field(description="`id` of the command")
    wait_seconds: Annotated[int, Field(ge=0, le=MAX_WAIT_SECONDS)] = Field(
        default=20, description="time to wait for the command to be over; 0: answer at once"
    )
    items: bool = Field(default=False, description="true: a page of its items as well, one for each entity")
    state: ItemState | None = Field(default=None, description="only items in this state, with `items`")


class ListDeadLetters(OfAccount, Paged):
    """Arguments of `list_dead_letters`."""

    filter: LetterFilter = Field(
        default=LetterFilter(), description="letters that match all of its fields; {} is all of them"
    )


class ReprocessLog(OfType):
    """Arguments of `reprocess_log`."""

    log_id: uuid.UUID = Field(description="`id` of the log")
    updated_at: Rfc3339 = Field(
        description="the log's `updated_at` as you have read it: the call is refused when the log has changed since. "
        "The same arguments are the same command; to try once more, read the log again"
    )
    reason: Reason
    mode: Mode = Field(default="refresh", description="refresh: read the source again; replay: send the same again")


class InSteps(BaseModel):
    """Arguments of a tool that sends in steps."""

    steps: (
        Annotated[tuple[Annotated[int, Field(ge=1, le=MAX_STEP_SIZE)], ...], Field(min_length=1, max_length=MAX_STEPS)]
        | None
    ) = Field(
        default=None,
        description="send so many, a canary, wait for their outcome, then so many more; after the last step, all the "
        "rest. Unset: `steps` of the plan",
    )
    fixed_share: Annotated[float, Field(ge=MIN_FIXED_SHARE, le=1)] = Field(
        default=DEFAULT_FIXED_SHARE,
        description="the share of a step's tried items that must be fixed before the next step begins; else the "
        "command stops by itself",
    )
    per_second: Annotated[float, Field(gt=0, le=MAX_PER_SECOND)] | None = Field(
        default=None, description="retries of one affiliate a second, at most; the policy's own limit holds as well"
    )

    def pace(self, logs: int) -> Pace:
        """Return the pace for so many logs. Raises RefusedError without a canary."""
        return Pace(steps=steps_of(self.steps, logs), fixed_share=self.fixed_share, per_second=self.per_second)


class ReprocessLogs(OfType, InSteps):
    """Arguments of `reprocess_logs`."""

    filter: ReprocessFilter | None = Field(default=None, description="`filter` of a plan, as plan_reprocess gave it")
    log_ids: Annotated[list[uuid.UUID], Field(min_length=1, max_length=MAX_WITHOUT_PLAN)] | None = Field(
        default=None, description=f"instead of a filter, up to {MAX_WITHOUT_PLAN} logs, which need no plan"
    )
    as_of: Rfc3339 = Field(
        description="with `filter`: `as_of` of its plan. With `log_ids`: the greatest `updated_at` of these logs as "
        "you have read them. The same arguments are the same command"
    )
    will_send: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="with `filter`: `verdicts.will_send` of its plan"
    )
    tolerance: Annotated[float, Field(ge=0, le=0.5)] = Field(
        default=0.1,
        description="the share of `will_send` by which it may have changed since the plan; beyond that, the call is "
        "refused, and a new plan is needed",
    )
    reason: Reason
    mode: Mode = Field(default="refresh", description="refresh: read the source again; replay: send the same again")

    @model_validator(mode="after")
    def _one_way_to_choose(self) -> Self:
        if (self.log_ids is None) == (self.filter is None):
            raise ReasonError(ReasonCode.ONE_WAY_TO_CHOOSE)
        if self.filter is not None and self.will_send is None:
            raise ValueError("will_send is needed with a filter: make a plan first, and look at it")
        return self


def _each_log_once(corrections: list[_OfLog]) -> list[_OfLog]:
    if len({each.log_id for each in corrections}) < len(corrections):
        raise ValueError("each log is corrected once")
    return corrections


class WantedCorrection(BaseModel):
    """A correction that is wanted for one log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    log_id: uuid.UUID = Field(description="`id` of the log")
    changes: Annotated[
        list[Change],
        Field(min_length=1, max_length=MAX_CHANGES, description="new values, each of a field of `editable` of the log"),
        AfterValidator(each_once),
    ]


class PlanCorrection(OfType):
    """Arguments of `plan_correction`."""

    corrections: Annotated[
        list[WantedCorrection],
        Field(min_length=1, max_length=MAX_CORRECTIONS, description="one for each log"),
        AfterValidator(_each_log_once),
    ]


class SeenDifference(BaseModel):
    """A field of a request before and after its correction, as the plan showed it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pointer: Pointer = Field(description="`pointer` of the plan")
    before: Annotated[str, StringConstraints(min_length=1, max_length=MAX_VALUE_CHARACTERS)] = Field(
        description="`before` of the plan: the JSON text of the kept value"
    )
    after: ScalarText = Field(description="`after` of the plan: the JSON text of the new one")


class SeenCorrection(BaseModel):
    """A correction of one log whose difference was seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    log_id: uuid.UUID = Field(description="`log_id` of the plan")
    event_id: EventId = Field(description="`event_id` of the plan")
    differences: Annotated[
        list[SeenDifference],
        Field(min_length=1, max_length=MAX_CHANGES, description="`differences` of the plan, all of them"),
        AfterValidator(each_once),
    ]

    @property
    def correction(self) -> Correction:
        """The correction as the API takes it."""
        changes = [Change(pointer=each.pointer, value=each.after) for each in self.differences]
        return Correction(log_id=self.log_id, event_id=self.event_id, changes=changes)


class CorrectLogs(OfType, InSteps):
    """Arguments of `correct_logs`."""

    corrections: Annotated[
        list[SeenCorrection],
        Field(min_length=1, max_length=MAX_CORRECTIONS, description="`logs` of a plan, without those it refuses"),
        AfterValidator(_each_log_once),
    ]
    as_of: Rfc3339 = Field(description="`as_of` of the plan. The same arguments are the same command")
    reason: Reason


class CancelCommand(OfAccount):
    """Arguments of `cancel_command`."""

    command_id: CommandId = Field(description="`id` of the command")
    reason: Reason
