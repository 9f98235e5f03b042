"""News of an incident to a reader who has heard some of it: nothing is told twice, and no end without a beginning."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.incident import Edge
from schemas.notification.rule import About, Rule


class Heard(NamedTuple):
    """An edge of which a message was sent by a rule to a channel, or is on its way."""

    edge: Edge
    kinds: frozenset[str]


def news(rule: Rule, edge: Edge, about: About, heard: Sequence[Heard], *, replaces: bool) -> Edge | None:
    """Return as which edge a rule tells one, None where it does not.

    `heard`: the edges before it that its reader was told, in order. `replaces`: an earlier message has waited for its
    time, and this one is sent in its place.
    """
    going_on = since_its_end(heard)
    if edge is Edge.RESOLVED:
        # Who was told that it began is told that it is over, whatever the rule or the severity is by now.
        return edge if going_on or (replaces and rule.tells(about)) else None
    if not rule.tells(about):
        return None
    if edge is not Edge.JOINED:
        return edge
    if not going_on:
        return Edge.OPENED  # to this reader
    known = frozenset().union(*(each.kinds for each in going_on))
    return edge if replaces or (rule.kinds & about.kinds) - known else None


def since_its_end(heard: Sequence[Heard]) -> list[Heard]:
    """Return what was heard since the last end: of something that is not over, as far as the reader knows."""
    ends = [place for place, each in enumerate(heard, start=1) if each.edge is Edge.RESOLVED]
    return list(heard[max(ends, default=0) :])
