"""Words of the pages in the reader's language: the vocabulary, and the words that only pages have.

An unknown word is shown as it is, since a newer version may have written it.
"""

import gettext
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from schemas import words
from schemas.catalogue import Language

Own = Literal[
    "theme",
    "period",
    "with_status",
    "caution",
    "origin",
    "helps",
    "subject",
    "change",
    "fault_class",
    "difference",
    "departure",
    "way",
    "paging",
]
Kind = words.Kind | Own


def _(message: str) -> str:
    """Mark a sentence for the catalogues."""
    return message


_DOES_NOT_HELP: Final = _("Reprocessing does not help")  # of an error, and of a group in a plan
OWN: Final[Mapping[Own, Mapping[str, str]]] = MappingProxyType(
    {
        "origin": {
            "own": _("This account's own"),
            "file": _("File of the installation"),
            "shipped": _("Shipped with Conexões"),
            "class": _("By its class"),
            "unknown": _("Not known"),
        },
        "helps": {
            "yes": _("Reprocessing helps"),
            "after_fix": _("Correct it first, then reprocess"),
            "no": _DOES_NOT_HELP,
        },
        "subject": {
            "code": _("An error code"),
            "message": _("A part of the message"),
            "fingerprint": _("One group of equal errors"),
        },
        "change": {"added": _("Written"), "changed": _("Revised"), "removed": _("Removed")},
        "fault_class": {
            "transient": _("Out of reach or busy"),
            "limit": _("Limit"),
            "credentials": _("Credentials"),
            "permission": _("Permission"),
            "not_found": _("Not found there"),
            "conflict": _("Conflict"),
            "validation": _("Refused value"),
            "connector": _("Fault of the connector"),
            "marketplace": _("Fault of the marketplace"),
        },
        "paging": {"pages": _("In pages"), "scroll": _("Going on while I scroll")},
        "difference": {
            "more_failures": _("More failures than last week"),
            "fewer_results": _("Fewer results than last week"),
            "fewer_failures": _("Fewer failures than last week"),
        },
        "departure": {"more": _("more failures than usual"), "fewer": _("fewer failures than usual")},
        "way": {
            "list": _("See the list"),
            "plan": _("See the plan"),
            "incident": _("See the incident"),
            "command": _("See the reprocess"),
        },
        "with_status": {"success": _("with success"), "warning": _("with a warning"), "error": _("with an error")},
        "caution": {
            "ignored": _("This group is ignored"),
            "never_fixed": _("None of those that were tried was fixed"),
            "after_fix": _("Correct it first: reprocessing repeats the error"),
            "no": _DOES_NOT_HELP,
        },
        "theme": {"auto": _("System default"), "light": _("Light"), "dark": _("Dark")},
        "period": {
            "today": _("Today"),
            "yesterday": _("Yesterday"),
            "since_yesterday": _("Since yesterday"),
            "24h": _("Last 24 hours"),
            "7d": _("Last 7 days"),
            "30d": _("Last 30 days"),
            "custom": _("From – to"),
        },
    }
)


def word(catalogue: gettext.NullTranslations, language: Language, kind: Kind, name: str, *, short: bool = False) -> str:
    """Return the word for `name` in `language`, with its gettext `catalogue`; `name` itself without a word."""
    if kind in OWN:
        own = OWN[kind].get(name)  # type: ignore[index]
        return name if own is None else catalogue.gettext(own)
    return words.word(kind, name, language, short=short)  # type: ignore[arg-type]
