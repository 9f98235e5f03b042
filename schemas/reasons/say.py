"""Sentences of reasons, in the reader's language: the only module that turns a reason into one."""

from collections.abc import Iterator, Mapping
from string import Formatter
from types import MappingProxyType
from typing import Any

from schemas.catalogue import LANGUAGES, Language, labels
from schemas.reasons.about_alterations import ALTERATIONS
from schemas.reasons.about_corrections import CORRECTIONS
from schemas.reasons.about_events import EVENTS
from schemas.reasons.about_exports import EXPORTS
from schemas.reasons.about_fields import FIELDS, KINDS
from schemas.reasons.about_notifications import NOTIFICATIONS
from schemas.reasons.about_reprocess import REPROCESS
from schemas.reasons.about_requests import REQUESTS
from schemas.reasons.about_workbooks import WORKBOOKS
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import AT_FAULT, Reason, Value

Templates = Mapping[ReasonCode, Mapping[Language, str]]


def places(template: str) -> set[tuple[str, str]]:
    """Return the parameters that a template names, each with its format."""
    return {(name, spec or "") for _text, name, spec, _conversion in Formatter().parse(template) if name is not None}


def complete(*tables: Templates) -> Templates:
    """Merge `tables` into one. Raises ValueError unless each code has a sentence in every language,
    and names the same parameters in each.
    """
    found: dict[ReasonCode, Mapping[Language, str]] = {}
    for table in tables:
        twice = sorted(found.keys() & table.keys())
        if twice:
            raise ValueError(f"reasons that have two sentences: {', '.join(twice)}")
        found.update(table)
    if missing := sorted(set(ReasonCode) - found.keys()):
        raise ValueError(f"reasons without a sentence: {', '.join(missing)}")
    for code, sentences in found.items():
        if set(sentences) != set(LANGUAGES) or not all(sentences.values()):
            raise ValueError(f"the reason {code} needs a sentence in each of {', '.join(LANGUAGES)}")
        if len({frozenset(places(each)) for each in sentences.values()}) > 1:
            raise ValueError(f"the reason {code} does not name the same parameters in each language")
    return MappingProxyType(found)


OWN_WORDS: Templates = {ReasonCode.OWN_WORDS: labels("{text}", "{text}", "{text}")}
TEMPLATES: Templates = complete(
    OWN_WORDS, EVENTS, FIELDS, ALTERATIONS, REPROCESS, CORRECTIONS, EXPORTS, WORKBOOKS, NOTIFICATIONS, REQUESTS
)


def say(reason: Reason, language: Language) -> str:
    """Return the sentence of a reason, with the value at fault behind it when it has one.

    A reason with an unknown code, or without a parameter that its sentence needs (another version wrote it), is said
    as the code with its parameters. That is never an error.
    """
    template = TEMPLATES.get(reason.code)  # type: ignore[call-overload]
    if template is not None:
        try:
            said = _Sentence(language).vformat(template[language], (), reason.parameters)
            value = reason.parameters.get(AT_FAULT)
            return said if value is None else f"{said} ({value})"
        except (KeyError, ValueError, TypeError):
            pass
    told = ", ".join(f"{name}={_said(value, language)}" for name, value in reason.parameters.items())
    return f"{reason.code} ({told})" if told else reason.code


class _Sentence(Formatter):
    """Formatter of parameters: a reason as its sentence, a list with commas, `:kind` as the word for a kind of value,
    `:each` as one clause for each of a list, and anything else as Python does.
    """

    def __init__(self, language: Language) -> None:
        self._language = language

    def get_field(self, field_name: str, _args: Any, kwargs: Any) -> Any:
        return kwargs[field_name], field_name  # neither attributes nor items of a value

    def format_field(self, value: Any, format_spec: str) -> Any:
        if format_spec == "kind":
            return KINDS[value][self._language]
        if format_spec == "each" and isinstance(value, tuple):
            return "".join(f"; {each}" for each in _members(value, self._language))
        if isinstance(value, Reason | tuple):
            return _said(value, self._language)
        return super().format_field(value, format_spec)


def _said(value: Value, language: Language) -> str:
    if isinstance(value, Reason):
        return say(value, language)
    return ", ".join(_members(value, language)) if isinstance(value, tuple) else str(value)


def _members(value: tuple[Value, ...], language: Language) -> Iterator[str]:
    return (_said(each, language) for each in value)
