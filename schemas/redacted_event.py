"""Redaction of a whole event: of its evidence by all rules, of what is shown and searched only by pattern."""

from collections.abc import Container, Iterator
from typing import Any

from schemas.envelope import KNOWN, Envelope
from schemas.extensions import TRACE
from schemas.json_document import value_of
from schemas.raw_json import Members, changed, load, spliced
from schemas.redaction import Redaction

#: Attributes that are no evidence.
_ATTRIBUTES = KNOWN | TRACE


def redacted(event: Envelope, rules: Redaction, known: Container[str], known_of_error: Container[str]) -> Envelope:
    """Return an event without what the rules remove, before anything is made of it: also the group of its error.

    `known` are the fields of `data` that are no evidence, `known_of_error` those of an error. What is left of `body` is
    as it came, byte for byte.
    """
    if event.extensions is not None and rules.may_be_in(event.extensions.encode()):
        came = load(event.extensions)
        event = event._replace(extensions=spliced(event.extensions, came, rules.fields(came, TRACE)))
    if not isinstance(event.data, dict) or not rules.may_be_in(event.body):
        return event
    fields = _Fields(rules.sparing(_names_of(event.data)), known, known_of_error)
    text = event.body.decode()
    came = load(text)
    kept = fields.of_event(came) if event.structured else fields.of_data(came)
    if kept is came:
        return event
    body = spliced(text, came, kept).encode()
    again = value_of(body)
    return event._replace(body=body, data=again["data"] if event.structured else again)


class _Fields:
    """The rule for each field of an event. What a known field holds that it can't be is evidence too."""

    def __init__(self, rules: Redaction, known: Container[str], known_of_error: Container[str]) -> None:
        self._rules = rules
        self._known = known
        self._known_of_error = known_of_error

    def of_event(self, event: Members) -> Members:
        return self._rules.fields(event.changed(self._attribute), _ATTRIBUTES)

    def of_data(self, data: Members) -> Members:
        return self._rules.fields(data.changed(self._field), self._known)

    def _attribute(self, name: str, value: Any) -> Any:
        return self.of_data(value) if name == "data" and isinstance(value, Members) else value

    def _field(self, name: str, value: Any) -> Any:
        match name:
            case "message":
                return self._rules.said(value)
            case "errors":
                return changed(value, self._error) if type(value) is list else self._error(value)
            case "operation":
                return self._rules.value(value) if isinstance(value, list) else value
            case "aliases":
                return value.changed(self._alias) if isinstance(value, Members) else self._rules.value(value)
        return value

    def _alias(self, _name: str, value: Any) -> Any:
        """Other names are never changed; what is no name is like any evidence."""
        return self._rules.value(value) if isinstance(value, list) else value

    def _error(self, error: Any) -> Any:
        if not isinstance(error, Members):
            return self._rules.said(error)
        return self._rules.fields(error.changed(self._field_of_error), self._known_of_error)

    def _field_of_error(self, name: str, value: Any) -> Any:
        if name == "message":
            return self._rules.said(value)
        return self._rules.value(value) if name in self._known_of_error and isinstance(value, list) else value


def _names_of(data: dict[str, Any]) -> Iterator[str]:
    """Yield the key and the other names of an entity, which a message may repeat."""
    aliases = data.get("aliases")
    for each in (data.get("key"), *(aliases.values() if isinstance(aliases, dict) else ())):
        if isinstance(each, str):
            yield each
