"""The export dialogue: how many rows first, then a file that is made in the background, whatever page is open."""

import uuid
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from admin.pages import elsewhere, times
from admin.pages.languages import NAMES
from admin.pages.paths import ACCOUNT, TYPE, TypeName, type_of
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.view import read_view
from admin.pages.visitor import Member, OwnForm, OwnPage
from api.problems import ProblemError, invalid, not_found
from schemas.catalogue import BY_NAME
from storage.summary_reader import summarize

router = APIRouter(route_class=PageRoute, include_in_schema=False)
FORMATS = ("xlsx", "csv", "jsonl")


@router.get(f"{TYPE}/export")
async def dialogue(request: Request, who: OwnPage, integration_type: TypeName) -> Response:
    """What will be in the file, and in which form."""
    _need(request, who)
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    summary = await summarize(request.app.state.reader, who.account, kind.name, view.filter)
    return show(
        request,
        who.visitor,
        "export.html",
        account=who.account,
        page=kind.name,
        kind=kind,
        base=f"/{who.account}/{kind.name}",
        view=view.frozen(),
        total=summary.total,
        formats=FORMATS,
        names=NAMES,
        zones=times.zone_names(),
    )


@router.post(f"{TYPE}/export")
async def start(request: Request, who: OwnPage, integration_type: TypeName, fields: OwnForm) -> Response:
    """Begins the file, and shows how far it is."""
    _need(request, who)
    given = dict(fields)
    view = read_view(QueryParams(given.get("query", "").lstrip("?")), who.visitor.now, who.visitor.zone)
    try:
        export_id = await elsewhere.start_export(
            request,
            who.grant,
            account=who.account,
            integration_type=type_of(integration_type).name,
            format=given.get("format", FORMATS[0]),
            filter=view.filter,
            language=given.get("language", who.visitor.language),
            timezone=given.get("zone", who.visitor.zone.key),
        )
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        raise invalid(".".join(str(part) for part in first["loc"]), first["msg"]) from None
    return RedirectResponse(f"/{who.account}/exports/{export_id}", 303)


@router.get(f"{ACCOUNT}/exports/{{export_id}}")
async def job_page(request: Request, who: OwnPage, export_id: uuid.UUID) -> Response:
    """How far a file is, and the file once it is there."""
    job = await _job(request, who, export_id)
    return show(
        request,
        who.visitor,
        "export_job.html",
        account=who.account,
        page=job.integration_type,
        kind=BY_NAME[job.integration_type],
        job=job,
    )


@router.get(f"{ACCOUNT}/exports/{{export_id}}/file")
async def file(request: Request, who: OwnPage, export_id: uuid.UUID) -> Response:
    """The file, whole."""
    _need(request, who)
    job = await _job(request, who, export_id)
    path = request.app.state.jobs.path(who.account, export_id)
    if path is None:
        raise not_found()
    return elsewhere.export_file(path, job)


@router.post(f"{ACCOUNT}/exports/{{export_id}}/cancel")
async def cancel(request: Request, who: OwnPage, export_id: uuid.UUID, _fields: OwnForm) -> Response:
    """Ends one that is being made; deletes the file of one that was."""
    _need(request, who)
    await _job(request, who, export_id)
    await request.app.state.jobs.cancel(who.account, export_id)
    return RedirectResponse(f"/{who.account}/exports/{export_id}", 303)


def _need(request: Request, who: Member) -> None:
    if not elsewhere.can_export(request.app):
        raise not_found()
    if not elsewhere.may_export(who.grant):
        raise ProblemError(403, "not-permitted", "Your key may read, not export.")


async def _job(request: Request, who: Member, export_id: uuid.UUID) -> Any:
    if not elsewhere.can_export(request.app):
        raise not_found()
    job = await request.app.state.jobs.get(who.account, export_id)
    if job is None:
        raise not_found()
    return job
