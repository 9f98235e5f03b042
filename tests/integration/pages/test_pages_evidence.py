"""Evidence on pages: only for whom it was given, with the time until when it is kept."""

import html
import json
import re
from typing import Any

import asyncpg
import pytest

from tests.integration.api.conftest import Store
from tests.integration.pages.conftest import Visit
from tests.support.events import at, result, with_evidence, with_extensions

EVIDENCE = "canary-of-evidence"


@pytest.mark.parametrize(("who", "sees"), [("viewer", False), ("operator", True)])
async def test_a_page_without_the_right_says_so_in_place_of_evidence(
    visit: Visit, store_events: Store, owner: asyncpg.Connection, who: str, *, sees: bool
) -> None:
    await store_events(result(request={"a": EVIDENCE}, response=EVIDENCE))
    await owner.execute(
        """INSERT INTO dead_letters
               (account, id, code, reason, topic, partition, "offset", position, headers, value, value_bytes)
           VALUES ('acme', gen_random_uuid(), 'json', $1, 't', 0, 0, 0, '[]', $2, 1)""",
        '{"code": "no_bytes", "parameters": {}}',
        EVIDENCE.encode(),
    )
    log_id = await owner.fetchval("SELECT id FROM status_logs")
    browser = await visit(who)
    for path in (f"/acme/price/logs/{log_id}", f"/acme/price?open={log_id}", "/acme/dead-letters"):
        page = (await browser.get(path)).text
        assert (EVIDENCE in page) is sees, path
        assert ("Your key may not see what was sent" in page) is not sees, path
    whole = await browser.get(f"/acme/price/logs/{log_id}/evidence/request")
    assert whole.status_code == (200 if sees else 404)
    assert ("Kept until" in (await browser.get(f"/acme/price/logs/{log_id}")).text) is sees


async def test_expired_evidence_is_said_to_be_gone(
    visit: Visit, store_events: Store, owner: asyncpg.Connection
) -> None:
    await store_events(result(request={"a": EVIDENCE}))
    await owner.execute("UPDATE attempts SET received_at = received_at - interval '2 days'")
    assert await owner.fetchval("SELECT expire_evidence(1, 10)") == 1
    log_id = await owner.fetchval("SELECT id FROM status_logs")
    page = (await (await visit("operator")).get(f"/acme/price/logs/{log_id}")).text
    assert "The evidence is no longer kept." in page
    assert "Kept until" not in page


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page))


async def test_a_page_lays_json_out_and_changes_no_digit_of_it(visit: Visit, store_events: Store) -> None:
    decimals = '{"price":19.90,"price":1E2, "total":12345678901234567.89}'
    laid_out = '{\n  "price": 19.90,\n  "price": 1E2,\n  "total": 12345678901234567.89\n}'
    event = with_evidence(result(), decimals)
    await store_events(with_evidence(event, json.dumps(decimals), "response"))
    browser = await visit("operator")
    path = re.search(r"/acme/price/logs/[0-9a-f-]{36}", (await browser.get("/acme/price")).text)
    assert path is not None
    assert text_of((await browser.get(path[0])).text).count(laid_out) == 2
    for side in ("request", "response"):
        part = await browser.get(f"{path[0]}/evidence/{side}", headers={"hx-request": "true"})
        assert text_of(part.text) == laid_out
        assert (await browser.get(f"{path[0]}/evidence/{side}?as_text=true")).text == decimals


async def test_ten_expanded_rows_are_less_than_a_megabyte_and_lead_to_the_whole(
    visit: Visit, store_events: Store
) -> None:
    big = "<html>" + "<div>502 Bad Gateway</div>" * 8000 + "</html>"
    errors = [{"code": f"c{number}", "message": f"{number} {big[:1000]}"} for number in range(100)]
    names = {f"name-{number}": f"{number}-" + "x" * 150 for number in range(50)}
    fields: dict[str, Any] = {"message": big, "errors": errors, "aliases": names}
    evidence: dict[str, Any] = {"request": {"body": [big] * 2}, "response": big}
    await store_events(*(result(f"e{n}", key=f"BIG-{n}", **fields, **evidence) for n in range(10)))
    browser = await visit("operator")
    page = (await browser.get("/acme/price?open=all")).text
    assert page.count('class="panel"') == 10
    assert len(page) < 1_000_000
    path = re.search(r"/acme/price/logs/[0-9a-f-]{36}", page)
    assert path is not None
    assert page.count("Open on its own page</a></p>") == 10
    whole = text_of((await browser.get(path[0])).text)
    assert big in whole
    assert all(f"c{number}" in whole and f"name-{number}" in whole for number in (0, 49))
    assert "c99" in whole


async def test_a_row_and_its_page_say_that_a_result_was_refused(visit: Visit, store_events: Store) -> None:
    await store_events(result("order-1"))
    await store_events(result("order-1", status="success", errors=None, processed_at=at(1)))
    browser = await visit("viewer")
    listed = (await browser.get("/acme/price")).text
    assert "id used twice" in listed
    path = re.search(r"/acme/price/logs/[0-9a-f-]{36}", listed)
    assert path is not None
    page = text_of((await browser.get(path[0])).text)
    assert "1 result was refused: its connector had used the id for another result" in page
    assert re.search(r"Refused: another result had its id.*\n.*/connectors/test · id order-1", page)


async def test_extensions_are_among_the_facts_of_a_log(visit: Visit, store_events: Store) -> None:
    await store_events(with_extensions(result(), structured=False, partitionkey="a-partition"))
    for who, sees in (("operator", True), ("viewer", False)):
        page = (await (await visit(who)).get("/acme/price?open=all")).text
        assert ("a-partition" in page) is sees


@pytest.mark.parametrize("lead", [" lead", "trail ", " "])
async def test_a_link_to_a_code_or_key_keeps_its_spaces(visit: Visit, store_events: Store, lead: str) -> None:
    """Every link of the page with this code shows the row again; so does a search for the key as it is written."""
    await store_events(result("e1", errors=[{"code": lead, "message": "m"}]), result("e2", key="OTHER", errors=None))
    browser = await visit("viewer")
    page = (await browser.get("/acme/price?open=all")).text
    links = {html.unescape(each) for each in re.findall(r'href="(/acme/price\?code=[^"]*)"', page)}
    assert links
    for each in links:
        found = (await browser.get(each)).text
        assert 'id="log-' in found
        assert "OTHER" not in found
