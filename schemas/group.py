"""An error group: logs of many entities that show the same error, with the decision about it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas.interval import wilson
from schemas.item_state import ANSWERED_STATES, TRIED_STATES, ItemState
from schemas.playbook import PlaybookEntry
from schemas.result import Account

#: `open`: nobody has decided anything. `acknowledged`: somebody works on it; open again as soon as one more result
#: fails with it. `ignored`: it needs no work, until somebody decides otherwise.
GroupState = Literal["open", "acknowledged", "ignored"]

MAX_NOTE_CHARACTERS = 1000

#: Advice on trying a group again by itself, from the measured outcome.
Automation = Literal["offered", "advised_against"]
#: Items that must have been tried before a cure rate says anything of it.
MEASURED_ITEMS = 20
#: The rate from which it is offered.
OFFERED_RATE = 0.8

_NOON = "2026-11-24T12:00:00Z"


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Decision(_Shown):
    """The last decision that a person made about a group."""

    state: GroupState
    set_by: str
    set_at: datetime
    note: str | None = None


class Standing(_Shown):
    """The state of a group now."""

    state: GroupState
    reopened: bool = Field(description="true when it was acknowledged and has failed again since")
    state_by: str | None = Field(description="who decided last; null when nobody has")
    state_at: datetime | None
    note: str | None


def standing(decision: Decision | None, last_received_at: datetime) -> Standing:
    """The state of a group whose last failed result was received at `last_received_at`."""
    if decision is None:
        return Standing(state="open", reopened=False, state_by=None, state_at=None, note=None)
    reopened = decision.state == "acknowledged" and last_received_at > decision.set_at
    return Standing(
        state="open" if reopened else decision.state,
        reopened=reopened,
        state_by=decision.set_by,
        state_at=decision.set_at,
        note=decision.note,
    )


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


class ErrorGroup(Standing):
    """Logs of which one error is this one now, with its history and its playbook entry.

    A log is in the group of each of its errors, so that groups may share logs.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "state": "open",
                    "reopened": True,
                    "state_by": "maria@store.example",
                    "state_at": "2026-11-23T09:00:00Z",
                    "note": "the price table is being corrected",
                    "fingerprint": "74dab71393f51981",
                    "code": "price.below_minimum",
                    "category": "PRICING",
                    "affiliates": ["MLB"],
                    "statuses": ["error"],
                    "logs": 412,
                    "first_seen_at": "2026-11-20T09:30:00Z",
                    "last_seen_at": _NOON,
                    "results": 1380,
                    "trend": {"last_24_hours": 310, "the_24_hours_before": 96},
                    "cure": {
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
                    "sample": {
                        "log_id": "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11",
                        "key": "SKU-00123",
                        "message": "The price 10.00 is below the minimum of this category",
                    },
                    "playbook": None,
                }
            ]
        },
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


class GroupDecision(BaseModel):
    """Body of `PUT /commands/groups/{fingerprint}`: a decision about a group."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "account": "demo",
                    "integration_type": "price",
                    "state": "acknowledged",
                    "set_by": "maria@store.example",
                    "note": "the price table is being corrected",
                }
            ]
        },
    )

    account: Account
    integration_type: str
    state: GroupState
    set_by: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    note: Annotated[str, StringConstraints(max_length=MAX_NOTE_CHARACTERS)] | None = None
