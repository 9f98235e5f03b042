"""`PUT /commands/groups/{fingerprint}`: what somebody decides about a group of equal errors."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from admin.json_body import read_json, validated
from api.authentication import Caller, at_least, caller, may_see
from api.parameters import NONE
from api.problems import ProblemError, not_found
from schemas.catalogue import BY_NAME
from schemas.group import GroupDecision, Standing
from storage.group_writer import decide

router = APIRouter(tags=["commands"])

_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


@router.put(
    "/commands/groups/{fingerprint}",
    dependencies=[Depends(caller), *NONE],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/GroupDecision"}}},
        }
    },
)
async def set_group_state(
    request: Request,
    grant: Caller,
    fingerprint: Annotated[str, Path(examples=["74dab71393f51981"])],
) -> Standing:
    """Acknowledge a group, ignore it, or open it again. The same twice is one decision; every one is kept.

    An acknowledged group is open again as soon as one more result fails of it; an ignored one stays ignored.
    """
    wanted = validated(GroupDecision, await read_json(request))
    if not may_see(grant, wanted.account):
        raise not_found()
    if not at_least(grant, "operator"):
        raise ProblemError(
            403, "not-permitted", "Your key may read only: deciding about groups needs the role operator."
        )
    if _FINGERPRINT.fullmatch(fingerprint) is None or wanted.integration_type not in BY_NAME:
        raise not_found()
    decided = await decide(request.app.state.writer, fingerprint, wanted)
    if decided is None:
        raise not_found()
    return decided
