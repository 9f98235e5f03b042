"""The view of the list of dead letters, which is all in its address: any view is a link."""

from dataclasses import dataclass
from datetime import tzinfo

from starlette.datastructures import QueryParams

from admin.pages.address import filter_pairs, query_of, read_filter
from schemas.letter_filter import LETTER_FIELDS, LetterFilter


@dataclass(frozen=True, kw_only=True)
class LetterView:
    """One view of the list of dead letters."""

    filter: LetterFilter
    page_token: str | None = None

    def pairs(self) -> list[tuple[str, str]]:
        """Return the filter as in the address, without the cursor."""
        return filter_pairs(self.filter, LETTER_FIELDS)

    def query(self, *, token: str | None = None) -> str:
        """Return the address from its `?` on, of this view at another cursor; empty for the plain view."""
        pairs = self.pairs() + ([("page_token", token)] if token else [])
        return query_of(pairs)

    @property
    def is_plain(self) -> bool:
        """True when the filter is empty."""
        return not self.filter.chooses


def read_letter_view(query: QueryParams, zone: tzinfo) -> LetterView:
    """Read the view of an address. Raises the 422 problem of an invalid value. Unknown names are ignored."""
    filter_ = read_filter(LetterFilter, LETTER_FIELDS, query, zone)
    return LetterView(filter=filter_, page_token=query.get("page_token") or None)
