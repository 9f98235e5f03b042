"""The view of the list of dead letters, which is all in its address: any view is a link."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.datastructures import QueryParams

from admin.pages.address import date_of, texts_of
from api.problems import invalid_model
from schemas.letter_filter import LETTER_FIELDS, LetterFilter


@dataclass(frozen=True, kw_only=True)
class LetterView:
    """One view of the list of dead letters."""

    filter: LetterFilter
    page_token: str | None = None

    def pairs(self) -> list[tuple[str, str]]:
        """Return the filter as in the address, without the cursor."""
        return [(name, text) for name in LETTER_FIELDS for text in texts_of(getattr(self.filter, name))]

    def query(self, *, token: str | None = None) -> str:
        """Return the address from its `?` on, of this view at another cursor; empty for the plain view."""
        pairs = self.pairs() + ([("page_token", token)] if token else [])
        return f"?{urlencode(pairs)}" if pairs else ""

    @property
    def is_plain(self) -> bool:
        """True when the filter is empty."""
        return not self.filter.chooses


def read_letter_view(query: QueryParams, zone: tzinfo) -> LetterView:
    """Read the view of an address. Raises the 422 problem of an invalid value. Unknown names are ignored."""
    fields: dict[str, Any] = {}
    for name, field in LETTER_FIELDS.items():
        given = [text for text in query.getlist(name) if text.strip()]
        if field.is_repeatable:
            fields[name] = tuple(dict.fromkeys(given))
        elif given:
            fields[name] = date_of(name, given[0], zone) if field.is_time else given[0]
    try:
        filter_ = LetterFilter.model_validate(fields)
    except ValidationError as exc:
        raise invalid_model(exc, "filter") from None
    return LetterView(filter=filter_, page_token=query.get("page_token") or None)
