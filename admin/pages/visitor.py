"""The visitor of a page: session, rights and preferences."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale
from fastapi import Depends, Path, Request

from admin.form_body import read_form
from admin.pages import languages, times
from admin.pages.preferences import COLUMNS_COOKIE, PAGING_COOKIE, PAGINGS, Paging, read_columns
from admin.session import Session
from api import authentication
from api.actions import reader_for
from api.authentication import at_least, may_see
from api.fairness import hold_place
from api.problems import ProblemError, not_found
from schemas.catalogue import Language
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.result import ACCOUNT
from storage.access_keys import EVERY_ACCOUNT, Grant
from storage.errors import StorageUnavailable
from storage.logs.reader import LogReader
from storage.sign_in import has_account

_SESSION_COOKIE = "conexoes_session"
LANGUAGE_COOKIE = "conexoes_language"
ZONE_COOKIE = "conexoes_zone"
THEME_COOKIE = "conexoes_theme"
PREFERENCE_SECONDS = 365 * 24 * 3600
Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = ("auto", "light", "dark")
#: Values of Sec-Fetch-Site for a request that another site made the browser send.
_FOREIGN = {"cross-site", "same-site"}


class SignInNeededError(Exception):
    """The page needs a session, and there is none."""


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """One person at one moment. Without a session there is no grant either."""

    session: Session | None
    grant: Grant | None
    language: Language
    locale: Locale  # of the reader's region, for dates and numbers
    zone: ZoneInfo
    theme: Theme
    columns: tuple[str, ...] | None  # of lists; None: the usual ones
    paging: Paging
    now: datetime  # by PostgreSQL's clock, for one who has a session

    def may(self, role: Literal["viewer", "operator", "admin"]) -> bool:
        return self.grant is not None and at_least(self.grant, role)


@dataclass(frozen=True, kw_only=True)
class Member:
    """A visitor who signed in and may see the account of the path."""

    visitor: Visitor
    grant: Grant
    account: str

    @property
    def name(self) -> str:
        """Name of the author of requests, as it is stored with them."""
        return self.grant.name or self.grant.role

    def reader(self, request: Request) -> LogReader:
        """Return a reader for this person, for the logs of one answer."""
        return reader_for(request, self.grant)


def session_cookie(request: Request) -> str:
    """Cookie's name. With `__Host-` a browser takes it over TLS only, and from no other host of the same domain."""
    return f"__Host-{_SESSION_COOKIE}" if request.app.state.site.secure else _SESSION_COOKIE


async def visitor(request: Request) -> Visitor:
    """Return the visitor. A session that signed out, or whose key was revoked, counts as none.

    Raises StorageUnavailable, for one who has a session, while the database does not answer.
    """
    session = request.app.state.site.sessions.read(request.cookies.get(session_cookie(request), ""))
    grant = None
    if session is not None and not await request.app.state.pulse.answers():
        raise StorageUnavailable("the database does not answer")  # nobody need wait for each query to say so
    if session is not None and await _is_good(request, session):
        grant = await request.app.state.authenticator.grant_of(session.key_digest)
    theme, paging = request.cookies.get(THEME_COOKIE), request.cookies.get(PAGING_COOKIE)
    accepted = request.headers.get("accept-language", "")
    language = languages.choose(request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE), accepted)
    return Visitor(
        session=session if grant else None,
        grant=grant,
        language=language,
        locale=languages.locale(language, accepted),
        zone=times.zone(request.cookies.get(ZONE_COOKIE)),
        theme=next((each for each in THEMES if each == theme), "auto"),
        columns=read_columns(request.cookies.get(COLUMNS_COOKIE)),
        paging=next((each for each in PAGINGS if each == paging), "pages"),
        now=datetime.now(UTC) if session is None else request.app.state.pulse.now(),
    )


async def _is_good(request: Request, session: Session) -> bool:
    """Return True unless a session has ended, or the issuer of its person has said so."""
    if await request.app.state.known_sessions.has_ended(session, request):
        return False
    return not session.is_person or await request.app.state.person_sessions.is_good(session)


AnyVisitor = Annotated[Visitor, Depends(visitor)]


async def member(who: AnyVisitor, account: Annotated[str, Path()]) -> Member:
    """Return the member of an account. Raises SignInNeededError, or the 404 of an account that does not exist."""
    if who.grant is None:
        raise SignInNeededError
    if ACCOUNT.fullmatch(account) is None or not may_see(who.grant, account):
        raise not_found()
    return Member(visitor=who, grant=who.grant, account=account)


async def is_unknown(request: Request, who: Member) -> bool:
    """Return True when no result of the account was ever stored, so that its name may be a mistake.

    A key of one account is told nothing: its account is known to exist.
    """
    return who.grant.account == EVERY_ACCOUNT and not await has_account(request.app.state.reader, who.account)


async def reading_member(request: Request, who: Annotated[Member, Depends(member)]) -> Member:
    """Give the member one of the account's places until the answer is sent. 429 when all are taken.

    A whole page also has the account's health, which it shows on top.
    """
    if request.headers.get("hx-request") != "true":
        request.state.health = await request.app.state.account_health.of(who.account)
    await hold_place(request.scope, request.app.state.places, who.account)
    return who


async def watching_member(request: Request, who: Annotated[Member, Depends(member)]) -> AsyncIterator[Member]:
    """Give the member one of the account's streams for as long as it is open. 429 when all are taken."""
    async with request.app.state.streams.one(who.account):
        yield who


OwnPage = Annotated[Member, Depends(reading_member)]
OwnStream = Annotated[Member, Depends(watching_member)]
#: Visitor for a file that is sent as it is: a slow line takes no slot.
OwnFile = Annotated[Member, Depends(member)]
#: Visitor for a slow count, which has its own limit: who waits for it takes no slot from those who read.
OwnCount = Annotated[Member, Depends(member)]


async def own_form(request: Request, who: AnyVisitor) -> list[tuple[str, str]]:
    """Return the fields of a form of this session; 403 for one that another site made up."""
    refuse_foreign(request)
    if who.session is None:
        raise SignInNeededError
    fields = await read_form(request)
    need_own_form(request, who, next((value for name, value in fields if name == "form_token"), ""))
    return [(name, value) for name, value in fields if name != "form_token"]


def need_own_form(request: Request, who: Visitor, token: str) -> None:
    """Raise 403 unless `token` is that of a form of this visitor's session."""
    if who.session is None or not request.app.state.site.sessions.is_form_of(who.session, token):
        raise ProblemError(403, "not-your-form", Reason(ReasonCode.FORM_OF_ANOTHER_SESSION))


OwnForm = Annotated[list[tuple[str, str]], Depends(own_form)]


def refuse_foreign(request: Request) -> None:
    """403 for what another site made the browser send. Browsers that do not say are held by the form's token.

    Over plain HTTP a browser says no `Sec-Fetch-Site`, only the `Origin`. A proxy may have changed the Host: then it is
    that of CONEXOES_PUBLIC_URL.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = {request.headers.get("host", "").lower(), request.app.state.site.public_host}
    if site in _FOREIGN or (site is None and origin is not None and urlsplit(origin).netloc.lower() not in own - {""}):
        raise ProblemError(403, "foreign", Reason(ReasonCode.FROM_ANOTHER_SITE))


def need_operator(who: Member) -> None:
    """Raise 403 for a read-only key."""
    authentication.need_operator(who.grant)


def need_admin(who: Member) -> None:
    """Raise 403 for a key of another role than admin."""
    authentication.need_admin(who.grant)


def new_once() -> str:
    """Return a random part of the Idempotency-Key, by which two sends of one form are one command."""
    return secrets.token_urlsafe(12)
