"""Sign-in by access key or by the link that `conexoes up` prints, sign-out, and preferences."""

import ipaddress
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from admin.form_body import read_form
from admin.known_sessions import id_of
from admin.pages import times
from admin.pages.languages import NAMES
from admin.pages.preferences import COLUMNS_COOKIE, PAGING_COOKIE, PAGINGS, write_columns
from admin.pages.route import PageRoute
from admin.pages.sessions import sessions_of
from admin.pages.site import show
from admin.pages.visitor import (
    LANGUAGE_COOKIE,
    PREFERENCE_SECONDS,
    THEME_COOKIE,
    THEMES,
    ZONE_COOKIE,
    AnyVisitor,
    OwnForm,
    Visitor,
    refuse_foreign,
    session_cookie,
)
from admin.session import SESSION_SECONDS
from api.edge import MAX_URL_BYTES
from api.problems import too_often
from schemas.catalogue import LANGUAGES
from schemas.columns import CHOOSABLE
from schemas.reasons.code import ReasonCode
from storage.access_keys import MAX_KEY_CHARACTERS, accept, digest
from storage.sign_in import use_link

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Target = Annotated[str, Query(alias="next", max_length=MAX_URL_BYTES, description="where to go on")]


@router.get("/sign-in")
async def show_sign_in(
    request: Request,
    who: AnyVisitor,
    target: Target = "/",
    link: Annotated[str | None, Query(max_length=300)] = None,
    invitation: Annotated[str | None, Query(max_length=MAX_KEY_CHARACTERS)] = None,
) -> Response:
    """The form; or, with a link or an invitation, the button that uses it: whoever previews a message with it uses
    nothing up."""
    if invitation is not None:
        return sign_in_form(request, who, target, invitation=invitation)
    if link is not None:
        good = request.app.state.site.sessions.read_link(link) is not None
        return (
            sign_in_form(request, who, target, link=link) if good else sign_in_form(request, who, target, "link", 401)
        )
    return RedirectResponse(local(target), 303) if who.grant else sign_in_form(request, who, target)


@router.post("/sign-in")
async def sign_in(request: Request, who: AnyVisitor) -> Response:
    """A session for a good key, for an invitation, or of the bootstrap key for a link that nobody has used; the form
    again, 401, else.

    429 for an address from which too many wrong keys came: api.server says which address that is behind a proxy.
    """
    refuse_foreign(request)
    fields = dict(await read_form(request))
    key, target = fields.get("access_key", "").strip(), fields.get("next", "/")
    if "link" in fields:
        return await _use_link(request, who, fields["link"], target)
    address, wrong_keys = _address(request), request.app.state.wrong_keys
    if wait := wrong_keys.take(address):  # before anything is awaited: many may come at once
        raise too_often("too-many-keys", ReasonCode.TOO_MANY_WRONG_KEYS, wait)
    if "invitation" in fields:
        answer = await _accept(request, who, fields["invitation"], target)
        if answer.status_code == HTTPStatus.OK:
            wrong_keys.give_back(address)
        return answer
    grant = None
    if 0 < len(key) <= MAX_KEY_CHARACTERS:
        grant = await request.app.state.authenticator.grant(key)
    if grant is None:
        return sign_in_form(request, who, target, "key", 401)
    if grant.role == "connector":  # a key that is right, and for no page
        return sign_in_form(request, who, target, "connector", 403)
    wrong_keys.give_back(address)
    answer = _signed_in(request, digest(key), target)
    if ZONE_COOKIE not in request.cookies and fields.get("zone") in times.zone_names():
        remember(request, answer, ZONE_COOKIE, fields["zone"], PREFERENCE_SECONDS)
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, who: AnyVisitor, _fields: OwnForm) -> Response:
    """The end of the session, wherever its cookie is."""
    if who.session is not None:
        await request.app.state.known_sessions.end(who.session, id_of(who.session))
        if who.session.is_person:
            await request.app.state.person_sessions.end(who.session)
    answer = RedirectResponse("/sign-in", 303)
    name = session_cookie(request)
    answer.delete_cookie(name, path="/", secure=is_secure(request), httponly=True, samesite="lax")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@router.post("/preferences")
async def prefer(request: Request) -> Response:
    """Store language, zone, theme and how lists are shown in cookies, for requests from our own pages."""
    refuse_foreign(request)
    given = await read_form(request)
    fields = dict(given)
    answer = RedirectResponse(local(fields.get("next", "/")), 303)
    if fields.get("language") in LANGUAGES:
        remember(request, answer, LANGUAGE_COOKIE, fields["language"], PREFERENCE_SECONDS)
    if fields.get("zone") in times.zone_names():
        remember(request, answer, ZONE_COOKIE, fields["zone"], PREFERENCE_SECONDS)
    if fields.get("theme") in THEMES:
        remember(request, answer, THEME_COOKIE, fields["theme"], PREFERENCE_SECONDS)
    if fields.get("paging") in PAGINGS:
        remember(request, answer, PAGING_COOKIE, fields["paging"], PREFERENCE_SECONDS)
    if "columns" in fields:
        ticked = {value for name, value in given if name == "column"}
        columns = write_columns(tuple(each for each in CHOOSABLE if each in ticked))
        remember(request, answer, COLUMNS_COOKIE, columns, PREFERENCE_SECONDS)
    return answer


@router.get("/preferences")
async def show_preferences(request: Request, who: AnyVisitor, target: Target = "/") -> Response:
    """Show language, zone, theme, the rights of the key, and where it is signed in."""
    return show(
        request,
        who,
        "preferences.html",
        next=local(target),
        zones=times.zone_names(),
        themes=THEMES,
        names=NAMES,
        pagings=PAGINGS,
        sessions=await sessions_of(request, who),
    )


def sign_in_form(
    request: Request,
    who: AnyVisitor,
    target: str,
    refused: str | None = None,
    status: int = 200,
    *,
    link: str | None = None,
    invitation: str | None = None,
) -> Response:
    """Show the form of sign-in. `refused`: why the visitor is not signed in."""
    return show(
        request,
        who,
        "sign_in.html",
        status=status,
        next=local(target),
        refused=refused,
        link=link,
        invitation=invitation,
        by_issuer=request.app.state.person_sessions.issuer is not None,
    )


async def _accept(request: Request, who: Visitor, invitation: str, target: str) -> Response:
    """Make a key of an invitation, show it this once, and sign in with it; the form again, 401, for a used one."""
    secret = None
    if 0 < len(invitation) <= MAX_KEY_CHARACTERS:
        secret = await accept(request.app.state.writer, invitation)
    if secret is None:
        return sign_in_form(request, who, target, "invitation", 401)
    answer = show(request, who, "joined.html", secret=secret)
    answer.headers["Cache-Control"] = "no-store"
    cookie = request.app.state.site.sessions.start(digest(secret))
    remember(request, answer, session_cookie(request), cookie, SESSION_SECONDS)
    return answer


async def _use_link(request: Request, who: AnyVisitor, link: str, target: str) -> Response:
    known = request.app.state.site.sessions.read_link(link)
    bootstrap = request.app.state.authenticator.bootstrap
    if known is not None and bootstrap is not None and await use_link(request.app.state.writer, known.nonce):
        return _signed_in(request, bootstrap, target)
    return sign_in_form(request, who, target, "link", 401)


def _address(request: Request) -> str:
    """The sender's, of which one home or office has one: an IPv6 network of 64 bits."""
    text = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else text


def is_secure(request: Request) -> bool:
    """Return True when the visitor's browser reached us by TLS."""
    return bool(request.app.state.site.secure) or request.url.scheme == "https"


def _signed_in(request: Request, key_digest: bytes, target: str) -> Response:
    answer = RedirectResponse(local(target), 303)
    cookie = request.app.state.site.sessions.start(key_digest)
    remember(request, answer, session_cookie(request), cookie, SESSION_SECONDS)
    return answer


def remember(request: Request, answer: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie: `Lax`, so that a link from a colleague's message opens signed in; forms have their own token."""
    secure = is_secure(request)
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")


def local(target: str) -> str:
    """Return an address on this host; `/` for any other."""
    good = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if good else "/"
