"""Automatic retries on the pages: rules and the switch, the next try of a row, the ledger, and a command that waits."""

import re

import pytest

from agents.reprocess.automatic import Automatic
from schemas.policy import Policy
from storage.settings import StorageSettings
from tests.integration.pages.conftest import Browser, Visit
from tests.support.reprocess import Desk


@pytest.fixture
async def desk(database_url: str, storage_settings: StorageSettings) -> Desk:
    return Desk(database_url, storage_settings, Policy())


async def send(browser: Browser, verb: str, **fields: str) -> int:
    token = await browser.form_token("/acme/affiliates")
    answer = await browser.post(f"/acme/affiliates/{verb}", data={"form_token": token, **fields})
    return answer.status_code


async def test_rules_and_the_switch_are_on_the_page_of_affiliates(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(1))
    browser = await visit("operator")
    page = (await browser.get("/acme/affiliates")).text
    assert "Switched on" in page
    assert page.count("No time\n") + page.count("No time<") == 4, "all but orders"
    rule = {"integration_type": "price", "affiliate": "MLB", "unknown": "true", "busy": "", "tries": "3"}
    assert await send(browser, "automatic-rule", **rule) == 303
    assert await send(browser, "automatic-rule", **{**rule, "tries": "0"}) == 422
    page = (await browser.get("/acme/affiliates")).text
    assert "No time, Unknown" in re.sub(r"\s+", " ", page)
    assert "3 tries" in page
    assert await send(browser, "automatic-off", reason="double prices") == 303
    page = (await browser.get("/acme/affiliates")).text
    assert "Switched off" in page
    assert "double prices" in page
    assert await send(browser, "automatic-on") == 303
    assert "Switched on" in (await browser.get("/acme/affiliates?lang=en")).text
    viewer = await visit("viewer")
    assert "automatic-switch" not in (await viewer.get("/acme/affiliates")).text
    assert await send(viewer, "automatic-off") == 403
    await desk.close()


async def test_a_row_says_when_it_is_tried_next_and_the_ledger_hides_what_nobody_asked_for(
    visit: Visit, desk: Desk
) -> None:
    await desk.fail(range(2), errors=[{"code": "http.429"}])
    round_ = Automatic(desk.writer, desk.policy, lambda: None, enabled=True)
    await round_.once()
    browser = await visit("operator")
    page = (await browser.get("/acme/price")).text
    assert page.count("next try") == 2
    [log, _] = re.findall(r'id="log-([0-9a-f-]+)"', page)
    assert "Next try, by itself" in (await browser.get(f"/acme/price/logs/{log}")).text
    assert page.count('data-due="now"><span class="relative">in ') == 2
    async with desk.writer.transaction() as connection:
        await connection.execute("UPDATE automatic_retries SET next_at = now() - interval '1 minute'")
    for path in ("/acme/price", f"/acme/price/logs/{log}"):
        assert re.search(r"<time [^>]+>now</time>", (await browser.get(path)).text)  # it is due, and not late
    await round_.once()
    why = "Tried again by itself, 1 of 5: the marketplace had no time (http.429)."
    for path in ("/acme/reprocess?automatic=all", "/acme/reprocess?automatic=true", f"/acme/price/logs/{log}"):
        assert why in (await browser.get(path)).text
    page = (await browser.get("/acme/reprocess")).text
    assert why not in page
    assert "Nobody has asked for a reprocess yet" in page
    assert '1 automatic one is left out. <a href="/acme/reprocess?automatic=true">' in page
    found = (await browser.get("/acme/reprocess?automatic=true")).text
    assert "left out" not in found
    [command] = re.findall(r'"/acme/reprocess/([0-9a-f-]{36})"', found)
    assert why in (await browser.get(f"/acme/reprocess/{command}")).text
    await desk.command("c1", filter={"status": ["error"]}, as_of=(await desk.plan()).as_of, reason="on Monday")
    for page_ in ("reprocess", "activity"):
        for query, shown in (("", (True, False)), ("?automatic=true", (False, True)), ("?automatic=all", (True, True))):
            text = (await browser.get(f"/acme/{page_}{query}")).text
            assert ("on Monday" in text, command in text) == shown, (page_, query)
            assert re.search(rf'href="/acme/{page_}{re.escape(query)}" aria-current="true"', text)
        assert (await browser.get(f"/acme/{page_}?automatic=moon")).status_code == 422
    # What else was chosen is kept, by links and by the form; the file has what the page shows.
    text = (await browser.get("/acme/activity?kind=reprocess&automatic=true")).text
    assert 'href="/acme/activity?kind=reprocess"' in text
    assert 'href="/acme/activity?kind=reprocess&amp;automatic=all"' in text
    assert '<input type="hidden" name="automatic" value="true">' in text
    assert "/acme/activity/export.csv?kind=reprocess&amp;automatic=true" in text
    file = (await browser.get("/acme/activity/export.jsonl?kind=reprocess")).text
    assert ("on Monday" in file, command in file) == (True, False)
    assert "1 automatic one is left out." in (await browser.get("/acme/activity")).text
    await desk.close()


async def test_the_plan_asks_when_and_shows_what_was_chosen_again(visit: Visit, desk: Desk) -> None:
    await desk.fail(range(1))
    browser = await visit("operator")
    path = "/acme/price/reprocess?status=error&chosen=true"
    page = (await browser.get(path)).text
    assert re.search(r'name="when" value="now" checked', page)
    [time] = re.findall(r'name="not_before" value="([^"]+)"', page)
    assert time.endswith("T02:00")
    fields = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.partition('class="card fields"')[2])
    )
    fields["filter"] = fields["filter"].replace("&#34;", '"')
    fields["take"] = fields["shown"]
    answer = await browser.post(
        "/acme/price/reprocess",
        data={**fields, "mode": "refresh", "when": "at", "not_before": "2999-01-01T02:00", "reason": "a new table"},
    )
    assert answer.status_code == 422
    assert "at most 31 days ahead" in answer.text
    assert re.search(r'name="when" value="at" checked', answer.text)
    assert 'name="not_before" value="2999-01-01T02:00"' in answer.text
    assert re.search(r'<input id="not-before"[^>]* aria-invalid="true"[^>]* autofocus>', answer.text)
    [why] = re.findall(r'<input id="reason"[^>]*>', answer.text)
    assert 'value="a new table"' in why
    assert "aria-invalid" not in why
    assert "autofocus" not in why
    token = await browser.form_token("/acme/affiliates")
    await browser.post("/acme/affiliates/pause", data={"form_token": token, "affiliate": "MLB"})
    page = (await browser.get(path)).text
    assert "1 can wait until its marketplace is back." in page
    assert re.search(r'name="when" value="back" checked', page)
    await desk.close()
