"""What the query API shows of one entity, its attempts, its reprocesses, and of what was refused."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.playbook import PlaybookEntry
from schemas.steps import StepOutcome


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [fields]})


_LOG = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"
_ITEM = "79495b7f-cb87-7bc5-0720-a249abafafd9"
_COMMAND = "f62fc572-a9a3-5d71-0071-904bedb5848b"
_NOON = "2026-11-24T12:00:00Z"


class Action(_Shown):
    """Something that the caller may do with a log, or why not."""

    name: Literal["reprocess"] = "reprocess"
    allowed: bool
    verdict: str | None = Field(default=None, description="null when allowed, else why not, in one word")
    reason: str | None = Field(default=None, description="null when allowed, else why not, in a sentence")
    link: str | None = Field(
        default=None, description="the troubleshooting guide, where there is one to follow instead"
    )


class ReprocessStep(_Shown):
    """The last reprocess of a log."""

    state: str
    item_id: str
    command_id: str
    at: datetime


class StatusLog(_Shown):
    """One entity, as its result with the highest version left it."""

    model_config = _example(
        id=_LOG,
        integration_type="price",
        account="demo",
        affiliate="MLB",
        key="SKU-00123",
        status="error",
        processed_at=_NOON,
        message="The price 10.00 is below the minimum of this category",
        code="price.below_minimum",
        fingerprint="74dab71393f51981",
        attempts=2,
        first_seen_at="2026-11-20T09:30:00Z",
        updated_at=_NOON,
        reprocess={"state": "same_error", "item_id": _ITEM, "command_id": _COMMAND, "at": _NOON},
        actions=[{"name": "reprocess", "allowed": True, "verdict": None, "reason": None, "link": None}],
    )

    id: str
    integration_type: str
    account: str
    affiliate: str
    key: str
    status: str
    processed_at: datetime = Field(description="when the connector did the work that this status is about")
    message: str | None = Field(description="the first 4,096 characters; the attempt has the whole")
    code: str | None = Field(description="code of the first error; null on success")
    fingerprint: str | None = Field(description="the group of equal errors; null on success")
    attempts: int = Field(description="different results received")
    first_seen_at: datetime = Field(description="the earliest processed_at of its results")
    updated_at: datetime = Field(description="when this row last changed here")
    reprocess: ReprocessStep | None
    actions: list[Action]


class Attempt(_Shown):
    """One result, whole."""

    result_id: str
    event_id: str
    source: str
    status: str
    processed_at: datetime
    received_at: datetime
    operation: str | None
    message: str | None
    errors: list[Any]
    request: Any
    response: Any
    aliases: dict[str, str]
    extra: dict[str, Any] = Field(description="fields of `data` that Conexões does not know")
    late: bool = Field(description="a newer result was here already when it came")
    altered: bool = Field(description="NUL or lone surrogates were replaced by U+FFFD")
    answers_item_id: str | None = Field(description="the retry that it answers")


class StatusLogDetail(StatusLog):
    """One log with the evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={})

    last_attempt: Attempt | None = Field(description="null when retention has dropped it")
    aliases: dict[str, list[str]] = Field(description="every name that results gave it")
    troubleshooting: str | None = Field(description="a guide to this error; null on success")
    playbook: PlaybookEntry | None = Field(description="what this installation knows about this error; null: nothing")


class TimelineAttempt(_Shown):
    kind: Literal["attempt"] = "attempt"
    at: datetime
    attempt: Attempt


class TimelineReprocess(_Shown):
    """One step of a reprocess: who asked and why, when it was sent, how it ended."""

    kind: Literal["reprocess"] = "reprocess"
    at: datetime
    step: Literal["requested", "sent", "answered", "silent"]
    state: str = Field(description="of the item after this step")
    item_id: str
    command_id: str
    requested_by: str
    reason: str | None
    mode: str
    refusal: str | None = Field(description="why it was refused, failed or cancelled, in a sentence; null otherwise")


TimelineEntry = TimelineAttempt | TimelineReprocess


class CommandEnding(_Shown):
    """Why a command sends nothing more."""

    model_config = _example(
        action="stopped",
        by="conexoes",
        by_key=None,
        reason="Stopped after step 1: 0 of 1 fixed (0%), less than 80%; 1 came back with the same error (price.min).",
        outcome={"step": 1, "items": {"same_error": 1}, "fixed_share": 0.8, "code": "price.min"},
    )

    action: Literal["cancelled", "stopped"] = Field(description="stopped: by itself, after a step")
    by: str = Field(description="who cancelled it, as the caller said; `conexoes` when we did")
    by_key: str | None = Field(
        description="name of the access key that it was cancelled with, as we know; null when we did, and from the "
        "command line"
    )
    reason: str | None
    outcome: StepOutcome | None = Field(description="of the step after which it stopped; null when it was cancelled")


class ReprocessCommand(_Shown):
    """A command, who asked for it, and its items counted by state."""

    model_config = _example(
        id=_COMMAND,
        account="demo",
        integration_type="price",
        state="done",
        requested_by="maria@store.example",
        requested_with="the admin of the store",
        reason="the price table was corrected",
        mode="refresh",
        requested_at=_NOON,
        finished_at="2026-11-24T12:00:02Z",
        total=4,
        items={"fixed": 2, "same_error": 1, "in_flight": 1},
        filter={"status": ["error"], "affiliate": ["MLB"]},
        as_of=_NOON,
        selected=4,
        pace={"steps": [1, 10], "fixed_share": 0.8},
        step=1,
        note=None,
        ending=None,
        joined={"fixed": 1},
        joined_since=2,
    )

    id: str
    account: str
    integration_type: str
    state: str
    requested_by: str = Field(description="who asks, as the caller says")
    requested_with: str | None = Field(
        description="name of the access key that it came with, as we know; null when it came through Kafka"
    )
    reason: str | None
    mode: str
    requested_at: datetime
    finished_at: datetime | None
    total: int = Field(description="items made; of a command with a filter it grows to `selected`")
    items: dict[str, int] = Field(description="count by state; always sums to `total`")
    filter: dict[str, Any] | None = Field(description="null for a command that names its logs")
    as_of: datetime | None = Field(description="when the filter was looked at; null for a command that names its logs")
    selected: int | None = Field(description="logs that the filter matched then; null until they are counted")
    pace: dict[str, Any] | None = Field(description="as it was asked for; null: all at once")
    step: int | None = Field(
        description="the step that is under way, from 1; one more than there are when the rest is; null without steps"
    )
    note: str | None = Field(description="why it was cancelled or stopped, in a sentence")
    ending: CommandEnding | None = Field(
        description="the same in parts; null while it goes on or when it is done, and of a command that was refused "
        "before it was recorded"
    )
    joined: dict[str, int] | None = Field(
        description="what became of the earlier items that its `in_flight` ones joined, by state; null in a list"
    )
    joined_since: int | None = Field(
        description="new failures that match the filter and are not among its items: counted when these are made, and "
        "once more when it is over"
    )


class ReprocessItem(_Shown):
    """What a command did to one entity."""

    model_config = _example(
        id=_ITEM,
        log_id=_LOG,
        affiliate="MLB",
        key="SKU-00123",
        state="fixed",
        reason=None,
        before_status="error",
        before_code="price.below_minimum",
        before_message="The price 10.00 is below the minimum of this category",
        before_fingerprint="74dab71393f51981",
        after_status="success",
        after_code=None,
        after_message=None,
        after_fingerprint=None,
        attempt=1,
        created_at=_NOON,
        sent_at=_NOON,
        expires_at="2026-11-24T12:15:00Z",
        answered_at="2026-11-24T12:00:01Z",
        joined_item_id=None,
        joined_state=None,
        joined_command_id=None,
    )

    id: str
    log_id: str
    affiliate: str | None = Field(description="null when there is no such log")
    key: str | None
    state: str = Field(description="for one that was refused at once, the verdict")
    reason: str | None = Field(description="why it was refused, failed or cancelled, in a sentence")
    before_status: str | None
    before_code: str | None
    before_message: str | None = Field(description="the first 300 characters")
    before_fingerprint: str | None
    after_status: str | None
    after_code: str | None
    after_message: str | None = Field(description="the first 300 characters")
    after_fingerprint: str | None
    attempt: int | None
    created_at: datetime
    sent_at: datetime | None
    expires_at: datetime | None
    answered_at: datetime | None
    joined_item_id: str | None = Field(description="the item in flight that this request joined")
    joined_state: str | None = Field(description="what became of that item")
    joined_command_id: str | None = Field(description="whose item that is")


class PlannedLog(_Shown):
    """One log that a plan shows as a sample."""

    log_id: str
    affiliate: str
    key: str
    status: str
    code: str | None
    processed_at: datetime


class ReprocessPlan(_Shown):
    """What a command with this filter and `as_of` would do."""

    model_config = _example(
        account="demo",
        integration_type="price",
        filter={"status": ["error"]},
        as_of=_NOON,
        total=3,
        verdicts={"will_send": 2, "in_flight": 1},
        affiliates={"MLB": {"will_send": 2}, "AMZ": {"in_flight": 1}},
        samples={
            "will_send": [
                {
                    "log_id": _LOG,
                    "affiliate": "MLB",
                    "key": "SKU-00123",
                    "status": "error",
                    "code": "price.below_minimum",
                    "processed_at": _NOON,
                }
            ]
        },
        reasons={"in_flight": ["An earlier reprocess of this entity is in flight; this request joined it."]},
        reason_required=None,
    )

    account: str
    integration_type: str
    filter: dict[str, Any] = Field(description="to be sent as the command's `filter`")
    as_of: datetime = Field(description="to be sent as the command's `as_of`: what comes later is left alone")
    total: int = Field(description="logs that the filter matches")
    verdicts: dict[str, int] = Field(description="how many logs get each verdict; they sum to `total`")
    affiliates: dict[str, dict[str, int]] = Field(description="the same for each affiliate")
    samples: dict[str, list[PlannedLog]] = Field(description="ten logs of each verdict, or all of them")
    reasons: dict[str, list[str]] = Field(description="why not, in sentences, by verdict")
    reason_required: str | None = Field(description="why the command needs a reason; null when it needs none")


class ShownAffiliate(_Shown):
    """Whether retries go to an affiliate, and what waits for it."""

    model_config = _example(
        affiliate="MLB",
        sending=False,
        paused_at=_NOON,
        paused_by="maria@store.example",
        paused_reason="their API is being maintained",
        breaker="closed",
        breaker_since=None,
        retry_at=None,
        queued=120,
        sent=0,
    )

    affiliate: str
    sending: bool
    paused_at: datetime | None = Field(description="by a person; null when it is not")
    paused_by: str | None
    paused_reason: str | None
    breaker: str = Field(
        description="closed: all is well. open: too many answers were 429, 5xx or silence, and nothing is sent. "
        "half_open: one retry is tried, and its answer closes or opens it again"
    )
    breaker_since: datetime | None
    retry_at: datetime | None = Field(description="when one retry may be tried; null while the breaker is closed")
    queued: int = Field(description="items that wait to be sent there")
    sent: int = Field(description="items whose answer is awaited")


class DeadLetter(_Shown):
    """What could not be a result or command, and why."""

    model_config = _example(
        id="ea877ef3-1f2c-38c8-7d63-458f0689d20f",
        account="demo",
        code="schema",
        reason="data.status: Field required",
        topic="conexoes.results.price",
        partition=3,
        offset=77,
        received_at=_NOON,
        value='{"account": "demo"}',
        value_bytes=19,
    )

    id: str
    account: str | None
    code: str
    reason: str
    topic: str
    partition: int
    offset: int
    received_at: datetime
    value: str | None = Field(description="the first 4,096 bytes, as UTF-8 where they are; the topic has them all")
    value_bytes: int
