"""Takes named values out of evidence before it is stored: what is not there can't leak."""

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from pydantic import StringConstraints

REDACTED = "[redacted]"
MAX_NAMES = 100
#: As a JSON field, an XML element or attribute, a header or a parameter of a form is called.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]

#: A value of text like `name: value`, `name=value` and `"name": "value"`, the last in a string of a string too. What
#: has no end is one value to the end: otherwise each of its quotes would begin a search of the rest.
_VALUE = r"""(?P<value>\\*"(?:[^"\\]|\\[^"])*+\\*"?|'[^']*+'?|[^\r\n,;&}\]<>"']*+)"""


class Redaction:
    """Values of these names, in objects at any depth and in text that has names: JSON, XML, forms, headers."""

    def __init__(self, names: Sequence[str]) -> None:
        """`names` are matched whole, without regard to case, `_` and `-`; each as `Name` has it."""
        self._names = frozenset(map(_squeezed, names))
        words = "|".join("[-_]?".join(map(re.escape, re.split("[-_]+", name))) for name in names)
        named = rf"(?<![\w-])(?:{words})(?![\w-])"
        self._pair = re.compile(rf"""(?P<name>{named}\\*["']?\s*[:=]\s*){_VALUE}""", re.IGNORECASE)
        self._element = re.compile(rf"(?P<name><(?:[\w.-]+:)?{named}[^<>]*>(?:<!\[CDATA\[)?)[^<\]]+", re.IGNORECASE)

    def redact(self, data: Any, kept: frozenset[str]) -> tuple[Any, bool]:
        """`data` without them, and whether there were any; its own fields that are in `kept` stay as they are."""
        redacted = {name: value if name in kept else self._field(name, value) for name, value in data.items()}
        return redacted, redacted != data

    def may_be_in(self, text: str) -> bool:
        """Whether a JSON text is worth a closer look. False is certain."""
        squeezed = _squeezed(text)
        # A letter may be written as an escape.
        return any(name in squeezed for name in self._names) or "\\u00" in text

    def _field(self, name: str, value: Any) -> Any:
        if value is not None and _squeezed(name) in self._names:
            return REDACTED
        return self._value(value)

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._field(name, each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._value(each) for each in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        squeezed = _squeezed(text)
        if not any(name in squeezed for name in self._names):
            return text
        if text.lstrip()[:1] in {"{", "["}:
            try:
                value = load(text)
            except (ValueError, RecursionError):
                pass  # it only looks like JSON
            else:
                redacted = self._value(value)
                return text if redacted == value else dump(redacted)
        return self._element.sub(rf"\g<name>{REDACTED}", self._pair.sub(_without_value, text))


def load(text: str) -> Any:
    """A JSON text whose numbers stay as they are written. Raises ValueError."""
    return json.loads(text, parse_int=_Number, parse_float=_Number)


def dump(value: Any) -> str:
    """What `load` read, as compact JSON; every digit as it came."""
    return orjson.dumps(value, default=_as_written).decode()


class _Number:
    """A number as it is written."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Number) and other.text == self.text

    __hash__ = None  # type: ignore[assignment]


def _as_written(value: Any) -> orjson.Fragment:
    if isinstance(value, _Number):
        return orjson.Fragment(value.text)
    raise TypeError(type(value).__name__)


def _squeezed(text: str) -> str:
    return text.lower().replace("_", "").replace("-", "")


def _without_value(match: re.Match[str]) -> str:
    value = match["value"]
    bare = value.strip("\\\"'")
    if not bare.strip():
        return match[0]  # `name:` and nothing
    begin = value.index(bare)
    return f"{match['name']}{value[:begin]}{REDACTED}{value[begin + len(bare) :]}"
