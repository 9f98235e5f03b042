"""JSON in a message: what its fields say. It may be cut off, be a Python dict, or hold JSON in a string."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.fingerprint.field import Says, says

_MAX_NESTED: Final = 3
BEGIN: Final = re.compile(r"[\[{]\s{0,20}\\?[\"']")
_TOKEN: Final = re.compile(
    r"\"((?:[^\"\\]|\\.)*+)\"?|'((?:[^'\\]|\\.)*+)'?|([{}\[\]:,])|([^\s{}\[\]:,\"']+)", re.DOTALL
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_NO_QUOTES: Final = {ord(quote): " " for quote in "\"'{}[]"}
_ENUM: Final = re.compile(r"[A-Z]{2,}(?:_[A-Z]+)+")
_CLASS: Final = re.compile(r"[\w.]+(?:Error|Exception|Fault)")
_NO_VALUE: Final = frozenset({"", "null", "None", "true", "false", "True", "False", "undefined"})
#: Objects whose keys are the fields that are wrong: `{"errors": {"price": ["is required"]}}`.
_BY_FIELD: Final = frozenset(
    {"errors", "erros", "errores", "fielderrors", "field_errors", "validationerrors", "modelstate", "violations"}
)


def json_text(json: str) -> str:
    """Return what the fields of `json` say, a line for each; all its words when no field says anything.

    A field that holds a message gives its text; one that holds a code or the name of a field gives its own name and its
    value; ids, amounts and what else the entity has give nothing.
    """
    said = list(_said(json, _MAX_NESTED))
    return "\n".join(said) if said else unescaped(json).translate(_NO_QUOTES)


def _said(json: str, depth: int) -> Iterator[str]:
    is_problem = "detail" in json or "status" in json  # RFC 9457, where a title says what is wrong
    for path, name, value in _leaves(json):
        if value in _NO_VALUE:
            continue
        kind = says(name)
        if kind is Says.TEXT or (name == "title" and is_problem):
            text = unescaped(value)
            if text.lstrip()[:1] in ("{", "[") and depth > 0:
                yield from _said(text.lstrip(), depth - 1)
            else:
                yield text
        elif kind is Says.CODE:
            yield f"{name} {unescaped(value)}"
        elif kind is Says.NOTHING and _is_told(path, value):
            yield f"{name} {unescaped(value)}"


def _is_told(path: list[str], value: str) -> bool:
    """Return True for a value under a name that is not known, that says what is wrong all the same."""
    if _ENUM.fullmatch(value) or _CLASS.fullmatch(value):
        return True
    return " " in value and any(name.lower() in _BY_FIELD for name in path[-2:]) and path[-2:] != path[-1:] * 2


def _leaves(json: str) -> Iterator[tuple[list[str], str, str]]:
    """Yield the names around, the name and the value of each string, number and literal."""
    path: list[str] = []
    name, value = "", None
    for double, single, mark, bare in _TOKEN.findall(json):
        if not mark:
            value = double or single or bare
        elif mark == ":":
            name, value = value or "", None
        else:
            if value is not None:
                yield path, name, value
                value = None
            if mark in "{[":
                path.append(name)
            elif mark in "}]" and path:
                name = path.pop()
    if value is not None:
        yield path, name, value


def unescaped(text: str) -> str:
    """Return `text` without the escapes of JSON."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return {"n": "\n", "r": " ", "t": " "}.get(escape[2], escape[2])
