"""A reason: a code and the parameters of its sentence, in no language. It is stored as JSON."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn, Self, Union

from schemas.reasons.code import ReasonCode
from schemas.storable import storable

#: A value of a parameter: text and numbers stand in the sentence, a reason says its own, a tuple each of its members.
Value = Union[str, int, float, "Reason", tuple["Value", ...]]

MAX_TEXT_CHARACTERS = 1000  # of one parameter; what is longer is cut when it is kept
MAX_FAULTS = 20  # that are named of one event
#: The parameter with the value at fault, as `schemas.reasons.error.shown` gives it. Any reason may have it.
AT_FAULT = "value"


class Reason:
    """Cause of a refusal, a failure or an ending. Immutable; equal when code and parameters are."""

    code: str  # a ReasonCode, or what a newer version wrote
    parameters: Mapping[str, Value]

    def __init__(self, code: str, /, **parameters: Value) -> None:
        object.__setattr__(self, "code", str(code))
        object.__setattr__(self, "parameters", MappingProxyType(parameters))

    def __setattr__(self, name: str, _value: object) -> NoReturn:
        raise AttributeError(f"a Reason is immutable: {name} can't be set")

    def __repr__(self) -> str:
        return f"Reason({', '.join([self.code, *(f'{name}={value!r}' for name, value in self.parameters.items())])})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reason) and (self.code, self.parameters) == (other.code, other.parameters)

    def __hash__(self) -> int:
        return hash((self.code, frozenset(self.parameters.items())))

    def of(self, **more: Value) -> Self:
        """Return a copy with more parameters, such as the field that it is about."""
        return type(self)(self.code, **{**self.parameters, **more})

    def to_json(self) -> str:
        """Return `{"code": …, "parameters": {…}}` as PostgreSQL can hold it: schemas.storable."""
        return json.dumps(self.document(), ensure_ascii=False)

    def document(self) -> dict[str, Any]:
        """Return what `to_json` writes, as a dict."""
        return {"code": self.code, "parameters": {name: _plain(each) for name, each in self.parameters.items()}}

    @classmethod
    def from_json(cls, text: str) -> "Reason":
        """Read what `to_json` wrote, in this version or another. Raises ValueError for text that is no JSON."""
        return from_document(json.loads(text))


def all_of(reasons: Sequence[Reason]) -> Reason:
    """Return one reason that says each of `reasons`, which are at least one. Of many, the first MAX_FAULTS."""
    if len(reasons) == 1:
        return reasons[0]
    first, *others = reasons[:MAX_FAULTS]
    if len(reasons) > MAX_FAULTS:
        others.append(Reason(ReasonCode.MORE_FAULTS, count=len(reasons) - MAX_FAULTS))
    return Reason(ReasonCode.FAULTS, first=first, others=tuple(others))


def each_of(reason: Reason) -> list[Reason]:
    """Return the reasons that `all_of` joined; of another reason, itself."""
    first, others = reason.parameters.get("first"), reason.parameters.get("others")
    if reason.code != ReasonCode.FAULTS or not isinstance(first, Reason) or not isinstance(others, tuple):
        return [reason]
    return [first, *(each for each in others if isinstance(each, Reason))]


def own_words(text: str) -> Reason:
    """Return somebody else's words, in their own language, as a reason."""
    return Reason(ReasonCode.OWN_WORDS, text=text)


def from_document(document: Any) -> Reason:
    """Return a reason from parsed JSON. A document that does not look like one is said as it is."""
    if not (isinstance(document, dict) and isinstance(document.get("code"), str)):
        return own_words(document if isinstance(document, str) else json.dumps(document, ensure_ascii=False))
    parameters = document.get("parameters")
    if not isinstance(parameters, dict):
        parameters = {}
    return Reason(document["code"], **{str(name): _value(value) for name, value in parameters.items()})


def _value(value: Any) -> Value:
    if isinstance(value, dict):
        return from_document(value)
    if isinstance(value, list):
        return tuple(_value(each) for each in value)
    return value if isinstance(value, str | int | float) else str(value)


def _plain(value: Value) -> Any:
    match value:
        case Reason():
            return value.document()
        case tuple():
            return [_plain(each) for each in value]
        case str():
            return storable(value[:MAX_TEXT_CHARACTERS])
        case _:
            return value
