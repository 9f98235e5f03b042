"""Redrives of dead letters: the plan that is shown first, then the progress and outcome; and their erasure."""

import uuid
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from admin.dead_letters import SWITCHES, erase, plan, redrive, switch
from admin.pages.address import need_chosen
from admin.pages.letter_view import LetterView, read_letter_view
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator
from api import listings
from api.dead_letters import reach_of
from api.problems import ProblemError, invalid, invalid_model, not_found
from schemas.letter_filter import MAX_LETTER_IDS
from schemas.reasons.code import ReasonCode
from schemas.redrive import (
    DEFAULT_PER_SECOND,
    MAX_PER_SECOND,
    EraseLettersRequest,
    LetterChoice,
    RedriveItemState,
    RedriveRequest,
    RedriveSwitchRequest,
)
from storage.letter_changes import count_erasable
from storage.redrive import get_redrive, list_redrive_items, list_redrives

router = APIRouter(route_class=PageRoute, include_in_schema=False)
REDRIVES_A_PAGE = 25
ITEMS_A_PAGE = 100
RedriveOfPath = Annotated[uuid.UUID, Path()]


@router.get(f"{ACCOUNT}/dead-letters/plan")
async def redrive_plan_page(request: Request, who: OwnPage, *, chosen: bool = False) -> Response:
    """Show what a redrive of chosen letters, or of all that a filter matches, would do, and its form.

    `chosen`: letters were to be chosen; none of them is not all.
    """
    need_operator(who)
    ids = _ids(request.query_params.getlist("id"))
    if chosen:
        need_chosen("id", ids)
    view = read_letter_view(request.query_params, who.visitor.zone)
    choice = LetterChoice(
        account=who.account, ids=ids or None, filter=None if ids else view.filter, all=not ids and view.is_plain
    )
    return await _show_plan(request, who, choice, view)


async def _show_plan(request: Request, who: Member, choice: LetterChoice, view: LetterView) -> Response:
    reach = reach_of(who.grant, who.account)
    reader = request.app.state.reader
    return show(
        request,
        who.visitor,
        "redrive_plan.html",
        account=who.account,
        page="dead-letters",
        plan=await plan(request.app, who.grant, choice),
        view=view,
        choice=choice.model_dump(mode="json", exclude={"account"}, exclude_defaults=True),
        ids=choice.ids or (),
        per_second=DEFAULT_PER_SECOND,
        most_per_second=MAX_PER_SECOND,
        erasable=await count_erasable(reader, reach, choice) if who.visitor.may("admin") else 0,
    )


@router.post(f"{ACCOUNT}/dead-letters/redrive")
async def start_redrive(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Queue the letters of a plan. Letters that another redrive has taken are not taken again."""
    need_operator(who)
    given = dict(fields)
    asked = _asked(
        RedriveRequest,
        who,
        given,
        as_of=given.get("as_of"),
        per_second=given.get("per_second") or DEFAULT_PER_SECOND,
        reason=given.get("reason"),
    )
    started = await redrive(request.app, who.grant, asked)
    return RedirectResponse(f"/{who.account}/dead-letters/redrives/{started.id}", 303)


@router.post(f"{ACCOUNT}/dead-letters/erase")
async def erase_letters(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Erase the bytes of the letters of a plan; a key of the role admin only."""
    need_operator(who)
    given = dict(fields)
    await erase(request.app, who.grant, _asked(EraseLettersRequest, who, given, reason=given.get("reason", "")))
    return RedirectResponse(f"/{who.account}/dead-letters?state=erased", 303)


@router.get(f"{ACCOUNT}/dead-letters/redrives")
async def redrives_page(request: Request, who: OwnPage, page_token: str | None = None) -> Response:
    """Show every redrive of the account, newest first."""
    listing = listings.redrives(who.account, REDRIVES_A_PAGE, page_token)
    found = await list_redrives(
        request.app.state.reader, reach_of(who.grant, who.account), after=listing.after_uuid, limit=listing.limit
    )
    page = listing.page(found, request, Response())
    return show(request, who.visitor, "redrives.html", account=who.account, page="dead-letters", redrives=page)


@router.get(f"{ACCOUNT}/dead-letters/redrives/{{redrive_id:uuid}}")
async def redrive_page(
    request: Request,
    who: OwnPage,
    redrive_id: RedriveOfPath,
    state: RedriveItemState | None = None,
    page_token: str | None = None,
) -> Response:
    """Show one redrive: progress, who did what and why, and the outcome of each letter."""
    return await _show_redrive(request, who, redrive_id, state=state, page_token=page_token)


@router.post(f"{ACCOUNT}/dead-letters/redrives/{{redrive_id:uuid}}/{{action}}")
async def change_redrive(
    request: Request, who: OwnPage, redrive_id: RedriveOfPath, action: str, _fields: OwnForm
) -> Response:
    """Pause, resume or cancel a redrive. One that can't be changed so is shown with why, 409."""
    need_operator(who)
    if action not in SWITCHES:
        raise not_found()
    try:
        asked = RedriveSwitchRequest(account=who.account, requested_by=who.name)
    except ValidationError as exc:
        raise invalid_model(exc) from None
    try:
        await switch(request.app, who.grant, redrive_id, SWITCHES[action], asked)
    except ProblemError as exc:
        if exc.status != 409:
            raise
        return await _show_redrive(request, who, redrive_id, refused=exc)
    return RedirectResponse(f"/{who.account}/dead-letters/redrives/{redrive_id}", 303)


async def _show_redrive(
    request: Request,
    who: Member,
    redrive_id: uuid.UUID,
    *,
    state: RedriveItemState | None = None,
    page_token: str | None = None,
    refused: ProblemError | None = None,
) -> Response:
    reach = reach_of(who.grant, who.account)
    found = await get_redrive(request.app.state.writer, reach, redrive_id)
    if found is None:
        raise not_found()
    listing = listings.redrive_items(who.account, redrive_id, state, ITEMS_A_PAGE, page_token)
    after = listing.after_count
    items = await list_redrive_items(
        request.app.state.writer,
        reach,
        redrive_id,
        state=state,
        after=None if after is None else min(after[0], 2**31 - 1),
        limit=listing.limit,
    )
    return show(
        request,
        who.visitor,
        "redrive.html",
        status=409 if refused else 200,
        account=who.account,
        page="dead-letters",
        redrive=found,
        items=listing.page(items, request, Response()),
        state=state,
        page_token=page_token,
        moving=found.state == "running" or bool(found.items.get("sent")),
        refused=refused,
    )


def _asked(kind: Any, who: Member, given: dict[str, str], **more: Any) -> Any:
    """Return the request of a plan's form. Raises the 422 problem of one that was changed."""
    try:
        choice = orjson.loads(given.get("choice", ""))
        return kind.model_validate({**choice, "account": who.account, "requested_by": who.name, **more})
    except (orjson.JSONDecodeError, TypeError):
        raise invalid("choice", ReasonCode.FORM_CHANGED) from None
    except ValidationError as exc:
        raise invalid_model(exc) from None


def _ids(texts: list[str]) -> tuple[uuid.UUID, ...]:
    """Return ids of letters. Raises the 422 problem of one that is none, or of too many."""
    if len(texts) > MAX_LETTER_IDS:
        raise invalid("id", ReasonCode.FIELD_TOO_MANY, limit=MAX_LETTER_IDS)
    try:
        return tuple(dict.fromkeys(uuid.UUID(each) for each in texts))
    except ValueError:
        raise invalid("id", ReasonCode.FIELD_NOT_UUID) from None
