"""An issuer of OpenID Connect of the test's own, over HTTP: discovery, authorization with PKCE, tokens, keys.

It is strict where an issuer must be: a code and a refresh token are good once, a verifier must fit its challenge, a
client must know its secret.
"""

import asyncio
import base64
import hashlib
import html
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.support.http_server import answering

CLIENT_ID = "conexoes"
CLIENT_SECRET = "secret of the client"


@dataclass
class IssuerOfTests:
    """The issuer, with all that it knows. Tests change that while it answers."""

    address: str = ""
    #: Claims of each person who may sign in, by subject.
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Claims that take the place of those of an ID token.
    claims: dict[str, Any] = field(default_factory=dict)
    #: Path whose answers are 503.
    down: str | None = None
    #: True: answers come in pieces, as through a proxy, after so many bytes of padding.
    in_pieces: bool = False
    padding: int = 0
    #: True: it gives an ID token to a refresh token too, and has userinfo.
    renews_id_tokens: bool = True
    has_userinfo: bool = False
    asked: list[str] = field(default_factory=list)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    codes: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    access_tokens: dict[str, str] = field(default_factory=dict)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.asked.append(request.path)
        if self.down is not None and request.path.startswith(self.down):
            return web.Response(status=503)
        whole = await self._answer(request)
        if not self.in_pieces or not isinstance(whole.body, bytes):
            return whole
        answer = web.StreamResponse(status=whole.status, headers={"Content-Type": whole.content_type})
        await answer.prepare(request)
        body = b" " * self.padding + whole.body
        for piece in (body[: len(body) // 2], body[len(body) // 2 :]):
            await answer.write(piece)
            await asyncio.sleep(0.02)  # so that the pieces are not one when they are read
        return answer

    async def _answer(self, request: web.Request) -> web.Response:
        match request.path:
            case "/.well-known/openid-configuration":
                ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
                if self.has_userinfo:
                    ends["userinfo_endpoint"] = "userinfo"
                paths = {name: f"{self.address}/{path}" for name, path in ends.items()}
                return web.json_response({"issuer": self.address, **paths})
            case "/keys":
                return web.json_response({"keys": [self.key.as_dict(private=False)]})
            case "/authorize":
                return self._authorize(dict(request.query))
            case "/token":
                return self._token(request, {name: str(value) for name, value in (await request.post()).items()})
            case "/userinfo":
                subject = self.access_tokens[request.headers["Authorization"].removeprefix("Bearer ")]
                return web.json_response({"sub": subject, **self.people[subject], **self.claims})
        return web.Response(status=404)

    def _authorize(self, query: dict[str, str]) -> web.Response:
        """Ask who it is; then send them back with a code."""
        assert (query["client_id"], query["response_type"], query["code_challenge_method"]) == (
            CLIENT_ID,
            "code",
            "S256",
        )
        if "subject" not in query:
            inputs = "".join(
                f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(text)}">'
                for name, text in query.items()
            )
            buttons = "".join(f'<button name="subject" value="{each}">{each}</button>' for each in self.people)
            form = f'<!doctype html><title>Issuer</title><link rel="icon" href="data:,"><form>{inputs}{buttons}</form>'
            return web.Response(text=form, content_type="text/html")
        code = secrets.token_urlsafe()
        self.codes[code] = query["subject"], query
        back = urlencode({"code": code, "state": query["state"]})
        return web.Response(status=302, headers={"Location": f"{query['redirect_uri']}?{back}"})

    def _token(self, request: web.Request, form: dict[str, str]) -> web.Response:
        known = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {known}":
            return web.json_response({"error": "invalid_client"}, status=401)
        nonce = None
        if form["grant_type"] == "authorization_code":
            subject, query = self.codes.pop(form["code"], ("", {}))
            verified = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(verified).rstrip(b"=").decode()
            if query.get("code_challenge") != challenge or query["redirect_uri"] != form["redirect_uri"]:
                return web.json_response({"error": "invalid_grant"}, status=400)
            nonce = query["nonce"]
        else:
            subject = self.refresh_tokens.pop(form["refresh_token"], "")
        if subject not in self.people:
            return web.json_response({"error": "invalid_grant"}, status=400)
        refresh_token, access_token = secrets.token_urlsafe(), secrets.token_urlsafe()
        self.refresh_tokens[refresh_token] = self.access_tokens[access_token] = subject
        claims = {
            "iss": self.address,
            "sub": subject,
            "aud": CLIENT_ID,
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "nonce": nonce,
            **self.people[subject],
            **self.claims,
        }
        told = {"access_token": access_token, "token_type": "Bearer", "refresh_token": refresh_token}
        if nonce is not None or self.renews_id_tokens:
            told["id_token"] = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)
        return web.json_response(told)


@asynccontextmanager
async def issuing(**people: dict[str, Any]) -> AsyncIterator[IssuerOfTests]:
    """Run an issuer that knows these people, by subject."""
    issuer = IssuerOfTests(people={subject: dict(claims) for subject, claims in people.items()})
    async with answering(issuer.answer) as address:
        issuer.address = address
        yield issuer
