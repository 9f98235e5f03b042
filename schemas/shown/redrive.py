"""Redrives of dead letters and their plans, as the API shows them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from schemas.example import example
from schemas.letter_filter import LetterState
from schemas.reasons.said import Said
from schemas.redrive import RedriveItemState, RedriveState
from schemas.shown.base import LOG_ID, NOON, Explained, Shown
from schemas.shown.dead_letter import LETTER_ID

REDRIVE_ID = "0b4f4a3e-3f9c-4a53-9d2c-0d2f5e6a7b11"


class RefusedSample(Explained):
    """A letter that today's rules still refuse."""

    id: str
    reason: Said


class StillRefused(Shown):
    """Letters of a plan that today's rules still refuse, of one code."""

    code: str
    letters: int
    samples: list[RefusedSample] = Field(description="the first ones")


class RedrivePlan(Explained):
    """The effect that a redrive of this choice would have."""

    model_config = example(
        account="demo",
        as_of=NOON,
        matched=5000,
        redrivable=5000,
        read=5000,
        would_be_stored=4990,
        still_refused=[{"code": "schema", "letters": 10, "samples": []}],
        left_out={"stored": 12},
    )

    account: str
    as_of: datetime = Field(description="to be sent as the request's `as_of`: letters that come later are left out")
    matched: int
    redrivable: int = Field(description="of them, those that a redrive would take")
    read: int = Field(description="of them, those that were read for this plan: the oldest, of many or large ones")
    would_be_stored: int = Field(description="of those that were read: they would become results")
    still_refused: list[StillRefused] = Field(description="of those that were read: a redrive leaves them waiting")
    left_out: dict[LetterState, int] = Field(
        description="the others by state; `waiting`: of a topic that is not redriven, as that of commands, or of a "
        "connector that was removed"
    )
    reason: Said | None = Field(
        None, description="why letters are left out for their topic, whatever their state; null where none are"
    )


class RedriveAct(Shown):
    """An action of a person on a redrive."""

    action: str
    at: datetime
    letters: int = Field(description="letters that it was about")
    requested_by: str
    requested_with: str | None = Field(description="name of the access key; null from the command line")
    reason: str | None


class Redrive(Shown):
    """A redrive, with its letters counted by their outcome."""

    model_config = example(
        id=REDRIVE_ID,
        account="demo",
        state="running",
        letters=5000,
        items={"queued": 3000, "sent": 100, "stored": 1900},
        per_second=200,
        request={"filter": {"code": ["not_allowed"]}},
        requested_by="maria@store.example",
        requested_with="maria",
        reason="the connector is allowed now",
        requested_at=NOON,
        acts=[],
    )

    id: str
    account: str
    state: RedriveState = Field(description="`done`: nothing of it is left to be sent; outcomes may still come")
    letters: int
    items: dict[RedriveItemState, int] = Field(
        description="letters by state; they sum to `letters`, less those of no account, which keys of all accounts see"
    )
    per_second: int
    request: dict[str, Any] = Field(description="the letters that were asked for: ids or a filter")
    requested_by: str
    requested_with: str | None = Field(description="name of the access key; null from the command line")
    reason: str | None
    requested_at: datetime
    acts: list[RedriveAct] = Field(description="who did what to it, the first act first; empty in a list of redrives")


class RedriveItem(Shown):
    """A letter of a redrive, with its outcome."""

    model_config = example(
        number=1,
        letter_id=LETTER_ID,
        state="stored",
        changed_at=NOON,
        partition=3,
        offset=1077,
        log_id=LOG_ID,
        integration_type="price",
        again_id=None,
        reason=None,
    )

    number: int = Field(description="letters are sent in this order, in which they came")
    letter_id: str
    state: RedriveItemState
    changed_at: datetime
    partition: int | None = Field(description="where it was published; null before")
    offset: int | None
    log_id: str | None = Field(description="the status log that it became a result of")
    integration_type: str | None = Field(description="of that log; null once it is deleted")
    again_id: str | None = Field(description="the new dead letter, when it was refused again")
    reason: Said | None = Field(description="why it was not sent, or not stored")


class ErasedLetters(Shown):
    """The outcome of an erasure of dead letters."""

    model_config = example(account="demo", letters=12, dry_run=False)

    account: str
    letters: int = Field(description="letters whose bytes are gone, or would go")
    dry_run: bool
