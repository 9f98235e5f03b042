"""The page of affiliates: pausing, resuming, why nothing is sent; and that every page and the API agree on it."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from html import unescape

import asyncpg

from api.actions import actions_for
from schemas.policy import Policy
from storage.access_keys import Grant
from storage.database import Database
from storage.logs.reader import LogReader
from storage.reprocess.breakers import Answered, count_answers
from tests.integration.api.conftest import Caller, Store
from tests.integration.pages.conftest import Browser, Visit
from tests.support.account import account

PAUSED = "This marketplace is paused: resume it, then ask again."


async def send(browser: Browser, verb: str, **fields: str | list[str]) -> int:
    token = await browser.form_token("/acme/affiliates")
    answer = await browser.post(f"/acme/affiliates/{verb}", data={"form_token": token, **fields})
    return answer.status_code


async def test_a_paused_affiliate_is_paused_on_every_page_as_in_the_api(
    visit: Visit, operator: Caller, store_events: Store, owner: asyncpg.Connection
) -> None:
    await store_events(*account())
    browser = await visit("operator")
    assert await send(browser, "pause", affiliate="MLB", reason="maintenance") == 303
    page = (await browser.get("/acme/affiliates")).text
    assert "maintenance" in page
    assert "Paused" in page
    logs = (await operator.get("/api/v1/accounts/acme/price/logs?status=error&affiliate=MLB")).json()["items"]
    assert [each["actions"][0]["reason"] for each in logs] == [PAUSED] * 3
    shown = (await browser.get("/acme/price?status=error&affiliate=MLB")).text
    assert shown.count(PAUSED) == 3
    chosen = "&".join(f"log_id={each['id']}" for each in logs)
    for asked in (chosen, "status=error&affiliate=MLB&chosen=true"):
        plan = (await browser.get(f"/acme/price/reprocess?{asked}")).text
        assert "There is nothing to send." in plan
        assert "Marketplace paused" in plan
    assert PAUSED in (await browser.get(f"/acme/price/logs/{logs[0]['id']}")).text
    assert await send(browser, "resume", affiliate="MLB") == 303
    assert PAUSED not in (await browser.get("/acme/price?status=error&affiliate=MLB")).text
    done = await owner.fetch("SELECT action, key_name, key_id FROM reprocess_audit ORDER BY at")
    assert [each["action"] for each in done] == ["paused", "resumed"]
    key_id = await owner.fetchval("SELECT id FROM access_keys WHERE account = 'acme' AND name = 'o'")
    assert [(each["key_name"], each["key_id"]) for each in done] == [("o", key_id)] * 2


def form_of(page: str, affiliate: str) -> dict[str, str | list[str]]:
    """The form that pauses an affiliate, as it is sent when nothing in it is changed."""
    form = page.partition(f'name="affiliate" value="{affiliate}"><input type="hidden" name="choosing"')[2]
    form = form.partition("</form>")[0]
    [ends] = re.findall(r'name="ends" value="(\w*)" checked', form)
    [until] = re.findall(r'name="until" value="([^"]*)"', form)
    [reason] = re.findall(r'name="reason"[^>]* value="([^"]*)"', form)
    types = re.findall(r'name="integration_type" value="(\w+)" checked', form)
    return {"choosing": "1", "integration_type": types, "ends": ends, "until": until, "reason": unescape(reason)}


async def test_a_pause_that_is_changed_keeps_its_end_and_its_reason(
    visit: Visit, store_events: Store, owner: asyncpg.Connection
) -> None:
    await store_events(*account())
    browser = await visit("operator")
    browser.cookies.set("conexoes_zone", "Asia/Tokyo")
    until = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0)
    asked = {"integration_type": "price", "ends": "at", "until": until.isoformat(), "reason": 'the "big" sale'}
    assert await send(browser, "pause", affiliate="MLB", **asked) == 303
    page = (await browser.get("/acme/affiliates")).text
    form = form_of(page, "MLB")
    assert (form["integration_type"], form["ends"], form["reason"]) == (["price"], "at", 'the "big" sale')
    assert form["until"] == (until + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M")
    another = form_of(page, "AMZ")  # is not paused
    assert (another["ends"], another["reason"], len(another["integration_type"]) > 1) == ("", "", True)
    form["integration_type"] = ["price", "tracking"]
    assert await send(browser, "pause", affiliate="MLB", **form) == 303
    kept = await owner.fetchrow("SELECT * FROM affiliates WHERE affiliate = 'MLB'")
    assert kept is not None
    assert (kept["paused_until"], kept["paused_reason"]) == (until, 'the "big" sale')
    assert sorted(kept["paused_types"]) == ["price", "tracking"]
    # One that somebody has to resume stays so.
    assert await send(browser, "pause", affiliate="AMZ", choosing="1", integration_type="price", ends="") == 303
    assert form_of((await browser.get("/acme/affiliates")).text, "AMZ")["ends"] == ""


async def test_a_breaker_that_is_open_says_why_nothing_is_sent(
    visit: Visit, store_events: Store, writer: Database
) -> None:
    await store_events(*account())
    answers = [Answered("acme", "MLB", "price", datetime.now(UTC), "busy")] * 50
    async with writer.transaction() as connection:
        await count_answers(connection, answers)
    page = (await (await visit("operator")).get("/acme/affiliates")).text
    assert "Sending suspended automatically" in page
    assert "<b>Prices</b>" in page or "<b>Price</b>" in page
    assert page.count("Resume MLB") == 1


async def test_who_may_read_may_not_pause(visit: Visit, store_events: Store) -> None:
    await store_events(*account())
    browser = await visit("viewer")
    assert "Your key is read-only." in (await browser.get("/acme/affiliates")).text
    assert await send(browser, "pause", affiliate="MLB") == 403
    assert await send(await visit("operator"), "pause", affiliate="") == 422


async def test_many_logs_are_read_at_once(reader: Database, operator: Caller, store_events: Store) -> None:
    await store_events(*account())
    logs = (await operator.get("/api/v1/accounts/acme/price/logs")).json()["items"]
    [order, *_] = (await operator.get("/api/v1/accounts/acme/orders/logs")).json()["items"]
    ids = [uuid.UUID(each["id"]) for each in logs]
    grant = Grant(account="acme", role="operator", name="o", may_export=True, may_see_evidence=True, key_id=None)
    many = LogReader(reader, actions_for(grant, Policy())).many
    wanted = [*reversed(ids), ids[0], uuid.UUID(order["id"]), uuid.uuid4()]
    assert [each.id for each in await many("acme", "price", wanted)] == [str(each) for each in reversed(ids)]
    assert await many("globex", "price", ids) == []
