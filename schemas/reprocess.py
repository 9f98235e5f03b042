"""Reprocess: the command that asks for it, the retry that a connector gets, the states between them."""

import hashlib
import json
import uuid
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from schemas import envelope as cloudevents
from schemas.catalogue import BY_NAME
from schemas.command_id import CommandId
from schemas.correction import Correction
from schemas.example import example
from schemas.filter import ReprocessFilter
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError, reasons_of, shown
from schemas.reasons.reason import Reason, all_of
from schemas.refusal import DeadLetterCode, Refusal
from schemas.result import Account, Affiliate, Key
from schemas.steps import Pace
from schemas.timestamp import Rfc3339

COMMAND_EVENT_TYPE = "conexoes.reprocess.requested.v1"
MAX_LOG_IDS = 1000
#: Corrections of one command: each kept request, of almost a megabyte at most, is parsed to judge one.
MAX_CORRECTIONS = 100
MAX_REASON_CHARACTERS = 1000
MAX_AUTHOR_CHARACTERS = 200
#: Days that a command may wait for its `not_before`: its entities are in flight all that time.
MAX_DAYS_AHEAD = 31
#: Author of actions that Conexões takes by itself; nobody else may use the name.
OURSELVES = "conexoes"


def _of_somebody(name: str) -> str:
    if name.strip().lower() == OURSELVES:
        raise ReasonError(ReasonCode.NAME_RESERVED, name=OURSELVES)
    return name


#: Name of the author of a request. A key or a person has no other name: they could do nothing on the pages.
RequestedBy = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_AUTHOR_CHARACTERS), AfterValidator(_of_somebody)
]
_REQUESTED_BY: Final = TypeAdapter(RequestedBy)
#: Text without the space around it; None when nothing is left.
WhyAsked = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_REASON_CHARACTERS)] | None,
    AfterValidator(lambda text: text or None),
]


def refused_author(name: str) -> Reason | None:
    """Return why this can't be the name of an author; None when it can."""
    try:
        _REQUESTED_BY.validate_python(name)
    except ValidationError as exc:
        return reasons_of(exc)[0]
    return None


Mode = Literal["replay", "refresh"]
#: A step of one entity's reprocess, as its timeline tells it.
TimelineStep = Literal["requested", "healed", "sent", "answered", "silent"]


class CommandState(StrEnum):
    """State of a command."""

    ACCEPTED = "accepted"  # recorded; its items are not materialised yet
    RUNNING = "running"  # some item is queued, sent, or still to be materialised
    DONE = "done"  # no item is; a late answer may still move one from `silent`
    CANCELLED = "cancelled"  # by a person or by itself: items that are not on their way to Kafka yet will not be sent


#: States of a command that is over: only late answers still change its items.
ENDED_COMMAND_STATES = (CommandState.DONE, CommandState.CANCELLED)
OPEN_COMMAND_STATES = tuple(each for each in CommandState if each not in ENDED_COMMAND_STATES)


class AuthoredRequest(BaseModel):
    """A request about something of an account, with author and reason."""

    model_config = example(
        account="demo",
        requested_by="maria@store.example",
    )

    account: Account
    requested_by: RequestedBy
    reason: WhyAsked = None


class ReprocessRequest(BaseModel):
    """Request of a person or backend: `data` of a command, and the body of `POST /commands/reprocess`."""

    model_config = example(
        account="demo",
        integration_type="price",
        requested_by="maria@store.example",
        reason="the price table was corrected",
        mode="refresh",
        log_ids=["5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"],
    )

    account: Account
    integration_type: str = Field(json_schema_extra={"enum": list(BY_NAME)})
    requested_by: RequestedBy
    reason: WhyAsked = None
    mode: Mode = "refresh"
    log_ids: Annotated[list[uuid.UUID], Field(min_length=1, max_length=MAX_LOG_IDS)] | None = None
    filter: ReprocessFilter | None = None
    as_of: Rfc3339 | None = Field(default=None, description="required with `filter`: logs changed since are left")
    pace: Pace | None = Field(default=None, description="null: all at once, as fast as the policy allows")
    not_before: Rfc3339 | None = Field(
        default=None,
        description=f"none of it is sent before, at most {MAX_DAYS_AHEAD} days ahead; what succeeds until then is "
        "healed. Its entities are in flight meanwhile. null: at once",
    )
    when_back: bool = Field(
        default=False,
        description="what is for a paused affiliate waits for the end of the pause, instead of being refused as "
        "`paused`; what a breaker holds back waits in any case",
    )
    corrections: Annotated[list[Correction], Field(min_length=1, max_length=MAX_CORRECTIONS)] | None = Field(
        default=None,
        description="changes in the kept requests of logs among `log_ids`, of a `replay`: each is sent as corrected, "
        "and the others as they are kept. The policy says which fields may be changed (`editable`)",
    )

    @model_validator(mode="after")
    def _one_way_to_choose(self) -> Self:
        if self.integration_type not in BY_NAME:
            raise ReasonError(ReasonCode.TYPE_UNKNOWN, allowed=tuple(BY_NAME))
        if (self.log_ids is None) == (self.filter is None):
            raise ReasonError(ReasonCode.ONE_WAY_TO_CHOOSE)
        if self.filter is not None and self.as_of is None:
            raise ReasonError(ReasonCode.AS_OF_MISSING)
        if self.corrections is not None:
            about = {each.log_id for each in self.corrections}
            if self.mode != "replay" or len(about) < len(self.corrections) or not about <= {*(self.log_ids or ())}:
                raise ReasonError(ReasonCode.CORRECTION_REPLAYS)
        return self

    def kept(self) -> str:
        """Return it as JSON as it is stored: of its corrections only a digest, by which another request is told.

        They are evidence, which is stored with the items that have it.
        """
        if self.corrections is None:
            return self.model_dump_json(exclude_none=True)
        digest = hashlib.sha256(self.model_dump_json(include={"corrections"}).encode()).hexdigest()
        kept = self.model_dump(mode="json", exclude_none=True, exclude={"corrections"})
        return json.dumps({**kept, "corrections_sha256": digest}, ensure_ascii=False)

    def identity(self) -> str:
        """Return all of it as JSON, by which two requests are the same one."""
        return self.model_dump_json(exclude=None if self.corrections else {"corrections"})

    def lies_too_far_ahead(self, now: datetime) -> Reason | None:
        """Return why it can't wait as long as it wants to; None when it can. `now` is PostgreSQL's time."""
        if self.not_before is None or self.not_before <= now + timedelta(days=MAX_DAYS_AHEAD):
            return None
        return Reason(ReasonCode.TOO_FAR_AHEAD, days=MAX_DAYS_AHEAD)


def command_event(
    command_id: str, request: ReprocessRequest, time: str, traceparent: str | None = None
) -> dict[str, Any]:
    """Return a command as a structured CloudEvent; `time` is RFC 3339. Its retries will have its `traceparent`."""
    trace = {} if traceparent is None else {"traceparent": traceparent}
    return {
        **trace,
        "specversion": "1.0",
        "type": COMMAND_EVENT_TYPE,
        "source": "/conexoes/admin",
        "id": command_id,
        "time": time,
        "datacontenttype": "application/json",
        "data": request.model_dump(mode="json", exclude_none=True),
    }


class CommandRefusal(Refusal):
    """Refusal of an event that has the id of a command, but is not a valid one."""

    def __init__(self, code: DeadLetterCode, reason: Reason, command_id: str, part: bytes | None) -> None:
        super().__init__(code, reason, part)
        self.command_id = command_id


class Command(BaseModel):
    """A reprocess request with its id, by which a repeated delivery is recognised."""

    model_config = ConfigDict(frozen=True)

    id: CommandId
    requested_at: datetime | None  # CloudEvents `time`, UTC; None: it has none that can be read
    request: ReprocessRequest
    traceparent: str | None = None  # of the event; its retries have it too


def read_command(headers: cloudevents.Headers, value: bytes) -> list[Command | Refusal]:
    """Return the commands in one record of the command topic; an invalid one is a Refusal."""
    return [each if isinstance(each, Refusal) else _command(each) for each in cloudevents.read(headers, value)]


def _command(event: cloudevents.Envelope) -> Command | Refusal:
    if event.type != COMMAND_EVENT_TYPE:
        reason = Reason(ReasonCode.EVENT_TYPE, type=COMMAND_EVENT_TYPE, value=shown(event.type))
        return Refusal(DeadLetterCode.TYPE_MISMATCH, reason, event.part)
    requested_at = event.time and event.time.at
    try:
        request = ReprocessRequest.model_validate(event.data)
        return Command(id=event.id, requested_at=requested_at, request=request, traceparent=event.traceparent)
    except ValidationError as exc:
        return CommandRefusal(DeadLetterCode.SCHEMA, all_of(reasons_of(exc, "data")), event.id, event.part)


class RetryData(BaseModel):
    """`data` of a retry: what a connector needs to do one piece of work again.

    Fields that this version does not know are ignored: a later one may send more.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        title="Retry data",
        json_schema_extra={
            "examples": [
                {
                    "account": "demo",
                    "affiliate": "MLB",
                    "key": "SKU-00123",
                    "integration_type": "price",
                    "mode": "refresh",
                    "last_event_id": "0b5ff2f0-57f5-4c58-8d2f-0e4c3d2a9f11",
                    "attempt": 1,
                    "expires_at": "2026-11-24T08:30:02.000000Z",
                    "aliases": {"ean": "7891234567895"},
                }
            ]
        },
    )

    account: Account
    affiliate: Affiliate
    key: Key
    integration_type: str
    mode: Mode
    last_event_id: str = Field(
        description="CloudEvents id of the result that the status log shows when the retry leaves; of one that comes "
        "again after a busy answer, besides the answers to it"
    )
    attempt: int = Field(ge=1, description="how many times this entity was reprocessed, this one included")
    expires_at: str = Field(description="RFC 3339; an answer after this is late, but still counts")
    aliases: dict[str, str] = Field(default_factory=dict)
    busy_answers: int = Field(
        default=0,
        ge=0,
        description="how many times this very retry was sent and answered that the marketplace had no time: after each "
        "it comes again, with the same id and one more of these",
    )
    request: Any = Field(
        default=None,
        description="of a `replay`: the request of that result, as it was kept; absent when none was, when its "
        "retention is over, a secret was taken out of it, or the policy does not allow it",
    )
    corrected: list[str] | None = Field(
        default=None,
        description="JSON pointers (RFC 6901) of what a person has changed in `request` since; absent when nothing was",
    )

    def event(self, item_id: str, command_id: str, time: str, traceparent: str | None = None) -> dict[str, Any]:
        """Return this retry as a structured CloudEvent. `traceparent`: of its command, else of the result, if any."""
        trace = {} if traceparent is None else {"traceparent": traceparent}
        data = {name: getattr(self, name) for name in type(self).model_fields}
        for name in ("request", "corrected"):
            if data[name] is None:
                del data[name]
        return {
            **trace,
            "specversion": "1.0",
            "type": BY_NAME[self.integration_type].retry_event_type,
            "source": "/conexoes/reprocess",
            "id": item_id,
            "subject": self.key,
            "time": time,
            "datacontenttype": "application/json",
            "correlationid": command_id,
            "data": data,
        }
