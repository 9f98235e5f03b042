"""Affiliates of an account: state of sending with its reason, waiting items, and a button to pause."""

from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from admin.affiliates import AffiliateRequest, switch_affiliate
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator
from api.problems import invalid_model
from schemas.catalogue import BY_NAME
from schemas.shown.affiliate import ShownAffiliate
from storage.reprocess import affiliates

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get(f"{ACCOUNT}/affiliates")
async def affiliates_page(request: Request, who: OwnPage) -> Response:
    """Show every affiliate with logs of the account, or with sent items, by name."""
    shown = await _known(request, who)
    return show(
        request, who.visitor, "affiliates.html", account=who.account, page="affiliates", affiliates=shown, types=BY_NAME
    )


@router.post(f"{ACCOUNT}/affiliates/pause")
async def pause(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Pause an affiliate until somebody resumes it. One that is paused stays as it is."""
    return await _change(request, who, fields, "paused")


@router.post(f"{ACCOUNT}/affiliates/resume")
async def resume(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Resume an affiliate, whether a person or the breaker had paused it: waiting items are sent."""
    return await _change(request, who, fields, "resumed")


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
