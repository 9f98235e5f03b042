"""Redrive: dead letters are published to their topic again. Its request, its states and its limits."""

import uuid
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas.letter_filter import MAX_LETTER_IDS, LetterFilter
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError
from schemas.reprocess import MAX_REASON_CHARACTERS, AuthoredRequest, RequestedBy, WhyAsked
from schemas.result import Account
from schemas.timestamp import Rfc3339

RedriveState = Literal["running", "paused", "done", "cancelled"]
#: State of one letter of a redrive. `queued`: not sent yet. `sent`: published, and not read yet. `stored`,
#: `refused`, `conflict`: as states of letters. `still_refused`: today's rules refuse it too, so that it was not sent.
#: `failed`: Kafka refuses it, it was deleted while it was queued, or an unforeseen error met it (see
#: the log). `cancelled`: before it was sent.
RedriveItemState = Literal["queued", "sent", "stored", "refused", "conflict", "still_refused", "failed", "cancelled"]
REDRIVE_ITEM_STATES: tuple[RedriveItemState, ...] = get_args(RedriveItemState)
#: Acts of people on dead letters.
LetterAct = Literal["redriven", "paused", "resumed", "cancelled", "edited", "erased", "exported"]
DEFAULT_PER_SECOND = 200
MAX_PER_SECOND = 5_000
#: Letters that a plan reads; of more, the oldest.
MAX_PLANNED = 10_000


class LetterChoice(BaseModel):
    """A choice of dead letters of one account, by their ids or by a filter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: Account
    ids: Annotated[tuple[uuid.UUID, ...], Field(min_length=1, max_length=MAX_LETTER_IDS)] | None = None
    filter: LetterFilter | None = Field(default=None, description="the parameters of the list, as an object")
    all: bool = Field(default=False, description="required to be true with a filter that is empty")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise ReasonError(ReasonCode.ONE_WAY_TO_CHOOSE)
        if self.filter is not None and not (self.filter.chooses or self.all):
            raise ReasonError(ReasonCode.FILTER_EMPTY)
        return self

    @property
    def meant(self) -> LetterFilter:
        """The filter; one that chooses all beside `ids`."""
        return self.filter or LetterFilter()

    def trail(self) -> dict[str, Any]:
        """Return what the audit keeps of the choice: not the text of a search, which may be what is to be erased."""
        if self.ids is not None:
            return {"ids": [str(each) for each in self.ids]}
        kept = self.meant.document()
        return {"filter": kept | {"q": "…"} if "q" in kept else kept}


class RedriveRequest(LetterChoice):
    """A request to redrive, or with `dry_run` to plan it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "account": "demo",
                    "filter": {"code": ["not_allowed"]},
                    "requested_by": "maria@store.example",
                    "reason": "the connector is allowed now",
                    "dry_run": True,
                }
            ]
        },
    )

    requested_by: RequestedBy
    reason: WhyAsked = None
    as_of: Rfc3339 | None = Field(default=None, description="`as_of` of a plan: letters that came later are left out")
    per_second: Annotated[int, Field(ge=1, le=MAX_PER_SECOND)] = Field(
        default=DEFAULT_PER_SECOND, description="letters that are published in a second, at most"
    )
    dry_run: bool = Field(default=False, description="only read them with today's rules, and answer the plan")


class EraseLettersRequest(LetterChoice):
    """A request to erase the bytes of dead letters, or with `dry_run` to count them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "account": "demo",
                    "filter": {"topic": ["conexoes.results.price"]},
                    "requested_by": "maria@store.example",
                    "reason": "request 17 of the data protection officer",
                    "dry_run": True,
                }
            ]
        },
    )

    requested_by: RequestedBy
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REASON_CHARACTERS)]
    dry_run: bool = Field(default=False, description="only count")


class RedriveSwitchRequest(AuthoredRequest):
    """A request to pause, resume or cancel a redrive, with author and reason."""
