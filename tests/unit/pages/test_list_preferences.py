"""Columns of a list that somebody chose, in a cookie or an address; parts of a chart; requests that are compared."""

from datetime import UTC, datetime, timedelta
from itertools import chain, combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.datastructures import QueryParams

from admin.pages.changed import MOST_CHARACTERS, compare
from admin.pages.preferences import choosable, columns_of, read_columns, write_columns
from admin.pages.view import read_view
from schemas.catalogue import CATALOGUE, IntegrationType
from schemas.columns import CHOOSABLE
from schemas.raw_json import RawJson
from schemas.search.query import is_whole
from schemas.shown.log import Attempt

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")
CHOICES = list(chain.from_iterable(combinations(CHOOSABLE, size) for size in range(len(CHOOSABLE) + 1)))


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.name)
def test_every_choice_of_columns_is_kept_and_has_the_key(kind: IntegrationType) -> None:
    for choice in CHOICES:
        kept = write_columns(choice)
        assert read_columns(kept) == choice
        assert [each.name for each in columns_of(kind, choice)] == ["key", *choice]
        view = read_view(QueryParams({"columns": kept}), NOW, ZONE)
        assert view.columns == choice
        assert read_view(QueryParams(view.query().lstrip("?")), NOW, ZONE) == view
    assert [each.name for each in choosable(kind)] == list(CHOOSABLE)


@pytest.mark.parametrize("text", [None, "", "nothing.like", "status.nothing", "status.status.key", "<b>", "." * 5000])
def test_a_choice_of_unknown_columns_is_no_error(text: str | None) -> None:
    chosen = read_columns(text)
    assert chosen is None if not text else set(chosen or ()) <= {"status"}


def test_a_column_of_a_chart_is_a_view_within_the_view() -> None:
    view = read_view(QueryParams({"period": "24h", "status": "error", "page_token": "t"}), NOW, ZONE)
    whole = view.within(NOW - timedelta(days=9), NOW + timedelta(hours=3))
    assert (whole.filter.processed_from, whole.filter.processed_to) == (
        view.filter.processed_from,
        NOW + timedelta(hours=3),
    )
    hour = view.within(NOW - timedelta(hours=3), NOW - timedelta(hours=2))
    assert read_view(QueryParams(hour.query().lstrip("?")), NOW, ZONE).filter == hour.filter
    assert (hour.period, hour.page_token, hour.filter.status) == ("custom", None, ("error",))
    endless = read_view(QueryParams(""), NOW, ZONE).within(NOW - timedelta(hours=1), NOW)
    assert endless.filter.processed_to == NOW


@pytest.mark.parametrize("text", ["sku-1", " SKU-1 ", "ＳＫＵ-1", "123"])
def test_a_search_is_for_a_whole_name(text: str) -> None:
    assert is_whole(text, ["SKU-1", "123"])


@pytest.mark.parametrize("text", ["SKU", "SKU-1, 123", "SKU-10", ""])
def test_a_search_is_for_no_whole_name(text: str) -> None:
    assert not is_whole(text, ["SKU-1", "123"])


def attempt(request: str | None) -> Attempt:
    fields: dict[str, Any] = {"processed_at": NOW, "request": None if request is None else RawJson(request)}
    return Attempt.model_construct(**fields)


def test_requests_are_compared_as_json_also_within_a_string() -> None:
    same = compare(attempt('{"price":19.90}'), attempt('"{\\"price\\": 19.90}"'))
    assert same is not None
    assert (same.since, same.changes, same.cut) == (NOW, [], False)
    other = compare(attempt('{"price":19.90,"old":1}'), attempt('"{\\"price\\": 19.9, \\"new\\": [2]}"'))
    assert other is not None
    assert other.changes == [("/price", "19.90", "19.9"), ("/new", None, "[2]"), ("/old", "1", None)]
    long = compare(attempt("1"), attempt("1" * (MOST_CHARACTERS + 1)))
    assert long is not None
    assert len(long.changes[0].after or "") == MOST_CHARACTERS + 1
    for one, two in [(None, "1"), ('"<xml/>"', '"<xml/>"'), ('"{"', "{}"), ("1" * 200_000, "2")]:
        assert compare(attempt(one), attempt(two)) is None
