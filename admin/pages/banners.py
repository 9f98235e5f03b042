"""Banners of an account, for pages that are open: pauses, open breakers, data that lags, in the words of the page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import Member, member

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get(f"{ACCOUNT}/banners")
async def banners_part(request: Request, who: Annotated[Member, Depends(member)]) -> Response:
    """Show the banners alone, for a page that is open. It takes no slot: every page asks, and it is read once for all.

    503 while the database does not answer, by which the page knows; 204 while it is too slow, so that the page keeps
    those that it shows.
    """
    request.state.health = await request.app.state.account_health.of(who.account)
    if request.state.health is None:
        return Response(status_code=204)
    return show(request, who.visitor, "parts/banners.html", account=who.account)
