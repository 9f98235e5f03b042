"""`PUT /commands/groups/{fingerprint}`: a person's decision about a group of equal errors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from admin.request_body import described, read_body
from api.authentication import Caller, caller, operator_of
from api.parameters import NONE
from api.problems import not_found
from schemas.catalogue import BY_NAME
from schemas.fingerprint import FINGERPRINT
from schemas.group import GroupDecision, Standing
from storage.logs.group_decisions import decide

router = APIRouter(tags=["commands"])


@router.put(
    "/commands/groups/{fingerprint}",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("GroupDecision"),
)
async def set_group_state(
    request: Request,
    grant: Caller,
    fingerprint: Annotated[str, Path(examples=["74dab71393f51981"])],
) -> Standing:
    """Acknowledge a group, ignore it, or open it again. A repeated decision counts once; every decision is kept.

    An acknowledged group is open again as soon as one more result fails with it; an ignored one stays ignored.
    """
    wanted = await read_body(request, GroupDecision)
    operator_of(grant, wanted.account)
    if FINGERPRINT.fullmatch(fingerprint) is None or wanted.integration_type not in BY_NAME:
        raise not_found()
    decided = await decide(request.app.state.writer, fingerprint, wanted, key_name=grant.name)
    if decided is None:
        raise not_found()
    return decided
