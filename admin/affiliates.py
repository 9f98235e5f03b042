"""`POST /commands/affiliates/pause` and `/resume`: a person pauses or resumes retries to an affiliate."""

from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict

from admin.request_body import described, read_body
from api.authentication import Caller, caller, operator_of
from api.parameters import NONE
from schemas.reprocess import RequestedBy, WhyAsked
from schemas.result import Account, Affiliate
from schemas.shown.affiliate import ShownAffiliate
from storage.access_keys import Grant
from storage.reprocess import affiliates
from storage.reprocess.audit import UsedKey

router = APIRouter(tags=["commands"])


class AffiliateRequest(BaseModel):
    """A request about an affiliate, with author and reason."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"account": "demo", "affiliate": "MLB", "requested_by": "maria@store.example"}]
        },
    )

    account: Account
    affiliate: Affiliate
    requested_by: RequestedBy
    reason: WhyAsked = None


@router.post(
    "/commands/affiliates/pause",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("AffiliateRequest"),
)
async def pause_affiliate(request: Request, grant: Caller) -> ShownAffiliate:
    """Pause an affiliate: queued items wait, and new ones are refused as `paused`. Safe to repeat."""
    return await _change(request, grant, "paused")


@router.post(
    "/commands/affiliates/resume",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("AffiliateRequest"),
)
async def resume_affiliate(request: Request, grant: Caller) -> ShownAffiliate:
    """Resume an affiliate, whether a person or the breaker had paused it. Safe to repeat."""
    return await _change(request, grant, "resumed")


async def _change(request: Request, grant: Caller, to: affiliates.Switch) -> ShownAffiliate:
    body = await read_body(request, AffiliateRequest)
    operator_of(grant, body.account)
    await switch_affiliate(request.app, grant, body, to)
    shown = await affiliates.list_affiliates(request.app.state.reader, body.account)
    found = next((each for each in shown if each.affiliate == body.affiliate), None)
    return found or affiliates.untouched(body.affiliate)


async def switch_affiliate(app: FastAPI, grant: Grant, asked: AffiliateRequest, to: affiliates.Switch) -> None:
    """Pause or resume, and keep the access key in the audit. An affiliate in that state already stays as it is."""
    async with app.state.writer.transaction() as connection:
        await affiliates.switch(
            connection,
            asked.account,
            asked.affiliate,
            to,
            requested_by=asked.requested_by,
            reason=asked.reason,
            key=UsedKey.grant(grant),
        )
