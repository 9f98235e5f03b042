"""Explanation of a result, read as well as it can be: its operation, message, errors and aliases.

Producers write nulls, numbers, texts and lists where another one is meant. None of that refuses a result. What comes
out is as `schemas.result.ResultData` wants it, with what was done; what came in stays with the evidence.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from schemas.fault import rank
from schemas.raw_json import RawJson, dump, elements, object_of
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

MAX_OPERATION_CHARACTERS = 200
MAX_ERRORS = 1000
MAX_CODE_CHARACTERS = 200
MAX_ALIASES = 50
MAX_ALIAS_NAME_CHARACTERS = 64
MAX_ALIAS_CHARACTERS = 200
#: Things done to one result that are said; a few more say nothing more.
MAX_ALTERATIONS = 20
#: Texts of an error, each with its limit of characters.
_FIELDS_OF_ERROR: Final[Mapping[str, int | None]] = {
    "code": MAX_CODE_CHARACTERS,
    "message": None,
    "severity": None,
    "category": None,
    "field": None,
}
#: Alterations, each once: its code, the place, and more parameters.
_Done = dict[tuple[ReasonCode, str, tuple[tuple[str, str | int], ...]], None]
#: Kinds of JSON values, by their first character; a number has many.
_KINDS: Final = {'"': "text", "{": "object", "[": "list", "t": "boolean", "f": "boolean", "n": "null"}


class Explanation(NamedTuple):
    """The fields that are wrong in what explains a result, as they are read."""

    fields: dict[str, str]  # the JSON text of each by its name
    done: tuple[Reason, ...]


def mend(fields: Mapping[str, RawJson]) -> Explanation:
    """Read the `fields` of `data` that explain a result; those that need nothing are not among what is returned."""
    done: _Done = {}
    mended: dict[str, str] = {}
    for name, reader in _READERS.items():
        if name in fields:
            before = len(done)
            text = reader(_Told(fields[name], f"data.{name}", done))
            if len(done) > before:
                mended[name] = text
    said = (Reason(code, field=field, **dict(parameters)) for code, field, parameters in done)
    return Explanation(mended, tuple(islice(said, MAX_ALTERATIONS)))


class _Told(NamedTuple):
    """A value, its place, and where what is done to it is noted: once for each kind of place, not for each error."""

    value: RawJson
    field: str
    done: _Done

    @property
    def kind(self) -> str:
        return _KINDS.get(self.value.text[0], "number")

    def note(self, code: ReasonCode, **parameters: str | int) -> None:
        self.done[code, self.field, tuple(parameters.items())] = None

    def note_kind(self, code: ReasonCode) -> None:
        self.note(code, got=self.kind)


def _text(told: _Told, limit: int | None = None, *, between: str = ", ") -> str | None:
    """Read a text: of another value what is written, null is none. `between` are members of a list."""
    if told.kind == "list":
        told.note(ReasonCode.ALTERED_JOINED)
        said = between.join(each for text in elements(told.value.text) if (each := RawJson(text).said))
    else:
        written = told.value.said
        if written is None:
            return None
        said = written
        if told.kind != "text":
            told.note_kind(ReasonCode.ALTERED_TO_TEXT)
    if limit is not None and len(said) > limit:
        told.note(ReasonCode.ALTERED_CUT, limit=limit)
    return said[:limit]


def _errors(told: _Told) -> str:
    """Read errors: a list, whatever its members are; one error; or an object of messages by field, as Rails has it."""
    if told.kind == "null":
        return "null"
    if told.kind == "list":
        within = told._replace(field=f"{told.field}[]")
        values = [RawJson(text) for text in elements(told.value.text)]
    else:
        # What is said of the whole is not said of its one member again.
        within = _Told(told.value, f"{told.field}[]", told.done if told.kind == "object" else {})
        values = list(_by_field(told.value)) if told.kind == "object" else [told.value]
        told.note_kind(ReasonCode.ALTERED_TO_ERRORS if _is_told(told.value) else ReasonCode.ALTERED_LEFT_OUT)
    for empty in (each for each in values if not _is_told(each)):
        within._replace(value=empty).note_kind(ReasonCode.ALTERED_LEFT_OUT)
    values = [each for each in values if _is_told(each)]
    if len(values) > MAX_ERRORS:
        told.note(ReasonCode.ALTERED_SOME_KEPT, limit=MAX_ERRORS, count=len(values))
        gravest = sorted(range(len(values)), key=lambda at: rank(_severity(values[at])))[:MAX_ERRORS]
        values = [values[at] for at in sorted(gravest)]
    errors = (_error(within._replace(value=each)) for each in values)
    return f"[{','.join(object_of(error.items()) for error in errors)}]"


def _is_told(value: RawJson) -> bool:
    return value.text not in {"null", '""', "[]"}


def _by_field(value: RawJson) -> Iterator[RawJson]:
    """Yield the errors of an object: itself, or one for each message of each field."""
    fields = value.fields
    if fields.keys() & _FIELDS_OF_ERROR.keys():
        yield value
        return
    for name, told in fields.items():
        for text in elements(told.text) if told.text.startswith("[") else [told.text]:
            members = RawJson(text).fields
            error = {"field": _dumped(name), **{each: raw.text for each, raw in members.items()}}
            yield RawJson(object_of((error if members else {**error, "message": text}).items()))


def _error(told: _Told) -> dict[str, str]:
    """Read one error, as the texts of its fields."""
    if told.kind == "object":
        return _fields_of(told)
    told.note_kind(ReasonCode.ALTERED_TO_ERRORS)
    return {"message": _dumped(_text(told._replace(done={})))}


def _fields_of(told: _Told) -> dict[str, str]:
    """Read the fields of one error; those that are not known stay as they came."""
    fields = {name: value.text for name, value in told.value.fields.items()}
    for name, limit in _FIELDS_OF_ERROR.items():
        if name in fields:
            value = _Told(RawJson(fields[name]), f"{told.field}.{name}", told.done)
            fields[name] = _dumped(_text(value, limit, between="." if name == "field" else ", "))
    return fields


def _severity(error: RawJson) -> str | None:
    severity = error.fields.get("severity")
    return severity.said if severity else None


def _aliases(told: _Told) -> str:
    """Read other names: what is no text, or empty, is no name."""
    if told.kind != "object":
        if told.kind != "null":
            told.note_kind(ReasonCode.ALTERED_LEFT_OUT)
        return "null"
    names: list[tuple[str, str]] = []
    for name, value in told.value.fields.items():
        one = _Told(value, f"{told.field}.{name[:MAX_ALIAS_NAME_CHARACTERS]}", told.done)
        text = None if one.kind == "object" else _text(one, MAX_ALIAS_CHARACTERS)
        if text and 1 <= len(name) <= MAX_ALIAS_NAME_CHARACTERS:
            names.append((name, _dumped(text)))
        else:
            one.note_kind(ReasonCode.ALTERED_LEFT_OUT)
    if len(names) > MAX_ALIASES:
        told.note(ReasonCode.ALTERED_SOME_KEPT, limit=MAX_ALIASES, count=len(names))
    return object_of(names[:MAX_ALIASES])


def _dumped(text: str | None) -> str:
    return dump(text).decode()


_READERS: Final[Mapping[str, Callable[[_Told], str]]] = {
    "operation": lambda told: _dumped(_text(told, MAX_OPERATION_CHARACTERS)),
    "message": lambda told: _dumped(_text(told)),
    "errors": _errors,
    "aliases": _aliases,
}
#: Fields of `data` that are read here.
EXPLAINING: Final = frozenset(_READERS)
