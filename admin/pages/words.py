"""The words of the glossary in the languages of the pages: statuses, states, verdicts, codes of dead letters.

A word that is not here is shown as it is: a sixth status of tomorrow is no error today.
"""

import gettext
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from schemas.catalogue import CATALOGUE
from schemas.policy import SWITCHED_OFF
from schemas.reprocess import ItemState
from schemas.verdict import REASONS

Kind = Literal[
    "status", "state", "reason", "command", "mode", "step", "role", "theme", "period", "code", "who", "group"
]


def _(message: str) -> str:
    """Marks a sentence for the catalogues."""
    return message


WORDS: Mapping[Kind, Mapping[str, str]] = MappingProxyType(
    {
        "status": {"success": _("Success"), "warning": _("Warning"), "error": _("Error")},
        "state": {
            "in_flight": _("In flight"),
            "queued": _("Queued"),
            "sent": _("Sent, awaiting the answer"),
            "fixed": _("Fixed"),
            "same_error": _("Same error again"),
            "different_error": _("Another error now"),
            "silent": _("No answer in time"),
            "failed": _("Could not be sent"),
            "cancelled": _("Not sent"),
            "not_reprocessable": _("Not reprocessable"),
            "already_succeeded": _("Succeeded already"),
            "not_found": _("Not found"),
            "changed_since": _("Changed since"),
            "paused": _("Marketplace paused"),
            "reason_required": _("Reason required"),
        },
        "reason": {
            "The last result is a success.": _("The last result is a success."),
            "It is being reprocessed already.": _("It is being reprocessed already."),
            "Your key is read-only.": _("Your key is read-only."),
            REASONS[ItemState.PAUSED]: _("This marketplace is paused: resume it, then ask again."),
            REASONS[ItemState.CHANGED_SINCE]: _("A newer result came after the filter was looked at."),
            REASONS[ItemState.NOT_FOUND]: _("There is no such log in this account and type."),
            REASONS[ItemState.IN_FLIGHT]: _(
                "An earlier reprocess of this entity is in flight; this request joined it."
            ),
            REASONS[ItemState.CANCELLED]: _("Its command ended before this was sent."),
            SWITCHED_OFF: _("Reprocessing is switched off for this marketplace."),
            **{
                each.not_reprocessable_reason: _(
                    "Orders are not reprocessed: follow the troubleshooting guide of the marketplace."
                )
                for each in CATALOGUE
                if each.not_reprocessable_reason
            },
        },
        "command": {
            "accepted": _("Accepted"),
            "running": _("Running"),
            "done": _("Done"),
            "cancelled": _("Cancelled"),
            "stopped": _("Stopped by itself"),
        },
        "who": {
            "seller": _("The store must act:"),
            "connector": _("The connector team must act:"),
            "marketplace": _("The marketplace must act:"),
        },
        "group": {"open": _("Undecided"), "acknowledged": _("Acknowledged"), "ignored": _("Ignored")},
        "mode": {"refresh": _("Read the source again"), "replay": _("Send the same again")},
        "step": {
            "requested": _("Reprocess requested"),
            "sent": _("Sent to the connector"),
            "answered": _("The connector answered"),
            "silent": _("No answer before the deadline"),
        },
        "role": {"viewer": _("Read only"), "operator": _("Read and reprocess"), "admin": _("Full access")},
        "theme": {"auto": _("System default"), "light": _("Light"), "dark": _("Dark")},
        "period": {
            "today": _("Today"),
            "yesterday": _("Yesterday"),
            "24h": _("Last 24 hours"),
            "7d": _("Last 7 days"),
            "30d": _("Last 30 days"),
            "custom": _("From – to"),
        },
        "code": {
            "empty": _("Empty record"),
            "encoding": _("Not UTF-8"),
            "json": _("Not JSON"),
            "too_large": _("Too large"),
            "too_deep": _("Nested too deeply"),
            "envelope": _("Not a CloudEvent"),
            "type_mismatch": _("Type does not match the topic"),
            "schema": _("A field is missing or wrong"),
            "status_not_allowed": _("Status not valid for this type"),
            "timestamp": _("Impossible date or time"),
            "storage": _("Refused by the database"),
        },
    }
)


def word(catalogue: gettext.NullTranslations, kind: Kind, name: str) -> str:
    """The word for `name` in the language of `catalogue`; `name` itself where there is none."""
    known = WORDS[kind].get(name)
    return name if known is None else catalogue.gettext(known)
