"""A field of a kept request as people change it: in a form, or in a cell of a workbook."""

from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from schemas import raw_json
from schemas.correction import Change, EditableField, text_of

_LONG = 60  # characters, from which on a text has several lines


class FormField(NamedTuple):
    """A field of the form."""

    pointer: str
    kind: str
    text: str  # in the form: of a text itself, of anything else its JSON
    changed: bool = False

    @property
    def is_long(self) -> bool:
        """True for a text that needs several lines."""
        return len(self.text) > _LONG or "\n" in self.text

    @classmethod
    def of(cls, field: EditableField, typed: str | None) -> "FormField":
        """Return a field as it is kept, or as it was typed."""
        value = field.value
        kept = "" if value is None else _lines(value) if isinstance(value, str) else text_of(value)
        text = kept if typed is None else _lines(typed)
        if field.kind != "text":
            text = text.strip()
        return cls(field.pointer, field.kind, text, changed=not _is_same(kept, text, field.kind))

    @property
    def change(self) -> Change:
        """The new value, of the field's kind where the text can be one; of a null, a text. Raises ValidationError."""
        return Change(pointer=self.pointer, value=self._json)

    @property
    def _json(self) -> str:
        if self.kind in {"number", "boolean"}:
            try:
                value = raw_json.load(self.text)
            except (ValueError, RecursionError):
                value = ""
            if value is not None and not isinstance(value, str | list):
                return text_of(value)
        return text_of(self.text)


def _is_same(kept: str, typed: str, kind: str) -> bool:
    """Return True if nothing was changed: a program that opens a workbook may write a number with other zeros."""
    if kind != "number":
        return kept == typed
    try:
        return Decimal(kept) == Decimal(typed)
    except InvalidOperation:
        return False


def _lines(text: str) -> str:
    """Return a text with line ends of one kind: a form sends each as CR and LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
