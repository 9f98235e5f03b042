"""Search for an entity by any of its names, across the types."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter, ValidationError

from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import OwnPage
from api.problems import invalid_model
from schemas.catalogue import BY_NAME
from schemas.filter import SearchText

router = APIRouter(route_class=PageRoute, include_in_schema=False)
FOUND_AT_MOST = 100
_TEXT: TypeAdapter[str] = TypeAdapter(SearchText)


@router.get(f"{ACCOUNT}/search")
async def search_page(request: Request, who: OwnPage, q: Annotated[str, Query()] = "") -> Response:
    """Show the results by type: whole names first, then names that have the text in them."""
    found, missing = [], list[str]()
    if q.strip():
        try:
            meant = _TEXT.validate_python(q)
        except ValidationError as exc:
            raise invalid_model(exc, "q") from None
        reader = who.reader(request)
        found = await reader.search(who.account, meant, FOUND_AT_MOST)
        missing = await reader.not_found(who.account, BY_NAME, meant, has_logs=bool(found))
    return show(
        request,
        who.visitor,
        "search.html",
        account=who.account,
        page="search",
        q=q,
        found=found,
        not_found=missing,
        at_most=FOUND_AT_MOST,
    )
