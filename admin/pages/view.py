"""The view of a list page, which is all in its address: any view is a link."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, Self, get_args

from pydantic import ValidationError
from starlette.datastructures import QueryParams

from admin.pages.address import MOST_CHARACTERS, date_of, query_of, texts_of
from admin.pages.preferences import read_columns, write_columns
from admin.pages.times import PERIODS, Period, span_of
from api.parameters import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from api.problems import invalid, invalid_model
from schemas.filter import FIELDS, REPEATABLE, SPAN, FilterField, LogFilter
from schemas.log_sort import OF_HEADING, USUAL_SORT, LogSort
from schemas.reasons.code import ReasonCode
from schemas.timestamp import to_text

PAGE_SIZES = (25, 50, 100, MAX_PAGE_SIZE)
ALL = "all"
#: Values of a field without words that are told one by one, where a filter is told; more are counted.
MOST_TOLD = 10
#: Value in the place of ids: no row is open, not even the only hit of a name.
NONE_OPEN = "none"
#: Fields of the filter that are in the address by their own names.
_PLAIN = tuple(each for each in FIELDS.values() if each.name not in SPAN)
#: Fields that only other pages set: groups of equal errors, and commands.
_KEPT = tuple(each for each in _PLAIN if each.shown.control == "kept")


@dataclass(frozen=True, kw_only=True)
class View:
    """One view of one list page."""

    filter: LogFilter
    period: Period | None = None  # source of the dates of `filter`; None: it has no dates
    page_size: int = DEFAULT_PAGE_SIZE
    page_token: str | None = None
    columns: tuple[str, ...] | None = None  # where the address names them; None: the visitor's own
    sort: LogSort = USUAL_SORT
    open: tuple[str, ...] = ()  # ids of expanded rows; (ALL,): every row

    def shows(self, log_id: str) -> bool:
        """Return True when the row is expanded."""
        return ALL in self.open or log_id in self.open

    def pairs(self) -> list[tuple[str, str]]:
        """Return the filter as in the address, without the cursor."""
        found = [(name, text) for name, text in self.parts() if name != "dates"]
        if self.period is not None and self.period != "custom":
            found.append(("period", self.period))
        else:
            ends = [(name, getattr(self.filter, name)) for name in SPAN]
            dates = [(name, to_text(at)) for name, at in ends if at is not None]
            found += dates or ([("period", "custom")] if self.period else [])
        if self.page_size != DEFAULT_PAGE_SIZE:
            found.append(("page_size", str(self.page_size)))
        if self.columns is not None:
            found.append(("columns", write_columns(self.columns)))
        if self.sort != USUAL_SORT:
            found.append(("sort", self.sort))
        return found

    def parts(self) -> list[tuple[str, str]]:
        """Return the parts of the filter, each as `without` takes it: a field and one value of it, as text.

        The part `dates` is both ends of the period; its value is the period's name, `custom` for none.
        """
        found = [(each.name, text) for each in _PLAIN for text in texts_of(getattr(self.filter, each.name))]
        if any(getattr(self.filter, name) is not None for name in SPAN):
            found.append(("dates", self.period or "custom"))
        return found

    def told(self) -> list[tuple[str, str | int]]:
        """Return the parts to be told where none is taken away: of a field of groups with many, how many they are."""
        counts = {each.name: len(texts_of(getattr(self.filter, each.name))) for each in _KEPT}
        many = {name: count for name, count in counts.items() if count > MOST_TOLD}
        each_alone: list[tuple[str, str | int]] = [part for part in self.parts() if part[0] not in many]
        return each_alone + list(many.items())

    @property
    def is_long(self) -> bool:
        """True when its groups make its address longer than a page should lead to. A search was long when it came."""
        groups = [(each.name, text) for each in _KEPT for text in texts_of(getattr(self.filter, each.name))]
        return len(query_of(groups)) > MOST_CHARACTERS

    def query(self, *, token: str | None = None, open_: Sequence[str] = ()) -> str:
        """Return the address from its `?` on, of this view at another cursor; empty for the plain view."""
        pairs = self.pairs()
        if token is not None:
            pairs.append(("page_token", token))
        pairs += [("open", each) for each in open_]
        return query_of(pairs)

    def toggled_row(self, log_id: str, *, alone: bool) -> str:
        """Return the address of this view with only this row open, or with none where it is open.

        `alone`: there is no other row, so that it might open by itself.
        """
        closed = (NONE_OPEN,) if alone else ()
        return self.query(token=self.page_token, open_=closed if self.shows(log_id) else (log_id,))

    @property
    def here(self) -> str:
        """Return the address of this very view."""
        return self.query(token=self.page_token, open_=self.open)

    def with_(self, **changes: Any) -> Self:
        """Return this view with another filter, from its first page."""
        period = None if set(SPAN) & set(changes) else self.period
        filter_ = self.filter.model_copy(update=changes)
        return replace(self, filter=filter_, period=period, page_token=None, open=())

    def alike(self, fingerprint: str) -> Self:
        """Return this view of the logs with one error alone, by whatever one of them was found."""
        return self.with_(fingerprint=(fingerprint,), exclude_fingerprint=(), q=None)

    def unlike(self, fingerprint: str) -> Self:
        """Return this view without the logs with one error."""
        kept = tuple(each for each in self.filter.fingerprint if each != fingerprint)
        left_out = dict.fromkeys((*self.filter.exclude_fingerprint, fingerprint))
        return self.with_(fingerprint=kept, exclude_fingerprint=tuple(left_out))

    def within(self, start: datetime, end: datetime) -> "View":
        """Return this view of a part of its time, as a column of a chart is one."""
        ends = {"processed_from": start, "processed_to": end}
        if self.filter.processed_from is not None:
            ends["processed_from"] = max(start, self.filter.processed_from)
        if self.filter.processed_to is not None:
            ends["processed_to"] = min(end, self.filter.processed_to)
        return replace(self.with_(**ends), period="custom")

    def toggled(self, name: str, value: str) -> str:
        """Return the address after one value of a repeatable field is added or removed."""
        values = getattr(self.filter, name)
        changed = tuple(each for each in values if each != value) if value in values else (*values, value)
        return self.with_(**{name: changed}).query()

    def without(self, name: str, value: str | None = None) -> str:
        """Return the address without one part of the filter; `dates` are both ends."""
        if name == "dates":
            return self.with_(**dict.fromkeys(SPAN)).query()
        if name in REPEATABLE and value is not None:
            return self.toggled(name, value)
        return self.with_(**{name: None}).query()

    def sorted_by(self, sort: LogSort) -> Self:
        """Return this view in another order, from its first page."""
        return replace(self, sort=sort, page_token=None, open=())

    @property
    def unsorted(self) -> Self:
        """Return this view in the usual order, as pages of other things than logs want it."""
        return self.sorted_by(USUAL_SORT)

    def of_heading(self, column: str) -> str | None:
        """Return the address of this view sorted by a column, or the other way round where it is.

        None for a column that no list is sorted by.
        """
        first, second = OF_HEADING.get(column, (None, None))
        if first is None or second is None:
            return None
        return self.sorted_by(second if self.sort == first else first).query()

    def frozen(self) -> Self:
        """Return the view with fixed dates, so that a second page is of the same list as the first."""
        return self if self.period is None else replace(self, period="custom")

    @property
    def is_plain(self) -> bool:
        """True when the filter is empty."""
        return self.filter == LogFilter()


def read_view(query: QueryParams, now: datetime, zone: tzinfo) -> View:
    """Read the view of an address. Raises the 422 problem of an invalid value.

    Every field of the filter is read. Unknown names are ignored, since other programs may add theirs to a link.
    """
    given = {name: value for name, value in query.items() if value.strip()}
    fields: dict[str, Any] = {}
    for each in _PLAIN:
        if each.is_repeatable:
            fields[each.name] = tuple(dict.fromkeys(_texts(each, query)))
        elif text := _text(each, query):
            fields[each.name] = date_of(each.name, text, zone) if each.is_time else text
    if "period" in query and "period" not in given:  # any time was chosen
        given = {name: text for name, text in given.items() if name not in SPAN}
    period = _period(given)
    if period is not None and period != "custom":
        span = span_of(period, now, zone)
        fields |= zip(SPAN, (span.start, span.end), strict=True)
    else:
        for name in SPAN:
            if name in given:
                fields[name] = date_of(name, given[name], zone)
    try:
        filter_ = LogFilter.model_validate(fields)
    except ValidationError as exc:
        raise invalid_model(exc, "filter") from None
    return View(
        filter=filter_,
        period=period,
        page_size=_page_size(given.get("page_size")),
        page_token=given.get("page_token"),
        columns=read_columns(given.get("columns")),
        sort=_sort(given.get("sort", USUAL_SORT)),
        open=tuple(each for each in query.getlist("open") if each in {ALL, NONE_OPEN} or _is_id(each)),
    )


def view_of(filter_: LogFilter) -> View:
    """The list of what a filter selects, whose dates are as they are."""
    dated = any(getattr(filter_, name) is not None for name in SPAN)
    return View(filter=filter_, period="custom" if dated else None)


def _texts(field: FilterField, query: QueryParams) -> Iterator[str]:
    """Yield the values of a repeatable field in an address.

    A value of a field of groups may be several groups, with spaces between them: the box of a line is one value.
    """
    for text in query.getlist(field.name):
        if field.shown.control == "kept":
            yield from text.split()
        elif text:
            yield text


def _text(field: FilterField, query: QueryParams) -> str:
    """Return the value of a field in an address; empty for a field that is not set.

    A value that is compared with stored text keeps its spaces: a code may begin with one. A search disregards them, so
    that spaces alone are none.
    """
    text = query.get(field.name, "")
    if field.shown.control in {"text", "kept"}:
        return text
    return text.strip() and (text if field.shown.control == "search" else text.strip())


def _period(given: dict[str, str]) -> Period | None:
    asked = given.get("period")
    known = next((each for each in PERIODS if each == asked), None)
    if known is None and any(name in given for name in SPAN):
        return "custom"
    return known


def _page_size(text: str | None) -> int:
    if text is None:
        return DEFAULT_PAGE_SIZE
    if not text.isdecimal() or len(text) > len(str(MAX_PAGE_SIZE)) or not 1 <= int(text) <= MAX_PAGE_SIZE:
        raise invalid("page_size", ReasonCode.FIELD_BETWEEN, first=1, last=MAX_PAGE_SIZE)
    return int(text)


def _sort(text: str) -> LogSort:
    known: dict[str, LogSort] = {each: each for each in get_args(LogSort)}
    if text not in known:
        raise invalid("sort", ReasonCode.FIELD_NOT_ONE_OF, allowed=", ".join(known))
    return known[text]


def _is_id(text: str) -> bool:
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False
