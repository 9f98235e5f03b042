"""Try an event: a connector team pastes events, and sees what would become of each. Nothing is sent or kept."""

from itertools import islice

from fastapi import APIRouter, Request, Response

from admin.body import MAX_BODY_BYTES
from admin.door import Door
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import Member, OwnForm, OwnPage
from schemas.catalogue import BY_NAME
from schemas.check import alterations_of, events_in
from schemas.envelope import MAX_BATCH_EVENTS
from schemas.refusal import Refusal
from schemas.result import Result

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get(f"{ACCOUNT}/check")
async def form(request: Request, who: OwnPage) -> Response:
    """Show the form that takes events."""
    return _page(request, who)


@router.post(f"{ACCOUNT}/check")
async def check_events(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Show what would become of each event that was pasted, and the form with them again."""
    given = dict(fields)
    text = given.get("text", "").replace("\r\n", "\n")  # a browser's line ends are not the author's
    of_type = given.get("type", "")
    door: Door = request.app.state.door
    events = islice(events_in(text.encode(), BY_NAME.get(of_type)), MAX_BATCH_EVENTS)
    return _page(request, who, text, of_type, await door.check(list(events)) if text.strip() else [])


def _page(
    request: Request,
    who: Member,
    text: str = "",
    of_type: str = "",
    outcomes: list[Result | Refusal] | None = None,
) -> Response:
    return show(
        request,
        who.visitor,
        "check.html",
        account=who.account,
        page="check",
        text=text,
        of_type=of_type,
        outcomes=outcomes,
        stored=sum(isinstance(each, Result) for each in outcomes or ()),
        alterations_of=alterations_of,
        types=BY_NAME,
        most_events=MAX_BATCH_EVENTS,
        most_kilobytes=MAX_BODY_BYTES // 1024,
    )
