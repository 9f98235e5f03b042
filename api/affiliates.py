"""Affiliates of an account: whether retries go there, and what waits."""

from fastapi import APIRouter, Request

from api.authentication import FIRST, OwnAccount
from api.pages import Page
from api.parameters import NONE
from schemas.shown.affiliate import ShownAffiliate
from storage.reprocess import affiliates

router = APIRouter(prefix="/accounts/{account}/affiliates", tags=["reprocess"], dependencies=FIRST)


@router.get("", dependencies=NONE)
async def list_affiliates(request: Request, account: OwnAccount) -> Page[ShownAffiliate]:
    """Those that something was ever sent back to, or that were paused, by name; always all of them."""
    return Page(items=await affiliates.list_affiliates(request.app.state.reader, account), next_page_token=None)
