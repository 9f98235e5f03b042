"""Saved views: views with a name, for everyone of the account."""

import uuid

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import QueryParams

from admin.pages.paths import TYPE, TypeName, type_of
from admin.pages.route import PageRoute
from admin.pages.view import read_view
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator
from api.problems import invalid
from schemas.catalogue import IntegrationType
from schemas.name import MAX_NAME_CHARACTERS
from schemas.reasons.code import ReasonCode
from storage.reprocess.audit import UsedKey
from storage.saved_views import SavedView, delete, list_every_saved, list_saved, save

router = APIRouter(route_class=PageRoute, include_in_schema=False)

#: Views of one account: every list reads those of its type, and what is found by typing reads all.
MAX_VIEWS = 100


async def of_page(request: Request, who: Member, kind: IntegrationType) -> list[SavedView]:
    """Return the views of one page, by name."""
    return await list_saved(request.app.state.reader, who.account, kind.name)


@router.post(f"{TYPE}/views")
async def save_view(request: Request, who: OwnPage, integration_type: TypeName, fields: OwnForm) -> Response:
    """Save a view under a name, and show it."""
    need_operator(who)
    kind, given = type_of(integration_type), dict(fields)
    name = read_name(given.get("name", ""))
    view = read_view(QueryParams(given.get("query", "").lstrip("?")), who.visitor.now, who.visitor.zone)
    query = view.query().lstrip("?")
    await _room_for(request, who, kind, name)
    await save(
        request.app.state.writer,
        who.account,
        kind.name,
        name=name,
        query=query,
        saved_by=who.name,
        key=UsedKey.grant(who.grant),
    )
    return RedirectResponse(f"/{who.account}/{kind.name}?{query}", 303)


@router.post(f"{TYPE}/views/{{view_id}}/delete")
async def delete_view(
    request: Request, who: OwnPage, integration_type: TypeName, view_id: uuid.UUID, _fields: OwnForm
) -> Response:
    """Delete a saved view."""
    need_operator(who)
    kind = type_of(integration_type)
    await delete(
        request.app.state.writer,
        who.account,
        kind.name,
        view_id,
        requested_by=who.name,
        key=UsedKey.grant(who.grant),
    )
    return RedirectResponse(f"/{who.account}/{kind.name}", 303)


async def _room_for(request: Request, who: Member, kind: IntegrationType, name: str) -> None:
    """Raise a 422 problem where the account has as many views as it may. One that replaces another is none more."""
    saved = await list_every_saved(request.app.state.reader, who.account)
    if len(saved) >= MAX_VIEWS and (kind.name, name) not in {(of, view.name) for of, view in saved}:
        raise invalid("views", ReasonCode.FIELD_TOO_MANY, limit=MAX_VIEWS)


def read_name(text: str) -> str:
    """The name of a view or key, without the space around it. Raises the 422 problem of a too long or empty one."""
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
        raise invalid("name", ReasonCode.FIELD_NAME, limit=MAX_NAME_CHARACTERS)
    return name
