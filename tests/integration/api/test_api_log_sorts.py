"""`sort` of a list of logs: each order page by page, by links and back, and a clear answer where there is none."""

import random
from typing import Any, get_args

import pytest
from fastapi import FastAPI

from api import log_listing
from schemas.log_sort import MAX_SORTED, LogSort
from storage.logs import by_column
from tests.integration.api.conftest import Caller, Store
from tests.integration.api.test_api_pages import walk
from tests.support.events import at, result

LOGS = "/api/v1/accounts/acme/price/logs"
SORTS = get_args(LogSort)


@pytest.fixture
async def _stored(store_events: Store) -> None:
    """Twelve logs; affiliates, statuses, codes and attempts are shared by some."""
    for n in range(12):
        status = ("success", "warning", "error")[n % 3]
        code = None if status == "success" else [{"code": f"c{n % 2}"}]
        for attempt in range(1 + n % 4):
            event = result(
                f"e{n}-{attempt}",
                key=f"K{(n * 7) % 12:02}",
                affiliate=("MLB", "AMZ")[n % 2],
                status=status,
                errors=code,
                processed_at=at(n * 10 + attempt),
            )
            await store_events(event)


@pytest.mark.usefixtures("_stored")
@pytest.mark.parametrize("sort", SORTS)
async def test_each_order_by_its_links_and_back_by_its_tokens(viewer: Caller, sort: str) -> None:
    pages = await walk(viewer, f"{LOGS}?sort={sort}&page_size=5")
    assert [len(page) for page in pages] == [5, 5, 2]
    whole = (await viewer.get(LOGS, params={"sort": sort})).json()
    every = [each for page in pages for each in page]
    assert (every, whole["next_page_token"], whole["previous_page_token"]) == (whole["items"], None, None)
    column, down = sort.removeprefix("-"), sort.startswith("-")
    if sort in ("newest", "oldest"):
        dates = [each["processed_at"] for each in every]
        assert dates == sorted(dates, reverse=sort == "newest")
    else:
        severity = ["success", "warning", "error"]
        values: list[Any] = [each[column] for each in every]
        ranks = [severity.index(each) if column == "status" else each for each in values if each is not None]
        assert ranks == sorted(ranks, reverse=down)
        assert values[: len(ranks)] == [each for each in values if each is not None]
    # Back from the last page to the first one.
    last = (await viewer.get(LOGS, params={"sort": sort, "page_size": 5})).json()
    for _ in range(2):
        last = (
            await viewer.get(LOGS, params={"sort": sort, "page_size": 5, "page_token": last["next_page_token"]})
        ).json()
    assert last["items"] == pages[2]
    for expected in (pages[1], pages[0]):
        back = {"sort": sort, "page_size": 5, "page_token": last["previous_page_token"]}
        last = (await viewer.get(LOGS, params=back)).json()
        assert last["items"] == expected
        assert last["next_page_token"] is not None
    assert last["previous_page_token"] is None


@pytest.mark.usefixtures("_stored")
async def test_the_usual_order_is_that_without_a_parameter(viewer: Caller) -> None:
    plain, newest = [(await viewer.get(f"{LOGS}?page_size=4{more}")).json() for more in ("", "&sort=newest")]
    assert plain == newest


@pytest.mark.usefixtures("_stored")
async def test_a_token_is_of_one_order(viewer: Caller) -> None:
    for sort in SORTS:
        token = (await viewer.get(f"{LOGS}?page_size=2&sort={sort}")).json()["next_page_token"]
        for other in random.Random(sort).sample(SORTS, 4):
            answer = await viewer.get(f"{LOGS}?page_size=2&sort={other}&page_token={token}")
            assert answer.status_code == (200 if other == sort else 400), (sort, other)
        assert (await viewer.get(f"{LOGS}?status=error&sort={sort}&page_token={token}")).status_code == 400


@pytest.mark.parametrize("query", ["sort=name", "sort=", "sort=key&sort=key", "sort=KEY"])
async def test_what_is_no_order_is_422(viewer: Caller, query: str) -> None:
    answer = await viewer.get(f"{LOGS}?{query}")
    assert answer.status_code == 422
    assert "query.sort" in answer.text


def at_most(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(by_column, "MAX_SORTED", limit)
    monkeypatch.setattr(log_listing, "MAX_SORTED", limit)


@pytest.mark.usefixtures("_stored")
async def test_more_logs_than_are_sorted_are_422_with_the_limit_and_their_number(
    viewer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_most(monkeypatch, 11)
    for filter_, matched in (("", 12), ("status=success&status=warning&status=error&", 12), ("code=none&", 0)):
        for sort in SORTS:
            answer = await viewer.get(f"{LOGS}?{filter_}sort={sort}")
            if matched <= 11 or sort in ("newest", "oldest"):
                assert (answer.status_code, len(answer.json()["items"])) == (200, matched), (filter_, sort)
                continue
            assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
            [error] = answer.json()["errors"]
            assert error["field"] == "query.sort"
            assert error["message"].startswith("by a column needs a filter of at most 11 logs, and this one matches 12")


@pytest.mark.usefixtures("_stored")
async def test_a_search_is_sorted_when_few_match_however_much_it_finds(
    viewer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_most(monkeypatch, 4)
    # The search finds twelve: of those few have the status, or the time.
    for filter_ in ("q=K&code=c1&affiliate=AMZ&status=warning", f"q=K&processed_to={at(25).replace('+', '%2B')}"):
        answer = await viewer.get(f"{LOGS}?{filter_}&sort=key")
        assert answer.status_code == 200, answer.text
        keys = [each["key"] for each in answer.json()["items"]]
        assert keys == sorted(keys)
        assert 0 < len(keys) <= 4
    # All are found, and all match the rest.
    [error] = (await viewer.get(f"{LOGS}?q=K&sort=key")).json()["errors"]
    assert "at most 4 logs; the search finds more, so does the rest of the filter" in error["message"]
    # Four names and four others by words: each search alone is small enough, what both find is not.
    at_most(monkeypatch, 11)
    assert (await viewer.get(f"{LOGS}?q=K0&sort=key")).status_code == 200


def test_the_limit_is_in_the_document(app: FastAPI) -> None:
    listing = app.openapi()["paths"]["/api/v1/accounts/{account}/{integration_type}/logs"]["get"]
    [sort] = [each for each in listing["parameters"] if each["name"] == "sort"]
    assert f"{MAX_SORTED:,}" in sort["description"]
    assert (sort["schema"]["enum"], sort["schema"]["default"]) == (list(SORTS), "newest")
