"""Dead letters, each with its reason."""

from fastapi import APIRouter, Request, Response

from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import OwnPage
from api import listings
from storage.access_keys import EVERY_ACCOUNT
from storage.dead_letters import list_dead_letters

router = APIRouter(route_class=PageRoute, include_in_schema=False)
LETTERS_A_PAGE = 25


@router.get(f"{ACCOUNT}/dead-letters")
async def dead_letters_page(request: Request, who: OwnPage, page_token: str | None = None) -> Response:
    """Show dead letters, newest first. A key for every account also sees those that name no account."""
    every = who.grant.account == EVERY_ACCOUNT
    listing = listings.dead_letters(who.account, every_account=every, size=LETTERS_A_PAGE, token=page_token)
    letters = await list_dead_letters(
        request.app.state.reader,
        who.account,
        every_account=every,
        evidence=who.grant.may_see_evidence,
        after=listing.after_uuid,
        limit=listing.limit,
    )
    page = listing.page(letters, request, Response())
    return show(request, who.visitor, "dead_letters.html", account=who.account, page="dead-letters", letters=page)
