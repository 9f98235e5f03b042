"""The home page, and the static files of the pages."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from admin.pages.assets import PREFIX
from admin.pages.compression import coding_of
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import AnyVisitor, SignInNeededError
from api.problems import not_found
from schemas.account_state import AccountState
from storage.access_keys import EVERY_ACCOUNT
from storage.account_states import read_account_states
from storage.sign_in import list_accounts

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
async def home(request: Request, who: AnyVisitor, *, wait: bool = False) -> Response:
    """Show the overview of the key's account; for a key of several all of them with their state, worst first."""
    if who.grant is None:
        raise SignInNeededError
    accounts, writer = [who.grant.account], request.app.state.writer
    if who.grant.account == EVERY_ACCOUNT:
        accounts = await list_accounts(writer)
    if len(accounts) == 1:
        return RedirectResponse(f"/{accounts[0]}/overview", 303)
    states: list[AccountState] | None = await request.app.state.site.underway.within_budget(
        ("accounts",), lambda: read_account_states(writer, accounts), wait=wait
    )
    return show(request, who, "accounts.html", accounts=accounts, states=states)


@router.get(f"{PREFIX}/{{digest}}/{{name:path}}")
async def asset(request: Request, digest: str, name: str) -> Response:
    """Return a static file, cached for ever. Its address has its digest; another digest is 404."""
    found = request.app.state.site.assets.get(name)
    if found is None or found.url != f"{PREFIX}/{digest}/{name}":
        raise not_found()
    coding = coding_of(request.headers.get("accept-encoding", ""))
    if coding is not None and coding in found.compressed:
        headers = found.headers() | {"Content-Encoding": coding}
        return Response(found.compressed[coding], media_type=found.media_type, headers=headers)
    return Response(found.body, media_type=found.media_type, headers=found.headers())


@router.get("/favicon.ico")
async def icon(request: Request) -> Response:
    """Return the icon that browsers ask for by this name."""
    return RedirectResponse(request.app.state.site.assets["icon.svg"].url, 301)
