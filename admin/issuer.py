"""An issuer of OpenID Connect: authorization code with PKCE, ID tokens, and refresh tokens to ask again.

The steps are authlib's and joserfc's; here is only what is asked of which address, and what its answers mean.
"""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp
import orjson
import structlog
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

import outbound.http
from admin.settings import SignInSettings
from broker.outage import Outages
from schemas.person import Person, PersonRole, roles_of
from schemas.reprocess import MAX_AUTHOR_CHARACTERS, refused_author

log = structlog.get_logger(__name__)
#: Time for one answer of the issuer.
ANSWER_SECONDS = 5.0
#: Time for which its addresses and keys are kept. A key that is not among them is asked for at once.
_KEPT_SECONDS = 600.0
_MAX_ANSWER_BYTES = 256 * 1024
_LEEWAY_SECONDS = 60
#: Signatures that are taken: `none`, and those by a shared secret, are not.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
#: An e-mail address that is not the person's for certain names nobody: they could have written another's there. Some
#: issuers send the claim as text.
_UNPROVEN = (False, "false")
#: Claims that a person is called by, the first that can be the name of an author.
_NAMES = ("email", "preferred_username", "name", "sub")


class IssuerUnavailableError(Exception):
    """The issuer does not answer, or not as an issuer does: try again later."""


class IssuerRefusedError(Exception):
    """The issuer refuses the person, or what it says of them can't be trusted."""


class Told(NamedTuple):
    """Word of the issuer on a person, with the token to ask again."""

    person: Person | None  # None: it said only that the person may stay, and nothing of groups
    refresh_token: str


class Issuer:
    """One issuer and our registration there. `close` it at the end."""

    def __init__(self, settings: SignInSettings) -> None:
        """`settings` must have an issuer."""
        if settings.oidc_issuer is None or settings.oidc_client_id is None:
            raise ValueError("no issuer is set")
        self.name = settings.oidc_issuer
        self._settings = settings
        self._client_id: str = settings.oidc_client_id
        secret = settings.oidc_client_secret
        method = "none" if secret is None else "client_secret_basic"
        self._auth = ClientAuth(self._client_id, secret.get_secret_value() if secret else None, method)
        self._outages = Outages(log)
        self._http: aiohttp.ClientSession | None = None
        self._document: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def say_unavailable(self, error: IssuerUnavailableError) -> None:
        """Log that it does not answer: when that begins, and once a minute."""
        self._outages.failed("issuer", str(error))

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    def roles(self, person: Person) -> dict[str, PersonRole]:
        """Return the person's role in each account, as the settings give it."""
        return roles_of(person.groups, self._settings.oidc_roles)

    async def address(self, redirect_uri: str, *, state: str, nonce: str, verifier: str) -> str:
        """Return the address at which a person signs in. Raises IssuerUnavailableError."""
        document = await self._discover()
        address: str = prepare_grant_uri(
            document["authorization_endpoint"],
            client_id=self._client_id,
            response_type="code",
            redirect_uri=redirect_uri,
            scope=self._settings.oidc_scope,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return address

    async def redeem(self, code: str, redirect_uri: str, *, nonce: str, verifier: str) -> Told:
        """Return the person whose code this is. Raises IssuerUnavailableError, IssuerRefusedError."""
        answer = await self._token(
            prepare_token_request("authorization_code", redirect_uri=redirect_uri, code=code, code_verifier=verifier)
        )
        if not isinstance(answer.get("refresh_token"), str):
            raise IssuerRefusedError("it gives no refresh token: see CONEXOES_OIDC_SCOPE")
        return Told(await self._person(answer.get("id_token"), nonce), answer["refresh_token"])

    async def renew(self, refresh_token: str, subject: str) -> Told:
        """Ask if a person may stay. Raises IssuerUnavailableError; IssuerRefusedError when they may not.

        An issuer need give no ID token here (OpenID Connect Core 12.2): then its userinfo is asked for the groups.
        """
        answer = await self._token(prepare_token_request("refresh_token", refresh_token=refresh_token))
        person = None
        if answer.get("id_token") is not None:
            person = await self._person(answer["id_token"], None)
        else:
            person = await self._told_of(answer.get("access_token"))
        if person is not None and person.subject != subject:
            raise IssuerRefusedError("it answers for somebody else")
        following = answer.get("refresh_token")
        return Told(person, following if isinstance(following, str) else refresh_token)

    async def _person(self, id_token: object, nonce: str | None) -> Person:
        """Return the person of an ID token that is good, by OpenID Connect Core 3.1.3.7."""
        if not isinstance(id_token, str):
            raise IssuerRefusedError("it gives no ID token")
        try:
            token = await self._verified(id_token)
            options = {
                "iss": {"essential": True, "value": self.name},
                "aud": {"essential": True, "value": self._client_id},
            }
            claims = CodeIDToken(token.claims, token.header, options, {"nonce": nonce, "client_id": self._client_id})
            claims.validate(leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError) as exc:
            raise IssuerRefusedError(f"its ID token is not good: {exc}") from exc
        return self._named(claims)

    async def _told_of(self, access_token: object) -> Person | None:
        """Return the person of the issuer's userinfo, by OpenID Connect Core 5.3; None where it tells no groups.

        Also None while it doesn't answer: the refresh token that came with this one is good, and must not be lost.
        """
        try:
            address = (await self._discover()).get("userinfo_endpoint")
            if not isinstance(address, str) or not isinstance(access_token, str):
                return None
            claims = await self._ask("GET", address, headers={"Authorization": f"Bearer {access_token}"})
        except IssuerUnavailableError as exc:
            self.say_unavailable(exc)
            return None
        if not isinstance(claims.get("sub"), str):
            raise IssuerRefusedError("its userinfo names nobody")
        return self._named(claims) if self._settings.oidc_groups_claim in claims else None

    def _named(self, claims: Mapping[str, Any]) -> Person:
        unproven = {"email"} if claims.get("email_verified") in _UNPROVEN else set()
        named = (_printable(claims.get(each)) for each in _NAMES if each not in unproven)
        name = next((each for each in named if refused_author(each) is None), None)
        if name is None:
            raise IssuerRefusedError("it has no name for the person that an author can have")
        return Person(str(claims["sub"]), name, _groups(claims.get(self._settings.oidc_groups_claim)))

    async def _verified(self, id_token: str) -> jwt.Token:
        try:
            return jwt.decode(id_token, await self._key_set(), algorithms=_ALGORITHMS)
        except (JoseError, ValueError):  # its keys may have changed
            return jwt.decode(id_token, await self._key_set(anew=True), algorithms=_ALGORITHMS)

    async def _key_set(self, *, anew: bool = False) -> KeySet:
        if anew or self._keys is None or time.monotonic() - self._keys[0] > _KEPT_SECONDS:
            document = await self._discover()
            answer = await self._ask("GET", document["jwks_uri"])
            try:
                self._keys = time.monotonic(), KeySet.import_key_set(answer)  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError) as exc:
                raise IssuerUnavailableError(f"its keys can't be read: {exc}") from exc
        return self._keys[1]

    async def _discover(self) -> dict[str, Any]:
        if self._document is None or time.monotonic() - self._document[0] > _KEPT_SECONDS:
            document = await self._ask("GET", f"{self.name.rstrip('/')}/.well-known/openid-configuration")
            if document.get("issuer") != self.name:
                raise IssuerUnavailableError(f"it calls itself {document.get('issuer')}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not isinstance(document.get(name), str):
                    raise IssuerUnavailableError(f"it names no {name}")
            self._document = time.monotonic(), document
        return self._document[1]

    async def _token(self, body: str) -> dict[str, Any]:
        document = await self._discover()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        address, headers, body = self._auth.prepare("POST", document["token_endpoint"], headers, body)
        return await self._ask("POST", address, headers=headers, body=body)

    async def _ask(
        self, method: str, address: str, *, headers: dict[str, str] | None = None, body: str | None = None
    ) -> dict[str, Any]:
        """Return the object of an answer. A status of 4xx to POST is a refusal; anything else but 2xx is an outage."""
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))
        accepting = {"Accept": "application/json", **(headers or {})}
        try:
            async with self._http.request(
                method, address, data=body, headers=accepting, allow_redirects=False
            ) as answer:
                content = await outbound.http.read(answer, _MAX_ANSWER_BYTES)
                if content is None:
                    raise IssuerUnavailableError(f"{address}: answers more than {_MAX_ANSWER_BYTES} bytes")
                if method == "POST" and 400 <= answer.status < 500 and answer.status not in {408, 429}:
                    raise IssuerRefusedError(f"{answer.status}: {content[:200]!r}")
                answer.raise_for_status()
                found = orjson.loads(content)
        except (TimeoutError, aiohttp.ClientError, ValueError) as exc:
            raise IssuerUnavailableError(f"{address}: {exc or type(exc).__name__}") from exc
        if not 200 <= answer.status < 300 or not isinstance(found, dict):
            raise IssuerUnavailableError(f"{address}: answers no JSON object")
        self._outages.worked("issuer")
        return found


def _printable(claim: object) -> str:
    """Return a claim as a name; empty for one that there is not."""
    return "".join(each for each in str(claim or "") if each.isprintable())[:MAX_AUTHOR_CHARACTERS]


def _groups(claim: object) -> frozenset[str]:
    """Return the groups of a claim: a list, the names of an object, or one as text. Raises IssuerRefusedError."""
    listed = [] if claim is None else [claim] if isinstance(claim, str) else claim
    if not isinstance(listed, list | dict):
        raise IssuerRefusedError("its claim of groups is no list")
    return frozenset(each for each in listed if isinstance(each, str))
