"""Sign-in by an issuer of OpenID Connect: the way there, and the way back."""

import hmac
import secrets
from typing import Annotated
from urllib.parse import urlencode

import orjson
import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from admin.issuer import Issuer, IssuerRefusedError, IssuerUnavailableError
from admin.pages.route import PageRoute
from admin.pages.sign_in import Target, is_secure, local, remember, sign_in_form
from admin.pages.site import show
from admin.pages.visitor import AnyVisitor, Visitor, session_cookie
from admin.session import SESSION_SECONDS
from api.problems import not_found
from storage.access_keys import EVERY_ACCOUNT

router = APIRouter(route_class=PageRoute, include_in_schema=False)
log = structlog.get_logger(__name__)
#: Time in which a person must come back from the issuer.
AWAY_SECONDS = 600
_RANDOM_BYTES = 32
_MAX_ANSWER_CHARACTERS = 4000
_MAX_TARGET_CHARACTERS = 2000
Answered = Annotated[str | None, Query(max_length=_MAX_ANSWER_CHARACTERS)]


@router.get("/sign-in/oidc")
async def go_to_issuer(
    request: Request, who: AnyVisitor, target: Target = "/", account: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Send the visitor to the issuer, and remember in a cookie what the answer must have."""
    issuer = _issuer(request)
    state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
    try:
        address = await issuer.address(_way_back(request), state=state, nonce=nonce, verifier=verifier)
    except IssuerUnavailableError as exc:
        issuer.say_unavailable(exc)
        return sign_in_form(request, who, target, "issuer", 503)
    kept = [state, nonce, verifier, local(target) if len(target) <= _MAX_TARGET_CHARACTERS else "/", account]
    answer = RedirectResponse(address, 303)
    sealed = request.app.state.site.sessions.seal(orjson.dumps(kept), AWAY_SECONDS)
    remember(request, answer, _cookie(request), sealed, AWAY_SECONDS)
    return answer


@router.get("/sign-in/oidc/callback")
async def come_back(request: Request, who: AnyVisitor, state: Answered = None, code: Answered = None) -> Response:
    """A session for the person that the issuer tells of; the form again, with why, for one that is refused.

    Who has several accounts chooses one, and comes back with it.
    """
    issuer = _issuer(request)
    sealed = request.app.state.site.sessions.unseal(request.cookies.get(_cookie(request), ""))
    if sealed is None or state is None or code is None:
        return sign_in_form(request, who, "/", "issuer_refused", 401)
    expected, nonce, verifier, target, account = orjson.loads(sealed)
    if not hmac.compare_digest(expected.encode(), state.encode()):
        return sign_in_form(request, who, "/", "issuer_refused", 401)
    answer = await _answer(request, who, issuer, code, (nonce, verifier, target, account))
    answer.delete_cookie(_cookie(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")
    return answer


async def _answer(
    request: Request, who: Visitor, issuer: Issuer, code: str, kept: tuple[str, str, str, str]
) -> Response:
    nonce, verifier, target, account = kept
    try:
        told = await issuer.redeem(code, _way_back(request), nonce=nonce, verifier=verifier)
    except IssuerUnavailableError as exc:
        issuer.say_unavailable(exc)
        return sign_in_form(request, who, target, "issuer", 503)
    except IssuerRefusedError as exc:
        log.warning("person refused", reason=str(exc))
        return sign_in_form(request, who, target, "issuer_refused", 401)
    roles = issuer.roles(told.person) if told.person is not None else {}
    if account in roles:
        roles = {account: roles[account]}
    if told.person is None or not roles:
        return sign_in_form(request, who, target, "no_group", 403)
    if len(roles) > 1:
        ways = {each: f"/sign-in/oidc?{urlencode({'next': '/', 'account': each})}" for each in roles}
        return show(request, who, "choose_account.html", roles=roles, ways=ways, every_account=EVERY_ACCOUNT)
    [(account, role)] = roles.items()
    cookie = await request.app.state.person_sessions.start(told, told.person, account, role)
    if cookie is None:
        return sign_in_form(request, who, target, "person_revoked", 403)
    answer = RedirectResponse(target, 303)
    remember(request, answer, session_cookie(request), cookie, SESSION_SECONDS)
    return answer


def _issuer(request: Request) -> Issuer:
    """Return the issuer; 404 where none is set."""
    issuer: Issuer | None = request.app.state.person_sessions.issuer
    if issuer is None:
        raise not_found()
    return issuer


def _way_back(request: Request) -> str:
    """Return the address that the issuer sends people back to; it must know it."""
    address = request.app.state.exports.settings.public_url or str(request.base_url)
    return f"{address.rstrip('/')}/sign-in/oidc/callback"


def _cookie(request: Request) -> str:
    return f"{session_cookie(request)}_oidc"
