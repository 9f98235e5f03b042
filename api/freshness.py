"""Freshness: is what usually comes coming?"""

from fastapi import APIRouter, Request

from api.authentication import FIRST, OwnAccount
from api.parameters import NONE
from schemas.shown.freshness import AccountFreshness
from storage.incidents.freshness import read_freshness

router = APIRouter(prefix="/accounts/{account}/freshness", tags=["incidents"], dependencies=FIRST)


@router.get("", dependencies=NONE)
async def get_freshness(request: Request, account: OwnAccount) -> AccountFreshness:
    """Each type of each affiliate: its last result, how often one usually comes, and whether it is late or silent.

    What is usual is learned for each hour of the week, so that a quiet night is fresh. Beside it are orders of which
    only the tracking is known.
    """
    return await read_freshness(request.app.state.reader, account)
