"""Signing in, and what a session is good for: roles, accounts, forms, revoking."""

import asyncio
import re
import uuid

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from admin.known_sessions import KnownSessions
from admin.pages import live
from admin.session import Sessions
from api import authentication
from schemas.topics import Topics
from storage import access_keys
from storage.database import Database
from tests.integration.api.conftest import NOWHERE, SESSION_SECRET, Caller, Store, app_on
from tests.integration.pages.conftest import Browser, Visit
from tests.support.account import account
from tests.support.served import served

NOBODY = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"
PAGES = [
    "/acme/overview",
    "/acme/price/overview",
    "/acme/price",
    "/acme/price/counts",
    "/acme/price/details",
    "/acme/price/rows",
    "/acme/price/live",
    f"/acme/price/logs/{NOBODY}",
    f"/acme/price/logs/{NOBODY}/timeline",
    f"/acme/price/logs/{NOBODY}/evidence/request",
    "/acme/price/reprocess",
    "/acme/reprocess",
    "/acme/reprocess/any",
    "/acme/reprocess/any/items.csv",
    "/acme/affiliates",
    "/acme/notifications",
    "/acme/price/groups",
    "/acme/dead-letters",
    "/acme/dead-letters/export.jsonl",
    "/acme/dead-letters/plan",
    "/acme/dead-letters/redrives",
    f"/acme/dead-letters/redrives/{NOBODY}",
    f"/acme/dead-letters/{NOBODY}",
    f"/acme/dead-letters/{NOBODY}/value",
    "/acme/search?q=x",
]
FORMS = [
    "/acme/price/reprocess",
    "/acme/reprocess/any/cancel",
    "/acme/affiliates/pause",
    "/acme/affiliates/resume",
    "/acme/affiliates/automatic-rule",
    "/acme/affiliates/automatic-off",
    "/acme/affiliates/automatic-on",
    "/acme/price/groups/0123456789abcdef",
    "/acme/price/views",
    f"/acme/price/views/{NOBODY}/delete",
    "/acme/price/export",
    f"/acme/exports/{NOBODY}/cancel",
    "/acme/dead-letters/redrive",
    "/acme/dead-letters/erase",
    f"/acme/dead-letters/redrives/{NOBODY}/pause",
    f"/acme/dead-letters/{NOBODY}/edit",
]


@pytest.mark.law
@pytest.mark.parametrize("path", PAGES)
async def test_no_page_without_signing_in(visit: Visit, path: str) -> None:
    answer = await (await visit()).get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2Facme%2F")


@pytest.mark.law
@pytest.mark.parametrize("path", PAGES)
async def test_another_account_does_not_exist(visit: Visit, store_events: Store, path: str) -> None:
    await store_events(*account())
    browser = await visit("other")
    answer, absent = await browser.get(path), await browser.get(path.replace("acme", "nobody"))
    assert (answer.status_code, absent.status_code) == (404, 404)
    assert "SKU" not in answer.text


@pytest.mark.law
@pytest.mark.parametrize("path", FORMS)
async def test_a_form_of_another_session_does_nothing(visit: Visit, path: str) -> None:
    stranger, person = await visit("operator"), await visit("operator")
    token = await stranger.form_token("/acme/price")
    for data in ({"form_token": ""}, {"form_token": "x"}, {"form_token": token}):
        answer = await person.post(path, data=data)
        assert answer.status_code == 403, path
    own = await person.form_token("/acme/price")
    answer = await person.post(path, data={"form_token": own}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


@pytest.mark.law
@pytest.mark.parametrize("path", FORMS[:4])
async def test_a_viewer_changes_nothing(visit: Visit, path: str) -> None:
    viewer = await visit("viewer")
    token = await viewer.form_token("/acme/price")
    data = {"form_token": token, "once": "1", "log_id": NOBODY, "name": "x", "query": ""}
    answer = await viewer.post(path, data=data)
    assert answer.status_code == 403, path
    assert "Your key is read-only" in answer.text


async def test_the_cookie_is_only_for_us(visit: Visit, keys: dict[str, str]) -> None:
    browser = await visit()
    answer = await browser.sign_in(keys["viewer"])
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert keys["viewer"] not in cookie
    assert "Secure" not in cookie  # over plain HTTP it would never come back
    secure = await browser.post("https://conexoes.test/sign-in", data={"access_key": keys["viewer"]})
    assert "Secure" in secure.headers["set-cookie"]


@pytest.mark.parametrize("key", ["", "cnx_wrong", "x" * 300, "\x00"])
async def test_a_wrong_key_is_told_so(visit: Visit, key: str) -> None:
    browser = await visit()
    answer = await browser.sign_in(key)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "This key is not known here" in answer.text


async def test_a_revoked_key_ends_its_session(visit: Visit, owning: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "CACHE_SECONDS", 0.0)
    browser = await visit("viewer")
    assert (await browser.get("/acme/price")).status_code == 200
    [mine] = [each for each in await access_keys.list_all(owning) if each.name == "v"]
    assert await access_keys.revoke(owning, mine.id)
    assert (await browser.get("/acme/price")).status_code == 303


async def test_a_link_signs_in_once(visit: Visit, owner: asyncpg.Connection) -> None:
    link = Sessions(SESSION_SECRET).make_link()
    first, second = await visit(), await visit()
    for look in (second.head, second.get, first.get):  # whoever previews a message that has the link
        page = await look("/sign-in", params={"link": link, "next": "/acme/price"})
        assert (page.status_code, "set-cookie" in page.headers) == (200, False)
    assert f'name="link" value="{link}"' in page.text
    answer = await first.post("/sign-in", data={"link": link, "next": "/acme/price"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/acme/price")
    assert (await first.get("/acme/price")).status_code == 200
    again = await second.post("/sign-in", data={"link": link})
    assert again.status_code == 401
    assert "was already used" in again.text
    assert await owner.fetchval("SELECT count(*) FROM used_sign_in_links") == 1
    foreign = Sessions(b"other").make_link()
    assert (await second.get("/sign-in", params={"link": foreign})).status_code == 401
    assert (await second.post("/sign-in", data={"link": foreign})).status_code == 401


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", ""])
async def test_signing_in_leads_nowhere_else(visit: Visit, keys: dict[str, str], target: str) -> None:
    browser = await visit()
    answer = await browser.post("/sign-in", data={"access_key": keys["viewer"], "next": target})
    assert answer.headers["location"] == "/"
    assert (await browser.get("/sign-in", params={"next": target})).headers["location"] == "/"


async def test_signing_out_ends_it_here(visit: Visit) -> None:
    browser = await visit("viewer")
    token = await browser.form_token("/acme/price")
    answer = await browser.post("/sign-out", data={"form_token": token})
    assert answer.headers["location"] == "/sign-in"
    assert (await browser.get("/acme/price")).status_code == 303


async def test_a_session_that_signed_out_is_over_wherever_its_cookie_is(
    visit: Visit, owner: asyncpg.Connection
) -> None:
    browser, thief = await visit("viewer"), await visit()
    thief.cookies.update(browser.cookies)
    assert (await thief.get("/acme/price")).status_code == 200
    token = await browser.form_token("/acme/price")
    assert (await browser.post("/sign-out", data={"form_token": token})).status_code == 303
    assert (await thief.get("/acme/price")).status_code == 303
    assert await owner.fetchval("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL") == 1
    await owner.execute("UPDATE sessions SET expires_at = now() - interval '1 second'")
    await (await visit("viewer")).get("/acme/price")
    assert await owner.fetchval("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL") == 0


async def test_a_person_sees_where_their_key_is_signed_in_and_ends_it_there(
    visit: Visit, owner: asyncpg.Connection, app: FastAPI
) -> None:
    here, phone, shop, admin = await visit("viewer"), await visit("viewer"), await visit("viewer"), await visit("admin")
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    for browser, agent in ((here, firefox), (phone, "Mozilla/5.0 (iPhone) Version/17.4 Safari/604.1"), (shop, "<b>")):
        browser.headers["user-agent"] = agent
        assert (await browser.get("/acme/price")).status_code == 200
    assert (await admin.get("/acme/price")).status_code == 200
    page = (await here.get("/preferences")).text
    assert page.count("End this session") == 3
    assert ("Firefox, Linux" in page, "Safari, iPhone" in page, "Unknown browser" in page) == (True, True, True)
    ids = re.findall(r"/preferences/sessions/([0-9a-f]{64})/end", page)
    [own] = re.findall(r">this session<.*?/preferences/sessions/([0-9a-f]{64})/end", page, re.DOTALL)
    assert own == ids[0]
    kept = await owner.fetch("SELECT * FROM sessions")
    secrets = {key for browser in (here, phone) for key in browser.cookies.values()}
    assert not any(secret[:20] in str(row) for secret in secrets for row in kept)

    # Nobody ends what is another key's, nor what is no session.
    other = await admin.form_token("/acme/price")
    for address in (*ids, "0" * 64):
        answer = await admin.post(f"/preferences/sessions/{address}/end", data={"form_token": other})
        assert answer.status_code == 404
    token = await here.form_token("/acme/price")
    assert (await here.post("/preferences/sessions/x/end", data={"form_token": token})).status_code == 422

    # At once in this process, whatever it remembers of them.
    [of_phone] = [row["id"].hex() for row in kept if "iPhone" in row["browser"]]
    assert (await here.post(f"/preferences/sessions/{of_phone}/end", data={"form_token": token})).status_code == 303
    statuses = [(await each.get("/acme/price")).status_code for each in (here, phone, shop, admin)]
    assert statuses == [200, 303, 200, 200]
    assert (await here.post("/preferences/sessions/end-others", data={"form_token": token})).status_code == 303
    statuses = [(await each.get("/acme/price")).status_code for each in (here, phone, shop, admin)]
    assert statuses == [200, 303, 303, 200]
    assert "End all other sessions" not in (await here.get("/preferences")).text

    # In another process as soon as it looks again.
    again = KnownSessions(app.state.writer, app.state.site.sessions)
    app.state.known_sessions, before = again, app.state.known_sessions
    phone = await visit("viewer")
    assert (await phone.get("/acme/price")).status_code == 200
    app.state.known_sessions = before
    assert (await here.post("/preferences/sessions/end-others", data={"form_token": token})).status_code == 303
    app.state.known_sessions = again
    again._good.clear()
    assert (await phone.get("/acme/price")).status_code == 303


async def test_wrong_keys_slow_an_address_down_and_good_ones_cost_nothing(visit: Visit, keys: dict[str, str]) -> None:
    browser = await visit()
    for _ in range(30):
        assert (await browser.sign_in(keys["viewer"])).status_code == 303
    answers = await asyncio.gather(*(browser.sign_in(f"cnx_wrong_{n}") for n in range(30)))
    statuses = [each.status_code for each in answers]
    assert (statuses.count(429) >= 20, set(statuses)) == (True, {401, 429})
    refused = await browser.sign_in(keys["viewer"])  # not even looked at: it tells nothing
    assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (429, True)


@pytest.mark.parametrize("ending", ["revoke", "sign out", "end others"])
async def test_a_live_stream_ends_with_its_session(
    visit: Visit, owning: Database, app: FastAPI, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(authentication, "CACHE_SECONDS", 0.0)
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.1)
    browser = await visit("viewer")
    token = await browser.form_token("/acme/price")
    async with (
        served(app) as url,
        httpx.AsyncClient(base_url=url, cookies=dict(browser.cookies)) as reader,
        reader.stream("GET", "/acme/price/live", timeout=20) as stream,
    ):
        assert stream.status_code == 200
        lines = stream.aiter_lines()
        async for line in lines:
            if "ready" in line:
                break
        if ending == "revoke":
            [mine] = [each for each in await access_keys.list_all(owning) if each.name == "v"]
            assert await access_keys.revoke(owning, mine.id)
        elif ending == "sign out":
            await browser.post("/sign-out", data={"form_token": token})
        else:
            elsewhere = await visit("viewer")
            other = await elsewhere.form_token("/acme/price")
            await elsewhere.post("/preferences/sessions/end-others", data={"form_token": other})
        async with asyncio.timeout(live.STREAM_SECONDS / 10):
            async for _line in lines:
                pass


ORIGINS = [
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://conexoes.test.evil.example"}, 403),
    ({"Origin": "http://conexoes.test:8080"}, 403),
    ({"Origin": "http://conexoes.test"}, 303),
    ({"Origin": "http://CONEXOES.test"}, 303),
    ({}, 303),
    ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 303),  # a browser does not send this
]


@pytest.mark.parametrize(("headers", "status"), ORIGINS)
async def test_a_form_without_a_token_must_come_from_here(
    visit: Visit, keys: dict[str, str], headers: dict[str, str], status: int
) -> None:
    """Over plain HTTP browsers say the origin only."""
    browser = await visit()
    answer = await browser.post("/sign-in", data={"access_key": keys["viewer"]}, headers=headers)
    assert answer.status_code == status
    answer = await browser.post("/preferences", data={"theme": "dark"}, headers=headers)
    assert answer.status_code == status


async def test_behind_tls_that_a_proxy_ends_cookies_are_for_tls_only(
    reader: Database, writer: Database, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy is not one whose headers are believed, and asks by another host: what was set is known."""
    monkeypatch.setenv("CONEXOES_PUBLIC_URL", "https://conexoes.example/x")
    async with app_on(reader, writer, NOWHERE, Topics()) as app, Browser(app) as browser:
        answer = await browser.post(
            "/sign-in", data={"access_key": keys["viewer"]}, headers={"Origin": "https://conexoes.example"}
        )
        assert answer.status_code == 303
        [cookie] = answer.headers.get_list("set-cookie")
        assert cookie.startswith("__Host-conexoes_session=")
        assert ("Secure" in cookie, "Path=/" in cookie, "Domain" in cookie) == (True, True, False)
        value = cookie.partition(";")[0]
        assert (await browser.get("/acme/price", headers={"Cookie": value})).status_code == 200
        assert (await browser.get("/acme/price", headers={"Cookie": value.removeprefix("__Host-")})).status_code == 303
        chosen = await browser.post("/preferences", data={"theme": "dark"})
        assert "Secure" in chosen.headers["set-cookie"]


@pytest.mark.parametrize(
    ("trusted", "secure"), [("127.0.0.1", True), ("10.0.0.0/8,127.0.0.0/8", True), ("10.1.2.3", False)]
)
async def test_the_proxies_whose_headers_are_believed_are_a_setting(
    app: FastAPI, keys: dict[str, str], trusted: str, *, secure: bool
) -> None:
    headers = {"X-Forwarded-Proto": "https"}
    async with served(app, trusted_proxies=trusted) as url, httpx.AsyncClient(base_url=url, headers=headers) as client:
        answer = await client.post("/sign-in", data={"access_key": keys["viewer"]})
    assert ("Secure" in answer.headers["set-cookie"]) is secure


async def test_a_cookie_opens_no_api_and_a_key_no_page(visit: Visit, viewer: Caller) -> None:
    """Two doors: what another site makes a browser send has the cookie, and gets nothing from the API."""
    browser = await visit("viewer")
    assert (await browser.get("/api/v1/accounts/acme/price/logs")).status_code == 401
    body = {"account": "acme", "integration_type": "price", "requested_by": "x", "log_ids": [str(uuid.uuid4())]}
    assert (await browser.post("/commands/reprocess", json=body)).status_code == 401
    assert (await viewer.get("/acme/price")).status_code == 303


async def test_a_key_for_every_account_chooses_one(visit: Visit, store_events: Store) -> None:
    browser = await visit("every")
    assert "Nothing has arrived yet" in (await browser.get("/")).text
    await store_events(*account())
    assert (await browser.get("/")).headers["location"] == "/acme/overview"
    assert (await (await visit("viewer")).get("/")).headers["location"] == "/acme/overview"


async def test_the_app_has_one_error_for_machines_and_one_for_people(visit: Visit, app: FastAPI) -> None:
    browser = await visit("viewer")
    page = await browser.get("/acme/price", params={"status": "maybe"})
    assert (page.status_code, page.headers["content-type"]) == (422, "text/html; charset=utf-8")
    async with Caller(app, None) as machine:
        absent = await machine.get("/nowhere")
    assert absent.headers["content-type"] == "application/problem+json"
