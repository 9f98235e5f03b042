"""Dead letters: records that were refused, with the reason."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import listings
from api.authentication import FIRST, Caller, OwnAccount
from api.pages import Page
from api.parameters import ONCE, PageQuery
from api.problems import PAGED
from schemas.shown.dead_letter import ShownDeadLetter
from storage.access_keys import EVERY_ACCOUNT
from storage.dead_letters import list_dead_letters as read_dead_letters

router = APIRouter(prefix="/accounts/{account}/dead-letters", tags=["dead letters"], dependencies=FIRST)


@router.get("", dependencies=ONCE, responses=PAGED)
async def list_dead_letters(
    request: Request, response: Response, grant: Caller, account: OwnAccount, query: Annotated[PageQuery, Query()]
) -> Page[ShownDeadLetter]:
    """Dead letters of the account, newest first. A key for all accounts also sees those that name no account."""
    every = grant.account == EVERY_ACCOUNT
    listing = listings.dead_letters(account, every_account=every, size=query.page_size, token=query.page_token)
    letters = await read_dead_letters(
        request.app.state.reader,
        account,
        every_account=every,
        evidence=grant.may_see_evidence,
        after=listing.after_uuid,
        limit=listing.limit,
    )
    return listing.page(letters, request, response)
