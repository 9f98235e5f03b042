"""People and keys: admins invite, make and revoke; a secret and a link are good once, and every act leaves a trace."""

import html
import re

import pytest
from fastapi import FastAPI

from api import authentication
from storage import access_keys
from storage.access_keys import KeyAuthor, NewKey, list_of
from storage.database import Database
from tests.integration.api.conftest import Caller
from tests.integration.pages.conftest import Browser, Visit
from tests.support.events import SOURCE

MADE = re.compile(r'class="made" readonly value="([^"]+)"')


def made(text: str) -> str:
    found = MADE.search(text)
    assert found is not None, text
    return html.unescape(found[1])


async def test_an_invited_person_joins_once_and_is_revoked(
    app: FastAPI, visit: Visit, writer: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "CACHE_SECONDS", 0.0)
    admin = await visit("admin")
    token = await admin.form_token("/acme/people")
    fields = {"form_token": token, "name": "Maria <b>", "role": "operator", "may_export": "1", "invite": "1"}
    page = await admin.post("/acme/people", data=fields)
    link = made(page.text)
    assert (page.headers["Cache-Control"], link.count("/sign-in?invitation=cnx_")) == ("no-store", 1)
    invitation = link.partition("invitation=")[2]
    async with Caller(app, invitation) as no_key:
        assert (await no_key.get("/api/v1/accounts/acme/activity")).status_code == 401
    guest = await visit()
    for _ in range(2):  # a preview uses nothing up
        assert "Accept the invitation" in (await guest.get(link)).text
    joined = await guest.post("/sign-in", data={"invitation": invitation})
    assert joined.status_code == 200
    secret = made(joined.text)
    assert (await guest.get("/acme/activity")).status_code == 200
    assert (await guest.get("/acme/people")).status_code == 403
    another = await visit()
    used = await another.post("/sign-in", data={"invitation": invitation})
    assert (used.status_code, "already used" in used.text) == (401, True)
    assert (await another.sign_in(secret)).status_code == 303  # the next time, by the key

    [maria] = [each for each in await list_of(writer, ["acme"]) if each.name == "Maria <b>"]
    assert (maria.role, maria.may_export, maria.may_see_evidence, maria.created_by) == ("operator", True, False, "a")
    assert maria.last_seen_at is not None
    assert "Maria &lt;b&gt;" in (await admin.get("/acme/people")).text
    revoked = await admin.post(f"/acme/people/{maria.id}/revoke", data={"form_token": token})
    assert revoked.status_code == 303
    for browser in (guest, another):
        assert (await browser.get("/acme/activity")).headers["location"].startswith("/sign-in")
    assert (await admin.post(f"/acme/people/{maria.id}/revoke", data={"form_token": token})).status_code == 404

    async with Caller(app, (await key_of(admin, token, "auditor"))) as auditor:
        acts = (await auditor.get("/api/v1/accounts/acme/activity?kind=key&who=a")).json()["items"]
    of_maria = [(each["action"], each["requested_by"]) for each in acts if each["about"]["name"] == "Maria <b>"]
    assert of_maria == [("revoked", "a"), ("joined", "Maria <b>"), ("invited", "a")]


async def key_of(browser: Browser, token: str, name: str) -> str:
    return made((await browser.post("/acme/people", data={"form_token": token, "name": name, "role": "viewer"})).text)


async def test_nobody_gives_what_they_have_not(app: FastAPI, visit: Visit, owning: Database, writer: Database) -> None:
    for who in ("viewer", "operator"):
        browser = await visit(who)
        token = await browser.form_token("/acme/overview")
        assert (await browser.get("/acme/people")).status_code == 403
        assert "/acme/people" not in (await browser.get("/acme/overview")).text
        refused = await browser.post("/acme/people", data={"form_token": token, "name": "x", "role": "admin"})
        assert refused.status_code == 403
    blind = NewKey(account="acme", role="admin", name="blind", may_export=False, may_see_evidence=False)
    secret = await access_keys.make(owning, blind, KeyAuthor("m"))
    browser = await visit()
    await browser.sign_in(secret)
    token = await browser.form_token("/acme/people")
    rights = {"role": "operator", "may_export": "1", "may_see_evidence": "1"}
    made((await browser.post("/acme/people", data={"form_token": token, "name": "n", **rights})).text)
    [given] = [each for each in await list_of(writer, ["acme"]) if each.name == "n"]
    assert (given.may_export, given.may_see_evidence) == (False, False)
    # Keys for every account are neither shown to nor revoked by who has one account.
    [every] = await list_of(writer, ["*"])
    assert str(every.id) not in (await browser.get("/acme/people")).text
    assert (await browser.post(f"/acme/people/{every.id}/revoke", data={"form_token": token})).status_code == 404
    of_all = await visit("every")
    assert str(every.id) in (await of_all.get("/acme/people")).text

    unbound = {"form_token": token, "name": "c", "role": "connector"}
    for fields in ({}, {"source": SOURCE}, {"source": SOURCE, "affiliates": "MLB", "invite": "1"}, {"name": " "}):
        assert (await browser.post("/acme/people", data=unbound | fields)).status_code == 422
    made((await browser.post("/acme/people", data=unbound | {"source": SOURCE, "affiliates": "MLB, AMZ"})).text)
    [bound] = [each for each in await list_of(writer, ["acme"]) if each.name == "c" and each.affiliates != ["MLB"]]
    assert (bound.source, bound.affiliates) == (SOURCE, ["MLB", "AMZ"])


@pytest.mark.parametrize("name", ["conexoes", "Conexoes", " CONEXOES "])
async def test_nobody_gets_a_name_with_which_they_could_do_nothing(visit: Visit, writer: Database, name: str) -> None:
    admin = await visit("admin")
    fields = {"form_token": await admin.form_token("/acme/people"), "name": name, "role": "operator"}
    for more in ({}, {"invite": "1"}):
        refused = await admin.post("/acme/people", data=fields | more)
        assert (refused.status_code, "name" in refused.text) == (422, True)
    assert not [each for each in await list_of(writer, ["acme"]) if each.name.strip().lower() == "conexoes"]
