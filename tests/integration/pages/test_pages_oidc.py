"""Sign-in by an issuer: only for whom its groups admit, under their own name, and for no longer than it says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import RSAKey

from admin import person_sessions
from admin.app import build_admin
from admin.issuer import Issuer
from admin.session import Sessions
from admin.settings import SignInSettings
from api import authentication
from api.authentication import Authenticator
from broker.publisher import Publisher
from exports.settings import ExportSettings
from schemas.policy import Policy
from schemas.topics import Topics
from storage.access_keys import list_of
from storage.database import Database
from tests.integration.api.conftest import NOWHERE, SESSION_SECRET
from tests.integration.pages.conftest import Browser
from tests.support.oidc_issuer import CLIENT_ID, CLIENT_SECRET, IssuerOfTests, issuing

ROLES = {
    "ops": {"account": "acme", "role": "operator"},
    "bosses": {"account": "acme", "role": "admin"},
    "globex": {"account": "globex", "role": "viewer"},
}
MARIA = {"email": "maria@store.example", "name": "Maria", "groups": ["ops", "unknown"]}
Enter = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def issuer() -> AsyncIterator[IssuerOfTests]:
    async with issuing(maria=MARIA) as running:
        yield running


@pytest.fixture
async def signing_in(issuer: IssuerOfTests) -> AsyncIterator[Issuer]:
    made = Issuer(
        SignInSettings(
            oidc_issuer=issuer.address,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=CLIENT_SECRET,
            oidc_roles=ROLES,
        )
    )
    yield made
    await made.close()


@pytest.fixture
async def app(reader: Database, writer: Database, signing_in: Issuer, tmp_path: Path) -> AsyncIterator[FastAPI]:
    publisher = Publisher(NOWHERE, timeout_seconds=4)
    yield build_admin(
        reader,
        writer,
        publisher,
        authenticator=Authenticator(reader, None),
        policy=Policy(),
        topics=Topics(),
        sessions=Sessions(SESSION_SECRET),
        export_settings=ExportSettings(data_dir=tmp_path),
        issuer=signing_in,
    )
    await publisher.close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The issuer is asked, and the database looked into, at every request."""
    monkeypatch.setattr(authentication, "CACHE_SECONDS", 0.0)
    monkeypatch.setattr(person_sessions, "RENEW_SECONDS", 0.0)
    monkeypatch.setattr(person_sessions, "_LOOKED_SECONDS", 0.0)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Browser]:
    async with Browser(app) as opened:
        yield opened


async def code_of(browser: Browser, subject: str, **query: str) -> dict[str, str]:
    """Go to the issuer as a person, and return what it sends back."""
    away = await browser.get(f"/sign-in/oidc?{urlencode(query)}")
    assert away.status_code == 303, away.text
    async with httpx.AsyncClient() as there:
        back = await there.get(f"{away.headers['location']}&subject={subject}")
    found = parse_qs(urlsplit(back.headers["location"]).query)
    return {name: values[0] for name, values in found.items()}


async def enter(browser: Browser, subject: str, **query: str) -> httpx.Response:
    return await browser.get("/sign-in/oidc/callback", params=await code_of(browser, subject, **query))


async def test_a_person_acts_under_their_name_until_the_issuer_refuses_them(
    browser: Browser, app: FastAPI, issuer: IssuerOfTests, writer: Database
) -> None:
    assert "Sign in with your company" in (await browser.get("/sign-in?next=/acme/price")).text
    entered = await enter(browser, "maria", next="/acme/affiliates")
    assert (entered.status_code, entered.headers["location"]) == (303, "/acme/affiliates")
    token = await browser.form_token("/acme/affiliates")
    fields = {"form_token": token, "affiliate": "MLB", "reason": "campaign"}
    assert (await browser.post("/acme/affiliates/pause", data=fields)).status_code == 303
    assert "maria@store.example" in (await browser.get("/acme/activity?kind=affiliate")).text
    assert (await browser.get("/globex/activity")).status_code == 404
    assert (await browser.get("/acme/people")).status_code == 403
    assert issuer.asked.count("/token") > 3  # asked again and again, each time with another token

    issuer.people["maria"] = MARIA | {"groups": ["bosses"]}
    assert (await browser.get("/acme/activity?kind=key")).status_code == 200
    page = await browser.get("/acme/people")
    assert (page.status_code, issuer.address in page.text, '<bdi class="code">maria</bdi>' in page.text) == (
        200,
        True,
        True,
    )
    acts = (await browser.get("/acme/activity?kind=key&who=maria")).text
    assert ("Joined" in acts, "Changed" in acts) == (True, True)

    issuer.down = "/token"  # its last word is good for a while
    assert (await browser.get("/acme/activity")).status_code == 200
    issuer.down, issuer.people["maria"]["groups"] = None, []
    assert (await browser.get("/acme/activity")).headers["location"].startswith("/sign-in")
    issuer.people["maria"]["groups"] = ["ops"]
    assert (await browser.get("/acme/activity")).status_code == 303  # the session is over for good
    assert (await enter(browser, "maria")).status_code == 303
    del issuer.people["maria"]
    assert (await browser.get("/acme/activity")).status_code == 303
    async with writer.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM person_sessions") == 0


async def test_whom_nothing_is_heard_of_is_refused(
    browser: Browser, issuer: IssuerOfTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_sessions, "GOOD_SECONDS", 0.0)
    await enter(browser, "maria")
    issuer.down = "/token"
    assert (await browser.get("/acme/activity")).status_code == 303
    monkeypatch.setattr(person_sessions, "GOOD_SECONDS", 40.0)
    issuer.down = None
    assert (await browser.get("/acme/activity")).status_code == 200  # the cookie is as good as before


async def test_groups_that_are_told_no_more_are_good_for_a_short_time(
    browser: Browser, issuer: IssuerOfTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enter(browser, "maria")
    issuer.renews_id_tokens = False
    issuer.people["maria"] = MARIA | {"groups": []}
    assert (await browser.get("/acme/activity")).status_code == 200
    issuer.renews_id_tokens, issuer.people["maria"] = True, MARIA
    monkeypatch.setattr(person_sessions, "GROUPS_GOOD_SECONDS", 0.0)
    assert (await browser.get("/acme/activity")).status_code == 200
    issuer.renews_id_tokens = False
    assert (await browser.get("/acme/activity")).headers["location"].startswith("/sign-in")
    issuer.renews_id_tokens = True
    assert (await browser.get("/acme/activity")).status_code == 303  # the session is over for good


async def test_signing_out_and_revoking_end_a_persons_sessions(
    browser: Browser, app: FastAPI, issuer: IssuerOfTests, writer: Database
) -> None:
    issuer.people["boss"] = {"email": "boss@store.example", "groups": ["bosses"]}
    await enter(browser, "maria")
    cookies = dict(browser.cookies)
    async with Browser(app) as boss:
        await enter(boss, "boss")
        token = await boss.form_token("/acme/people")
        await browser.post("/sign-out", data={"form_token": await browser.form_token("/acme/price")})
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), cookies=cookies) as copied:
            assert (await copied.get("http://conexoes.test/acme/activity")).status_code == 303
        assert (await enter(browser, "maria")).status_code == 303
        [maria] = [each for each in await list_of(writer, ["acme"]) if each.name == "maria@store.example"]
        assert (await boss.post(f"/acme/people/{maria.id}/revoke", data={"form_token": token})).status_code == 303
    assert (await browser.get("/acme/activity")).status_code == 303
    refused = await enter(browser, "maria")
    assert (refused.status_code, "revoked your access" in refused.text) == (403, True)


async def test_who_has_several_accounts_chooses_one(browser: Browser, issuer: IssuerOfTests) -> None:
    issuer.people["maria"]["groups"] = ["ops", "globex"]
    asked = await enter(browser, "maria")
    assert asked.status_code == 200
    assert "/sign-in/oidc?next=%2F&amp;account=globex" in asked.text
    assert (await browser.get("/acme/price")).status_code == 303  # nobody is signed in yet
    assert (await enter(browser, "maria", account="globex")).status_code == 303
    assert (await browser.get("/globex/activity")).status_code == 200
    assert (await browser.get("/acme/activity")).status_code == 404


async def test_nothing_but_a_good_answer_to_our_question_signs_in(
    browser: Browser, app: FastAPI, issuer: IssuerOfTests
) -> None:
    async def refused(answer: httpx.Response, status: int = 401) -> None:
        assert answer.status_code == status, answer.text
        assert "conexoes_session" not in browser.cookies

    callback = "/sign-in/oidc/callback"
    await refused(await browser.get(callback, params={"code": "c", "state": "s"}))  # nobody was sent away
    await refused(await browser.get(callback, params=await code_of(browser, "maria") | {"state": "é"}))
    await refused(
        await browser.get(callback, params={"state": (await code_of(browser, "maria"))["state"], "error": "x"})
    )
    async with Browser(app) as other:
        theirs = await code_of(other, "maria")
        await refused(await browser.get(callback, params=theirs))  # another browser's
        mine = await code_of(browser, "maria")
        await refused(await browser.get(callback, params=mine | {"code": theirs["code"]}))  # of another verifier
    wrong: list[dict[str, Any]] = [
        {"iss": "http://127.0.0.1:9"},
        {"aud": "another"},
        {"aud": [CLIENT_ID, "another"]},
        {"nonce": "old"},
        {"exp": 1},
        {"sub": None},
    ]
    for claims in wrong:
        issuer.claims = claims
        await refused(await enter(browser, "maria"))
    issuer.claims = {"groups": ["unknown"]}
    await refused(await enter(browser, "maria"), 403)
    issuer.claims = {}
    signing, issuer.key = issuer.key, RSAKey.generate_key(2048, {"kid": "2"})
    assert (await enter(browser, "maria")).status_code == 401  # signed for kid 1, which is not among its keys
    issuer.key, issuer.down = signing, "/token"
    await refused(await enter(browser, "maria"), 503)
    issuer.down = None
    assert (await enter(browser, "maria", next="//evil.example")).headers["location"] == "/"


async def test_without_an_issuer_there_is_no_such_page(app: FastAPI) -> None:
    app.state.person_sessions.issuer = None
    async with Browser(app) as browser:
        for path in ("/sign-in/oidc", "/sign-in/oidc/callback"):
            assert (await browser.get(path)).status_code == 404
        assert "Sign in with your company" not in (await browser.get("/sign-in")).text
