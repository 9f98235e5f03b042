"""Advice of the playbook on an error, as cells: who must act, and what to do."""

from typing import Any, NamedTuple

from exports.excel.cell import cell_text
from exports.excel.texts import CUT
from schemas.catalogue import Language
from schemas.playbook import Playbook, SeenError
from schemas.words import word

#: Errors that are remembered. Equal ones are looked up once; a list of logs has few different ones.
_REMEMBERED = 20_000


class Advice(NamedTuple):
    """Cells of schemas.columns.ADVICE_COLUMNS; None where nobody knows the error."""

    who: str | None
    what_to_do: str | None


NONE = Advice(None, None)


class Adviser:
    """Advice on errors in one language, by the playbook of one account."""

    def __init__(self, playbook: Playbook, integration_type: str, language: Language) -> None:
        self._playbook = playbook
        self._type = integration_type
        self._language = language
        self._known: dict[Any, Advice] = {}

    def about(
        self,
        affiliate: str,
        *,
        code: str | None,
        message: str | None,
        category: str | None = None,
        fingerprint: str | None = None,
    ) -> Advice:
        """Return the advice on an error. Of errors of one group and code the first one seen speaks for all."""
        same = (affiliate, fingerprint or message, code, category)
        if (known := self._known.get(same)) is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            error = SeenError(
                self._type, affiliate, code=code, fingerprint=fingerprint, message=message, category=category
            )
            known = self._known[same] = self._look_up(error)
        return known

    def _look_up(self, error: SeenError) -> Advice:
        entry = self._playbook.about(error)
        if entry is None:
            return NONE
        text = getattr(entry.what_to_do, self._language)
        return Advice(word("actor", entry.who, self._language), cell_text(text, CUT[self._language]))
