"""The order of a list in its address: it is kept, leads the other way round, and is none of another page's."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from starlette.datastructures import QueryParams

from admin.pages.groups import read_groups_view
from admin.pages.view import View, read_view
from api.problems import ProblemError
from schemas.filter import LogFilter
from schemas.log_sort import USUAL_SORT, LogSort

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SORTS = get_args(LogSort)


def view(query: str) -> View:
    return read_view(QueryParams(query), NOW, UTC)


@pytest.mark.parametrize("sort", SORTS)
def test_an_order_is_in_the_address_unless_it_is_the_usual_one(sort: LogSort) -> None:
    made = View(filter=LogFilter(status=("error",)), sort=sort, page_token="t", open=("all",))
    asked = "?status=error" if sort == USUAL_SORT else f"?status=error&sort={sort}"
    assert made.query() == asked
    assert view(asked.removeprefix("?")).sort == sort
    # Another filter, columns and a column of a chart are in the same order.
    assert view(made.toggled("status", "warning").removeprefix("?")).sort == sort
    assert made.within(NOW - timedelta(hours=1), NOW).sort == sort
    assert made.frozen().sort == sort
    assert made.unsorted.query() == "?status=error"


def test_a_heading_sorts_by_its_column_and_then_the_other_way_round() -> None:
    address = "?"
    for expected in ("?sort=-status", "?sort=status", "?sort=-status"):
        address = str(view(address.removeprefix("?")).of_heading("status"))
        assert address == expected
    assert view("").of_heading("processed_at") == "?sort=oldest"
    assert view("sort=oldest").of_heading("processed_at") == ""
    assert view("sort=key&page_token=t").of_heading("processed_at") == ""
    assert view("status=error&page_token=t").of_heading("key") == "?status=error&sort=key"
    assert view("").of_heading("message") is None


@pytest.mark.parametrize("sort", ["", "name", "NEWEST", "--key", "key,status", "-newest"])
def test_an_unknown_order_is_refused_and_none_is_the_usual_one(sort: str) -> None:
    if not sort:
        assert view("sort=").sort == USUAL_SORT
        return
    with pytest.raises(ProblemError, match="sort"):
        view(f"sort={sort}")


def test_the_order_of_groups_is_another_one() -> None:
    groups = read_groups_view(QueryParams("status=error&sort=growth"), NOW, UTC)
    assert (groups.wanted.sort, groups.logs.sort) == ("growth", USUAL_SORT)
    assert groups.logs.query() == "?status=error"
