"""`GET /api/v1/key`: the key that a request carries."""

from fastapi import APIRouter

from api.authentication import Caller
from api.parameters import NONE
from schemas.shown.key import OwnKey
from storage.access_keys import EVERY_ACCOUNT

router = APIRouter(prefix="/key", tags=["keys"])


@router.get("", dependencies=NONE)
async def get_own_key(grant: Caller) -> OwnKey:
    """The caller's own key: its name, account, role and rights."""
    return OwnKey(
        name=grant.name,
        account=None if grant.account == EVERY_ACCOUNT else grant.account,
        role=grant.role,
        may_export=grant.may_export,
        may_see_evidence=grant.may_see_evidence,
    )
