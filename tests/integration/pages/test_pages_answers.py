"""The answers of all pages: policy, compression, caching, size; and the contents of a list page."""

import asyncio
import re
from html.parser import HTMLParser

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from admin.pages import counts, overview
from admin.rate import COMMAND_BURST, COMMANDS_PER_SECOND, Rate
from api.fairness import WAIT_SECONDS, places_of
from schemas.catalogue import BY_NAME
from schemas.summary import LogSummary
from tests.integration.api.conftest import Caller, Store
from tests.integration.pages.conftest import Visit
from tests.support.account import HOSTILE, account
from tests.support.events import at, result

SHOWN = ("/sign-in", "/acme/overview?wait=1", "/acme/products?open=all&wait=1", "/preferences", "/acme/reprocess")
#: Bytes as sent to a first visit, with all its files. Browsers accept br by TLS.
MOST_PAGE_BYTES = {"br": 60_000, "gzip": 67_000}


class _Inline(HTMLParser):
    """Collects what would run or style from within a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and not str(given.get("src")).startswith("/static/")):
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        self.found += [f"{tag} {value}" for value in given.values() if str(value).strip().startswith("javascript:")]


def inline(text: str) -> list[str]:
    parser = _Inline()
    parser.feed(text)
    return parser.found


async def test_nothing_inline_and_nothing_from_elsewhere(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("operator")
    for path in SHOWN:
        answer = await browser.get(path, follow_redirects=True)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert inline(answer.text) == [], path
        outside = re.findall(r"(?:src|href|action)=\"(https?:[^\"]*)", answer.text)
        assert [each for each in outside if "troubleshooting" not in each] == []
        assert HOSTILE not in answer.text


@pytest.mark.parametrize("coding", MOST_PAGE_BYTES)
async def test_a_page_and_its_files_are_light(visit: Visit, store_events: Store, coding: str) -> None:
    await store_events(*(result(f"m{n}", key=f"SKU-{n:05}", processed_at=at(n / 100)) for n in range(60)))
    browser = await visit("operator")
    page, weight = await _sent(browser, "/acme/price?wait=true", coding)
    assert page.headers["content-encoding"] == coding
    assert page.text.count('class="log ') == 50
    for url in sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)', page.text))):
        file, size = await _sent(browser, url, coding)
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert file.content == (await browser.get(url, headers={"Accept-Encoding": "identity"})).content
        weight += size
    assert weight < MOST_PAGE_BYTES[coding]


async def _sent(browser: httpx.AsyncClient, url: str, coding: str) -> tuple[httpx.Response, int]:
    """Return an answer, with the bytes of its body as they were sent."""
    async with browser.stream("GET", url, headers={"Accept-Encoding": coding}) as answer:
        await answer.aread()
        return answer, answer.num_bytes_downloaded


@pytest.mark.parametrize(
    "path", ["/static/0/pages.css", "/static/0/../site.py", "/static/x/vendor/htmx.LICENSE", "/static/"]
)
async def test_only_our_files_are_served(visit: Visit, path: str) -> None:
    assert (await (await visit()).get(path)).status_code == 404


async def test_counts_beside_choices_leave_that_choice_out(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("viewer")
    page = await browser.get("/acme/price", params={"status": "error", "affiliate": "MLB", "wait": True})
    assert "<b>3</b> records" in page.text
    assert re.search(r'value="success".*?<b>1</b>', page.text, re.DOTALL)
    assert re.search(r'value="AMZ".*?<b>2</b>', page.text, re.DOTALL)


async def test_a_page_does_not_wait_for_slow_counts(
    visit: Visit, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "BUDGET_SECONDS", 0.0)
    await store_events(*account())
    browser = await visit("viewer")
    page = await browser.get("/acme/price", params={"status": "error"})
    assert page.text.count('class="log ') == 5
    [later] = re.findall(r'hx-get="(/acme/price/counts[^"]*)"', page.text)
    part = await browser.get(later, headers={"HX-Request": "true"})
    assert "<b>5</b> records" in part.text


async def test_an_overview_does_not_wait_for_slow_counts(
    visit: Visit, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_events(*account())
    browser = await visit("viewer")
    whole = (await browser.get("/acme/overview?period=7d&wait=true")).text
    # One that is open and read anew has its counts already, and counts nothing.
    anew = (await browser.get("/acme/overview?period=7d", headers={"HX-Request": "true"})).text
    assert (anew.count('class="by-status"'), anew.count('hx-trigger="load"')) == (0, len(BY_NAME))
    monkeypatch.setattr(counts, "BUDGET_SECONDS", 0.0)
    page = (await browser.get("/acme/overview?period=7d")).text
    assert 'id="changed"' in page
    assert 'class="matrix"' in page
    assert 'class="by-status"' not in page
    later = re.findall(r'hx-get="(/acme/(\w+)/overview\?period=7d)"', page)
    assert [name for _address, name in later] == list(BY_NAME)
    for address, _name in later:
        part = (await browser.get(address, headers={"HX-Request": "true"})).text
        assert "<html" not in part
        [counted] = re.findall(r'<ul class="by-status">.*?</ul>', part)
        assert counted in whole
    # Whoever has no scripts finds one way to all of it, at the same span.
    way = r'<p class="no-script"><a class="button small" href="([^"]+)"'
    assert re.findall(way, page) == ["?period=7d&amp;wait=true"]
    assert 'hx-trigger="load"' not in whole
    assert not re.findall(way, whole)


async def test_slow_counts_of_an_overview_take_no_place_of_its_account(
    app: FastAPI, visit: Visit, store_events: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_events(*account())
    browser, colleague = await visit("viewer"), await visit("operator")
    slow, running, most = asyncio.Event(), 0, 0

    async def count(*_given: object) -> LogSummary:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await slow.wait()
        running -= 1
        return LogSummary(total=0, by_status={}, by_affiliate={}, by_code={}, other_codes=0, histogram=[])

    monkeypatch.setattr(overview, "summarize", count)
    addresses = [f"/acme/{name}/overview?period={each}" for name in BY_NAME for each in overview.SPANS]
    assert len(addresses) > places_of(app.state.reader.pool_size)
    parts = [asyncio.create_task(who.get(each)) for each in addresses for who in (browser, colleague)]
    await asyncio.sleep(WAIT_SECONDS)  # if they were all to have a place, others would get none by now
    for path in ("/acme/price", "/acme/overview"):
        assert (await colleague.get(path)).status_code == 200
    slow.set()
    assert {each.status_code for each in await asyncio.gather(*parts)} == {200}
    assert most == 1


async def test_a_second_page_of_a_moving_period_is_of_the_same_list(visit: Visit, store_events: Store) -> None:
    await store_events(*(result(f"m{n}", key=f"SKU-{n:05}", processed_at=at(n / 100)) for n in range(30)))
    browser = await visit("viewer")
    page = await browser.get("/acme/price", params={"period": "7d", "page_size": 25})
    [following] = re.findall(r'rel="next" href="([^"]+)"', page.text)
    second = await browser.get(following.replace("&amp;", "&"))
    assert second.status_code == 200
    assert second.text.count('class="log ') == 5


async def test_the_same_form_twice_is_one_command(visit: Visit, owner: asyncpg.Connection, store_events: Store) -> None:
    """Kafka is away: neither is published, and both are recorded under one key."""
    await store_events(*account())
    browser = await visit("operator")
    page = (await browser.get("/acme/price?status=error")).text
    [once, *_] = re.findall(r'name="once" value="([^"]+)"', page)
    [chosen, *_] = re.findall(r'name="log_id" value="([^"]+@[^"]+)"', page)
    for _ in range(2):
        data = {"form_token": await browser.form_token("/acme/price"), "once": once, "log_id": chosen}
        answer = await browser.post("/acme/price/reprocess", data=data)
        assert answer.status_code == 503
        assert "nothing was queued" in answer.text
    assert await owner.fetchval("SELECT count(*) FROM idempotency_keys") == 1


async def test_too_many_commands_say_when_to_come_back(
    visit: Visit, operator: Caller, app: FastAPI, store_events: Store
) -> None:
    await store_events(*account())
    app.state.rate = Rate(COMMANDS_PER_SECOND, COMMAND_BURST, lambda: 0.0)
    while not app.state.rate.take("acme"):
        pass
    browser = await visit("operator")
    page = (await browser.get("/acme/price?status=error")).text
    [once, *_] = re.findall(r'name="once" value="([^"]+)"', page)
    [chosen, *_] = re.findall(r'name="log_id" value="([^"]+@[^"]+)"', page)
    data = {"form_token": await browser.form_token("/acme/price"), "once": once, "log_id": chosen}
    said = {"en": "Try again in 1 s.", "pt": "Tente de novo em 1 s.", "es": "Intente de nuevo en 1 s."}
    for language, words in said.items():
        answer = await browser.post(f"/acme/price/reprocess?lang={language}", data=data)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert words in answer.text
    body = {"account": "acme", "integration_type": "price", "requested_by": "o", "log_ids": [chosen.partition("@")[0]]}
    answer = await operator.post("/commands/reprocess", json=body, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 429
    assert answer.json()["detail"] == "Too many commands of this account. Try again in 1 s."


async def test_each_language_is_whole(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("operator")
    for language, heading in (("pt", "Preço"), ("en", "Price"), ("es", "Precio")):
        page = (await browser.get(f"/acme/price?lang={language}&status=error")).text
        assert f"<h1>{heading}</h1>" in page
        assert f'<html lang="{language}' in page
    portuguese = (await browser.get("/acme/price?lang=pt&open=all")).text
    for words in ("Expandir todos", "Recolher todos", "Data de processamento", "Afiliado", "Código do SKU", "Ações"):
        assert words in portuguese
    assert "Código do pedido" in (await browser.get("/acme/tracking?lang=pt")).text
    assert "Reprocessar SKU" in (await browser.get("/acme/products?lang=pt&status=error")).text


async def test_an_order_has_its_guide_and_no_button(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    page = (await (await visit("operator")).get("/acme/orders?status=error")).text
    assert "order-errors-in-the-mercado-livre-integration" in page
    assert 'form="again"' not in page
    assert 'name="log_id"' not in page
