"""A reason: a code and what fills its sentence. It is kept as JSON, and says nothing in any language by itself."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NoReturn, Self, Union

from schemas.reasons.code import ReasonCode

#: A value of a parameter: text and numbers stand in the sentence, a reason says its own, a tuple each of its members.
Value = Union[str, int, float, "Reason", tuple["Value", ...]]

MAX_TEXT_CHARACTERS = 1000  # of one parameter; what is longer is cut when it is kept


class Reason:
    """Why something was refused, failed or ended. Immutable; equal when code and parameters are."""

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
        """The same with more parameters, such as the field that it is about."""
        return type(self)(self.code, **{**self.parameters, **more})

    def to_json(self) -> str:
        """`{"code": …, "parameters": {…}}` as PostgreSQL's jsonb holds it: without NUL and lone surrogates."""
        return json.dumps(self.document(), ensure_ascii=False)

    def document(self) -> dict[str, Any]:
        """The same, not yet written as JSON."""
        return {"code": self.code, "parameters": {name: _plain(each) for name, each in self.parameters.items()}}

    @classmethod
    def from_json(cls, text: str) -> "Reason":
        """What `to_json` wrote, in this version or another. Raises ValueError for text that is no JSON."""
        return from_document(json.loads(text))


def own_words(text: str) -> Reason:
    """What somebody else says, in their own words and language."""
    return Reason(ReasonCode.OWN_WORDS, text=text)


def from_document(document: Any) -> Reason:
    """A reason from parsed JSON. What does not look like one is said as it is."""
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
            return value[:MAX_TEXT_CHARACTERS].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
        case _:
            return value
