"""Acts of people just before something began, and the chance that one would be there anyway."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import exp
from typing import Final, NamedTuple

#: Time before the beginning in which an act may be why, and the time after it by which clocks may differ.
BEFORE, AFTER = timedelta(hours=24), timedelta(minutes=1)
#: Time in which the usual number of such acts is counted.
HISTORY = timedelta(days=28)
#: Time after which an act is half as likely to be why.
_HALF: Final = timedelta(hours=2)
#: Strength below which an act is not shown.
_WEAK: Final = 0.1
#: Kinds of acts that change what is sent, and how surely. The others, as exports, change nothing.
_WEIGHT: Final = {
    "affiliate": 1.0,
    "automatic": 1.0,
    "reprocess": 1.0,
    "dead_letter": 0.9,
    "key": 0.6,
    "playbook": 0.2,
}
KINDS: Final = tuple(_WEIGHT)


class Act(NamedTuple):
    """One act: what was done, when, and what it was about."""

    id: str
    at: datetime
    kind: str
    action: str
    affiliate: str | None
    integration_type: str | None
    is_automatic: bool = False  # done by ourselves

    def may_be_why(self, began: datetime) -> bool:
        """Return True for an act before the beginning, or of a clock that may differ from ours.

        What is done by ourselves after it follows from it.
        """
        return began - BEFORE <= self.at <= began + (timedelta() if self.is_automatic else AFTER)


class Before(NamedTuple):
    """An act that came just before the beginning."""

    id: str
    at: datetime
    chance: float  # that one like it would have come as close anyway
    strength: float  # from 0 to 1


def just_before(
    acts: Sequence[Act],
    began: datetime,
    affiliate: str | None,
    integration_type: str | None,
    most: int,
    *,
    history: timedelta = HISTORY,
) -> list[Before]:
    """Return up to `most` acts that may be why, the strongest first; of several that are alike the last one.

    `acts` are all of `history`, which ends at the beginning. One about another affiliate or type is none of them.
    """
    concerned = [each for each in acts if each.kind in _WEIGHT and _is_about(each, affiliate, integration_type)]
    recent = [each for each in concerned if each.may_be_why(began)]
    last: dict[tuple[str, str], Act] = {}
    for each in sorted(recent, key=lambda act: act.at):
        last[(each.kind, each.action)] = each
    found = []
    for (kind, action), act in last.items():
        earlier = sum(each.kind == kind and each.action == action and each.at < began - BEFORE for each in concerned)
        ago = max(began - act.at, timedelta())
        # As if they came by themselves, one independent of another; one more than were seen, since some was.
        chance = 1 - exp(-(earlier + 1) * (ago / history))
        strength = (1 - chance) * 0.5 ** (ago / _HALF) * _WEIGHT[kind] * _closeness(act, affiliate, integration_type)
        if strength >= _WEAK:
            found.append(Before(act.id, act.at, chance, strength))
    return sorted(found, key=lambda each: (-each.strength, each.id))[:most]


def _is_about(act: Act, affiliate: str | None, integration_type: str | None) -> bool:
    """Return True unless an act names another affiliate or type."""
    pairs = ((act.affiliate, affiliate), (act.integration_type, integration_type))
    return all(named is None or own is None or named == own for named, own in pairs)


def _closeness(act: Act, affiliate: str | None, integration_type: str | None) -> float:
    """Return how surely an act concerns what went wrong: it names it, or everything."""
    names_it = (affiliate is not None and act.affiliate == affiliate) or (
        integration_type is not None and act.integration_type == integration_type
    )
    return 1.0 if names_it else 0.8
