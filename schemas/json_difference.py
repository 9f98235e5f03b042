"""The difference of two JSON texts: which values changed, each with its JSON Pointer (RFC 6901), digit for digit.

Objects are compared by name in any order, and of equal names in the order in which they came. Arrays are compared by
place behind what their beginnings and before what their ends have in common, so that one element more or less is one
change. `19.90` and `19.9` differ, as 1.0 and 1 do: how a number is written is what a marketplace may refuse. A text is
the same with escapes and without.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from schemas.raw_json import Members, RawJson, elements, load, members

#: Limit of the characters of each text: a comparison takes some milliseconds, and of the dearest texts half a second.
MOST_CHARACTERS = 100_000
#: Limit of the levels that are compared; what is deeper is one value.
MOST_LEVELS = 12
MOST_CHANGES = 50


class Change(NamedTuple):
    """One value that is not what it was."""

    pointer: str  # of an element that is gone its place before, else the place after; empty: the whole
    before: RawJson | None  # None: there was none
    after: RawJson | None  # None: there is none any more


class Difference(NamedTuple):
    """Changes in the order of the text after, those of an object that are gone last."""

    changes: list[Change]
    cut: bool  # there are more


def difference(before: RawJson, after: RawJson, most: int = MOST_CHANGES) -> Difference | None:
    """Return up to `most` changes from one value to another; None for values that are too long or deep to compare."""
    if max(len(before.text), len(after.text)) > MOST_CHARACTERS:
        return None
    try:
        found = list(islice(_changes("", before.text.strip(), after.text.strip(), MOST_LEVELS), most + 1))
    except RecursionError:
        return None
    return Difference(found[:most], len(found) > most)


def _changes(pointer: str, before: str, after: str, levels: int) -> Iterator[Change]:
    if before == after:
        return
    kinds = before[0] + after[0]
    if kinds == "{{" and levels:
        yield from _of_objects(pointer, before, after, levels)
    elif kinds == "[[" and levels:
        yield from _of_arrays(pointer, before, after, levels)
    elif _meant(load(before)) != _meant(load(after)):
        yield Change(pointer, RawJson(before), RawJson(after))


def _of_objects(pointer: str, before: str, after: str, levels: int) -> Iterator[Change]:
    old = dict(_numbered(before))
    for (name, number), text in _numbered(after):
        place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        was = old.pop((name, number), None)
        if was is None:
            yield Change(place, None, RawJson(text))
        else:
            yield from _changes(place, was, text, levels - 1)
    for (name, _), text in old.items():
        yield Change(f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", RawJson(text), None)


def _numbered(text: str) -> Iterator[tuple[tuple[str, int], str]]:
    """Yield the members of an object, each name with how often it was there already."""
    seen = Counter[str]()
    for name, value in members(text):
        yield (name, seen[name]), value
        seen[name] += 1


def _of_arrays(pointer: str, before: str, after: str, levels: int) -> Iterator[Change]:
    old, new = list(elements(before)), list(elements(after))
    shorter = min(len(old), len(new))
    start = end = 0
    if len(old) != len(new):
        meant = [[_meant(load(each)) for each in side] for side in (old, new)]
        start = _common(meant[0], meant[1], shorter)
        end = _common(meant[0][::-1], meant[1][::-1], shorter - start)
    both = shorter - end
    for place in range(start, both):
        yield from _changes(f"{pointer}/{place}", old[place], new[place], levels - 1)
    for place in range(both, len(new) - end):
        yield Change(f"{pointer}/{place}", None, RawJson(new[place]))
    for place in range(both, len(old) - end):
        yield Change(f"{pointer}/{place}", RawJson(old[place]), None)


def _common(one: list[Any], other: list[Any], most: int) -> int:
    """Return how many of the first `most` values are the same on both sides, before one that is not."""
    return next((place for place in range(most) if one[place] != other[place]), most)


def _meant(value: Any) -> Any:
    """Return a value of `load` so that two are equal that mean the same: an object whatever the order of its names."""
    if isinstance(value, Members):
        # Sorted by name alone, so that equal names stay in order.
        return "object", sorted(((name, _meant(each)) for name, each in value), key=lambda member: member[0])
    return [_meant(each) for each in value] if isinstance(value, list) else value
