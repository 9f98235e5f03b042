"""CloudEvents extensions: attributes that the specification leaves to whoever sends an event, W3C Trace Context too."""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

from schemas.raw_json import dump
from schemas.storable import storable

#: Attributes of CloudEvents 1.0 that are read, and `data`. `dataschema`, which is not read, counts as an extension.
ATTRIBUTES: Final = frozenset({"specversion", "type", "source", "id", "subject", "time", "datacontenttype", "data"})
_OF_THE_SPECIFICATION: Final = ATTRIBUTES | {"data_base64"}
#: Names of W3C Trace Context, whose values are numbers of no person.
TRACE: Final = frozenset({"traceparent", "tracestate"})
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
T = TypeVar("T")


def extensions_of(attributes: Mapping[str, T]) -> dict[str, T]:
    """Return the extensions among the attributes of an event, by name."""
    return {name: value for name, value in attributes.items() if name not in _OF_THE_SPECIFICATION}


def extensions_text(attributes: Mapping[str, str]) -> str | None:
    """Return the extensions of an event in binary mode as a JSON object that can be stored; None without any."""
    if attributes.keys() <= _OF_THE_SPECIFICATION:  # as most are
        return None
    found = {storable(name): storable(value) for name, value in extensions_of(attributes).items()}
    return dump(found).decode()


def traceparent_of(value: object) -> str | None:
    """Return a `traceparent` as W3C Trace Context has it; None for anything else, which is to be ignored."""
    return value if isinstance(value, str) and _TRACEPARENT.fullmatch(value) else None
