"""One entity as the query API shows it, its attempts and its timeline."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, InstanceOf, WithJsonSchema

from schemas.correction import MAX_FIELDS
from schemas.example import example
from schemas.item_state import OPEN_ITEM_STATES
from schemas.mended_event import AS_IT_CAME
from schemas.playbook import PlaybookEntry
from schemas.raw_json import RawJson, dump
from schemas.reasons.said import Said
from schemas.reprocess import TimelineStep
from schemas.result import MARKED_AHEAD
from schemas.shown.base import COMMAND_ID, ITEM_ID, LOG_ID, NOON, Shown


class Action(Shown):
    """An action that the caller may take on a log, or the reason why not."""

    name: Literal["reprocess"] = "reprocess"
    allowed: bool
    verdict: str | None = Field(default=None, description="null when allowed, else why not, in one word")
    reason: Said | None = Field(default=None, description="null when allowed, else why not, in a sentence")
    link: str | None = Field(
        default=None, description="the troubleshooting guide, where there is one to follow instead"
    )

    @property
    def is_offered(self) -> bool:
        """True when the caller may do it now, with a reason if it needs one."""
        return self.allowed or self.needs_reason

    @property
    def needs_reason(self) -> bool:
        """True when the action is allowed with a reason only: a page leads to the plan, which asks for it."""
        return self.verdict == "reason_required"


class ReprocessStep(Shown):
    """The last reprocess of a log."""

    state: str
    item_id: str
    command_id: str
    at: datetime


class StatusLog(Shown):
    """One entity, as its result with the highest version says."""

    model_config = example(
        id=LOG_ID,
        integration_type="price",
        account="demo",
        affiliate="MLB",
        key="SKU-00123",
        status="error",
        processed_at=NOON,
        message="The price 10.00 is below the minimum of this category",
        code="price.below_minimum",
        category="PRICING",
        fingerprint="74dab71393f51981",
        errors=1,
        conflicts=0,
        attempts=2,
        first_seen_at="2026-11-20T09:30:00Z",
        updated_at=NOON,
        reprocess={"state": "same_error", "item_id": ITEM_ID, "command_id": COMMAND_ID, "at": NOON},
        next_try_at="2026-11-24T12:01:00Z",
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
    code: str | None = Field(
        description="code of the gravest error, of several the first: an error unless its severity is `warning` or "
        "`info`; null on success"
    )
    category: str | None = Field(description="of that error")
    fingerprint: str | None = Field(description="the group of that error; null on success")
    errors: int = Field(description="errors that its result lists; each has a group, and is found by its own code")
    conflicts: int = Field(
        description="results that were refused because another one had their source and id; 1000 is that many or more"
    )
    attempts: int = Field(description="different results received")
    first_seen_at: datetime = Field(description="the earliest processed_at of its results")
    updated_at: datetime = Field(description="when this row last changed here")
    reprocess: ReprocessStep | None = Field(
        description="the last one; an outcome `at` before `updated_at` is of an earlier result"
    )
    next_try_at: datetime | None = Field(
        description="from when on it is tried again without anybody's doing: after a busy answer, at the time that its "
        "command was given for, or by an automatic retry; null: it is not, or is being tried now"
    )
    actions: list[Action]

    @property
    def reprocess_is_past(self) -> bool:
        """True when the last reprocess had ended before the result that is shown came: its outcome is history."""
        last = self.reprocess
        return last is not None and last.state not in OPEN_ITEM_STATES and last.at < self.updated_at


def written(logs: Iterable[StatusLog]) -> list[dict[str, Any]]:
    """Return what `schemas.raw_json.dump` writes of each log. Logs with the same list of actions share its text."""
    actions: dict[int, RawJson] = {}
    documents = []
    for log in logs:
        text = actions.get(id(log.actions))
        if text is None:
            text = actions[id(log.actions)] = RawJson(dump([each.model_dump() for each in log.actions]).decode())
        step = None if log.reprocess is None else vars(log.reprocess)
        documents.append(vars(log) | {"reprocess": step, "actions": text})
    return documents


#: Any JSON value, given back as it came. `api.evidence` writes models that have one; no other writer takes it.
AsItCame = Annotated[InstanceOf[RawJson], WithJsonSchema({})]

#: Evidence is shown, or is not: the key lacks the right, or it was kept for its time.
EvidenceState = Literal["shown", "not_permitted", "expired"]


class Attempt(Shown):
    """One result, complete."""

    result_id: str
    event_id: str
    source: str
    status: str
    processed_at: datetime
    received_at: datetime
    operation: str | None
    message: str | None
    errors: list[AsItCame]
    request: Annotated[AsItCame | None, WithJsonSchema({})] = Field(
        description="any JSON value, as are `response`, `extra` and `extensions`, with every digit and name as it came"
    )
    response: Annotated[AsItCame | None, WithJsonSchema({})]
    aliases: dict[str, str]
    extra: dict[str, AsItCame] = Field(description="fields of `data` that Conexões does not know")
    extensions: dict[str, AsItCame] = Field(
        description="CloudEvents extensions of its event, `traceparent` for example, and `dataschema`"
    )
    late: bool = Field(description="a newer result was here already when it came")
    ahead: bool = Field(
        description=f"`processed_at` was more than {MARKED_AHEAD.seconds // 60} minutes ahead of our clock when it came"
    )
    altered: bool = Field(
        description="it was not read as it came: a number where text is meant, too many errors, NUL; "
        f"`extra.{AS_IT_CAME}` has the fields that were altered, as they came"
    )
    alterations: list[Said] = Field(description="what was done, each in a sentence")
    answers_item_id: str | None = Field(description="the retry that it answers")
    evidence: EvidenceState = Field(
        description="why request, response, extra and extensions are empty: not_permitted to this key, or expired; "
        "else shown"
    )
    evidence_until: datetime | None = Field(description="when its evidence may be deleted; null: it is not there")

    @property
    def as_it_came(self) -> RawJson | None:
        """The fields that were altered, as they came, where the caller may see evidence."""
        return self.extra.get(AS_IT_CAME)


class Source(Shown):
    """A connector that results of a log came from."""

    source: str
    results: int = Field(description="of it, among the newest 1,000 of the log")


class StatusLogDetail(StatusLog):
    """One log with its evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={})

    last_attempt: Attempt | None = Field(description="null when retention has dropped it")
    aliases: dict[str, list[str]] = Field(description="every name that results gave it")
    sources: list[Source] = Field(
        description="whose its kept results are, the last one first. A second one may be another connector's mistake, "
        "or somebody's lie: CONEXOES_SOURCES says who may"
    )
    editable: list[str] = Field(
        description="JSON pointers (RFC 6901) in `last_attempt.request` of what may be corrected before it is sent "
        f"again, {MAX_FIELDS} at most: the policy names them. Empty too where the request is not there or not shown, "
        "and where `actions` do not let the log be reprocessed now, with a reason or without one"
    )
    troubleshooting: str | None = Field(description="a guide to this error; null on success")
    playbook: PlaybookEntry | None = Field(description="what this installation knows about this error; null: nothing")


class TimelineAttempt(Shown):
    kind: Literal["attempt"] = "attempt"
    at: datetime
    attempt: Attempt


class TimelineConflict(Shown):
    """A result about this entity that was refused: its connector had used the id for another one, which counts."""

    kind: Literal["conflict"] = "conflict"
    at: datetime = Field(description="when it came")
    source: str
    event_id: str
    status: str = Field(description="as it says; the log does not show it")
    processed_at: datetime


class TimelineReprocess(Shown):
    """One step of a reprocess: the request with its author and reason, the sending, or the outcome."""

    kind: Literal["reprocess"] = "reprocess"
    at: datetime
    step: TimelineStep
    state: str = Field(description="of the item after this step")
    item_id: str
    command_id: str
    requested_by: str = Field(description="who asked, as the caller says")
    requested_with: str | None = Field(description="name of the access key that it came with, as we know; null: none")
    reason: str | None
    automatic: Said | None = Field(description="why nobody had to ask, in a sentence; null: somebody did")
    mode: str
    refusal: Said | None = Field(description="why it was refused, failed or cancelled, in a sentence; null otherwise")


TimelineEntry = TimelineAttempt | TimelineReprocess | TimelineConflict
