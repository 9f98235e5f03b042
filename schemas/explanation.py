"""What explains a result, read as well as it can be: its operation, message, errors and aliases.

Producers write nulls, numbers, texts and lists where another one is meant. None of that refuses a result. What comes
out is as `schemas.result.ResultData` wants it, with what was done; what came in stays with the evidence.
"""

from collections.abc import Callable, Iterator, Mapping
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
#: What JSON calls a value, by its first character; a number has many.
_KINDS: Final = {'"': "text", "{": "object", "[": "list", "t": "boolean", "f": "boolean", "n": "null"}


class Explanation(NamedTuple):
    """The fields that are wrong in what explains a result, as they are read."""

    fields: dict[str, str]  # the JSON text of each by its name
    done: tuple[Reason, ...]


def mend(fields: Mapping[str, RawJson]) -> Explanation:
    """Read the `fields` of `data` that explain a result; those that need nothing are not among what is returned."""
    done: dict[Reason, None] = {}
    mended: dict[str, str] = {}
    for name, reader in _READERS.items():
        if name in fields:
            before = len(done)
            text = reader(_Told(fields[name], f"data.{name}", done))
            if len(done) > before:
                mended[name] = text
    return Explanation(mended, tuple(done)[:MAX_ALTERATIONS])


class _Told(NamedTuple):
    """A value, its place, and where what is done to it is noted: once for each kind of place, not for each error."""

    value: RawJson
    field: str
    done: dict[Reason, None]

    @property
    def kind(self) -> str:
        return _KINDS.get(self.value.text[0], "number")

    @property
    def is_empty(self) -> bool:
        return self.value.said in {None, "", "[]"}

    def at(self, value: RawJson, field: str) -> "_Told":
        """Return a value within this one."""
        return self._replace(value=value, field=field)

    def note(self, code: ReasonCode, **parameters: str | int) -> None:
        self.done[Reason(code, field=self.field, **parameters)] = None

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
        values = (RawJson(text) for text in elements(told.value.text))
        errors = [error for value in values if (error := _error(told.at(value, f"{told.field}[]"))) is not None]
    elif told.kind == "object" and not told.value.fields.keys() & _FIELDS_OF_ERROR.keys():
        told.note_kind(ReasonCode.ALTERED_TO_ERRORS)
        errors = list(_errors_by_field(told))
    elif told.kind == "object":
        told.note_kind(ReasonCode.ALTERED_TO_ERRORS)
        errors = [_fields_of(told.at(told.value, f"{told.field}[]"))]
    else:
        errors = [error for error in [_error(told)] if error is not None]
    if len(errors) > MAX_ERRORS:
        told.note(ReasonCode.ALTERED_SOME_KEPT, limit=MAX_ERRORS, count=len(errors))
        gravest = sorted(range(len(errors)), key=lambda at: rank(_severity(errors[at])))[:MAX_ERRORS]
        errors = [errors[at] for at in sorted(gravest)]
    return f"[{','.join(object_of(error.items()) for error in errors)}]"


def _errors_by_field(told: _Told) -> Iterator[dict[str, str]]:
    for field, value in told.value.fields.items():
        texts = elements(value.text) if value.text.startswith("[") else [value.text]
        for text in texts:
            error = _error(told.at(RawJson(text), f"{told.field}[]")._replace(done={}))
            if error is not None:
                yield {"field": _dumped(field), **error}


def _error(told: _Told) -> dict[str, str] | None:
    """Read one error, as the texts of its fields; None when there is nothing to read."""
    if told.is_empty:
        told.note_kind(ReasonCode.ALTERED_LEFT_OUT)
        return None
    if told.kind == "object":
        return _fields_of(told)
    told.note_kind(ReasonCode.ALTERED_TO_ERRORS)
    return {"message": _dumped(_text(told._replace(done={})))}


def _fields_of(told: _Told) -> dict[str, str]:
    """Read the fields of one error; those that are not known stay as they came."""
    fields = {name: value.text for name, value in told.value.fields.items()}
    for name, limit in _FIELDS_OF_ERROR.items():
        if name in fields:
            value = told.at(RawJson(fields[name]), f"{told.field}.{name}")
            fields[name] = _dumped(_text(value, limit, between="." if name == "field" else ", "))
    return fields


def _severity(error: Mapping[str, str]) -> str | None:
    return RawJson(error.get("severity", "null")).said


def _aliases(told: _Told) -> str:
    """Read other names: what is no text, or empty, is no name."""
    if told.kind != "object":
        if told.kind != "null":
            told.note_kind(ReasonCode.ALTERED_LEFT_OUT)
        return "null"
    names: list[tuple[str, str]] = []
    for name, value in told.value.fields.items():
        one = told.at(value, f"{told.field}.{name[:MAX_ALIAS_NAME_CHARACTERS]}")
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
