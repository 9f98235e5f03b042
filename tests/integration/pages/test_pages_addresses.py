"""Addresses that are no page, or not quite: a person gets a page for them too."""

import html
import re
from urllib.parse import parse_qs, urlencode

import pytest

from schemas.catalogue import BY_NAME
from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Visit
from tests.support.account import account
from tests.support.events import result


async def test_an_account_alone_is_its_overview(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("viewer")
    for path in ("/acme", "/acme/"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/acme/overview")
    assert (await browser.get("/globex", follow_redirects=True)).status_code == 404
    shown = await (await visit()).get("/acme", follow_redirects=True)
    assert shown.url.path == "/sign-in"
    machine = await browser.get("/acme", headers={"Accept": "application/json"})
    assert (machine.status_code, machine.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/acme/prices", "/acme/Price", "/acme/produtos/logs/1"])
async def test_a_mistyped_type_names_the_types_and_leads_to_them(visit: Visit, path: str) -> None:
    page = await (await visit("viewer")).get(path)
    assert page.status_code == 404
    assert f"The types are: {', '.join(BY_NAME)}" in page.text
    assert re.findall(r'<li><a href="(/acme/[a-z]+)">', page.text)[-len(BY_NAME) :] == [
        f"/acme/{name}" for name in BY_NAME
    ]


async def test_a_search_that_is_refused_keeps_what_was_pasted_and_names_the_field_as_the_page_does(
    visit: Visit,
) -> None:
    browser = await visit("viewer")
    names = "\n".join(f"<sku>{number}" for number in range(201))
    page = await browser.get("/acme/price", params={"q": names, "affiliate": "A&B", "lang": "en"})
    assert page.status_code == 422
    [kept] = re.findall(r'<textarea id="kept" name="q"[^>]*>(.*?)</textarea>', page.text, re.DOTALL)
    assert html.unescape(kept) == names
    assert '<input type="hidden" name="affiliate" value="A&amp;B">' in page.text
    [said] = re.findall(r'<p class="lead"><bdi>(.*?)</bdi>', page.text)
    assert "Search" in said
    assert "filter.q" not in said
    assert "textarea" not in (await browser.get("/acme/price?page_size=0")).text


@pytest.mark.parametrize("path", ["/acme/price", "/acme/price/reprocess"])
async def test_an_affiliate_that_no_log_has_is_named(visit: Visit, store_events: Store, path: str) -> None:
    """One that is misspelled, or has other letters, takes nothing; as one to be left out it leaves out nothing."""
    await store_events(result("a", key="SKU-1"), result("b", "tracking", key="T", affiliate="AMZ"))
    browser = await visit("operator")
    note = "No log of this account has"
    for name in ("affiliate", "exclude_affiliate"):
        page = (await browser.get(path, params={"status": "error", name: ["MLB", "AMZ", "mlb", "<x>"]})).text
        assert f"{note} these affiliates, upper and lower case told apart: <bdi>mlb</bdi>, <bdi>&lt;x&gt;</bdi>" in page
        assert note not in (await browser.get(path, params={"status": "error", name: ["MLB", "AMZ"]})).text


@pytest.mark.parametrize("path", ["/acme/nothing", "/acme/price/nothing", "/a.b", "/acme/overview/"])
async def test_nothing_there_is_a_page(visit: Visit, path: str) -> None:
    browser = await visit("viewer")
    answer = await browser.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is nothing here" in answer.text
    assert "has no pages" not in answer.text
    for accept, where in (("application/json", path), ("text/html", f"/api/v1{path}")):
        machine = await browser.get(where, headers={"Accept": accept})
        assert machine.status_code == 404
        assert machine.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["commands", "static", "preferences"])
async def test_an_account_of_a_reserved_name_is_said_to_have_no_pages(visit: Visit, name: str) -> None:
    answer = await (await visit("every")).get(f"/{name}/overview")
    assert answer.status_code == 404
    assert "An account with this name has no pages" in answer.text


async def test_an_account_that_nothing_came_of_is_said_to_who_may_see_any(visit: Visit, store_events: Store) -> None:
    """A key of one account is not told: its account is there, and waits for its first result."""
    every = await visit("every")
    for path in ("/nope/price", "/nope/price?q=x", "/nope/overview"):
        answer = await every.get(path)
        assert answer.status_code == 200
        assert "No result of this account has ever come" in answer.text
        assert "<bdi>nope</bdi>" in answer.text
    own = await visit("viewer")
    for path in ("/acme/price", "/acme/overview"):
        assert "No result of this account" not in (await own.get(path)).text
    assert "Nothing has arrived here yet" in (await own.get("/acme/price")).text
    assert (await own.get("/nope/price")).status_code == 404
    await store_events(*account())
    for path in ("/acme/price?q=nothing-has-this", "/acme/overview"):
        assert "No result of this account" not in (await every.get(path)).text


async def test_a_code_with_spaces_at_its_ends_is_found_by_the_page_s_own_links(
    visit: Visit, store_events: Store
) -> None:
    """The API finds it as well: what is compared exactly is not trimmed."""
    code = " lead "
    await store_events(
        result("a", key="SKU-1", errors=[{"code": code, "message": "x"}]),
        result("b", key="SKU-2", errors=[{"code": code.strip(), "message": "y"}]),
    )
    browser = await visit("viewer")
    counted = (await browser.get("/acme/price?wait=true")).text
    links = {html.unescape(each) for each in re.findall(r'href="/acme/price(\?code=[^"]*)"', counted)}
    links.add(f"?{urlencode({'code': code})}")
    for link in links:
        page = (await browser.get(f"/acme/price{link}")).text
        expected = "SKU-1" if parse_qs(link[1:])["code"] == [code] else "SKU-2"
        assert re.findall(r"SKU-[12](?=</bdi>)", page)[:1] == [expected], link


async def test_a_list_of_names_says_which_were_not_found(visit: Visit, store_events: Store) -> None:
    await store_events(result("a", key="SKU-1"))
    browser = await visit("viewer")
    for path in ("/acme/price", "/acme/search"):
        page = (await browser.get(path, params={"q": "sku-1\n<b>\nother"})).text
        assert "2 names of the list were not found: <bdi>&lt;b&gt;</bdi>, <bdi>other</bdi>" in page, path
        assert "not-found" not in (await browser.get(path, params={"q": "sku-1"})).text, path


@pytest.mark.parametrize("referer", ["http://[", "//evil.example/x", "http://evil.example/acme", "", "http://a\\b"])
async def test_a_refused_form_leads_back_to_no_other_site(visit: Visit, store_events: Store, referer: str) -> None:
    """Neither does it end in an error of ours, whatever the browser says of where it came from."""
    await store_events(*account())
    browser = await visit("admin")
    answer = await browser.post("/acme/price/nowhere", headers={"Referer": referer, "Accept": "text/html"})
    assert answer.status_code in {403, 404, 405}
    assert "evil" not in answer.text
    assert (await browser.get("/acme/nowhere", headers={"Referer": referer})).status_code == 404
