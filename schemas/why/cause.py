"""Causes that may be why: changes and traits in one order, the likeliest first."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from schemas.why.act import HISTORY, Act, Before, just_before
from schemas.why.result import Feature, Looked
from schemas.why.trait import Shares, Trait, came_up, common

#: Causes that are shown.
MOST: Final = 6
#: Strength of a value that came up just before, and that not only the affected have.
_CAME_UP: Final = 0.5


class CameUp(NamedTuple):
    """A value that results have only since just before the beginning."""

    feature: Feature
    since: datetime
    strength: float = _CAME_UP


Cause = Before | Trait | CameUp


def causes(
    results: Sequence[Looked],
    acts: Sequence[Act],
    *,
    began: datetime | None,
    affiliate: str | None,
    integration_type: str | None,
    affiliates: tuple[str, Shares] | None = None,
    history: timedelta = HISTORY,
) -> list[Cause]:
    """Return what may be why, the likeliest first; MOST at most.

    `began`: None where nobody can say when, so that nothing came before it. `affiliates`: the affiliate that most of
    the affected are of, counted among all results. `history`: the time of which `acts` are all.
    """
    traits = common(results, began, MOST)
    if affiliates is not None and affiliates[1].is_distinct():
        name, shares = affiliates
        traits.append(Trait(Feature("affiliate", "", name), is_missing=False, shares=shares, since=None, also=[]))
    found: list[Cause] = list(traits)
    if began is not None:
        known: Iterable[Feature] = (
            each for trait in traits for each in (trait.feature, *(other for other, _ in trait.also))
        )
        found += [CameUp(feature, since) for since, feature in came_up(results, began, known)]
        found += just_before(acts, began, affiliate, integration_type, MOST, history=history)
    return sorted(found, key=lambda each: -each.strength)[:MOST]
