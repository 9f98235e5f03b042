"""Addresses that are no page, or not quite: a person gets a page for them too."""

import pytest

from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Visit
from tests.support.account import account


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
