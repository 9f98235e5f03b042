"""One result as the search for causes sees it: features, each a dimension with a value."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

from schemas.raw_json import Members, RawJson, dump

#: Dimensions of results. `version`: a CloudEvents extension whose name ends in `version`. `request`: a value in the
#: request, or that it is there at all. These two are evidence. `mode`: of the retry that it answers. `hour`: of the
#: day, in UTC.
Dimension = Literal[
    "affiliate", "source", "version", "operation", "mode", "hour", "key_prefix", "code", "category", "field", "request"
]
#: Dimensions of the errors of a result: of one without errors nothing is known.
OF_ERRORS: Final = frozenset[Dimension]({"code", "category", "field"})
#: Dimensions that are equal in all results of an entity.
OF_ENTITIES: Final = frozenset[Dimension]({"affiliate", "key_prefix"})
#: Dimensions that are read in the body of a result, which is left out where it is large.
OF_BODIES: Final = frozenset[Dimension]({"version", "operation", "field", "request"})
#: Dimensions whose new value is a change of the connector.
OF_CONNECTORS: Final = frozenset[Dimension]({"source", "version", "operation"})

#: Longest prefix of a key, and longest value, that is a feature.
_PREFIX_CHARACTERS, _VALUE_CHARACTERS = 12, 80
#: Most places of one request that are looked at.
_PLACES = 200
#: Lengths of the parts of a day, in hours, in one of which failures may fall.
_PARTS_OF_A_DAY: Final = (1, 2, 3, 4, 6, 8)


class Feature(NamedTuple):
    """One dimension with its value."""

    dimension: Dimension
    name: str  # of an extension; the pointer in a request, with `*` for any element; else empty
    value: str | None  # JSON in a request; None: there is a value


class Looked(NamedTuple):
    """One result that was looked at."""

    at: datetime
    affected: bool
    failed: bool
    read: bool  # its body was
    entity: str
    features: frozenset[Feature]


def prefixes(key: str) -> Iterator[Feature]:
    """Yield each beginning of a key, from its second character on."""
    for length in range(2, min(len(key), _PREFIX_CHARACTERS + 1)):
        yield Feature("key_prefix", "", key[:length])


def hours(at: datetime) -> Iterator[Feature]:
    """Yield each part of a day that a time is in, as its first hour and the hour in which it is over."""
    hour = at.astimezone(UTC).hour
    for length in _PARTS_OF_A_DAY:
        for start in range(hour - length + 1, hour + 1):
            yield Feature("hour", "", f"{start % 24:02}-{(start + length) % 24:02}")


def versions(extensions: Mapping[str, RawJson]) -> Iterator[Feature]:
    """Yield the extensions of an event that name a version."""
    for name, value in extensions.items():
        if name.endswith("version") and (said := value.said) and len(said) <= _VALUE_CHARACTERS:
            yield Feature("version", name, said)


def places(request: Any) -> Iterator[Feature]:
    """Yield what is where in a request, as schemas.raw_json.load reads it: each place, and each short value."""
    left, seen = [("", request)], 0
    while left and seen < _PLACES:
        pointer, value = left.pop()
        seen += 1
        if pointer:
            yield Feature("request", pointer, None)
        if isinstance(value, Members):
            left += [(f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", each) for name, each in value[::-1]]
        elif isinstance(value, list):
            left += [(f"{pointer}/*", each) for each in value[::-1]]
        elif len(text := dump(value).decode()) <= _VALUE_CHARACTERS:
            yield Feature("request", pointer, text)
