"""A reprocess command and its items, as the query API shows them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import Field

from schemas.example import example
from schemas.reasons.said import Said
from schemas.shown.base import COMMAND_ID, ITEM_ID, LOG_ID, NOON, Explained, Shown
from schemas.steps import StepOutcome


class CommandEnding(Shown):
    """The end of a command that was cancelled or has stopped itself."""

    model_config = example(
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
    reason: Said | None = Field(description="what who cancelled it says, or why we did, in a sentence")
    outcome: StepOutcome | None = Field(description="of the step after which it stopped; null when it was cancelled")


class ReprocessCommand(Shown):
    """A command, its author, and its items counted by state."""

    model_config = example(
        id=COMMAND_ID,
        account="demo",
        integration_type="price",
        state="done",
        requested_by="maria@store.example",
        requested_with="the admin of the store",
        reason="the price table was corrected",
        mode="refresh",
        modes=["refresh"],
        requested_at=NOON,
        finished_at="2026-11-24T12:00:02Z",
        total=4,
        items={"fixed": 2, "same_error": 1, "in_flight": 1},
        filter={"status": ["error"], "affiliate": ["MLB"]},
        as_of=NOON,
        selected=4,
        pace={"steps": [1, 10], "fixed_share": 0.8},
        step=1,
        note=None,
        ending=None,
        joined={"fixed": 1},
        joined_since=2,
        automatic=None,
        not_before=None,
        when_back=False,
        materialising=False,
        ignored_groups=[],
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
    mode: str = Field(description="as it was asked for")
    modes: list[str] = Field(
        description="those in which items were really sent: the policy and the type may say `refresh` where `replay` "
        "was asked for, and so may a request that is not kept; empty while nothing was sent"
    )
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
    note: Said | None = Field(description="why it was cancelled or stopped, in a sentence")
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
    automatic: Said | None = Field(
        description="why it was recorded by Conexões itself, in a sentence; null: somebody asked for it"
    )
    not_before: datetime | None = Field(description="none of its items is sent before; null: at once")
    when_back: bool = Field(description="items of a paused affiliate wait for the end of the pause")
    ignored_groups: list[str] = Field(
        description="groups that were ignored when it was recorded, and that it leaves out besides those of its "
        "filter: with them goes every log of which any error is in one"
    )
    materialising: bool = Field(
        description="its items are still being made, up to `selected`; of one that was cancelled meanwhile, what it "
        "did not send becomes `cancelled` items, so that `rest_of` has all of it"
    )


_ITEM: Final[Mapping[str, Any]] = {
    "id": ITEM_ID,
    "log_id": LOG_ID,
    "affiliate": "MLB",
    "key": "SKU-00123",
    "state": "fixed",
    "reason": None,
    "before_status": "error",
    "before_code": "price.below_minimum",
    "before_message": "The price 10.00 is below the minimum of this category",
    "before_fingerprint": "74dab71393f51981",
    "after_status": "success",
    "after_code": None,
    "after_message": None,
    "after_fingerprint": None,
    "went": ["74dab71393f51981"],
    "stayed": [],
    "came": [],
    "attempt": 1,
    "mode": "refresh",
    "corrected": False,
    "created_at": NOON,
    "sent_at": NOON,
    "healed_at": None,
    "expires_at": "2026-11-24T12:15:00Z",
    "answered_at": "2026-11-24T12:00:01Z",
    "busy_answers": 0,
    "not_before": None,
    "sent_digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "sent_partition": 3,
    "sent_offset": 1207,
    "traceparent": None,
    "joined_item_id": None,
    "joined_state": None,
    "joined_command_id": None,
}


class ReprocessItem(Explained):
    """The item of a command for one entity: its state, and the results before and after.

    `before_…` are of the result that its log showed when the retry left, the last time if it was sent again: the
    answer is compared with that one. Of an item that was not sent, they are of the result that it was asked for about.
    """

    model_config = example(**_ITEM)

    id: str
    log_id: str
    affiliate: str | None = Field(description="null when there is no such log")
    key: str | None
    state: str = Field(description="for one that was refused at once, the verdict")
    reason: Said | None = Field(description="why it was refused, failed or cancelled, in a sentence")
    before_status: str | None = Field(
        description="of the result that the log showed when the retry left, besides answers to it; of an item that was "
        "not sent, when it was asked for. The outcome compares the answer with that result"
    )
    before_code: str | None = Field(description="of that result")
    before_message: str | None = Field(description="its first 300 characters")
    before_fingerprint: str | None = Field(description="of its gravest fault")
    after_status: str | None
    after_code: str | None
    after_message: str | None = Field(description="the first 300 characters")
    after_fingerprint: str | None
    went: list[str] = Field(
        description="fingerprints of the faults that the answer no longer has; empty before it came"
    )
    stayed: list[str] = Field(description="of those that it has too")
    came: list[str] = Field(description="of those that only it has")
    attempt: int | None
    mode: str = Field(
        description="in which it was sent, the last time if it was sent again, whatever was asked for; of one that was "
        "not sent, in which it was to be"
    )
    corrected: bool = Field(description="a person has changed the request that it sends again; `corrections` has how")
    created_at: datetime
    sent_at: datetime | None = Field(description="of one that was sent again, since its answer was busy, the last time")
    healed_at: datetime | None = Field(description="when it turned out that the log had succeeded already")
    expires_at: datetime | None
    answered_at: datetime | None
    busy_answers: int = Field(
        description="how many times it was sent and the answer said that the marketplace had no time; however many "
        "answers say so of one sending, that is one"
    )
    not_before: datetime | None = Field(
        description="of a `queued` one whose answer was busy: until then it is not sent again; it keeps its id"
    )
    sent_digest: str | None = Field(
        description="SHA-256, in hexadecimal, of the value of the retry that was sent last: of the record at "
        "`sent_offset` of `sent_partition` of the retry topic"
    )
    sent_partition: int | None
    sent_offset: int | None
    traceparent: str | None = Field(
        description="W3C Trace Context of that retry: of its command, else of the result that it is about"
    )
    joined_item_id: str | None = Field(description="the item in flight that this request joined")
    joined_state: str | None = Field(description="what became of that item")
    joined_command_id: str | None = Field(description="whose item that is")


class FieldChange(Shown):
    """One field of a kept request, as it was and as it was sent again."""

    model_config = example(pointer="/price", before="10.00", after="24.90")

    pointer: str = Field(description="JSON pointer (RFC 6901) of it in the request")
    before: str | None = Field(description="JSON text of the kept value, with every digit; null when it has expired")
    after: str | None = Field(description="of the new one")


class LedgerItem(ReprocessItem):
    """The item of a command with what was changed in its request, which is evidence."""

    model_config = example(**_ITEM, corrections=None)

    corrections: list[FieldChange] | None = Field(
        description="null where nothing was changed, or the key may not see evidence"
    )
