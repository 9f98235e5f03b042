"""Causes that may be why an incident or a group began: a part of their pages, and a page of its own."""

from fastapi import APIRouter, Request, Response

from admin.pages.paths import ACCOUNT, TYPE, TypeName, type_of
from admin.pages.route import PageRoute
from admin.pages.site import is_fragment, show
from admin.pages.visitor import Member, OwnPage
from api.incidents import IncidentId
from api.problems import not_found
from schemas.catalogue import BY_NAME
from schemas.fingerprint import FINGERPRINT
from schemas.shown.why import WhyNow
from schemas.words import word_of_act
from storage.incidents.incidents import get_incident
from storage.why.why import why_group, why_incident

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get(f"{ACCOUNT}/incidents/{{incident_id}}/why")
async def why_incident_page(request: Request, who: OwnPage, incident_id: IncidentId) -> Response:
    """Show what changed just before an incident, and what the affected have in common."""
    reader = request.app.state.reader
    incident = await get_incident(reader, who.account, incident_id)
    if incident is None:
        raise not_found()
    found = await why_incident(reader, incident, evidence=who.grant.may_see_evidence, now=who.visitor.now)
    return _show(request, who, found, back=f"/{who.account}/incidents/{incident_id}", page="incidents")


@router.get(f"{TYPE}/groups/{{fingerprint}}/why")
async def why_group_page(request: Request, who: OwnPage, integration_type: TypeName, fingerprint: str) -> Response:
    """Show what changed just before an error began or became frequent, and what its results have in common."""
    kind = type_of(integration_type)
    found = None
    if FINGERPRINT.fullmatch(fingerprint):
        found = await why_group(
            request.app.state.reader,
            who.account,
            kind.name,
            fingerprint,
            evidence=who.grant.may_see_evidence,
            now=who.visitor.now,
        )
    if found is None:
        raise not_found()
    back = f"/{who.account}/{kind.name}/groups?fingerprint={fingerprint}"
    return _show(request, who, found, back=back, page=kind.name)


def _show(request: Request, who: Member, found: WhyNow, *, back: str, page: str) -> Response:
    return show(
        request,
        who.visitor,
        "parts/why.html" if is_fragment(request) else "why.html",
        account=who.account,
        page=page,
        why=found,
        back=back,
        types=BY_NAME,
        act_word=lambda each: word_of_act(each.kind, each.action, who.visitor.language),
    )
