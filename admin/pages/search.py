"""Search for an entity by any of its names, across the types."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter, ValidationError

from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import is_fragment, show
from admin.pages.visitor import Member, OwnPage
from api.problems import invalid_model
from schemas.catalogue import BY_NAME
from schemas.filter import SearchText
from schemas.search.query import is_whole
from schemas.shown.log import StatusLog

router = APIRouter(route_class=PageRoute, include_in_schema=False)
FOUND_AT_MOST = 100
#: Limit for the palette, which shows what is found while one types.
SUGGESTED_AT_MOST = 12
_TEXT: TypeAdapter[str] = TypeAdapter(SearchText)


@router.get(f"{ACCOUNT}/search")
async def search_page(request: Request, who: OwnPage, q: Annotated[str, Query()] = "") -> Response:
    """Show the results by type, that of the best first: whole names, then names that have the text in them; the only
    one of which the text is a whole name at once. A script gets the first of them as options.
    """
    part = is_fragment(request)
    found, missing, found_by = [], list[str](), dict[str, tuple[str, str]]()
    if q.strip():
        try:
            meant = _TEXT.validate_python(q)
        except ValidationError as exc:
            raise invalid_model(exc, "q") from None
        reader = who.reader(request)
        found = await reader.search(who.account, meant, SUGGESTED_AT_MOST if part else FOUND_AT_MOST)
        if not part and len(found) == 1 and await _is_named(request, who, found[0], meant):
            return RedirectResponse(f"/{who.account}/{found[0].integration_type}/logs/{found[0].id}", 303)
        if not part:  # which has no place for names that were not found
            missing = await reader.not_found(who.account, BY_NAME, meant, has_logs=bool(found))
            found_by = await reader.found_by(who.account, meant, found)
    return show(
        request,
        who.visitor,
        "parts/found_options.html" if part else "search.html",
        account=who.account,
        page="search",
        q=q,
        types=BY_NAME,
        found=found,
        found_by=found_by,
        not_found=missing,
        at_most=FOUND_AT_MOST,
    )


async def _is_named(request: Request, who: Member, log: StatusLog, text: str) -> bool:
    """Return True when a text is the whole of one name of a log."""
    if is_whole(text, [log.key]):
        return True
    found = await who.reader(request).one(who.account, log.integration_type, uuid.UUID(log.id))
    return found is not None and is_whole(text, [value for values in found.aliases.values() for value in values])
