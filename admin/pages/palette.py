"""Options of the command palette beside the links of the page: saved views, accounts, colours and languages."""

from fastapi import APIRouter, Request, Response

from admin.pages.languages import NAMES
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import THEMES, OwnPage
from storage.access_keys import EVERY_ACCOUNT
from storage.saved_views import list_every_saved
from storage.sign_in import list_accounts

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get(f"{ACCOUNT}/palette")
async def palette_part(request: Request, who: OwnPage) -> Response:
    """Return the options, for the script that opens the palette. All of them are links or forms elsewhere."""
    accounts: list[str] = []
    if who.grant.account == EVERY_ACCOUNT:
        accounts = await list_accounts(request.app.state.writer)
    return show(
        request,
        who.visitor,
        "parts/palette_options.html",
        account=who.account,
        views=await list_every_saved(request.app.state.reader, who.account),
        accounts=[each for each in accounts if each != who.account],
        themes=THEMES,
        names=NAMES,
    )
