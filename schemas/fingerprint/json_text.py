"""JSON in a message: what its fields say. It may be cut off, be a Python dict, or hold JSON in a string."""

import re
from typing import Final

from schemas.fingerprint.field import Says, says

_MAX_NESTED: Final = 3  # JSON in a string of JSON
BEGIN: Final = re.compile(r"[\[{](?:\s{0,20}[\[{]){0,3}\s{0,20}\\?[\"']")
_STRING: Final = r"\"((?:[^\"\\]|\\.)*+)\"|'((?:[^'\\]|\\.)*+)'"
#: A value with its name where it has one, or the bracket that begins or ends some.
_TOKEN: Final = re.compile(
    rf"(?:(?:{_STRING})\s*+:\s*+)?(?:\"((?:[^\"\\]|\\.)*+)\"?|'((?:[^'\\]|\\.)*+)'?|([^\s{{}}\[\]:,\"']+)|([{{}}\[\]]))",
    re.DOTALL,
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
#: Lists whose objects have the name of a field as their `name`.
_NAMED_FIELDS: Final = ("params", "fields", "attributes", "properties", "campos", "atributos")


def json_text(json: str) -> str:
    """Return what the fields of `json` say, a line for each; all its words when no field says anything.

    A field that holds a message gives its text; one that holds a code or the name of a field gives its own name and its
    value; ids, amounts and what else the entity has give nothing.
    """
    said = _said(json, _MAX_NESTED - 1)
    return "\n".join(said) if said else unescaped(json).translate(_NO_QUOTES)


def _said(json: str, depth: int) -> list[str]:
    is_problem = "detail" in json or "status" in json  # RFC 9457, where a title says what is wrong
    said: list[str] = []
    path: list[str] = []  # names of the objects and arrays around
    name = ""
    for double_name, single_name, double, single, bare, bracket in _TOKEN.findall(json):
        name = double_name or single_name or name
        if bracket:
            if bracket in "{[":
                path.append(name)
            elif path:
                name = path.pop()
            continue
        value = double or single or bare
        if value in _NO_VALUE:
            continue
        kind = says(name)
        if kind is Says.TEXT or (is_problem and name == "title"):
            text = unescaped(value) if not value.isdecimal() else f"{name} {value}"
            nested = BEGIN.search(text) if depth and ("{" in text or "[" in text) else None
            said.append(text[: nested.start()] if nested else text)
            if nested:
                said += _said(text[nested.start() :], depth - 1)
        elif kind is Says.CODE or (kind is Says.NOTHING and _is_told(path, name, value)):
            said.append(f"{name} {unescaped(value)}")
    return said


def _is_told(path: list[str], name: str, value: str) -> bool:
    """Return True for a value under a name that is not known, that says what is wrong all the same."""
    if _ENUM.fullmatch(value) or _CLASS.fullmatch(value):
        return True
    if name == "name" and path:  # `{"invalidParams": [{"name": "price"}]}`
        return path[-1].lower().endswith(_NAMED_FIELDS)
    return " " in value and any(around.lower() in _BY_FIELD for around in path[-2:]) and path[-2:] != path[-1:] * 2


def unescaped(text: str) -> str:
    """Return `text` without the escapes of JSON."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return {"n": "\n", "r": " ", "t": " "}.get(escape[2], escape[2])
