"""Kinds of act in the activity of an account, and the one filter of it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.catalogue import labels
from schemas.filter import MAX_VALUES, FilterField, OnPages, QueryText, fields_of, in_lists
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError
from schemas.timestamp import Rfc3339

#: Subjects of an act. `reprocess`: a command. `affiliate`: its pause. `automatic`: retries without a click. `group`: a
#: group of equal errors. `export`: a file. `dead_letter`: letters and their redrives. `erasure`: a person or entity.
#: `notification`: a channel, rule or window. `playbook`: an entry of it. `key`: one of access, or an invitation.
#: `view`: a saved view.
ActivityKind = Literal[
    "reprocess",
    "affiliate",
    "automatic",
    "group",
    "export",
    "dead_letter",
    "erasure",
    "notification",
    "playbook",
    "key",
    "view",
]
ACTIVITY_KINDS: tuple[ActivityKind, ...] = get_args(ActivityKind)
#: Kinds of the acts in the audit of reprocesses, where nobody else may have our name.
KINDS_OF_REPROCESSES: frozenset[ActivityKind] = frozenset({"reprocess", "affiliate", "automatic"})
#: Acts in the audit of reprocesses.
ReprocessAct = Literal[
    "requested",
    "cancelled",
    "stopped",
    "paused",
    "resumed",
    "pause_ended",
    "automatic_rule",
    "automatic_off",
    "automatic_on",
]
#: Acts, beside decisions about groups and acts on dead letters, which have their own lists.
Act = Literal[
    ReprocessAct,
    "exported",
    "erased",
    "created",
    "invited",
    "joined",
    "changed",
    "revoked",
    "saved",
    "deleted",
    "made",
    "removed",
    "tested",
    "added",
]


class ActivityFilter(BaseModel):
    """A choice of acts of one account. An empty filter chooses all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    who: Annotated[QueryText | None, OnPages(label=labels("Quem", "Who", "Quién"), control="search")] = Field(
        default=None, description="a part of the author's or the access key's name, in any case"
    )
    kind: Annotated[
        tuple[ActivityKind, ...],
        Field(max_length=MAX_VALUES),
        OnPages(label=labels("O quê", "What", "Qué"), control="counted", words="activity"),
    ] = Field(default=(), description="any of these kinds of act")
    at_from: Annotated[Rfc3339 | None, OnPages(label=labels("De", "From", "Desde"), control="from")] = Field(
        default=None, description="RFC 3339, included"
    )
    at_to: Annotated[Rfc3339 | None, OnPages(label=labels("Até", "To", "Hasta"), control="to")] = Field(
        default=None, description="RFC 3339, not included"
    )
    automatic: Annotated[bool | None, OnPages(label=labels("Por quem", "By whom", "Por quién"), control="kept")] = (
        Field(default=None, description="true: only what Conexões did by itself; false: all but that")
    )

    @model_validator(mode="before")
    @classmethod
    def _one_of_a_list(cls, value: Any) -> Any:
        return in_lists(value, ACTIVITY_REPEATABLE)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.at_from and self.at_to and self.at_from >= self.at_to:
            raise ReasonError(ReasonCode.RANGE_BACKWARDS, first="at_from", last="at_to")
        return self


#: Fields by name, in the order in which a page asks for them.
ACTIVITY_FIELDS: Mapping[str, FilterField] = MappingProxyType({each.name: each for each in fields_of(ActivityFilter)})
ACTIVITY_REPEATABLE = frozenset(each.name for each in ACTIVITY_FIELDS.values() if each.is_repeatable)
