"""Affiliates of an account: state of sending with its reason, a button to pause, and what is tried again by itself."""

from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from admin.affiliates import AffiliateRequest, switch_affiliate
from admin.automatic import change_rule, switch_automatic
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator
from api.problems import invalid_model
from schemas.automatic_rule import AutomaticRuleRequest
from schemas.catalogue import BY_NAME
from schemas.error_class import RETRIED_CLASSES
from schemas.policy import EVERY_AFFILIATE
from schemas.reprocess import AuthoredRequest
from schemas.shown.affiliate import ShownAffiliate
from storage.reprocess import affiliates
from storage.reprocess.automatic import read_automatic

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: Fields of a rule that are numbers, in the order of the form.
NUMBERS = ("tries", "pause_seconds", "pause_ceiling_seconds", "per_second")


@router.get(f"{ACCOUNT}/affiliates")
async def affiliates_page(request: Request, who: OwnPage) -> Response:
    """Show every affiliate with logs of the account, or with sent items; and the rules of automatic retries."""
    shown = await _known(request, who)
    return show(
        request,
        who.visitor,
        "affiliates.html",
        account=who.account,
        page="affiliates",
        affiliates=shown,
        types=BY_NAME,
        automatic=await read_automatic(request.app.state.reader, who.account),
        classes=RETRIED_CLASSES,
        numbers=NUMBERS,
        every_affiliate=EVERY_AFFILIATE,
    )


@router.post(f"{ACCOUNT}/affiliates/pause")
async def pause(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Pause an affiliate until somebody resumes it. One that is paused stays as it is."""
    return await _change(request, who, fields, "paused")


@router.post(f"{ACCOUNT}/affiliates/resume")
async def resume(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Resume an affiliate, whether a person or the breaker had paused it: waiting items are sent."""
    return await _change(request, who, fields, "resumed")


@router.post(f"{ACCOUNT}/affiliates/automatic-off")
async def automatic_off(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Switch all automatic retries of the account off. What is off stays as it is."""
    return await _switch(request, who, fields, on=False)


@router.post(f"{ACCOUNT}/affiliates/automatic-on")
async def automatic_on(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Switch them on again, as the rules say."""
    return await _switch(request, who, fields, on=True)


@router.post(f"{ACCOUNT}/affiliates/automatic-rule")
async def automatic_rule(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Set the rule of a type and affiliate; a form with nothing chosen takes it back."""
    need_operator(who)
    given = {name: value for name, value in fields if value != ""}
    names = (*(each.value for each in RETRIED_CLASSES), *NUMBERS)
    try:
        asked = AutomaticRuleRequest.model_validate(
            {
                "account": who.account,
                "integration_type": given.get("integration_type", ""),
                "affiliate": given.get("affiliate", EVERY_AFFILIATE),
                "change": {name: given[name] for name in names if name in given},
                "requested_by": who.name,
                "reason": given.get("reason"),
            }
        )
    except ValidationError as exc:
        raise invalid_model(exc) from None
    await change_rule(request.app, who.grant, asked)
    return RedirectResponse(f"/{who.account}/affiliates#automatic", 303)


async def _switch(request: Request, who: Member, fields: list[tuple[str, str]], *, on: bool) -> Response:
    need_operator(who)
    try:
        asked = AuthoredRequest(account=who.account, requested_by=who.name, reason=dict(fields).get("reason"))
    except ValidationError as exc:
        raise invalid_model(exc) from None
    await switch_automatic(request.app, who.grant, asked, on=on)
    return RedirectResponse(f"/{who.account}/affiliates#automatic", 303)


async def _change(request: Request, who: Member, fields: list[tuple[str, str]], to: affiliates.Switch) -> Response:
    need_operator(who)
    asked = _asked(who, fields)
    await switch_affiliate(request.app, who.grant, asked, to)
    # Both buttons of an affiliate have the same id, so that the keyboard focus stays there.
    return RedirectResponse(f"/{who.account}/affiliates#{quote(f'of-{asked.affiliate}')}", 303)


def _asked(who: Member, fields: list[tuple[str, str]]) -> AffiliateRequest:
    given = dict(fields)
    try:
        return AffiliateRequest(
            account=who.account,
            affiliate=given.get("affiliate", ""),
            requested_by=who.name,
            reason=given.get("reason", "").strip() or None,
        )
    except ValidationError as exc:
        raise invalid_model(exc) from None


async def _known(request: Request, who: Member) -> list[ShownAffiliate]:
    database = request.app.state.reader
    touched = await affiliates.list_affiliates(database, who.account)
    by_name = {each.affiliate: each for each in touched}
    for name in await affiliates.with_logs(database, who.account):
        by_name.setdefault(name, affiliates.untouched(name))
    return [by_name[name] for name in sorted(by_name)]
