"""Faults of a result: each of its errors once in each category, the gravest first.

The first one stands for the result where there is room for one. All of them count where results are filtered, grouped
and counted, whatever the order in which a connector lists them.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from schemas.fingerprint import fingerprint

#: Characters of a message that a list shows; the attempt has the whole message.
MAX_SHOWN_MESSAGE = 4096
MAX_CATEGORY_CHARACTERS = 200

#: Ranks of the words that say less than *error*, in lower case. No word is an error, and so is any other word: nobody
#: must miss one because a producer calls it `critical` or `high`.
_LESS = {
    **dict.fromkeys(("warning", "warn", "aviso", "alerta", "advertência", "advertencia"), 1),
    **dict.fromkeys(("info", "information", "informational", "informação", "información", "notice", "debug"), 2),
}


class ToldError(Protocol):
    """An error as a result lists it. Empty text is none."""

    @property
    def code(self) -> str | None: ...
    @property
    def message(self) -> str | None: ...
    @property
    def severity(self) -> str | None: ...
    @property
    def category(self) -> str | None: ...


class Fault(NamedTuple):
    """One error of a result that failed. The error's `field` is no part of it: docs/equal-errors.md."""

    code: str | None  # None: the result lists no error, or one without a code
    category: str | None
    severity: str | None  # the connector's word
    message: str | None  # cut to MAX_SHOWN_MESSAGE
    fingerprint: str  # of code and message


def rank(severity: str | None) -> int:
    """Return the place of a severity: 0 for an error, 1 for a warning, 2 for information. Case does not matter."""
    return _LESS.get(severity.strip().lower(), 0) if severity else 0


def faults_of(
    integration_type: str, affiliate: str, key: str, errors: Sequence[ToldError], message: str | None
) -> tuple[Fault, ...]:
    """Return the faults of a failed result, gravest first, equally grave ones as listed, equal ones of a category once.

    `message` is the result's own: it stands for an error without one, and is the one fault of a result that lists no
    error. A fault depends on nothing else, so that it has the same fingerprint alone and among others.
    """
    if not errors:
        return (_fault(integration_type, affiliate, key, None, message),)
    if len(errors) == 1:
        return (_fault(integration_type, affiliate, key, errors[0], message),)
    found: dict[tuple[str, str | None], Fault] = {}
    for each in sorted(errors, key=lambda error: rank(error.severity)):
        fault = _fault(integration_type, affiliate, key, each, message)
        found.setdefault((fault.fingerprint, fault.category), fault)
    return tuple(found.values())


def group_of(integration_type: str, affiliate: str, key: str, error: ToldError) -> str | None:
    """Return the fingerprint of one of several errors of a failed result; None without a message of its own.

    For such a one the result's message stood, which is not known from the error. Of a result with one error, or none,
    the log has the fingerprint.
    """
    return _fault(integration_type, affiliate, key, error, None).fingerprint if error.message else None


def _fault(integration_type: str, affiliate: str, key: str, error: ToldError | None, message: str | None) -> Fault:
    code = category = severity = None
    if error is not None:
        code, category, severity = error.code, error.category, error.severity
        message = error.message or message
    message = message[:MAX_SHOWN_MESSAGE] if message else None
    return Fault(
        code or None,
        category[:MAX_CATEGORY_CHARACTERS] if category else None,
        severity or None,
        message,
        fingerprint(integration_type, affiliate, code, message, key),
    )
