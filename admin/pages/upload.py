"""A returned workbook with marked rows: it becomes a plan, and nothing is sent before a person confirms it."""

import tempfile
import uuid
from pathlib import Path

from fastapi import APIRouter, Request, Response

from admin.pages.corrections import corrected_by, show_corrections
from admin.pages.paths import TYPE, TypeName, type_of
from admin.pages.reprocess import show_rows_plan
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.view import read_view
from admin.pages.visitor import Member, OwnPage, need_operator, need_own_form, refuse_foreign
from admin.upload import read_upload
from api.export_response import not_made
from exports.errors import TooManyExports
from exports.excel.marked import MAX_FILE_BYTES, Marked, WorkbookRefused
from exports.excel.marked_process import marked_by_worker
from exports.jobs.desk import ExportDesk
from schemas.catalogue import IntegrationType
from schemas.reasons.reason import Reason
from schemas.reprocess import MAX_LOG_IDS

router = APIRouter(route_class=PageRoute, include_in_schema=False)
FIELD = "workbook"


@router.get(f"{TYPE}/marked")
async def form(request: Request, who: OwnPage, integration_type: TypeName) -> Response:
    """Show the form that takes a workbook."""
    need_operator(who)
    return _form(request, who, type_of(integration_type))


@router.post(f"{TYPE}/marked")
async def upload(request: Request, who: OwnPage, integration_type: TypeName) -> Response:
    """Show the plan of the marked rows, or what is different in those that were corrected.

    For a refused workbook, the form again with the reason.

    Nothing of the workbook is kept. Receiving and reading it takes one of the account's
    places for uploads.
    """
    need_operator(who)
    kind = type_of(integration_type)
    try:
        marked, name = await _receive(request, who)
        marked.need(who.account, kind.name)
        corrected = await corrected_by(request, who, kind, marked)
        if corrected is not None:
            return await show_corrections(request, who, kind, corrected, workbook=name)
    except WorkbookRefused as exc:
        return _form(request, who, kind, exc.reason)
    ids = [uuid.UUID(each) for each in marked.log_ids]
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    return await show_rows_plan(request, who, kind, view, ids, workbook=name)


async def _receive(request: Request, who: Member) -> tuple[Marked, str]:
    """Return the marked rows in the workbook of a form of this session, and its name."""
    refuse_foreign(request)
    desk: ExportDesk = request.app.state.exports
    try:
        async with desk.readings.one(who.account):
            with tempfile.TemporaryDirectory(prefix="conexoes-marked-") as directory:
                path = Path(directory) / "marked.xlsx"
                fields = await read_upload(request, FIELD, path, MAX_FILE_BYTES)
                need_own_form(request, who.visitor, fields.get("form_token", ""))
                return await marked_by_worker(path), fields[FIELD]
    except TooManyExports as exc:
        raise not_made(exc) from None


def _form(request: Request, who: Member, kind: IntegrationType, refused: Reason | None = None) -> Response:
    return show(
        request,
        who.visitor,
        "upload.html",
        status=200 if refused is None else 422,
        account=who.account,
        page=kind.name,
        kind=kind,
        base=f"/{who.account}/{kind.name}",
        view=read_view(request.query_params, who.visitor.now, who.visitor.zone),
        field=FIELD,
        refused=refused,
        most_rows=MAX_LOG_IDS,
        most_megabytes=MAX_FILE_BYTES // 1024**2,
    )
