"""`POST /commands/affiliates/pause` and `/resume`: whether retries go to an affiliate, by a person's word."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, StringConstraints

from admin.operator import operator_of
from admin.request_body import described, read_body
from api.authentication import Caller, caller
from api.parameters import NONE
from schemas.reprocess import MAX_REASON_CHARACTERS
from schemas.result import Account, Affiliate
from schemas.status_log import ShownAffiliate
from storage import affiliates
from storage.audit import UsedKey

router = APIRouter(tags=["commands"])


class AffiliateRequest(BaseModel):
    """Which affiliate, who asks, and why."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"account": "demo", "affiliate": "MLB", "requested_by": "maria@store.example"}]
        },
    )

    account: Account
    affiliate: Affiliate
    requested_by: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    reason: Annotated[str, StringConstraints(max_length=MAX_REASON_CHARACTERS)] | None = None


@router.post(
    "/commands/affiliates/pause",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("AffiliateRequest"),
)
async def pause_affiliate(request: Request, grant: Caller) -> ShownAffiliate:
    """Send nothing there: what is queued waits, what is asked for meanwhile is refused as `paused`. Safe to repeat."""
    return await _change(request, grant, affiliates.pause)


@router.post(
    "/commands/affiliates/resume",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("AffiliateRequest"),
)
async def resume_affiliate(request: Request, grant: Caller) -> ShownAffiliate:
    """Send again, whether a person or the breaker had paused it. Safe to repeat."""
    return await _change(request, grant, affiliates.resume)


async def _change(request: Request, grant: Caller, change: Callable[..., Awaitable[bool]]) -> ShownAffiliate:
    body = await read_body(request, AffiliateRequest)
    operator_of(grant, body.account)
    async with request.app.state.writer.transaction() as connection:
        await change(
            connection,
            body.account,
            body.affiliate,
            requested_by=body.requested_by,
            reason=body.reason,
            key=UsedKey.grant(grant),
        )
    shown = await affiliates.list_affiliates(request.app.state.reader, body.account)
    found = next((each for each in shown if each.affiliate == body.affiliate), None)
    return found or affiliates.untouched(body.affiliate)
