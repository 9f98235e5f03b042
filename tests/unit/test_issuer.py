"""Answers of an issuer of OpenID Connect, and what is made of them."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from admin.issuer import Issuer, IssuerRefusedError, IssuerUnavailableError, Told
from admin.settings import SignInSettings
from tests.support.oidc_issuer import CLIENT_ID, CLIENT_SECRET, IssuerOfTests, issuing

ROLES = {"ops": {"account": "acme", "role": "operator"}}
MARIA = {"email": "maria@store.example", "name": "Maria", "groups": ["ops"]}


@pytest.fixture
async def there() -> AsyncIterator[IssuerOfTests]:
    async with issuing(maria=MARIA) as running:
        yield running


@pytest.fixture
async def issuer(there: IssuerOfTests) -> AsyncIterator[Issuer]:
    made = Issuer(
        SignInSettings(
            oidc_issuer=there.address,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=CLIENT_SECRET,
            oidc_roles=ROLES,
        )
    )
    yield made
    await made.close()


async def enter(issuer: Issuer) -> Told:
    back, secrets = "http://conexoes.test/back", {"nonce": "n", "verifier": "v" * 43}
    address = await issuer.address(back, state="s", **secrets)
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(f"{address}&subject=maria")
    [code] = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
    return await issuer.redeem(code, back, **secrets)


async def test_answers_are_read_to_their_end(issuer: Issuer, there: IssuerOfTests) -> None:
    there.in_pieces = True
    told = await enter(issuer)
    assert told.person is not None
    assert told.person.name == "maria@store.example"
    there.padding = 256 * 1024
    with pytest.raises(IssuerUnavailableError, match="more than 262144 bytes"):
        await issuer.renew(told.refresh_token, "maria")


async def test_groups_come_by_userinfo_where_no_id_token_comes(issuer: Issuer, there: IssuerOfTests) -> None:
    there.renews_id_tokens, there.has_userinfo = False, True
    token = (await enter(issuer)).refresh_token

    async def groups() -> set[str] | None:
        nonlocal token
        told = await issuer.renew(token, "maria")
        token = told.refresh_token
        return None if told.person is None else set(told.person.groups)

    assert await groups() == {"ops"}
    there.people["maria"] = MARIA | {"groups": []}
    assert await groups() == set()
    there.down = "/userinfo"
    assert await groups() is None
    there.down, there.people["maria"] = None, {"email": "maria@store.example"}
    assert await groups() is None
    there.claims = {"sub": "somebody else", "groups": ["ops"]}
    with pytest.raises(IssuerRefusedError, match="somebody else"):
        await groups()


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({}, "maria@store.example"),
        ({"email_verified": True}, "maria@store.example"),
        ({"email_verified": False}, "Maria"),
        ({"email_verified": "false"}, "Maria"),
        ({"email_verified": False, "name": None}, "maria"),
        ({"email_verified": False, "preferred_username": "mary"}, "mary"),
        ({"email": " Conexoes", "preferred_username": "CONEXOES"}, "Maria"),
        ({"email": "\u202e", "name": "m" * 300}, "m" * 200),
    ],
)
async def test_a_person_is_called_by_what_is_proven_and_can_be_the_name_of_an_author(
    issuer: Issuer, there: IssuerOfTests, claims: dict[str, Any], name: str
) -> None:
    there.claims = claims
    told = await enter(issuer)
    assert told.person is not None
    assert (told.person.subject, told.person.name) == ("maria", name)


@pytest.mark.parametrize(
    ("groups", "found"),
    [
        (None, set()),
        ([], set()),
        ("ops", {"ops"}),
        (["ops", 7, None, {}], {"ops"}),
        ({"ops": {"1": "store.example"}}, {"ops"}),
        *((each, None) for each in (True, False, 7, 0, 1.5)),
    ],
)
async def test_a_claim_of_groups_is_read_or_refused_also_when_asked_again(
    issuer: Issuer, there: IssuerOfTests, groups: object, found: set[str] | None
) -> None:
    token = (await enter(issuer)).refresh_token
    there.claims = {"groups": groups}
    if found is None:
        with pytest.raises(IssuerRefusedError, match="is no list"):
            await enter(issuer)
        with pytest.raises(IssuerRefusedError, match="is no list"):
            await issuer.renew(token, "maria")
    else:
        for told in (await enter(issuer), await issuer.renew(token, "maria")):
            assert told.person is not None
            assert told.person.groups == found
