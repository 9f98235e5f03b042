"""Affiliates of an account: if retries are sent to each, and how many wait."""

from fastapi import APIRouter, Request

from api.authentication import FIRST, OwnAccount
from api.pages import Page
from api.parameters import NONE
from schemas.shown.affiliate import ShownAffiliate
from storage.reprocess import affiliates

router = APIRouter(prefix="/accounts/{account}/affiliates", tags=["reprocess"], dependencies=FIRST)


@router.get("", dependencies=NONE)
async def list_affiliates(request: Request, account: OwnAccount) -> Page[ShownAffiliate]:
    """Affiliates that ever had a reprocess, or were paused, in the order of their names. There is one page only."""
    return Page(items=await affiliates.list_affiliates(request.app.state.reader, account), next_page_token=None)
