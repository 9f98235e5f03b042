"""`POST /commands/affiliates/pause` and `/resume`: a person pauses or resumes retries to an affiliate."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from admin.request_body import described, read_body
from api.authentication import Caller, caller, operator_of
from api.parameters import NONE
from api.problems import invalid
from schemas.catalogue import BY_NAME
from schemas.example import example
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError
from schemas.reprocess import RequestedBy, WhyAsked
from schemas.result import Account, Affiliate
from schemas.shown.affiliate import ShownAffiliate
from schemas.timestamp import Rfc3339
from storage.access_keys import Grant
from storage.database import clock
from storage.reprocess import affiliates
from storage.reprocess.audit import UsedKey

router = APIRouter(tags=["commands"])


class AffiliateRequest(BaseModel):
    """A request about an affiliate, with author and reason."""

    model_config = example(
        account="demo",
        affiliate="MLB",
        requested_by="maria@store.example",
    )

    account: Account
    affiliate: Affiliate
    requested_by: RequestedBy
    reason: WhyAsked = None


class PauseRequest(AffiliateRequest):
    """A request to pause an affiliate, for a time and of some types if it says so."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "account": "demo",
                    "affiliate": "MLB",
                    "requested_by": "maria@store.example",
                    "integration_types": ["price"],
                }
            ]
        }
    )

    until: Rfc3339 | None = Field(default=None, description="it ends by itself then; null: when somebody resumes it")
    integration_types: Annotated[list[str], Field(min_length=1, max_length=len(BY_NAME))] | None = Field(
        default=None,
        description="types that are held back; null: every type",
        json_schema_extra={"items": {"type": "string", "enum": list(BY_NAME)}},
    )

    @model_validator(mode="after")
    def _of_known_types(self) -> Self:
        if not set(self.integration_types or ()) <= BY_NAME.keys():
            raise ReasonError(ReasonCode.TYPE_UNKNOWN, allowed=tuple(BY_NAME))
        return self

    @property
    def extent(self) -> affiliates.Extent:
        """The extent of the pause."""
        types = self.integration_types
        return affiliates.Extent(self.until, None if types is None else sorted(set(types)))


@router.post(
    "/commands/affiliates/pause",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("PauseRequest"),
)
async def pause_affiliate(request: Request, grant: Caller) -> ShownAffiliate:
    """Pause an affiliate: queued items wait, and new ones are refused as `paused`. Safe to repeat; another
    time, other types or another reason take the place of those before."""
    return await _change(request, grant, "paused")


@router.post(
    "/commands/affiliates/resume",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("AffiliateRequest"),
)
async def resume_affiliate(request: Request, grant: Caller) -> ShownAffiliate:
    """Resume an affiliate, whether a person or the breaker had paused it. Safe to repeat."""
    return await _change(request, grant, "resumed")


def must_last(until: datetime, now: datetime) -> None:
    """Raise the 422 problem of a pause whose end is over at `now`, which is PostgreSQL's time."""
    if until <= now:
        raise invalid("until", ReasonCode.PAUSE_OVER_ALREADY)


async def _change(request: Request, grant: Caller, to: affiliates.Switch) -> ShownAffiliate:
    body = await read_body(request, PauseRequest if to == "paused" else AffiliateRequest)
    operator_of(grant, body.account)
    await switch_affiliate(request.app, grant, body, to)
    shown = await affiliates.list_affiliates(request.app.state.reader, body.account)
    found = next((each for each in shown if each.affiliate == body.affiliate), None)
    return found or affiliates.untouched(body.affiliate)


async def switch_affiliate(app: FastAPI, grant: Grant, asked: AffiliateRequest, to: affiliates.Switch) -> None:
    """Pause or resume, and keep the access key in the audit. An affiliate in that state already stays as it is.

    Raises the 422 problem of a pause that would be over by now.
    """
    extent = asked.extent if isinstance(asked, PauseRequest) else affiliates.EVERYTHING
    async with app.state.writer.transaction() as connection:
        if extent.until is not None:
            must_last(extent.until, await clock(connection))
        await affiliates.switch(
            connection,
            asked.account,
            asked.affiliate,
            to,
            requested_by=asked.requested_by,
            reason=asked.reason,
            extent=extent,
            key=UsedKey.grant(grant),
        )
    app.state.account_health.forget(asked.account)
