"""Affiliates of an account: state of sending with its reason, the form to pause, and what is tried again by itself."""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from admin.affiliates import AffiliateRequest, PauseRequest, switch_affiliate
from admin.automatic import change_rule, switch_automatic
from admin.pages.actions import can_reprocess
from admin.pages.address import date_of
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.times import morning, to_local
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator
from api.problems import invalid, invalid_model
from schemas.automatic_rule import AutomaticRuleRequest
from schemas.catalogue import BY_NAME, CATALOGUE, IntegrationType
from schemas.error_class import RETRIED_CLASSES
from schemas.policy import EVERY_AFFILIATE
from schemas.reasons.code import ReasonCode
from schemas.reprocess import AuthoredRequest
from schemas.shown.affiliate import ShownAffiliate
from storage.reprocess import affiliates
from storage.reprocess.automatic import read_automatic

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: Fields of a rule that are numbers, in the order of the form.
NUMBERS = ("tries", "pause_seconds", "pause_ceiling_seconds", "per_second")
#: Ends of a pause that its form offers, by name; beside them a time of one's own, and none.
SPANS: Final = {"30m": timedelta(minutes=30), "1h": timedelta(hours=1), "4h": timedelta(hours=4)}


@router.get(f"{ACCOUNT}/affiliates")
async def affiliates_page(request: Request, who: OwnPage) -> Response:
    """Show every affiliate with logs of the account, or with sent items; and the rules of automatic retries."""
    shown = await _known(request, who)
    tomorrow = morning(who.visitor.now, who.visitor.zone)
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
        pausable=_pausable(request),
        ends_at={each.affiliate: to_local(each.paused_until or tomorrow, who.visitor.zone) for each in shown},
        every_affiliate=EVERY_AFFILIATE,
    )


@router.post(f"{ACCOUNT}/affiliates/pause")
async def pause(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Pause an affiliate, for some types or all, until a time or until somebody resumes it."""
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
    asked = _asked(request, who, fields, to)
    await switch_affiliate(request.app, who.grant, asked, to)
    # Both buttons of an affiliate have the same id, so that the keyboard focus stays there.
    return RedirectResponse(f"/{who.account}/affiliates#{quote(f'of-{asked.affiliate}')}", 303)


def _asked(
    request: Request, who: Member, fields: list[tuple[str, str]], to: affiliates.Switch
) -> AffiliateRequest | PauseRequest:
    given = dict(fields)
    common = {
        "account": who.account,
        "affiliate": given.get("affiliate", ""),
        "requested_by": who.name,
        "reason": given.get("reason"),
    }
    try:
        if to == "resumed":
            return AffiliateRequest.model_validate(common)
        types = [value for name, value in fields if name == "integration_type"]
        if not types and given.get("choosing"):
            raise invalid("integration_types", ReasonCode.FIELD_MISSING)
        everything = not types or set(types) >= {each.name for each in _pausable(request)}
        return PauseRequest.model_validate(
            {**common, "until": _end(who, given), "integration_types": None if everything else types}
        )
    except ValidationError as exc:
        raise invalid_model(exc) from None


def _end(who: Member, given: dict[str, str]) -> datetime | None:
    """Return when a pause ends; None for one that does not by itself. Raises the 422 problem of an impossible time."""
    asked = given.get("ends", "")
    if asked in SPANS:
        return who.visitor.now + SPANS[asked]
    return date_of("until", given.get("until", ""), who.visitor.zone) if asked == "at" else None


def _pausable(request: Request) -> list[IntegrationType]:
    """Return the types of which something may be sent."""
    return [each for each in CATALOGUE if can_reprocess(request.app.state.policy, each)]


async def _known(request: Request, who: Member) -> list[ShownAffiliate]:
    database = request.app.state.reader
    touched = await affiliates.list_affiliates(database, who.account)
    by_name = {each.affiliate: each for each in touched}
    for name in await affiliates.with_logs(database, who.account):
        by_name.setdefault(name, affiliates.untouched(name))
    return [by_name[name] for name in sorted(by_name)]
