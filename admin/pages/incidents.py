"""Incidents: what goes wrong, the story of each, and how fresh the results of each affiliate are."""

from typing import NamedTuple
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response

from admin.pages.actions import can_reprocess
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import OwnPage
from api import listings
from api.incidents import IncidentId
from api.problems import not_found
from schemas.catalogue import BY_NAME, CATALOGUE
from schemas.incident import Incident, Kind, State
from schemas.policy import Policy
from storage.incidents import incidents
from storage.incidents.freshness import read_freshness

router = APIRouter(route_class=PageRoute, include_in_schema=False)
INCIDENTS_A_PAGE = 25
#: Kinds of which there are rows to look at.
_WITH_ROWS = frozenset({Kind.FAILURE_SHARE, Kind.NEW_FAULT, Kind.GROUP_ESCALATES, Kind.BREAKER_OPENED})
_OPEN = (State.OPEN.value, State.ESCALATED.value)


class Rows(NamedTuple):
    """The rows of one type that an incident is about."""

    integration_type: str
    address: str
    groups: str
    plan: str | None  # None: the type can't be reprocessed


@router.get(f"{ACCOUNT}/incidents")
async def incidents_page(
    request: Request, who: OwnPage, page_token: str | None = None, *, over: bool = False
) -> Response:
    """Show the incidents that are not over, or with `over` all of them, opened last first."""
    where = {"state": [] if over else list(_OPEN), "kind": [], "affiliate": [], "integration_type": []}
    listing = listings.incidents(who.account, where, INCIDENTS_A_PAGE, page_token)
    found = await incidents.list_incidents(
        request.app.state.reader, who.account, where=where, after=listing.after_id, limit=listing.limit
    )
    page = listing.page(found, request, Response())
    return show(
        request,
        who.visitor,
        "incidents.html",
        account=who.account,
        page="incidents",
        incidents=page,
        over=over,
        page_token=page_token,
        types=BY_NAME,
    )


@router.get(f"{ACCOUNT}/incidents/{{incident_id}}")
async def incident_page(request: Request, who: OwnPage, incident_id: IncidentId) -> Response:
    """Show one incident: its figures, its story, and the way to its rows, its group and its plan."""
    found = await incidents.get_incident(request.app.state.reader, who.account, incident_id)
    if found is None:
        raise not_found()
    return show(
        request,
        who.visitor,
        "incident.html",
        account=who.account,
        page="incidents",
        incident=found,
        rows=rows_of(found, who.account, request.app.state.policy),
        types=BY_NAME,
    )


@router.get(f"{ACCOUNT}/freshness")
async def freshness_page(request: Request, who: OwnPage) -> Response:
    """Show how fresh the results of each affiliate are, and the orders that are known by their tracking only."""
    found = await read_freshness(request.app.state.reader, who.account)
    return show(
        request,
        who.visitor,
        "freshness.html",
        account=who.account,
        page="incidents",
        freshness=found,
        types=BY_NAME,
    )


def rows_of(incident: Incident, account: str, policy: Policy) -> list[Rows]:
    """Return where the rows of an incident are, for each of its types."""
    facts = incident.facts
    if incident.affiliate is None or not _WITH_ROWS.intersection(facts.kinds):
        return []
    asked = {"status": "error", "affiliate": incident.affiliate}
    if facts.fingerprint is not None and incident.kind in (Kind.NEW_FAULT, Kind.GROUP_ESCALATES):
        asked["fingerprint"] = facts.fingerprint
    else:  # what failed before is no part of it
        asked["processed_from"] = (facts.since or incident.opened_at).isoformat()
    query = urlencode(asked, quote_via=quote)
    shown = [each for each in CATALOGUE if each.name in facts.integration_types]
    return [
        Rows(
            each.name,
            f"/{account}/{each.name}?{query}",
            f"/{account}/{each.name}/groups?{query}",
            f"/{account}/{each.name}/reprocess?{query}" if can_reprocess(policy, each) else None,
        )
        for each in shown
    ]
