"""Affiliates of an account: whether retries go there, why not, what waits; and pausing one by hand."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from admin.affiliates import AffiliateRequest
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator
from api.problems import invalid
from schemas.catalogue import CATALOGUE
from schemas.filter import LogFilter
from schemas.status_log import ShownAffiliate
from storage import affiliates
from storage.summary_reader import summarize

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get(f"{ACCOUNT}/affiliates")
async def affiliates_page(request: Request, who: OwnPage) -> Response:
    """Every affiliate that the account has logs of, or that anything was ever sent to, by name."""
    shown = await _known(request, who)
    return show(request, who.visitor, "affiliates.html", account=who.account, page="affiliates", affiliates=shown)


@router.post(f"{ACCOUNT}/affiliates/pause")
async def pause(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Nothing more is sent there until somebody resumes it. One that is paused stays as it is."""
    need_operator(who)
    asked = _asked(who, fields)
    async with request.app.state.writer.transaction() as connection:
        await affiliates.pause(
            connection, asked.account, asked.affiliate, requested_by=asked.requested_by, reason=asked.reason
        )
    return RedirectResponse(f"/{who.account}/affiliates", 303)


@router.post(f"{ACCOUNT}/affiliates/resume")
async def resume(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """What waits is sent, whether a person or the breaker had paused it."""
    need_operator(who)
    asked = _asked(who, fields)
    async with request.app.state.writer.transaction() as connection:
        await affiliates.resume(
            connection, asked.account, asked.affiliate, requested_by=asked.requested_by, reason=asked.reason
        )
    return RedirectResponse(f"/{who.account}/affiliates", 303)


def _asked(who: Member, fields: list[tuple[str, str]]) -> AffiliateRequest:
    given = dict(fields)
    try:
        return AffiliateRequest(
            account=who.account,
            affiliate=given.get("affiliate", ""),
            requested_by=who.grant.name or who.grant.role,
            reason=given.get("reason", "").strip() or None,
        )
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        raise invalid(".".join(str(part) for part in first["loc"]), first["msg"]) from None


async def _known(request: Request, who: Member) -> list[ShownAffiliate]:
    database = request.app.state.reader
    summaries = (summarize(database, who.account, kind.name, LogFilter()) for kind in CATALOGUE)
    touched, counted = await asyncio.gather(
        affiliates.list_affiliates(database, who.account), asyncio.gather(*summaries)
    )
    by_name = {each.affiliate: each for each in touched}
    for summary in counted:
        for name in summary.by_affiliate:
            by_name.setdefault(name, affiliates.untouched(name))
    return [by_name[name] for name in sorted(by_name)]
