"""One page of a list, where it begins, and the way to the next."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api import page_token
from api.parameters import PageSize, PageToken

T = TypeVar("T")
#: Of a row in its list: a time or a count, and what tells rows of the same one apart.
Place = tuple[datetime | int, str]


class Page(BaseModel, Generic[T]):
    """Rows in order; the last page has no token."""

    model_config = ConfigDict(frozen=True)

    items: list[T]
    next_page_token: str | None = Field(description="null on the last page")


class Listing(Generic[T]):
    """One list that is read page by page: `name` must tell it from every other, filter and account included."""

    def __init__(self, name: str, place: Callable[[T], Place], page_size: PageSize, token: PageToken | None) -> None:
        """`place` tells where a row is. Raises a 400 problem for a token of another list."""
        self._name = name
        self._place = place
        self._size = page_size
        #: Where rows go by a count.
        self.after_count = None if token is None else page_token.decode(name, token)

    @property
    def limit(self) -> int:
        """Rows to read: one more than the page has, to see whether there is another page."""
        return self._size + 1

    @property
    def after(self) -> tuple[datetime, str] | None:
        """Where rows go by time. Raises a 400 problem for a token in which there is none."""
        place = self.after_count
        return None if place is None else (page_token.time_of(place), place[1])

    @property
    def after_uuid(self) -> tuple[datetime, uuid.UUID] | None:
        """As `after`, where rows of the same time are told apart by a UUID."""
        return None if self.after is None else (self.after[0], page_token.uuid_of(self.after))

    def page(self, rows: Sequence[T], request: Request, response: Response, *, cut: bool = False) -> Page[T]:
        """The page that `rows`, up to `limit` of them, make; with the RFC 8288 Link to the next.

        `cut`: there are more rows, whatever `limit` says. The link names no host: the one that the caller gives, or
        that a proxy does, is not ours to repeat.
        """
        page, more = list(rows[: self._size]), cut or len(rows) > self._size
        token = page_token.encode(self._name, self._place(page[-1])) if more else None
        if token is not None:
            following = request.url.include_query_params(page_token=token)
            response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
        return Page(items=page, next_page_token=token)
