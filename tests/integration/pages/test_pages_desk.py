"""A list as a desk: one hit opens, what changed is said, columns and paging are kept, a column of a chart is a list."""

import html
import re
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI

from admin.pages import logs, saved_views
from api.fairness import Places
from schemas.columns import CHOOSABLE
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Browser, Visit
from tests.support.account import account
from tests.support.events import Event, at, result, with_evidence

PART = {"hx-request": "true"}


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", page)))


def headings(page: str) -> list[str]:
    return re.findall(r'<th class="c-(\w+)"', page)


async def test_the_only_hit_of_a_whole_name_opens_at_once(
    visit: Visit, store_events: Store, owner: asyncpg.Connection
) -> None:
    await store_events(*account(), result("g1", key="OF-GLOBEX", account="globex"))
    log_id = await owner.fetchval("SELECT id FROM status_logs WHERE integration_type = 'price' AND key = 'SKU-3'")
    browser = await visit("viewer")
    for name in ("SKU-3", "sku-3", " SKU-3 ", "789000003"):  # the key, and an alias
        answer = await browser.get("/acme/search", params={"q": name})
        assert (answer.status_code, answer.headers.get("location")) == (303, f"/acme/price/logs/{log_id}"), name
        listed = await browser.get("/acme/price", params={"q": name}, headers=PART)
        assert f'id="detail-{log_id}"' in listed.text
        assert listed.headers["hx-push-url"].endswith(f"&open={log_id}")
    # A part of a name, the name of several, a list of names, a name of another account: a list.
    for name in ("KU-3", "SKU-1", "SKU-3, SKU-none", "OF-GLOBEX"):
        answer = await browser.get("/acme/search", params={"q": name})
        assert answer.status_code == 200, name
    assert 'class="detail"' not in (await browser.get("/acme/price", params={"q": "KU-3"})).text
    # Of 200 pasted names, those that were not found are named, in one list.
    names = [f"SKU-{number}" for number in range(1, 201)]
    page = (await browser.get("/acme/price", params={"q": "; ".join(names)})).text
    assert page.count('<tr class="log ') == 7
    assert "193 names of the list were not found: SKU-8, SKU-9" in text_of(page)
    assert 'class="detail"' not in page


def of_three_skus() -> Iterator[Event]:
    """A SKU that failed, succeeded, and has failed twice since then; one that fails with what succeeded; a new one."""
    done: dict[str, Any] = {"status": "success", "errors": None, "message": None}
    yield with_evidence(result("e0", key="CHANGED", processed_at=at(-9)), '{"price":1}')
    yield with_evidence(
        result("e1", key="CHANGED", processed_at=at(0), **done), '{"price":19.90,"stock":[1,2],"ean":"x"}'
    )
    yield with_evidence(result("e2", key="CHANGED", processed_at=at(1)), '{"price":1}')
    yield with_evidence(result("e3", key="CHANGED", processed_at=at(2)), '{"ean":"x","price":19.9,"stock":[1,5,2]}')
    yield with_evidence(result("s1", key="SAME", processed_at=at(0), **done), '{"price":19.90}')
    yield with_evidence(result("s2", key="SAME", processed_at=at(1)), '{ "price": 19.90 }')
    yield with_evidence(result("n1", key="NEVER", processed_at=at(1)), '{"price":1}')


@pytest.mark.parametrize(("who", "sees"), [("viewer", False), ("operator", True)])
async def test_what_changed_in_the_request_since_the_last_success(
    visit: Visit, store_events: Store, owner: asyncpg.Connection, who: str, *, sees: bool
) -> None:
    await store_events(*of_three_skus())
    ids = {row["key"]: row["id"] for row in await owner.fetch("SELECT key, id FROM status_logs")}
    browser = await visit(who)
    for path in (f"/acme/price/logs/{ids['CHANGED']}", f"/acme/price?open={ids['CHANGED']}"):
        page = text_of((await browser.get(path)).text)
        assert ("What changed in the request since the last success" in page) is sees
        assert ("/price before: 19.90 → now: 19.9/stock/1 was not there → now: 5 " in page) is sees
        assert "/ean" not in page
    page = text_of((await browser.get(f"/acme/price/logs/{ids['SAME']}")).text)
    assert ("The request is the same as at the last success" in page) is sees
    assert "last success" not in text_of((await browser.get(f"/acme/price/logs/{ids['NEVER']}")).text)
    await owner.execute("UPDATE attempts SET received_at = received_at - interval '2 days' WHERE status = 'success'")
    assert await owner.fetchval("SELECT expire_evidence(1, 10)") == 2
    assert "last success" not in text_of((await browser.get(f"/acme/price/logs/{ids['CHANGED']}")).text)


async def prefer(browser: Browser, *columns: str, **others: str) -> None:
    fields = {"next": "/acme/price", "columns": "", "column": list(columns), **others}
    answer = await browser.post("/preferences", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/acme/price")


async def test_the_columns_that_somebody_chose_are_kept_and_an_address_has_its_own(
    visit: Visit, store_events: Store
) -> None:
    await store_events(*account())
    browser = await visit("operator")
    usual = ["pick", "key", "affiliate", "status", "processed_at", "do"]
    assert headings((await browser.get("/acme/price")).text) == usual
    for chosen in ((), ("code",), ("affiliate", "attempts", "first_seen_at"), CHOOSABLE):
        await prefer(browser, *chosen)
        page = (await browser.get("/acme/price?open=all")).text
        assert headings(page) == ["pick", "key", *chosen, "do"]
        assert page.count(f'colspan="{len(chosen) + 3}"') == 7
        # An address that names columns shows these, whoever opens it; its filter and pages keep them.
        page = (await browser.get("/acme/price?columns=status.code&page_size=3&status=error")).text
        assert headings(page) == ["pick", "key", "status", "code", "do"]
        [following] = re.findall(r'rel="next" href="([^"]+)"', page)
        assert headings((await browser.get(html.unescape(following))).text) == headings(page)
        assert 'name="columns" value="status.code"' in page
    await prefer(browser, "nothing", "status", paging="nothing")
    assert headings((await browser.get("/acme/orders")).text) == ["key", "status", "do"]
    assert "data-goes-on" not in (await browser.get("/acme/price")).text
    await prefer(browser, paging="scroll")
    assert "data-goes-on" in (await browser.get("/acme/price")).text


async def test_the_rows_of_a_next_page_come_without_counts(
    visit: Visit, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_events(*(result(f"m{n}", key=f"SKU-{n:03}", processed_at=at(n / 10)) for n in range(60)))
    browser = await visit("operator")
    await prefer(browser, "attempts", paging="scroll")
    page = (await browser.get("/acme/price?page_size=25&period=7d")).text
    keys = re.findall(r'<span title="(SKU-\d+)">', page)

    async def read(*_values: object, **_named: object) -> None:
        raise AssertionError("read for nothing")

    monkeypatch.setattr(logs, "count_view", read)
    monkeypatch.setattr(saved_views, "of_page", read)
    for more in (25, 10):
        [following] = re.findall(r'rel="next" href="[^"]+" data-rows="([^"]+)"', page)
        answer = await browser.get(html.unescape(following), headers={"HX-Request": "true"})
        page = answer.text
        keys += re.findall(r'<span title="(SKU-\d+)">', page)
        assert (answer.status_code, 'id="filter"' in page, 'class="c-attempts"' in page) == (200, False, True)
        [details] = re.findall(r'data-details="([^"]+)"', page)
        opened = (await browser.get(html.unescape(details), headers={"HX-Request": "true"})).text
        assert opened.count(" data-of=") == more
    assert keys == [f"SKU-{n:03}" for n in reversed(range(60))]
    assert "End of the list." in page


async def test_a_column_of_a_chart_leads_to_its_logs(visit: Visit, store_events: Store) -> None:
    old = [result(f"d{n}", key=f"OLD-{n}", processed_at=at(-86_400 * n)) for n in range(1, 4)]
    await store_events(*account(), *old)
    browser = await visit("viewer")
    page = (await browser.get("/acme/price?period=7d&wait=true")).text
    figure = page[page.index("<b>Logs by status</b>") :]
    figure = figure[: figure.index("</figure>")]
    columns = re.findall(r'<a class="column" href="([^"]+)" aria-label="([^"]+)"', figure)
    rows = re.findall(r'<th scope="row"><a href="([^"]+)">', figure)
    assert [each for each, _ in columns] == rows
    assert figure.count('tabindex="-1"') == len(columns) - 1
    total = 0
    for address, told in columns:
        counted = sum(map(int, re.findall(r"(?:Success|Warning|Error) (\d+)", told)))
        if counted:
            listed = (await browser.get(html.unescape(address))).text
            assert listed.count('<tr class="log ') == counted, told
            total += counted
    assert total == 10


async def test_an_account_has_so_many_views_and_no_more(visit: Visit, owner: asyncpg.Connection) -> None:
    await owner.execute(
        """INSERT INTO saved_views (account, id, integration_type, name, query, saved_by)
           SELECT account, gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 'price' ELSE 'orders' END, 'n' || n, '', 'o'
           FROM generate_series(1, $1::integer - 1) AS n, (VALUES ('acme'), ('globex')) AS of (account)""",
        saved_views.MAX_VIEWS,
    )
    browser = await visit("operator")
    fields = {"form_token": await browser.form_token("/acme/price"), "query": "?status=error"}
    for name, status in (("last", 303), ("more", 422), ("last", 303), ("n1", 422), ("n2", 303)):
        answer = await browser.post("/acme/price/views", data={**fields, "name": name})
        assert answer.status_code == status, name
        assert status == 303 or f"views must have at most {saved_views.MAX_VIEWS} values" in answer.text
    assert await owner.fetchval("SELECT count(*) FROM saved_views WHERE account = 'acme'") == saved_views.MAX_VIEWS


async def test_the_palette_offers_what_the_visitor_may_open(visit: Visit, store_events: Store) -> None:
    await store_events(*account(), result("g1", key="SKU-3", account="globex"))
    maker = await visit("operator")
    token = await maker.form_token("/acme/price")
    for kind, name in (("price", "<b>mine</b>"), ("orders", "late")):
        fields = {"form_token": token, "name": name, "query": "?status=error"}
        assert (await maker.post(f"/acme/{kind}/views", data=fields)).status_code == 303
    for who, accounts in (("viewer", []), ("every", ["/globex/overview"])):
        browser = await visit(who)
        options = (await browser.get("/acme/palette", headers=PART)).text
        assert re.findall(r'href="(/[^"]+overview)"', options) == accounts
        assert 'href="/acme/orders?status=error"' in options
        assert "&lt;b&gt;mine&lt;/b&gt;" in options
        found = (await browser.get("/acme/search?q=sku-3", headers=PART)).text
        assert found.count('role="option"') == 2  # the one log, and the page with all that is found
        assert "globex" not in found
        assert "<html" not in found
    assert (await (await visit("other")).get("/acme/palette", headers=PART)).status_code == 404


async def test_an_error_of_a_part_is_words_and_that_of_a_page_leads_back_to_its_filter(
    visit: Visit, app: FastAPI, store_events: Store
) -> None:
    await store_events(*account())
    browser = await visit("viewer")
    gone = await browser.get("/acme/price/logs/00000000-0000-0000-0000-000000000000", headers=PART)
    assert gone.status_code == 404
    assert "<html" not in gone.text
    assert 'class="notice error"' in gone.text
    app.state.places = Places(0, 0)
    busy = await browser.get("/acme/price?status=error&q=SKU")
    assert busy.status_code == 429
    assert 'href="/acme/price?status=error&amp;q=SKU"' in busy.text


async def test_rows_that_left_a_list_are_there_as_they_are_now(visit: Visit, store_events: Store) -> None:
    await store_events(*account(), result("g", account="globex", key="SKU-G"))
    browser, everyone = await visit("viewer"), await visit("every")
    rows = re.compile(r'id="log-([0-9a-f-]{36})"')
    listed = (await browser.get("/acme/price/rows?status=error")).text
    [foreign] = rows.findall((await everyone.get("/globex/price")).text)
    some = rows.findall(listed)[:2]
    query = "&".join(f"log_id={each}" for each in [*some, foreign])
    # Whatever the filter, with the columns of the view, and of this account alone.
    answer = (await browser.get(f"/acme/price/rows?status=warning&columns=attempts&{query}")).text
    assert rows.findall(answer) == some
    assert 'class="c-attempts"' in answer
    assert (await browser.get("/acme/price/rows?log_id=no")).status_code == 422
