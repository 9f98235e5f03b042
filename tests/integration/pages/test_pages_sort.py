"""A list that is sorted: by its headings, in its address, in views, in files; and where it can't be, with why."""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from admin.pages import live, logs
from api import log_listing
from storage.logs import by_column
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Browser, Visit
from tests.support.account import account
from tests.support.events import at, result
from tests.support.served import served

PART = {"hx-request": "true"}
COLUMNS = "columns=affiliate.status.processed_at.code.attempts.first_seen_at"


def keys_of(page: str) -> list[str]:
    return re.findall(r'<span title="([^"]+)"><bdi class="key">', page)


def headings(page: str) -> dict[str, tuple[str | None, str | None]]:
    """The link of each heading, and how it says that the list is sorted, by column."""
    found = {}
    for name, attributes, inside in re.findall(r'<th class="c-(\w+)"([^>]*)>(.*?)</th>', page):
        sort = re.search(r'aria-sort="(\w+)"', attributes)
        link = re.search(r'href="([^"]+)"', inside)
        found[name] = (html.unescape(link[1]) if link else None, sort[1] if sort else None)
    return found


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", page)))


async def test_each_heading_is_a_link_that_sorts_and_says_how_the_list_is_sorted(
    visit: Visit, store_events: Store
) -> None:
    await store_events(*account())
    browser = await visit("operator")
    page = (await browser.get(f"/acme/price?{COLUMNS}&status=error")).text
    found = headings(page)
    assert [name for name, (_link, sort) in found.items() if sort] == ["processed_at"]
    assert found["processed_at"][1] == "descending"
    assert [name for name, (link, _sort) in found.items() if link is None] == ["pick", "do"]
    assert "Newest first again" not in page
    for name, (link, _sort) in found.items():
        if link is None:
            continue
        once = (await browser.get(link)).text
        again = headings(once)
        assert again[name][1] in {"ascending", "descending"}, name
        assert [each for each, (_link, sort) in again.items() if sort] == [name]
        assert len(keys_of(once)) == 5, "the filter stays"
        assert "columns=" in link
        twice = headings((await browser.get(str(again[name][0]))).text)
        assert {twice[name][1], again[name][1]} == {"ascending", "descending"}
        # The way back, for who does not see the column as well.
        assert "Newest first again" in once
        assert f'name="sort" value="{link.rpartition("sort=")[2]}"' in once, "another filter keeps the order"


async def test_the_order_is_that_of_the_rows_page_by_page_and_back(visit: Visit, store_events: Store) -> None:
    await store_events(*(result(f"m{n}", key=f"SKU-{(n * 7) % 60:03}", processed_at=at(n / 10)) for n in range(60)))
    browser = await visit("viewer")
    expected = [f"SKU-{n:03}" for n in range(60)]
    for sort, every in (("key", expected), ("-key", expected[::-1])):
        page = (await browser.get(f"/acme/price?page_size=25&sort={sort}")).text
        assert 'rel="prev"' not in page
        walked = [keys_of(page)]
        for _ in range(2):
            [following] = re.findall(r'rel="next" href="([^"]+)"', page)
            page = (await browser.get(html.unescape(following))).text
            walked.append(keys_of(page))
        assert [key for keys in walked for key in keys] == every
        assert "End of the list." in page
        [previous] = re.findall(r'rel="prev" href="([^"]+)"', page)
        page = (await browser.get(html.unescape(previous))).text
        assert keys_of(page) == walked[1]
        # The page before is the first one, at its own address, which is live.
        [previous] = re.findall(r'rel="prev" href="([^"]+)"', page)
        first = await browser.get(html.unescape(previous))
        assert (first.status_code, first.headers["location"]) == (303, f"/acme/price?page_size=25&sort={sort}")


async def test_the_usual_list_goes_back_too(visit: Visit, store_events: Store) -> None:
    await store_events(*(result(f"m{n}", key=f"SKU-{n:03}", processed_at=at(n / 10)) for n in range(60)))
    browser = await visit("viewer")
    page = (await browser.get("/acme/price?page_size=25&period=7d")).text
    pages = [page]
    for _ in range(2):
        [following] = re.findall(r'rel="next" href="([^"]+)"', pages[-1])
        pages.append((await browser.get(html.unescape(following))).text)
    [previous] = re.findall(r'rel="prev" href="([^"]+)"', pages[2])
    assert keys_of((await browser.get(html.unescape(previous))).text) == keys_of(pages[1])


async def test_a_saved_view_keeps_its_order_and_its_columns(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("operator")
    asked = "?status=error&columns=status.attempts&sort=-attempts"
    token = await browser.form_token("/acme/price")
    saved = await browser.post("/acme/price/views", data={"form_token": token, "name": "worst", "query": asked})
    assert (saved.status_code, saved.headers["location"]) == (303, f"/acme/price{asked}")
    page = (await browser.get("/acme/price")).text
    assert f'href="/acme/price{html.escape(asked)}"' in page
    assert headings((await browser.get(f"/acme/price{asked}")).text)["attempts"][1] == "descending"


async def test_other_pages_keep_the_way_back_to_the_order_and_a_file_says_its_own(
    visit: Visit, store_events: Store
) -> None:
    await store_events(*account())
    browser = await visit("operator")
    asked = "/acme/price?status=error&sort=key"
    page = (await browser.get(asked)).text
    for where in ("export", "marked", "reprocess"):
        [link] = set(re.findall(rf'href="(/acme/price/{where}[^"]*)"', page))
        answer = await browser.get(html.unescape(link))
        assert answer.status_code == 200, link
        assert f'href="{html.escape(asked)}"' in answer.text, link
        if where == "export":
            assert "The file has the newest processing date first, whatever the order of the list." in answer.text
    [groups] = set(re.findall(r'href="(/acme/price/groups[^"]*)"', page))
    assert groups == "/acme/price/groups?status=error", "groups have orders of their own"
    assert (await browser.get(f"{groups}&sort=growth")).status_code == 200


@pytest.fixture
def _three_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (by_column, log_listing, logs):
        monkeypatch.setattr(module, "MAX_SORTED", 3)


SAID = {
    "en": "Sorting by “SKU code” needs a filter of at most 3 records; this one matches 5. This is the list with the "
    "newest first.",
    "pt": "Ordenar por “Código do SKU” requer um filtro de no máximo 3 registros; este corresponde a 5. Esta é a lista "
    "com os mais recentes primeiro.",
    "es": "Ordenar por “Código del SKU” requiere un filtro de como máximo 3 registros; este coincide con 5. Esta es la "
    "lista con los más recientes primero.",
}


@pytest.mark.usefixtures("_three_are_sorted")
@pytest.mark.parametrize("language", SAID)
async def test_a_list_that_can_not_be_sorted_says_why_and_is_the_usual_one(
    visit: Visit, store_events: Store, language: str
) -> None:
    await store_events(*account())
    browser = await visit("operator")
    asked = f"/acme/price?status=error&lang={language}"
    usual = (await browser.get(asked)).text
    page = (await browser.get(f"{asked}&sort=key")).text
    assert SAID[language] in text_of(page)
    assert keys_of(page) == keys_of(usual)
    assert [name for name, (_link, sort) in headings(page).items() if sort] == ["processed_at"]
    # A filter of few is sorted, and one of another page asks again.
    page = (await browser.get("/acme/price?status=error&affiliate=AMZ&sort=-key")).text
    assert 'id="unsorted"' not in page
    assert keys_of(page) == ["SKU-4", "SKU-2"]


@pytest.mark.usefixtures("_three_are_sorted")
async def test_a_list_that_can_not_be_sorted_goes_on_as_the_usual_one(visit: Visit, store_events: Store) -> None:
    await store_events(*(result(f"m{n}", key=f"SKU-{n:03}", processed_at=at(n / 10)) for n in range(30)))
    browser = await visit("operator")
    page = (await browser.get("/acme/price?page_size=25&sort=key")).text
    [details] = re.findall(r'data-details="([^"]+)"', page)
    opened = (await browser.get(html.unescape(details), headers=PART)).text
    assert opened.count(" data-of=") == 25
    [following, rows] = re.findall(r'rel="next" href="([^"]+)" data-rows="([^"]+)"', page)[0]
    assert "sort" not in following
    assert keys_of((await browser.get(html.unescape(rows), headers=PART)).text) == [
        f"SKU-{n:03}" for n in (4, 3, 2, 1, 0)
    ]
    assert keys_of((await browser.get(html.unescape(following))).text) == [f"SKU-{n:03}" for n in (4, 3, 2, 1, 0)]


async def test_a_list_that_has_grown_too_long_does_not_go_on_in_another_order(
    visit: Visit, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_events(*(result(f"m{n}", key=f"SKU-{n:03}", processed_at=at(n / 10)) for n in range(30)))
    browser = await visit("operator")
    page = (await browser.get("/acme/price?page_size=25&sort=key")).text
    [(following, rows)] = re.findall(r'rel="next" href="([^"]+)" data-rows="([^"]+)"', page)
    for module in (by_column, log_listing, logs):
        monkeypatch.setattr(module, "MAX_SORTED", 3)
    part = await browser.get(html.unescape(rows), headers=PART)
    assert (part.status_code, keys_of(part.text)) == (422, [])
    assert "at most 3 logs, and this one matches 30" in text_of(part.text)
    whole = await browser.get(html.unescape(following))
    assert (whole.status_code, keys_of(whole.text)[0], 'id="unsorted"' in whole.text) == (200, "SKU-029", True)
    assert "page_token" not in str(re.findall(r'data-live="([^"]+)"', whole.text))


async def test_an_order_that_nobody_knows_is_refused_in_words(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    answer = await (await visit("viewer")).get("/acme/price?sort=name")
    assert (answer.status_code, "sort" in text_of(answer.text)) == (422, True)


@asynccontextmanager
async def changes_of(app: FastAPI, browser: Browser, path: str) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """Gives what waits for the next event of a live stream that is no heartbeat, and returns what it says."""
    async with (
        served(app) as url,
        httpx.AsyncClient(base_url=url, cookies=dict(browser.cookies)) as reader,
        reader.stream("GET", path, timeout=60) as answer,
    ):
        lines = answer.aiter_lines()

        async def following() -> Any:
            name = ""
            async with asyncio.timeout(60):
                async for line in lines:
                    if line.startswith("event: "):
                        name = line.removeprefix("event: ")
                    elif line.startswith("data: ") and name in {"ready", "changed"}:
                        return orjson.loads(line.removeprefix("data: "))
            raise AssertionError("the stream has ended")

        yield following


@pytest.mark.parametrize(
    ("sort", "says"),
    [("newest", {"new": 1, "changed": 0}), ("oldest", {"new": 0, "changed": 0}), ("key", {"new": 1, "changed": 0})],
)
async def test_a_stream_tells_of_a_new_row_wherever_it_stands(
    app: FastAPI, visit: Visit, store_events: Store, monkeypatch: pytest.MonkeyPatch, sort: str, says: dict[str, int]
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.1)
    await store_events(*account())
    browser = await visit("viewer")
    async with changes_of(app, browser, f"/acme/price/live?sort={sort}") as following:
        assert set(await following()) == {"rows"}
        await store_events(result("n", key="SKU-10", processed_at=at(60)))
        assert await following() == says


async def test_a_stream_tells_when_a_list_can_not_be_sorted_any_more(
    app: FastAPI, visit: Visit, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.1)
    for module in (by_column, log_listing, logs):
        monkeypatch.setattr(module, "MAX_SORTED", 7)
    await store_events(*account())
    browser = await visit("viewer")
    async with changes_of(app, browser, "/acme/price/live?sort=-key&page_size=25") as following:
        first = await following()
        [rows] = re.findall(r'data-rows="(\w+)"', (await browser.get("/acme/price?sort=-key&page_size=25")).text)
        assert first == {"rows": rows}
        await store_events(result("n", key="SKU-0", processed_at=at(60)))
        assert (await following())["new"] == 1
    page = (await browser.get("/acme/price?sort=-key")).text
    assert 'id="unsorted"' in page
    assert 'data-sort="newest"' in page
