"""Explanation of a result, read as well as it can be: its operation, message, errors and aliases.

Producers write nulls, numbers, texts and lists where another one is meant. None of that refuses a result. What comes
out is as `schemas.result.ResultData` wants it, with what was done; what came in stays with the evidence.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from schemas.fault import rank
from schemas.json_document import value_of
from schemas.raw_json import RawJson, dump, elements, members, object_of
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

MAX_OPERATION_CHARACTERS = 200
MAX_ERRORS = 1000
MAX_CODE_CHARACTERS = 200
MAX_ALIASES = 50
MAX_ALIAS_NAME_CHARACTERS = 64
MAX_ALIAS_CHARACTERS = 200
#: Members of objects and elements of lists within one field that are read. A message of 1 MiB may have 500,000, and
#: reading each of them by itself would hold up the event loop for seconds; what is not read is in what came.
MAX_ENTRIES = 20_000
#: Entries of `errors` among which the gravest are looked for; the rest of MAX_ENTRIES is for what is in them.
_MAX_LISTED: Final = MAX_ENTRIES // 2
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
_KINDS: Final[Mapping[str, str]] = {
    '"': "text",
    "{": "object",
    "[": "list",
    "t": "boolean",
    "f": "boolean",
    "n": "null",
}
T = TypeVar("T")


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
            text = reader(_Told(fields[name], f"data.{name}", done, iter(range(MAX_ENTRIES))))
            if len(done) > before:
                mended[name] = text
    said = (Reason(code, field=field, **dict(parameters)) for code, field, parameters in done)
    return Explanation(mended, tuple(islice(said, MAX_ALTERATIONS)))


class _Told(NamedTuple):
    """A value, its place, and where what is done to it is noted: once for each kind of place, not for each error."""

    value: RawJson
    field: str
    done: _Done
    entries: Iterator[int]  # one is taken for each entry that is read of anything in this field of `data`

    @property
    def kind(self) -> str:
        return _KINDS.get(self.value.text[0], "number")

    def note(self, code: ReasonCode, **parameters: str | int) -> None:
        self.done[code, self.field, tuple(parameters.items())] = None

    def note_kind(self, code: ReasonCode) -> None:
        self.note(code, got=self.kind)

    def elements(self, most: int | None = None) -> list[str]:
        """Return the texts of a list's elements, as many as may be read, and no more than `most`."""
        return self._read(elements(self.value.text), most)

    def members(self) -> dict[str, str]:
        """Return the texts of an object's values by name, as many as may be read; of equal names the last."""
        return dict(self._read(members(self.value.text)))

    def _read(self, entries: Iterator[T], most: int | None = None) -> list[T]:
        read = [entry for _, entry in zip(islice(self.entries, most), entries, strict=False)]
        if next(entries, None) is not None:
            came = len(value_of(self.value.text.encode()))
            # An object may have more members than names.
            self.note(ReasonCode.ALTERED_SOME_KEPT, limit=len(read), count=max(came, len(read) + 1))
        return read


def _text(told: _Told, limit: int | None = None, *, between: str = ", ") -> str | None:
    """Read a text: of another value what is written, null is none. `between` are members of a list."""
    if told.kind == "list":
        told.note(ReasonCode.ALTERED_JOINED)
        said = between.join(each for text in told.elements() if (each := RawJson(text).said))
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
        values = [RawJson(text) for text in told.elements(_MAX_LISTED)]
    else:
        # What is said of the whole is not said of its one member again.
        within = told._replace(field=f"{told.field}[]", done=told.done if told.kind == "object" else {})
        values = list(_by_field(told)) if told.kind == "object" else [told.value]
        told.note_kind(ReasonCode.ALTERED_TO_ERRORS if _is_told(told.value) else ReasonCode.ALTERED_LEFT_OUT)
    for empty in (each for each in values if not _is_told(each)):
        within._replace(value=empty).note_kind(ReasonCode.ALTERED_LEFT_OUT)
    values = [each for each in values if _is_told(each)]
    if len(values) > MAX_ERRORS:
        told.note(ReasonCode.ALTERED_SOME_KEPT, limit=MAX_ERRORS, count=len(values))
        gravest = sorted(range(len(values)), key=lambda at: rank(_severity(values[at])))[:MAX_ERRORS]
        values = [values[at] for at in sorted(gravest)]
    return f"[{','.join(_error(within._replace(value=each)) for each in values)}]"


def _is_told(value: RawJson) -> bool:
    return value.text not in {"null", '""', "[]"}


def _by_field(told: _Told) -> Iterator[RawJson]:
    """Yield the errors of an object: itself, or one for each message of each field."""
    fields = told.members()
    if fields.keys() & _FIELDS_OF_ERROR.keys():
        yield told.value
        return
    for name, text in fields.items():
        of_field = told._replace(value=RawJson(text))
        for message in of_field.elements(_MAX_LISTED) if of_field.kind == "list" else [text]:
            one = told._replace(value=RawJson(message))
            error = one.members() if one.kind == "object" else {}
            yield RawJson(object_of({"field": _dumped(name), **(error or {"message": message})}.items()))


def _error(told: _Told) -> str:
    """Read one error."""
    if told.kind == "object":
        return told.value.text if _is_as_it_should_be(told.value) else object_of(_fields_of(told).items())
    told.note_kind(ReasonCode.ALTERED_TO_ERRORS)
    return object_of([("message", _dumped(_text(told._replace(done={}))))])


def _is_as_it_should_be(error: RawJson) -> bool:
    fields = value_of(error.text.encode())
    return all(
        (value := fields.get(name)) is None or (isinstance(value, str) and (limit is None or len(value) <= limit))
        for name, limit in _FIELDS_OF_ERROR.items()
    )


def _fields_of(told: _Told) -> dict[str, str]:
    """Read the fields of one error; those that are not known stay as they came."""
    fields = told.members()
    for name, limit in _FIELDS_OF_ERROR.items():
        if name in fields:
            value = told._replace(value=RawJson(fields[name]), field=f"{told.field}.{name}")
            fields[name] = _dumped(_text(value, limit, between="." if name == "field" else ", "))
    return fields


def _severity(error: RawJson) -> str | None:
    fields = value_of(error.text.encode())
    severity = fields.get("severity") if isinstance(fields, dict) else None
    return severity if isinstance(severity, str) else None


def _aliases(told: _Told) -> str:
    """Read other names: what is no text, or empty, is no name."""
    if told.kind != "object":
        if told.kind != "null":
            told.note_kind(ReasonCode.ALTERED_LEFT_OUT)
        return "null"
    names: list[tuple[str, str]] = []
    for name, value in told.members().items():
        one = told._replace(value=RawJson(value), field=f"{told.field}.{name[:MAX_ALIAS_NAME_CHARACTERS]}")
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
