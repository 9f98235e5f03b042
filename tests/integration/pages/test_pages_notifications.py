"""The page of notifications: what an admin makes, tests and removes, and that others only read it."""

import re
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from storage.database import Database
from tests.integration.api.conftest import Caller
from tests.integration.pages.conftest import Browser, Visit

PAGE = "/acme/notifications"
API = "/api/v1/accounts/acme/notifications"
HOOK = "https://store.example/hook?token=SECRET"
CHANNEL = {"name": "ERP", "kind": "webhook", "address": HOOK, "language": "es", "time_zone": "America/Bogota"}


async def send(browser: Browser, path: str, **fields: Any) -> Any:
    token = await browser.form_token(PAGE)
    return await browser.post(f"{PAGE}{path}", data={"form_token": token, **fields})


async def test_an_admin_makes_tests_changes_and_removes_and_the_trail_says_so(
    visit: Visit, viewer: Caller, owner: asyncpg.Connection
) -> None:
    browser = await visit("admin")
    made = await send(browser, "/channels", **CHANNEL, events=["conexoes.log.failed.v1"])
    assert made.status_code == 200
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made.text)
    assert secret is not None
    page = (await browser.get(PAGE)).text
    assert secret[0] not in page  # shown once
    assert "SECRET" not in page + made.text
    [channel] = (await viewer.get(f"{API}/channels")).json()["items"]
    assert (channel["shown"], channel["events"]) == ("https://store.example/…", ["conexoes.log.failed.v1"])

    again = await send(browser, "/channels", **CHANNEL)
    assert (again.status_code, "another one has this name" in again.text) == (409, True)

    rule = {"name": "Preços", "severity": "warning", "channels": channel["id"], "enabled": "on", "digest_at": "08:00"}
    rule["days"] = [*"1234567"]
    assert (await send(browser, "/rules", **rule, affiliates=["MLB"])).status_code == 303
    [made_rule] = (await viewer.get(f"{API}/rules")).json()["items"]
    assert made_rule["channels"] == [channel["id"]]
    assert (await send(browser, "/rules", **rule | {"rule": made_rule["id"], "digest_at": ""})).status_code == 303
    [changed] = (await viewer.get(f"{API}/rules")).json()["items"]
    assert (changed["id"], changed["rule"]["digest_at"], changed["rule"]["affiliates"]) == (made_rule["id"], None, [])
    assert 'value="Preços"' in (await browser.get(f"{PAGE}?rule={made_rule['id']}")).text

    assert (await send(browser, f"/channels/{channel['id']}/test")).status_code == 303
    [message] = (await viewer.get(f"{API}/messages?state=waiting")).json()["items"]
    assert (message["kind"], message["title"]) == ("test", "Prueba: este canal funciona")

    window = {"begins_at": "2026-11-24T12:00", "ends_at": "2026-11-24T13:00", "reason": "deploy"}
    assert (await send(browser, "/windows", **window | {"ends_at": window["begins_at"]})).status_code == 422
    assert (await send(browser, "/windows", **window | {"reason": "x" * 1001})).status_code == 422
    assert (await send(browser, "/windows", **window)).status_code == 303
    [made_window] = (await viewer.get(f"{API}/windows")).json()["items"]
    for path in (f"/windows/{made_window['id']}", f"/rules/{made_rule['id']}", f"/channels/{channel['id']}"):
        assert (await send(browser, f"{path}/remove")).status_code == 303
    changes = (await viewer.get(f"{API}/changes")).json()["items"]
    assert [(each["subject"], each["action"]) for each in reversed(changes)] == [
        *(("channel", "made"), ("rule", "made"), ("rule", "changed"), ("channel", "tested"), ("window", "made")),
        *(("window", "removed"), ("rule", "removed"), ("channel", "removed")),
    ]
    assert {each["key_name"] for each in changes} == {"a"}
    trail = await owner.fetch("SELECT details::text FROM notification_audit")
    assert not [row for row in trail if "SECRET" in row["details"] or "whsec_" in row["details"]]
    [failed] = (await viewer.get(f"{API}/messages")).json()["items"]
    assert (failed["state"], failed["error"]) == ("failed", "the channel was removed")
    assert "o canal foi removido" in (await browser.get(f"{PAGE}?lang=pt")).text


async def test_a_script_is_told_where_a_form_leads_and_which_field_is_refused(visit: Visit) -> None:
    browser = await visit("admin")
    browser.headers["HX-Request"] = "true"
    window = {"begins_at": "2026-11-24T12:00", "ends_at": "2026-11-24T13:00", "reason": "deploy"}
    token = await browser.form_token(PAGE)
    answer = await browser.post(f"{PAGE}/windows", data={"form_token": token, **window})
    assert (answer.status_code, answer.headers["HX-Redirect"], answer.text) == (200, f"{PAGE}#windows", "")
    refused = await browser.post(f"{PAGE}/channels", data={"form_token": token, **CHANNEL | {"address": "nowhere"}})
    assert (refused.status_code, "<html" in refused.text) == (422, False)
    assert '<p class="notice error" data-field="address">' in refused.text


NONE = "00000000-0000-4000-8000-000000000000"
WRITES = [f"/{what}{rest}" for what in ("channels", "rules", "windows") for rest in ("", f"/{NONE}/remove")]


@pytest.mark.parametrize("path", [*WRITES, f"/channels/{NONE}/test"])
@pytest.mark.parametrize("who", ["viewer", "operator"])
async def test_who_is_no_admin_only_reads(visit: Visit, who: str, path: str) -> None:
    browser = await visit(who)
    page = await browser.get(PAGE)
    assert page.status_code == 200
    assert "A key of the role admin can change this." in page.text
    token = await browser.form_token("/acme/price")
    answer = await browser.post(f"{PAGE}{path}", data={"form_token": token, **CHANNEL})
    assert answer.status_code == 403


async def test_a_bad_address_is_refused_without_being_repeated(visit: Visit) -> None:
    browser = await visit("admin")
    answer = await send(browser, "/channels", **CHANNEL | {"address": "http://SECRET.example/"})
    assert answer.status_code == 422
    assert "SECRET" not in answer.text
    assert "https:// URL of the internet" in answer.text


async def test_an_error_is_said_in_the_reader_s_language_and_a_try_that_is_due_is_now(
    visit: Visit, viewer: Caller, owner: asyncpg.Connection
) -> None:
    browser = await visit("admin")
    await send(browser, "/channels", **CHANNEL)
    [channel] = (await viewer.get(f"{API}/channels")).json()["items"]
    await send(browser, f"/channels/{channel['id']}/test")
    error = Reason(ReasonCode.WEBHOOK_ANSWERED, status=503).to_json()
    await owner.execute("UPDATE notification_messages SET error = $1, tries = 1", error)
    fail = "UPDATE notification_channels SET last_error = $1, failures = 1, not_before = now() + $2::interval"
    said = {"pt": ("o webhook respondeu 503", "agora"), "es": ("el webhook respondió 503", "ahora")}
    for language, (words, now) in said.items():
        await owner.execute(fail, error, timedelta(hours=1))
        page = (await browser.get(f"{PAGE}?lang={language}")).text
        assert page.count(words) == page.count(f'data-due="{now}"') == 2  # of the channel, and of the message
        await owner.execute(fail, error, timedelta(seconds=-8))
        page = (await browser.get(f"{PAGE}?lang={language}")).text
        assert len(re.findall(f"<time [^>]+>{now}</time>", page)) == 2
    [channel] = (await viewer.get(f"{API}/channels")).json()["items"]
    assert channel["error"] == "the webhook answered 503"


async def test_the_log_goes_on_page_by_page(visit: Visit, viewer: Caller, writer: Database) -> None:
    browser = await visit("admin")
    await send(browser, "/channels", **CHANNEL)
    [channel] = (await viewer.get(f"{API}/channels")).json()["items"]
    for _ in range(3):
        await send(browser, f"/channels/{channel['id']}/test")
    first = (await viewer.get(f"{API}/messages?page_size=2")).json()
    rest = (await viewer.get(f"{API}/messages?page_size=2&page_token={first['next_page_token']}")).json()
    numbers = [each["number"] for each in first["items"] + rest["items"]]
    assert len(set(numbers)) == 3
    assert numbers == sorted(numbers, reverse=True)
    assert rest["next_page_token"] is None
