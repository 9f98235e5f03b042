"""A line of the table of groups: one error at one affiliate or, with them inside, at several.

A fingerprint is of one affiliate, so that one error is one group for each. The line puts those together whose type,
code and words are the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from schemas.group import Cure, ErrorGroup, Trend
from schemas.group_filter import GroupSort
from schemas.group_state import GroupState
from schemas.item_state import ItemState

Group = TypeVar("Group")
Other = TypeVar("Other")
#: States by how much they want somebody, the most first: what a line of several shows.
URGENCY: tuple[GroupState, ...] = ("regressed", "open", "acknowledged", "resolved", "ignored")


class GroupLine(NamedTuple, Generic[Group]):
    """Groups of one error, and the place of their line."""

    groups: list[Group]  # the one with the greatest place first
    place: int
    name: str  # the fingerprint of the first

    def of(self, groups: list[Other]) -> "GroupLine[Other]":
        """Return the line with these in place of its groups."""
        return GroupLine(groups, self.place, self.name)


def lines_of(
    groups: Iterable[Mapping[str, Any]], error: Callable[[Mapping[str, Any]], str], sort: GroupSort
) -> list[GroupLine[Mapping[str, Any]]]:
    """Put groups of one error together, which are given in their order; return lines in that order.

    A group has `fingerprint`, `place`, its `value` in the order, and `is_last`, which tells that it is ignored: it is
    not put together with others. Counts and growth of a line are the sums, its age is the greatest.
    """
    together: dict[tuple[str, bool], list[Mapping[str, Any]]] = {}
    for each in groups:
        together.setdefault((error(each), each["is_last"]), []).append(each)
    lines = [GroupLine(those, _place(those, sort), those[0]["fingerprint"]) for those in together.values()]
    return sorted(lines, key=lambda line: (-line.place, line.name))


def _place(groups: Sequence[Mapping[str, Any]], sort: GroupSort) -> int:
    first: int = groups[0]["place"]
    return first if sort == "age" else first + sum(each["value"] for each in groups[1:])


class Summed(NamedTuple):
    """Figures of a line: those of its groups together."""

    first: ErrorGroup  # what stands for the error: its code, message and advice
    affiliates: list[str]
    logs: int
    trend: Trend
    cure: Cure
    state: GroupState
    reopened: ErrorGroup | None  # one of which a decision has ended by itself
    owners: list[str]
    tags: list[str]
    tickets: list[str]


def summed(groups: Sequence[ErrorGroup]) -> Summed:
    """Return the figures of a line of these groups."""
    state = min((each.state for each in groups), key=URGENCY.index)
    return Summed(
        first=groups[0],
        affiliates=sorted({affiliate for each in groups for affiliate in each.affiliates}),
        logs=sum(each.logs for each in groups),
        trend=Trend(
            last_24_hours=sum(each.trend.last_24_hours for each in groups),
            the_24_hours_before=sum(each.trend.the_24_hours_before for each in groups),
        ),
        cure=_cure([each.cure for each in groups]),
        state=state,
        reopened=next((each for each in groups if each.reopened and each.state == state), None),
        owners=sorted({each.owner for each in groups if each.owner is not None}),
        tags=sorted({tag for each in groups for tag in each.tags}),
        tickets=sorted({each.ticket for each in groups if each.ticket is not None}),
    )


#: Fields of a cure by the state of the items that they count.
_COUNTED = {
    **{state: state.value for state in ItemState if state.value in Cure.model_fields},
    ItemState.SENT: "awaited",
}


def _cure(cures: Sequence[Cure]) -> Cure:
    return Cure.of({state: sum(getattr(each, name) for each in cures) for state, name in _COUNTED.items()})
