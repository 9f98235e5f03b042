"""An error group: logs of many entities that show the same error, with the decision about it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas.example import example
from schemas.filter import QueryText
from schemas.group_state import DecidedState, Standing, Until
from schemas.interval import wilson
from schemas.item_state import ANSWERED_STATES, TRIED_STATES, ItemState
from schemas.playbook import PlaybookEntry
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError
from schemas.reprocess import RequestedBy
from schemas.result import Account
from schemas.timestamp import Rfc3339

MAX_NOTE_CHARACTERS = 1000
MAX_TAGS = 8
MAX_TAG_CHARACTERS = 30
MAX_TICKET_CHARACTERS = 1000
#: Acts on a group that it shows, the last ones; the activity has all.
MAX_HISTORY = 20
#: Kinds of what people write about a group. Of all but notes the newest holds.
NoteKind = Literal["owner", "tags", "ticket", "note"]
NOTE_KINDS: tuple[NoteKind, ...] = get_args(NoteKind)
#: Acts of people on a group: decisions, and what they write.
GroupAct = Literal[DecidedState, NoteKind]

#: Advice on trying a group again by itself, from the measured outcome.
Automation = Literal["offered", "advised_against"]
#: Items that must have been tried before a cure rate says anything of it.
MEASURED_ITEMS = 20
#: The rate from which it is offered.
OFFERED_RATE = 0.8

_NOON = "2026-11-24T12:00:00Z"


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Trend(_Shown):
    """Failed results of two days, by when they were processed, in whole hours of UTC."""

    last_24_hours: int = Field(description="failed results of the present hour and the 23 before it")
    the_24_hours_before: int


class Cure(_Shown):
    """Outcome of the items that were asked for because of this error: does reprocessing help?

    An item that had several errors counts for each of them. Only an item that was tried says if it helps; what the
    marketplace had no time for, did not answer, or no longer needed stands beside it.
    """

    tried: int = Field(description="fixed + same_error + different_error: an entity counts twice if it was tried twice")
    fixed: int
    same_error: int = Field(description="this error came back")
    different_error: int = Field(description="this error went away, and the entity failed with another one")
    busy: int = Field(description="the marketplace had no time, up to the last try")
    silent: int = Field(description="no answer before the deadline")
    healed: int = Field(description="the entity had succeeded before its turn came: nothing was sent")
    awaited: int = Field(description="sent, and not answered yet")
    queued: int = Field(
        description="to be sent, or sent again after a busy answer: until the next one its log shows that answer, and "
        "is in the group of it"
    )
    rate: float | None = Field(description="fixed / tried; null: none was tried")
    low: float | None = Field(description="the lower end of the 90 % interval of the rate (Wilson)")
    high: float | None = Field(description="its upper end")
    automation: Automation | None = Field(
        description="advice on automatic retries, once 20 items or more were tried: `offered` when 80 % of them or "
        "more are fixed, `advised_against` when none is; null: neither"
    )

    @classmethod
    def of(cls, items: Mapping[str, int]) -> "Cure":
        """Make it from the number of items in each state."""
        counts = {state.value: items.get(state, 0) for state in (*ANSWERED_STATES, ItemState.SILENT, ItemState.HEALED)}
        fixed, tried = counts["fixed"], sum(counts[each] for each in TRIED_STATES)
        interval = wilson(fixed, tried)
        return cls(
            tried=tried,
            **counts,
            awaited=items.get(ItemState.SENT, 0),
            queued=items.get(ItemState.QUEUED, 0),
            rate=fixed / tried if tried else None,
            low=interval and interval.low,
            high=interval and interval.high,
            automation=_automation(fixed, tried),
        )


def _automation(fixed: int, tried: int) -> Automation | None:
    if tried < MEASURED_ITEMS:
        return None
    if fixed >= OFFERED_RATE * tried:
        return "offered"
    return "advised_against" if fixed == 0 else None


class GroupSample(_Shown):
    """The newest log of a group among those that the filter matches."""

    log_id: str
    key: str
    message: str | None = Field(
        description="of this error: the log's own where it is its gravest error, else the beginning of another result's"
    )


class GroupEntry(Until):
    """An act of a person on a group. It is never changed."""

    at: datetime
    by: str
    act: GroupAct = Field(description="the state that was decided, or `owner`, `tags`, `ticket`, `note`")
    value: list[str] = Field(
        description="the owner, the tags, the ticket, or the text of the note, also of a decision; empty: none any more"
    )


class ErrorGroup(Standing):
    """Logs of which one error is this one now, with its history and its playbook entry.

    A log is in the group of each of its errors, so that groups may share logs.
    """

    model_config = example(
        state="open",
        reopened=True,
        state_by="maria@store.example",
        state_at="2026-11-23T09:00:00Z",
        note="the price table is being corrected",
        reopened_by="failed_again",
        until=None,
        until_results=None,
        until_escalates=False,
        fingerprint="74dab71393f51981",
        code="price.below_minimum",
        category="PRICING",
        affiliates=["MLB"],
        statuses=["error"],
        logs=412,
        first_seen_at="2026-11-20T09:30:00Z",
        last_seen_at=_NOON,
        results=1380,
        trend={"last_24_hours": 310, "the_24_hours_before": 96},
        cure={
            "tried": 194,
            "fixed": 140,
            "same_error": 50,
            "different_error": 4,
            "busy": 2,
            "silent": 6,
            "healed": 31,
            "awaited": 0,
            "queued": 12,
            "rate": 0.7216,
            "low": 0.6663,
            "high": 0.7710,
            "automation": None,
        },
        sample={
            "log_id": "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11",
            "key": "SKU-00123",
            "message": "The price 10.00 is below the minimum of this category",
        },
        playbook=None,
        owner="maria@store.example",
        tags=["price table"],
        ticket="https://tickets.store.example/OPS-118",
        history=[
            {
                "at": "2026-11-23T09:00:00Z",
                "by": "maria@store.example",
                "act": "acknowledged",
                "value": ["the price table is being corrected"],
                "until": None,
                "until_results": None,
                "until_escalates": False,
            }
        ],
    )

    fingerprint: str
    code: str | None
    category: str | None
    affiliates: list[str]
    statuses: list[str]
    logs: int = Field(description="entities that match the filter and have this error now")
    first_seen_at: datetime = Field(description="the earliest processed_at of all its results, ever")
    last_seen_at: datetime = Field(description="the latest")
    results: int = Field(description="failed results within the retention, whatever the filter")
    trend: Trend
    cure: Cure
    sample: GroupSample
    playbook: PlaybookEntry | None
    owner: str | None = Field(description="person who has it: the name of an access key; null: nobody")
    tags: list[str]
    ticket: str | None = Field(description="link to a ticket elsewhere")
    history: list[GroupEntry] = Field(description="acts of people on it, newest first, 20 at most")


def _in_one_form(tag: str) -> str:
    """Return a tag in small letters, with single spaces: nobody wants two tags of one word."""
    return " ".join(tag.split()).lower()


Owner = Annotated[str, StringConstraints(min_length=1, max_length=200)]
NoteText = Annotated[str, StringConstraints(max_length=MAX_NOTE_CHARACTERS)]
Tag = Annotated[
    QueryText,
    StringConstraints(min_length=1, max_length=MAX_TAG_CHARACTERS, pattern=r"^[^,]*[^,\s][^,]*$"),
    AfterValidator(_in_one_form),
]
# Pages make it a link: a web address, whose host is what it looks like.
Ticket = Annotated[
    str,
    StringConstraints(
        pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+([/?#][!-~]*)?$",
        max_length=MAX_TICKET_CHARACTERS,
    ),
]


class GroupDecision(BaseModel):
    """Body of `PUT /commands/groups/{fingerprint}`: a decision about a group."""

    model_config = example(
        account="demo",
        integration_type="price",
        state="ignored",
        until_results=100,
        set_by="maria@store.example",
        note="a few of these are usual",
    )

    account: Account
    integration_type: str
    state: DecidedState
    set_by: RequestedBy
    note: NoteText | None = None
    until: Rfc3339 | None = Field(default=None, description="with `ignored`: until this time, in the future")
    until_results: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000_000,
        description="with `ignored`: until so many results more have failed with it",
    )
    until_escalates: bool = Field(
        default=False, description="with `ignored`: until it escalates, by the rule of the incident `group_escalates`"
    )

    @model_validator(mode="after")
    def _ends_once(self) -> Self:
        ends = (self.until is not None) + (self.until_results is not None) + self.until_escalates
        if ends > (self.state == "ignored"):
            raise ReasonError(ReasonCode.UNTIL_OF_IGNORED)
        return self


class GroupNotes(BaseModel):
    """Body of `POST /commands/groups/{fingerprint}/notes`: an owner, tags, a ticket, a note.

    A field that is left out stays as it is.
    """

    model_config = example(
        account="demo",
        integration_type="price",
        noted_by="maria@store.example",
        owner="maria@store.example",
        tags=["price table"],
        ticket="https://tickets.store.example/OPS-118",
        note="asked the supplier for the new table",
    )

    account: Account
    integration_type: str
    noted_by: RequestedBy
    owner: Owner | None = Field(default=None, description="name of a person's access key of the account; null: nobody")
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = Field(
        default=[], description="all of its tags; in small letters, each once"
    )
    ticket: Ticket | None = Field(default=None, description="link to a ticket elsewhere, by http or https; null: none")
    note: Annotated[str, StringConstraints(min_length=1, max_length=MAX_NOTE_CHARACTERS)] | None = Field(
        default=None, description="added to the history, where it stays"
    )

    @property
    def written(self) -> dict[NoteKind, list[str]]:
        """Return what was given, by kind, as it is kept: owner, ticket and note alone, tags each once."""
        given: dict[NoteKind, list[str]] = {}
        for kind in NOTE_KINDS:
            value = getattr(self, kind)
            if kind not in self.model_fields_set or (kind == "note" and value is None):
                continue
            given[kind] = sorted(set(value)) if kind == "tags" else [value] if value is not None else []
        return given

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.written:
            raise ReasonError(ReasonCode.NOTHING_WRITTEN)
        return self


class GroupLabels(_Shown):
    """Owner, tags and ticket of a group."""

    model_config = example(
        owner="maria@store.example",
        tags=["price table"],
        ticket="https://tickets.store.example/OPS-118",
    )

    owner: str | None
    tags: list[str]
    ticket: str | None
