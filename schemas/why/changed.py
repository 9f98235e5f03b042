"""Changes from the last successful request of an entity to the one that failed."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from schemas.json_difference import Change, difference
from schemas.raw_json import RawJson

#: Changes that are shown.
MOST: Final = 20
_PLACE_IN_ARRAY: Final = re.compile(r"/\d+(?=/|$)")


class Requests(NamedTuple):
    """Requests of one entity: the one that failed, the last one before it that succeeded, and the one before that."""

    failed: RawJson
    succeeded: RawJson
    earlier: RawJson | None


class Told(NamedTuple):
    """One change, and how many of the entities that were compared have one at the same place."""

    change: Change
    entities: int
    usual: int  # entities whose two successful requests differ there too


class Compared(NamedTuple):
    """Changes of the first entity, those first that most entities have and that are not usual."""

    changes: list[Told]
    cut: bool  # there are more
    entities: int
    usual_of: int  # entities with two successful requests


def compare(requests: Sequence[Requests]) -> Compared | None:
    """Compare the requests of each entity; None where there is nothing to compare, or no difference in the first."""
    found = [difference(each.succeeded, each.failed) for each in requests]
    if not found or (first := found[0]) is None or not first.changes:
        return None
    usual = [None if each.earlier is None else difference(each.earlier, each.succeeded) for each in requests]
    entities = Counter(place for each in found if each for place in {_place(change) for change in each.changes})
    before = Counter(place for each in usual if each for place in {_place(change) for change in each.changes})
    compared, usual_of = sum(each is not None for each in found), sum(each is not None for each in usual)
    told = [Told(each, entities[_place(each)], before[_place(each)]) for each in first.changes]

    def weight(each: Told) -> float:
        return each.usual / usual_of - each.entities / compared if usual_of else -each.entities / compared

    return Compared(sorted(told, key=weight)[:MOST], first.cut or len(told) > MOST, compared, usual_of)


def _place(change: Change) -> str:
    """Return the place of a change, whatever the number of an element."""
    return _PLACE_IN_ARRAY.sub("/*", change.pointer)
