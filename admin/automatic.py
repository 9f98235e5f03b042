"""`/commands/automatic-retries/…`: a person changes what is tried again by itself, or switches all of it off or on."""

from fastapi import APIRouter, Depends, FastAPI, Request

from admin.request_body import described, read_body
from api.authentication import Caller, caller, operator_of
from api.parameters import NONE
from api.problems import invalid
from schemas.automatic_rule import AutomaticRuleRequest
from schemas.catalogue import BY_NAME
from schemas.reasons.code import ReasonCode
from schemas.reprocess import AuthoredRequest
from schemas.shown.automatic import ShownAutomatic
from storage.access_keys import Grant
from storage.reprocess import automatic
from storage.reprocess.audit import UsedKey

router = APIRouter(tags=["commands"])


@router.put(
    "/commands/automatic-retries/rule",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("AutomaticRuleRequest"),
)
async def set_automatic_rule(request: Request, grant: Caller) -> ShownAutomatic:
    """Set the rule of a type and affiliate, in place of an earlier one; the audit keeps both. Safe to repeat.

    It holds for results that come from then on, and at the next try for what is watched already.
    """
    body = await read_body(request, AutomaticRuleRequest)
    operator_of(grant, body.account)
    await change_rule(request.app, grant, body)
    return await automatic.read_automatic(request.app.state.reader, body.account)


@router.post(
    "/commands/automatic-retries/off",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("AuthoredRequest"),
)
async def switch_automatic_off(request: Request, grant: Caller) -> ShownAutomatic:
    """Switch all automatic retries of an account off: what is not sent yet is cancelled. Safe to repeat."""
    return await _switch(request, grant, on=False)


@router.post(
    "/commands/automatic-retries/on",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("AuthoredRequest"),
)
async def switch_automatic_on(request: Request, grant: Caller) -> ShownAutomatic:
    """Switch the automatic retries of an account on again, as its rules say. Safe to repeat."""
    return await _switch(request, grant, on=True)


async def _switch(request: Request, grant: Caller, *, on: bool) -> ShownAutomatic:
    body = await read_body(request, AuthoredRequest)
    operator_of(grant, body.account)
    await switch_automatic(request.app, grant, body, on=on)
    return await automatic.read_automatic(request.app.state.reader, body.account)


async def switch_automatic(app: FastAPI, grant: Grant, asked: AuthoredRequest, *, on: bool) -> None:
    """Switch automatic retries, and keep the access key in the audit. What is so already stays as it is."""
    async with app.state.writer.transaction() as connection:
        await automatic.switch(
            connection,
            asked.account,
            on=on,
            requested_by=asked.requested_by,
            reason=asked.reason,
            key=UsedKey.grant(grant),
        )


async def change_rule(app: FastAPI, grant: Grant, asked: AutomaticRuleRequest) -> None:
    """Set a rule, and keep the access key in the audit. Raises ProblemError for an unknown type."""
    if asked.integration_type not in BY_NAME:
        raise invalid("body.integration_type", ReasonCode.TYPE_UNKNOWN, allowed=tuple(BY_NAME))
    async with app.state.writer.transaction() as connection:
        await automatic.set_rule(
            connection,
            asked.account,
            asked.integration_type,
            asked.affiliate,
            asked.change,
            requested_by=asked.requested_by,
            reason=asked.reason,
            key=UsedKey.grant(grant),
        )
