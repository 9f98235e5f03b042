"""Advice about one error in a sentence, where the playbook has none: not even the error's class is known."""

from typing import NamedTuple

from schemas.fault import rank
from schemas.raw_json import RawJson


def _(message: str) -> str:
    """Mark a sentence for the catalogues."""
    return message


GUIDE = _("Follow the troubleshooting guide of the marketplace.")
FIELD = _("Correct this field where the data comes from, then reprocess.")
FIELD_AND_GUIDE = _("Correct this field where the data comes from; the troubleshooting guide says how.")
WAIT = _("The work was done: there is nothing you must do, but read the message.")
BESIDE = _("The connector calls it a warning: look at the errors first.")
READ = _("Read the message and correct what it names, then reprocess.")


class ShownError(NamedTuple):
    """One error of a result; every text is the connector's own but `advice`."""

    code: str
    message: str
    field: str
    category: str
    severity: str
    advice: str  # in English, a key of the catalogues


def shown(error: RawJson, *, reprocessable: bool, warning: bool) -> ShownError:
    """Return an entry of a result's `errors` for a page, whatever a connector has put there."""
    entry = error.fields if error.text.startswith("{") else {"message": error}
    texts = {name: _text(entry.get(name)) for name in ("code", "message", "field", "category", "severity")}
    if rank(texts["severity"]) and not warning:
        return ShownError(**texts, advice=BESIDE)
    return ShownError(
        **texts,
        advice=_advice(texts["field"], reprocessable=reprocessable, warns=warning),
    )


def _advice(field: str, *, reprocessable: bool, warns: bool) -> str:
    if not reprocessable:
        return FIELD_AND_GUIDE if field else GUIDE
    if warns:
        return WAIT
    return FIELD if field else READ


def _text(value: RawJson | None) -> str:
    return (value and value.said) or ""
