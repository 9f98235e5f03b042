"""JSON pointers (RFC 6901), and patterns of them in which `*` stands for any one name or index.

Of two members of an object with one name the last counts, as in PostgreSQL's jsonb. Values are those of
`schemas.raw_json.load`, so that what is not changed keeps its digits.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

from schemas.raw_json import Members

ANY: Final = "*"
#: Regular expression of a pointer or pattern: at least one part, since a whole document has no name.
POINTER: Final = r"^(/([^~/\x00]|~[01])*)+$"


def parts_of(pointer: str) -> tuple[str, ...]:
    """Return the names and indexes of a pointer, unescaped."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def pointer_of(parts: tuple[str, ...]) -> str:
    """Return the pointer with these names and indexes."""
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)


def names(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Return True if a pattern, as its parts, names the pointer with these parts."""
    return len(pattern) == len(parts) and all(of in {ANY, part} for of, part in zip(pattern, parts, strict=True))


def scalars(value: Any, patterns: Collection[tuple[str, ...]]) -> Iterator[tuple[str, Any]]:
    """Yield the pointer and value of each text, number, boolean and null that a pattern names, in their order."""
    for parts, found in _named(value, (), frozenset(patterns)):
        yield pointer_of(parts), found


def found(value: Any, parts: tuple[str, ...]) -> Any:
    """Return what a pointer names. Raises KeyError where there is no such thing."""
    for part in parts:
        value = _children(value)[part][1]
    return value


def replaced(value: Any, parts: tuple[str, ...], by: Any) -> Any:
    """Return `value` with `by` in the place that a pointer names. Raises KeyError where there is no such place."""
    if not parts:
        return by
    at, child = _children(value)[parts[0]]
    inside = replaced(child, parts[1:], by)
    if isinstance(value, Members):
        return Members((name, inside if index == at else each) for index, (name, each) in enumerate(value))
    return [inside if index == at else each for index, each in enumerate(value)]


def _named(
    value: Any, at: tuple[str, ...], patterns: frozenset[tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not isinstance(value, list):
        if () in patterns:
            yield at, value
        return
    below = [each for each in patterns if each]
    if not below:
        return
    for part, (_index, child) in _children(value).items():
        if inside := frozenset(each[1:] for each in below if each[0] in {ANY, part}):
            yield from _named(child, (*at, part), inside)


def _children(value: Any) -> dict[str, tuple[int, Any]]:
    """Return the members or elements of a value by their part of a pointer, each with its place."""
    if isinstance(value, Members):
        return {name: (index, each) for index, (name, each) in enumerate(value)}
    if isinstance(value, list):
        return {str(index): (index, each) for index, each in enumerate(value)}
    return {}
