"""Sessions of the visitor's own key: where it is signed in, as preferences list it, and the forms that end sessions."""

from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from admin.known_sessions import id_of
from admin.pages.browsers import browser_of
from admin.pages.route import PageRoute
from admin.pages.visitor import AnyVisitor, OwnForm, SignInNeededError, Visitor
from admin.session import Session
from api.problems import not_found
from storage.sessions import ShownSession

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_HERE: Final = "/preferences#sessions"


class ListedSession(NamedTuple):
    """A session in the list."""

    kept: ShownSession
    number: str  # id, as in addresses
    browser: str  # for people; empty for one that nobody knows
    is_this: bool


async def sessions_of(request: Request, who: Visitor) -> list[ListedSession]:
    """Return the sessions of the visitor's key, this one first, then those that were seen last."""
    if who.session is None:
        return []
    own = id_of(who.session)
    found = await request.app.state.known_sessions.of(who.session)
    listed = [ListedSession(each, each.id.hex(), browser_of(each.browser), each.id == own) for each in found]
    return sorted(listed, key=lambda each: not each.is_this)


@router.post("/preferences/sessions/end-others")
async def end_others(request: Request, who: AnyVisitor, _fields: OwnForm) -> Response:
    """End every other session of the visitor's key: at once here, within seconds where another process serves it."""
    await request.app.state.known_sessions.end_others(_session(who))
    return RedirectResponse(_HERE, 303)


@router.post("/preferences/sessions/{session_id}/end")
async def end_session(
    request: Request, who: AnyVisitor, session_id: Annotated[str, Path(pattern="^[0-9a-f]{64}$")], _fields: OwnForm
) -> Response:
    """End one session of the visitor's key, with the streams that it has open. One of another key is not found."""
    if not await request.app.state.known_sessions.end(_session(who), bytes.fromhex(session_id)):
        raise not_found()
    return RedirectResponse(_HERE, 303)


def _session(who: Visitor) -> Session:
    if who.session is None:
        raise SignInNeededError
    return who.session
