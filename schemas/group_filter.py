"""The choice of groups of equal errors by what people decided and wrote about them, and the order of their list."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.catalogue import labels
from schemas.filter import MAX_VALUES, FilterField, OnPages, QueryText, fields_of, in_lists
from schemas.group import ErrorGroup
from schemas.group_state import GroupState
from schemas.timestamp import microseconds

#: Orders of groups. `count`: most entities first. `growth`: what has grown most in 24 hours against the day before.
#: `age`: what was seen first.
GroupSort = Literal["count", "growth", "age"]
#: Places between the groups that are ignored, which come last, and all others: no count, growth or age comes near.
BEHIND: Final = 2**61


class GroupFilter(BaseModel):
    """A choice of groups, beside the filter of their logs, and their order. Groups that are ignored come last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Annotated[
        tuple[GroupState, ...],
        Field(max_length=MAX_VALUES),
        OnPages(
            label=labels("Situação do grupo", "State of the group", "Situación del grupo"),
            control="counted",
            words="group",
        ),
    ] = Field(default=(), description="groups in any of these states now")
    owner: Annotated[QueryText | None, OnPages(label=labels("Responsável", "Owner", "Responsable"), control="text")] = (
        Field(default=None, description="groups of this person, exactly")
    )
    tag: Annotated[QueryText | None, OnPages(label=labels("Etiqueta", "Tag", "Etiqueta"), control="text")] = Field(
        default=None, description="groups with this tag, in any case"
    )
    sort: Annotated[
        GroupSort, OnPages(label=labels("Ordem", "Order", "Orden"), control="choice", words="group_sort")
    ] = Field(
        default="count",
        description="order of groups, those that are ignored last: `count`, most logs first; `growth`, what grew most "
        "in 24 hours against the 24 hours before; `age`, what was seen first",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_of_a_list(cls, value: Any) -> Any:
        return in_lists(value, GROUP_REPEATABLE)

    @property
    def chooses(self) -> bool:
        """True when it leaves groups out."""
        return bool(self.state or self.owner or self.tag)


#: Fields by name, in the order in which a page asks for them.
GROUP_FIELDS: Mapping[str, FilterField] = MappingProxyType({each.name: each for each in fields_of(GroupFilter)})
GROUP_REPEATABLE = frozenset(each.name for each in GROUP_FIELDS.values() if each.is_repeatable)
ANY_GROUP: Final = GroupFilter()


def place_of(group: ErrorGroup, sort: GroupSort) -> int:
    """Return the place of a group in that order, the greatest first, as storage/sql/logs/groups.sql computes it."""
    if sort == "growth":
        place = group.trend.last_24_hours - group.trend.the_24_hours_before
    elif sort == "age":
        place = -microseconds(group.first_seen_at)
    else:
        place = group.logs
    return place - (BEHIND if group.state == "ignored" else 0)
