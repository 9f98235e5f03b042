"""The playbook of an account: what is known is shown, what people write wins at once, and who wrote it is kept."""

import re
from html import unescape

import asyncpg
import pytest
from fastapi import FastAPI

from schemas.playbook import Playbook
from schemas.playbook.shipped import Shipped
from storage.database import Database
from storage.playbook import count_faults
from tests.integration.api.conftest import Caller, Store
from tests.integration.pages.conftest import Browser, Visit
from tests.support.events import result
from tests.unit.test_knowledge import fact

LOGS = "/api/v1/accounts/acme/price/logs"
WRITTEN = {
    "about": "code",
    "text": "item.price.below_minimum",
    "integration_type": "price",
    "affiliate": "",
    "who": "connector",
    "helps": "no",
    "cause_en": "Our price table lags",
    "what_to_do_en": "Ask the pricing team",
    "cause_pt": "Nossa tabela atrasa",
    "link": "https://wiki.example/prices",
}


@pytest.fixture
async def filled(app: FastAPI, store_events: Store) -> None:
    """Store five failed results: three of a shipped code, one with a class, one of which nothing is known."""
    known = Shipped(
        [fact("item.price.below_minimum", cause_en="It is too low"), fact("7", "Amazon"), fact("8", "Amazon")]
    )
    app.state.playbook = lambda: Playbook(shipped=known)
    below = [{"code": "item.price.below_minimum", "message": "x"}]
    await store_events(
        *(result(f"b{n}", key=f"SKU-{n}", errors=below) for n in range(3)),
        result("c", key="SKU-7", message="read timeout", errors=[{"code": "connection.read_timeout", "message": "y"}]),
        result("d", key="SKU-8", message="blue", errors=[{"code": "zzz", "message": "blue"}]),
        result("e", account="globex", key="SKU-9", errors=below),
    )


async def send(browser: Browser, address: str, **fields: str) -> tuple[int, str]:
    token = await browser.form_token("/acme/playbook/entry")
    answer = await browser.post(f"/acme/playbook/entries{address}", data={"form_token": token, **fields})
    return answer.status_code, answer.headers.get("location", answer.text)


async def told(api: Caller) -> dict[str, tuple[str, str | None] | None]:
    """Return origin and `helps` of what groups and logs say, by code; they say the same."""
    groups = (await api.get(f"{LOGS}/groups")).json()["items"]
    found = {each["code"]: each["playbook"] for each in groups}
    for log in (await api.get(LOGS)).json()["items"]:
        assert (await api.get(f"{LOGS}/{log['id']}")).json()["playbook"] == found[log["code"]]
    return {code: entry and (entry["origin"], entry["helps"]) for code, entry in found.items()}


@pytest.mark.usefixtures("filled")
async def test_what_people_write_wins_until_they_remove_it(
    visit: Visit, operator: Caller, owner: asyncpg.Connection
) -> None:
    browser = await visit("operator")
    shipped = {
        "item.price.below_minimum": ("shipped", "after_fix"),
        "connection.read_timeout": ("class", "yes"),
        "zzz": None,
    }
    assert await told(operator) == shipped
    page = (await browser.get("/acme/playbook")).text
    assert "60% of the errors of the last 7 days are explained" in page
    coverage = (await operator.get("/api/v1/accounts/acme/playbook/coverage")).json()
    assert {name: coverage[name] for name in ("own", "file", "shipped", "by_class", "unknown", "results")} == {
        "own": 0,
        "file": 0,
        "shipped": 3,
        "by_class": 1,
        "unknown": 1,
        "results": 5,
    }
    groups = (await browser.get("/acme/price/groups")).text
    assert "Mercado Livre" in groups
    [form] = [each for each in re.findall('href="([^"]+/playbook/entry[^"]*)"', unescape(groups)) if "below" in each]
    offered = (await browser.get(form)).text
    for words in ('value="item.price.below_minimum"', "It is too low", '<option value="price" selected'):
        assert words in offered

    status, where = await send(browser, "", **WRITTEN)
    assert status == 303, where
    entry_id = where.rpartition("#entry-")[2]
    assert await told(operator) == shipped | {"item.price.below_minimum": ("own", "no")}
    listed = (await operator.get("/api/v1/accounts/acme/playbook?origin=own")).json()["items"]
    assert [(each["id"], each["cause"], each["what_to_do"]["es"]) for each in listed] == [
        (
            entry_id,
            {"pt": "Nossa tabela atrasa", "en": "Our price table lags", "es": "Our price table lags"},
            "Ask the pricing team",
        )
    ]
    assert "Nossa tabela atrasa" in (await browser.get("/acme/playbook?origin=own&lang=pt")).text
    [row] = (await operator.get(f"{LOGS}?code=item.price.below_minimum&page_size=1")).json()["items"]
    detail = (await browser.get(f"/acme/price/logs/{row['id']}")).text
    for words in ("Our price table lags", "Reprocessing does not help", "This account&#39;s own", "wiki.example"):
        assert words in detail, words
    assert (await operator.get("/api/v1/accounts/acme/playbook/coverage")).json()["own"] == 3

    assert (await send(browser, "", **WRITTEN))[0] == 409
    for bad in ({"text": " "}, {"who": "nobody"}, {"link": "javascript:alert(1)"}, {"cause_en": "", "cause_pt": ""}):
        assert (await send(browser, "", **WRITTEN | {"integration_type": "", **bad}))[0] == 422, bad
    assert (await send(browser, f"/{entry_id}", **WRITTEN | {"who": "marketplace", "helps": ""}))[0] == 303
    assert (await send(browser, f"/{entry_id}", **WRITTEN | {"who": "marketplace", "helps": ""}))[0] == 303  # as it is
    assert (await told(operator))["item.price.below_minimum"] == ("own", None)
    assert (await send(browser, f"/{entry_id}", act="remove"))[0] == 303
    assert (await send(browser, f"/{entry_id}", act="remove"))[0] == 404
    assert await told(operator) == shipped
    history = (await browser.get(f"/acme/playbook/entries/{entry_id}")).text
    assert re.findall("<li>(Written|Revised|Removed)", history) == ["Removed", "Revised", "Written"]
    assert "This entry was removed." in history
    with pytest.raises(asyncpg.PostgresError, match="only added to"):
        await owner.execute("DELETE FROM playbook_changes")


@pytest.mark.usefixtures("filled")
async def test_a_viewer_reads_and_another_account_sees_nothing(visit: Visit, operator: Caller, viewer: Caller) -> None:
    browser = await visit("operator")
    status, where = await send(browser, "", **WRITTEN)
    assert status == 303, where
    reader, other = await visit("viewer"), await visit("other")
    page = (await reader.get("/acme/playbook")).text
    assert "Our price table lags" in page
    assert "/playbook/entry" not in page
    assert (await reader.get("/acme/playbook/entry")).status_code == 403
    entry = f"/acme/playbook/entries/{where.rpartition('#entry-')[2]}"
    assert 'name="act"' not in (await reader.get(entry)).text
    token = await other.form_token("/globex/playbook")
    assert (
        await other.post("/globex" + entry.removeprefix("/acme"), data={"form_token": token, "act": "remove"})
    ).status_code == 404
    assert "Our price table lags" not in (await other.get("/globex/playbook")).text
    assert (await viewer.get("/api/v1/accounts/acme/playbook?origin=own")).json()["items"] != []
    assert await told(operator) != {}


@pytest.mark.usefixtures("filled")
async def test_the_list_is_searched_and_read_page_by_page(visit: Visit, viewer: Caller) -> None:
    address = "/api/v1/accounts/acme/playbook"
    first = (await viewer.get(f"{address}?page_size=2")).json()
    second = (await viewer.get(f"{address}?page_size=2&page_token={first['next_page_token']}")).json()
    assert [each["code"] for each in first["items"] + second["items"]] == ["7", "8", "item.price.below_minimum"]
    assert second["next_page_token"] is None
    assert (await viewer.get(f"{address}?q=x&page_token={first['next_page_token']}")).status_code == 400
    assert [each["code"] for each in (await viewer.get(f"{address}?q=too%20LOW")).json()["items"]] == [
        "item.price.below_minimum"
    ]
    for bad in ("q=", "origin=class", "nope=1", "q=a&q=b"):
        assert (await viewer.get(f"{address}?{bad}")).status_code == 422, bad
    page = (await (await visit("viewer")).get("/acme/playbook?q=amazon&origin=shipped")).text
    assert "<b>2</b> entries" in page
    assert "Nothing matches" in (await (await visit("viewer")).get("/acme/playbook?q=nothing-has-this")).text


@pytest.mark.usefixtures("filled")
async def test_coverage_counts_what_is_added_up_and_what_is_not_yet(
    reader: Database, owner: asyncpg.Connection
) -> None:
    since = await owner.fetchval("SELECT date_trunc('hour', now()) - interval '7 days'")
    before = await count_faults(reader, "acme", since=since)
    await owner.execute("SELECT compact_fault_changes(1000)")
    after = await count_faults(reader, "acme", since=since)
    assert before == after
    first = after.faults[0]
    assert (first.error.affiliate, first.error.code, first.results) == ("MLB", "item.price.below_minimum", 3)
    assert (len(after.faults), after.results) == (3, 5)
