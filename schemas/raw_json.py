"""JSON as its text: it is cut, changed and laid out without writing anew what stays.

A parsed number has lost digits (`19.90`, integers and decimals of more than a float holds), and a parsed object one of
two equal names. Evidence is given back as it came, so it is never written from parsed values. Every function here takes
the text of one valid JSON value, without space around it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson


class RawJson:
    """One JSON value as its text: every digit, name, escape and space as it came."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def said(self) -> str | None:
        """The text of a string, None for null, any other value as it is written."""
        if self.text == "null":
            return None
        return str(_ENDS.decode(self.text)) if self.text.startswith('"') else self.text

    @property
    def fields(self) -> dict[str, "RawJson"]:
        """The values of an object by name, of equal names the last; none for any other value."""
        return {name: RawJson(text) for name, text in members(self.text)} if self.text.startswith("{") else {}

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"RawJson({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RawJson) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


class Members(list[tuple[str, Any]]):
    """An object as its names and values, in the order in which they came; a name may be there twice."""

    def changed(self, of: Callable[[str, Any], Any]) -> "Members":
        """Return the object with `of` each name and value; itself when every value stays the same object."""
        values = [of(name, value) for name, value in self]
        if all(value is came for value, (_, came) in zip(values, self, strict=True)):
            return self
        return Members((name, value) for value, (name, _) in zip(values, self, strict=True))


def changed(came: list[Any], of: Callable[[Any], Any]) -> list[Any]:
    """Return an array with `of` each element; itself when every element stays the same object."""
    kept = [of(each) for each in came]
    return came if all(each is other for each, other in zip(kept, came, strict=True)) else kept


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DOCUMENTS = json.JSONDecoder(parse_int=RawJson, parse_float=RawJson, parse_constant=_refuse, object_pairs_hook=Members)
#: Finds the ends of values, and decodes strings. Numbers are read as text: Python refuses integers of 4,301 digits.
_ENDS = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse)
_SPACES = frozenset(" \t\n\r")
_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},:]|[^ \t\n\r\[\]{},:"]++', re.DOTALL)


def is_json(text: str) -> bool:
    """Return True for the text of one JSON value; False also for one that is nested too deep for Python."""
    try:
        _ENDS.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def load(text: str) -> Any:
    """Read a text as lists, Members, texts, RawJson of numbers, True, False and None.

    Raises ValueError for a text that is not JSON, RecursionError for one that is nested too deep for Python.
    """
    return _DOCUMENTS.decode(text)


def dump(value: Any) -> bytes:
    """Return a value as compact UTF-8, with times in UTC as RFC 3339; a RawJson in it stays as it is.

    Raises TypeError for what is no JSON: a lone surrogate, an integer of more than 64 bits.
    """
    return orjson.dumps(value, default=_as_it_is, option=orjson.OPT_UTC_Z)


def _as_it_is(value: Any) -> orjson.Fragment:
    if isinstance(value, RawJson):
        return orjson.Fragment(value.text)
    raise TypeError(type(value).__name__)


def elements(text: str) -> Iterator[str]:
    """Yield the text of each element of an array, in order, without the space around it."""
    at = _inside(text)
    while text[at] != "]":
        end = _end(text, at)
        yield text[at:end]
        at = _next(text, end)


def object_of(values: Iterable[tuple[str, str]]) -> str:
    """Return the text of an object of these names and texts of values."""
    return "{" + ",".join(f"{dump(name).decode()}:{text}" for name, text in values) + "}"


def members(text: str) -> Iterator[tuple[str, str]]:
    """Yield each name of an object, and the text of its value without the space around it, in order."""
    at = _inside(text)
    while text[at] != "}":
        name, end = _ENDS.raw_decode(text, at)
        at = _value_of_member(text, end)
        end = _end(text, at)
        yield name, text[at:end]
        at = _next(text, end)


def spliced(text: str, came: Any, kept: Any) -> str:
    """Return `text`, which `load` reads as `came`, with what is another object in `kept`. All else stays as it came.

    Lists and Members of `kept` have the length of those of `came`, and the same names, or replace them as a whole.
    """
    changes: list[tuple[int, int, str]] = []
    _compare(text, _space(text, 0), came, kept, changes)
    if not changes:
        return text
    parts: list[str] = []
    copied = 0
    for start, end, value in changes:
        parts += text[copied:start], value
        copied = end
    return "".join(parts) + text[copied:]


def _compare(text: str, at: int, came: Any, kept: Any, changes: list[tuple[int, int, str]]) -> int:
    """Add start, end and new text of each changed value of the one at `at`. Returns its end: no text is read twice."""
    if came is kept or not isinstance(came, list) or type(came) is not type(kept):
        end = _end(text, at)
        if came is not kept:
            changes.append((at, end, dump(kept).decode()))
        return end
    at = _inside(text, at)
    for before, after in zip(came, kept, strict=True):
        if isinstance(came, Members):
            at = _value_of_member(text, _end(text, at))
            end = _compare(text, at, before[1], after[1], changes)
        else:
            end = _compare(text, at, before, after, changes)
        at = _next(text, end)
    return at + 1


def lines(text: str) -> Iterator[str]:
    """Yield the text laid out for reading: a member or element a line, two spaces a level. No token is changed."""
    line, depth, is_empty = "", 0, False  # is_empty: the last part has opened an object or array
    for match in _TOKEN.finditer(text):
        part = match[0]
        if part in {"]", "}"}:
            depth -= 1
            if not is_empty:
                yield line
                line = "  " * depth
            line, is_empty = line + part, False
            continue
        if is_empty:
            yield line
            line, is_empty = "  " * depth, False
        if part == ",":
            yield line + part
            line = "  " * depth
        elif part == ":":
            line += ": "
        else:
            line += part
            if part in {"[", "{"}:
                depth, is_empty = depth + 1, True
    yield line


def _inside(text: str, at: int = 0) -> int:
    """Return where the first member or element of the object or array begins that is the next thing at `at`."""
    return _space(text, _space(text, at) + 1)


def _value_of_member(text: str, end_of_name: int) -> int:
    return _space(text, _space(text, end_of_name) + 1)


def _next(text: str, end: int) -> int:
    """Return where the next member or element begins behind one that ends at `end`, or the closing bracket."""
    at = _space(text, end)
    return _space(text, at + 1) if text[at] == "," else at


def _end(text: str, at: int) -> int:
    """Return the end of the value at `at`."""
    return _ENDS.raw_decode(text, at)[1]


def _space(text: str, at: int) -> int:
    """Return the end of the white space at `at`."""
    if text[at : at + 1] not in _SPACES:  # as most often: a search costs more than all else here
        return at
    match = _SPACE.match(text, at)
    return match.end() if match else at
