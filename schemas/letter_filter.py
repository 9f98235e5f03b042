"""The one filter of dead letters: those that a person sees are those that are counted, exported, redriven and erased.

Each field is described here, once, as those of schemas.filter are; its SQL is `dead_letters_seen` in storage/sql.
"""

import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.catalogue import labels
from schemas.columns import labels_of
from schemas.filter import MAX_VALUES, FilterField, OnPages, QueryText, fields_of, in_lists
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError
from schemas.refusal import DeadLetterCode
from schemas.timestamp import Rfc3339

#: State of a dead letter. `waiting`: nothing yet. `queued`, `sent`: it is being redriven. `stored`: it became
#: a result. `refused`: it came back as a new dead letter. `conflict`: its id was used before, for another result.
#: `erased`: its bytes are gone.
LetterState = Literal["waiting", "queued", "sent", "stored", "refused", "conflict", "erased"]
LETTER_STATES: tuple[LetterState, ...] = get_args(LetterState)
#: Letters that one request names.
MAX_LETTER_IDS = 1_000

if TYPE_CHECKING:
    Code = str
else:
    Code = Literal[tuple(each.value for each in DeadLetterCode)]


class LetterFilter(BaseModel):
    """A choice of dead letters of one account. An empty filter chooses all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: Annotated[QueryText | None, OnPages(label=labels("Busca", "Search", "Búsqueda"), control="search")] = Field(
        default=None,
        description="text in the reason, in any language, in the record key, or in the value if the caller may see "
        "it; without regard to the case of ASCII letters",
    )
    code: Annotated[
        tuple[Code, ...],
        Field(max_length=MAX_VALUES),
        OnPages(label=labels_of("code"), control="counted", words="code"),
    ] = Field(default=(), description="any of these codes")
    topic: Annotated[
        tuple[QueryText, ...],
        Field(max_length=MAX_VALUES),
        OnPages(label=labels("Tópico", "Topic", "Tópico"), control="counted"),
    ] = Field(default=(), description="any of these topics")
    affiliate: Annotated[
        tuple[QueryText, ...],
        Field(max_length=MAX_VALUES),
        OnPages(label=labels_of("affiliate"), control="text"),
    ] = Field(default=(), description="any of these, where the letter could be read so far")
    state: Annotated[
        tuple[LetterState, ...],
        Field(max_length=MAX_VALUES),
        OnPages(label=labels("Situação", "State", "Situación"), control="counted", words="letter"),
    ] = Field(default=(), description="any of these states")
    received_from: Annotated[Rfc3339 | None, OnPages(label=labels("De", "From", "Desde"), control="from")] = Field(
        default=None, description="RFC 3339, included"
    )
    received_to: Annotated[Rfc3339 | None, OnPages(label=labels("Até", "To", "Hasta"), control="to")] = Field(
        default=None, description="RFC 3339, not included"
    )
    log_id: Annotated[
        uuid.UUID | None,
        OnPages(label=labels("Registro", "Log", "Registro"), control="kept", characters=8),
    ] = Field(default=None, description="the status log that they became results of")

    @model_validator(mode="before")
    @classmethod
    def _one_of_a_list(cls, value: Any) -> Any:
        return in_lists(value, LETTER_REPEATABLE)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.received_from and self.received_to and self.received_from >= self.received_to:
            raise ReasonError(ReasonCode.RANGE_BACKWARDS, first="received_from", last="received_to")
        return self

    @property
    def chooses(self) -> bool:
        """True when a field is set."""
        return any(getattr(self, name) not in {None, ()} for name in LetterFilter.model_fields)

    def document(self) -> dict[str, Any]:
        """Return the fields that are set, as JSON has them."""
        return self.model_dump(mode="json", exclude_defaults=True)


#: Fields by name, in the order in which a page asks for them.
LETTER_FIELDS: Mapping[str, FilterField] = MappingProxyType({each.name: each for each in fields_of(LetterFilter)})
LETTER_REPEATABLE = frozenset(each.name for each in LETTER_FIELDS.values() if each.is_repeatable)
