"""Groups of equal errors of one type: counts, times, cures, advice, and decisions."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from admin.pages.actions import can_reprocess
from admin.pages.histogram import draw
from admin.pages.paths import TYPE, TypeName, type_of
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.view import read_view
from admin.pages.visitor import OwnForm, OwnPage, need_operator
from api import listings
from api.groups import explained
from api.playbook import playbook_for
from api.problems import invalid_model, not_found
from schemas.fingerprint import FINGERPRINT
from schemas.group import GroupDecision
from storage.logs import groups as error_groups
from storage.logs.group_decisions import decide

router = APIRouter(route_class=PageRoute, include_in_schema=False)
GROUPS_A_PAGE = 25
#: Days of the small chart of each group.
_DAYS = 14


@router.get(f"{TYPE}/groups")
async def groups_page(request: Request, who: OwnPage, integration_type: TypeName) -> Response:
    """Show the logs of a list by error, one entry for each: most logs first."""
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    listing = listings.groups(who.account, kind.name, view.filter, GROUPS_A_PAGE, view.page_token)
    found = await error_groups.list_groups(
        request.app.state.reader,
        who.account,
        kind.name,
        view.filter,
        now=datetime.now(UTC),
        after=listing.after_count,
        limit=listing.limit,
    )
    page = listing.page(found, request, Response())
    names = [each.fingerprint for each in page.items]
    days = await error_groups.fault_days(
        request.app.state.reader, who.account, kind.name, names, now=datetime.now(UTC), days=_DAYS
    )
    playbook = await playbook_for(request.app, who.account)
    token = page.next_page_token
    return show(
        request,
        who.visitor,
        "groups.html",
        account=who.account,
        page=kind.name,
        kind=kind,
        base=f"/{who.account}/{kind.name}/groups",
        list_base=f"/{who.account}/{kind.name}",
        view=view,
        groups=[explained(each, kind.name, playbook) for each in page.items],
        sparks={name: draw(of_one) for name, of_one in days.items()},
        following=None if token is None else view.frozen().query(token=token),
        can_reprocess=can_reprocess(request.app.state.policy, kind),
    )


@router.post(f"{TYPE}/groups/{{fingerprint}}")
async def decide_group(
    request: Request, who: OwnPage, integration_type: TypeName, fingerprint: str, fields: OwnForm
) -> Response:
    """Acknowledge a group, ignore it, or open it again; then show the list where the person was."""
    need_operator(who)
    kind, given = type_of(integration_type), dict(fields)
    if FINGERPRINT.fullmatch(fingerprint) is None:
        raise not_found()
    view = read_view(QueryParams(given.get("query", "").lstrip("?")), who.visitor.now, who.visitor.zone)
    try:
        wanted = GroupDecision.model_validate(
            {
                "account": who.account,
                "integration_type": kind.name,
                "state": given.get("state"),
                "set_by": who.name,
                "note": given.get("note", "").strip() or None,
            }
        )
    except ValidationError as exc:
        raise invalid_model(exc) from None
    if await decide(request.app.state.writer, fingerprint, wanted, key_name=who.grant.name) is None:
        raise not_found()
    return RedirectResponse(f"/{who.account}/{kind.name}/groups{view.here}#group-{fingerprint}", 303)
