"""The one filter: what a person sees is what is counted, exported and reprocessed."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas.catalogue import Status
from schemas.fingerprint import Fingerprint
from schemas.result import Affiliate
from schemas.timestamp import Rfc3339

MAX_VALUES = 50  # of a repeatable parameter
MAX_QUERY_CHARACTERS = 200
REPEATABLE = frozenset({"status", "affiliate"})  # fields that may be given more than once

ReprocessState = Literal[
    "in_flight", "queued", "sent", "fixed", "same_error", "different_error", "silent", "failed", "cancelled"
]


def _storable(text: str) -> str:
    # U+FFFD is what a URL that is not UTF-8 turns into.
    if "\x00" in text or "\ufffd" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("must be valid UTF-8, without NUL")
    return text


#: What a person searches for: compared with stored text, so it must be storable.
QueryText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUERY_CHARACTERS), AfterValidator(_storable)]


class LogFilter(BaseModel):
    """Which status logs of one account and type are meant. An empty one means all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Annotated[tuple[Status, ...], Field(max_length=MAX_VALUES)] = Field(default=(), description="any of these")
    affiliate: Annotated[tuple[Affiliate, ...], Field(max_length=MAX_VALUES)] = Field(
        default=(), description="any of these"
    )
    processed_from: Rfc3339 | None = Field(default=None, description="RFC 3339, included")
    processed_to: Rfc3339 | None = Field(default=None, description="RFC 3339, not included")
    q: QueryText | None = Field(
        default=None,
        description="search bar: the beginning of the key or of an alias, each character literally, case included; "
        "or words of the message, all of them, whole, without regard to case and accents",
    )
    code: QueryText | None = Field(default=None, description="error code, exactly")
    fingerprint: Fingerprint | None = Field(default=None, description="one group of equal errors")
    reprocess: ReprocessState | None = Field(
        default=None, description="state of the last reprocess; `in_flight` is `queued` or `sent`"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.processed_from and self.processed_to and self.processed_from >= self.processed_to:
            raise ValueError("processed_from must be before processed_to")
        return self

    @property
    def empty(self) -> bool:
        """It leaves nothing out."""
        return all(getattr(self, name) in {None, ()} for name in LogFilter.model_fields)


class ReprocessFilter(LogFilter):
    """The filter of a plan or command. One that leaves nothing out must say so: everything is not meant by mistake."""

    all: bool = Field(default=False, description="required to be true when the filter is otherwise empty")

    @model_validator(mode="before")
    @classmethod
    def _one_of_a_list(cls, value: Any) -> Any:
        """A single value of a repeatable parameter may be given without the list, as in a URL."""
        if isinstance(value, dict):
            return {
                name: [each] if name in {"status", "affiliate"} and isinstance(each, str) else each
                for name, each in value.items()
            }
        return value

    @model_validator(mode="after")
    def _meant(self) -> Self:
        if self.empty and not self.all:
            raise ValueError("an empty filter means every log of this type: say all=true if that is meant")
        return self

    @property
    def filter(self) -> LogFilter:
        """The conditions alone."""
        return LogFilter.model_construct(**{name: getattr(self, name) for name in LogFilter.model_fields})
