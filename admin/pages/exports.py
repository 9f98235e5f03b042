"""The export dialogue: it shows the number of rows, then makes the file in the background, whatever page is open."""

import uuid

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from admin.pages import times
from admin.pages.group_names import names_of_groups
from admin.pages.languages import NAMES
from admin.pages.paths import ACCOUNT, TYPE, TypeName, type_of
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.view import View, read_view
from admin.pages.visitor import Member, OwnFile, OwnForm, OwnPage
from api.export_order import must_export, must_get, order_of
from api.export_response import attachment, not_made
from api.problems import invalid_model, not_found
from exports.errors import ExportFailed, TooManyExports
from schemas.catalogue import BY_NAME
from schemas.export import FORMATS, ExportJob, ExportRequest
from storage.logs.summary import summarize

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get(f"{TYPE}/export")
async def dialogue(request: Request, who: OwnPage, integration_type: TypeName) -> Response:
    """Show the contents and the format of a file before it is made."""
    must_export(who.grant)
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
        group_names=await names_of_groups(request, who, kind.name, view.filter),
        total=summary.total,
        formats=FORMATS,
        names=NAMES,
        zones=times.zone_names(),
    )


@router.post(f"{TYPE}/export")
async def start(request: Request, who: OwnPage, integration_type: TypeName, fields: OwnForm) -> Response:
    """Start an export, and show its progress."""
    must_export(who.grant)
    given = dict(fields)
    view = read_view(QueryParams(given.get("query", "").lstrip("?")), who.visitor.now, who.visitor.zone)
    try:
        asked = ExportRequest.model_validate(
            {
                "account": who.account,
                "integration_type": type_of(integration_type).name,
                "format": given.get("format", FORMATS[0]),
                "filter": view.filter,
                "language": given.get("language", who.visitor.language),
                "timezone": given.get("zone", who.visitor.zone.key),
            }
        )
    except ValidationError as exc:
        raise invalid_model(exc) from None
    try:
        job = await request.app.state.jobs.start(order_of(request, who.grant, asked))
    except (TooManyExports, ExportFailed) as exc:
        raise not_made(exc) from None
    return RedirectResponse(f"/{who.account}/exports/{job.id}", 303)


@router.get(f"{ACCOUNT}/exports/{{export_id}}")
async def job_page(request: Request, who: OwnPage, export_id: uuid.UUID) -> Response:
    """Show the progress of an export, and its file once it is complete."""
    job = await _job(request, who, export_id)
    return show(
        request,
        who.visitor,
        "export_job.html",
        account=who.account,
        page=job.integration_type,
        kind=BY_NAME[job.integration_type],
        base=f"/{who.account}/{job.integration_type}",
        view=View(filter=job.filter),
        group_names=await names_of_groups(request, who, job.integration_type, job.filter),
        job=job,
    )


@router.get(f"{ACCOUNT}/exports/{{export_id}}/file")
async def file(request: Request, who: OwnFile, export_id: uuid.UUID) -> Response:
    """The file, whole."""
    must_export(who.grant)
    job = await _job(request, who, export_id)
    must_get(who.grant, job)
    path = request.app.state.jobs.path(who.account, export_id)
    if path is None:
        raise not_found()
    return FileResponse(path, headers=attachment(job, job.requested_at))


@router.post(f"{ACCOUNT}/exports/{{export_id}}/cancel")
async def cancel(request: Request, who: OwnPage, export_id: uuid.UUID, _fields: OwnForm) -> Response:
    """Cancel a running export; delete the file of one that is done."""
    must_export(who.grant)
    await _job(request, who, export_id)
    await request.app.state.jobs.cancel(who.account, export_id)
    return RedirectResponse(f"/{who.account}/exports/{export_id}", 303)


async def _job(request: Request, who: Member, export_id: uuid.UUID) -> ExportJob:
    job: ExportJob | None = await request.app.state.jobs.get(who.account, export_id)
    if job is None:
        raise not_found()
    return job
