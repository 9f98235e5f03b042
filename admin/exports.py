"""Exports in the background: `POST /commands/exports`, then progress, the file, or cancelling."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from admin.kept_file import KeptFile
from admin.request_body import described, read_body
from api.authentication import Caller, CheckedAccount, caller, may_see, own_account
from api.export_order import must_export, must_get, order_of
from api.export_response import attachment, file_content, not_made
from api.parameters import NONE
from api.problems import invalid, not_found, problem_responses
from exports.errors import ExportFailed, TooManyExports
from exports.jobs.jobs import Jobs
from schemas.catalogue import BY_NAME
from schemas.export import MEDIA_TYPES, ExportJob, ExportRequest
from schemas.reasons.code import ReasonCode

router = APIRouter(prefix="/commands/exports", tags=["exports"])

#: Id in the path. A path with anything else is not ours, so that an account with the name `commands` has its pages.
ExportId = Annotated[uuid.UUID, Path(examples=["2f1c0f9f-7a11-4b58-8f5e-8c7f9f0e7d1f"])]


@router.post(
    "",
    status_code=202,
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("ExportRequest"),
)
async def start_export(request: Request, response: Response, grant: Caller) -> ExportJob:
    """Start an export of all logs that the filter matches. `Location` is the address of its progress."""
    asked = await read_body(request, ExportRequest)
    if not may_see(grant, asked.account):
        raise not_found()
    if asked.integration_type not in BY_NAME:
        raise invalid("body.integration_type", ReasonCode.FIELD_NOT_ONE_OF, allowed=tuple(BY_NAME))
    jobs: Jobs = request.app.state.jobs
    try:
        job = await jobs.start(order_of(request, grant, asked))
    except (TooManyExports, ExportFailed) as exc:
        raise not_made(exc) from None
    response.headers["Location"] = f"/commands/exports/{job.account}/{job.id}"
    return job


@router.get("/{account}/{export_id:uuid}", dependencies=[Depends(own_account), *NONE])
async def get_export(request: Request, account: CheckedAccount, export_id: ExportId) -> ExportJob:
    """Return the progress of an export, and the address of its file once it is done."""
    job = await _jobs(request).get(account, export_id)
    if job is None:
        raise not_found()
    return job


@router.get(
    "/{account}/{export_id:uuid}/file",
    dependencies=[Depends(own_account), *NONE],
    response_class=KeptFile,
    responses={
        **problem_responses((416, "the file does not have the bytes that `Range` asks for")),
        200: {"description": "the file", "content": file_content(*MEDIA_TYPES.values())},
        206: {
            "description": "the part of it that `Range` asks for; of several ranges, each with its place",
            "content": file_content(*MEDIA_TYPES.values(), "multipart/byteranges"),
        },
    },
)
async def get_file(request: Request, grant: Caller, account: CheckedAccount, export_id: ExportId) -> Response:
    """Return the file. 404 when it is not complete yet, or no longer kept: the export's state says which."""
    must_export(grant)
    jobs = _jobs(request)
    job, path = await jobs.get(account, export_id), jobs.path(account, export_id)
    if job is None or path is None:
        raise not_found()
    must_get(grant, job)
    return KeptFile(path, headers=attachment(job, job.requested_at))


@router.delete("/{account}/{export_id:uuid}", status_code=204, dependencies=[Depends(own_account), *NONE])
async def cancel_export(request: Request, grant: Caller, account: CheckedAccount, export_id: ExportId) -> None:
    """Cancel an export, or delete its file. The audit keeps its order. 404 when it neither runs nor has a file here."""
    must_export(grant)
    if not await _jobs(request).cancel(account, export_id):
        raise not_found()


def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs
