"""Pages of a list by keyset cursor."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api import page_token
from api.parameters import PageSize, PageToken

T = TypeVar("T")
#: The cursor of a row: its time or count, and an id that orders rows of the same time or count.
Place = tuple[datetime | int, str]


class Page(BaseModel, Generic[T]):
    """Rows in order; the last page has no token."""

    model_config = ConfigDict(frozen=True)

    items: list[T]
    next_page_token: str | None = Field(description="null on the last page")


class Listing(Generic[T]):
    """One list that is read page by page. `name` must identify it: the kind, the account and the whole filter."""

    def __init__(self, name: str, place: Callable[[T], Place], page_size: PageSize, token: PageToken | None) -> None:
        """`place` tells where a row is. Raises a 400 problem for a token of another list."""
        self._name = name
        self._place = place
        self._size = page_size
        #: The cursor of a list in order of a count.
        self.after_count = None if token is None else page_token.decode(name, token)

    @property
    def limit(self) -> int:
        """Rows to read: one more than the page has, to see if there is another page."""
        return self._size + 1

    @property
    def after(self) -> tuple[datetime, str] | None:
        """The cursor of a list in order of time. Raises a 400 problem for a token without a time."""
        place = self.after_count
        return None if place is None else (page_token.time_of(place), place[1])

    @property
    def after_uuid(self) -> tuple[datetime, uuid.UUID] | None:
        """The cursor of a list in order of time, then UUID. Raises a 400 problem for a token without them."""
        return None if self.after is None else (self.after[0], page_token.uuid_of(self.after))

    @property
    def after_count_uuid(self) -> tuple[int, uuid.UUID] | None:
        """The cursor of a list in order of a count, then UUID. Raises a 400 problem for a token without them."""
        place = self.after_count
        return None if place is None else (place[0], page_token.uuid_of(place))

    @property
    def after_id(self) -> tuple[datetime, int] | None:
        """The cursor of a list in order of time, then number. Raises a 400 problem for a token without them."""
        return None if self.after is None else (self.after[0], page_token.id_of(self.after))

    def page(self, rows: Sequence[T], request: Request, response: Response, *, cut: bool = False) -> Page[T]:
        """Make a page of `rows`, up to `limit` of them, and set the RFC 8288 Link to the next.

        `cut`: there are more rows even if `rows` has no more than a page. The link is relative: a Host header that a
        caller or proxy sends must not be repeated.
        """
        page, more = list(rows[: self._size]), cut or len(rows) > self._size
        token = page_token.encode(self._name, self._place(page[-1])) if more else None
        link_to_next(token, request, response)
        return Page(items=page, next_page_token=token)


def link_to_next(token: str | None, request: Request, response: Response) -> None:
    """Set the RFC 8288 Link to the next page, if there is one. It is relative, as Listing.page says."""
    if token is not None:
        following = request.url.include_query_params(page_token=token)
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
