"""Exports: everything that the filter matches as one file, and their audit."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import listings
from api.authentication import FIRST, Caller, OwnAccount
from api.export_order import order_of
from api.export_response import ExportResponse, file_responses
from api.pages import Page
from api.parameters import ONCE, ExportQuery, PageQuery, Type
from api.problems import PAGED
from exports.jobs.desk import ExportDesk
from schemas.export import FORMATS, Export, ExportFormat, ExportRequest
from storage.exports.audit import list_exports as read_exports

router = APIRouter(prefix="/accounts/{account}", tags=["exports"], dependencies=FIRST)


@router.get("/exports", dependencies=ONCE, responses=PAGED)
async def list_exports(
    request: Request, response: Response, account: OwnAccount, query: Annotated[PageQuery, Query()]
) -> Page[Export]:
    """The audit, newest first: for each export its key, filter and outcome. A line of it never changes."""
    listing = listings.exports(account, query.page_size, query.page_token)
    desk: ExportDesk = request.app.state.exports
    found = await read_exports(desk.database, account, after=listing.after_uuid, limit=listing.limit)
    return listing.page(found, request, response)


def _add_route(format_: ExportFormat) -> None:
    async def export_logs(
        request: Request,
        grant: Caller,
        account: OwnAccount,
        integration_type: Type,
        query: Annotated[ExportQuery, Query()],
    ) -> Response:
        """Everything that the filter matches, newest processing date first, as it was at one moment."""
        asked = ExportRequest(
            account=account,
            integration_type=integration_type.name,
            format=format_,
            filter=query.filter,
            language=query.language,
            timezone=query.timezone,
        )
        return ExportResponse(request.app.state.exports, order_of(request, grant, asked))

    router.add_api_route(
        f"/{{integration_type}}/logs/export.{format_}",
        export_logs,
        name=f"export_logs_{format_}",
        operation_id=f"export_logs_{format_}",
        dependencies=ONCE,
        response_class=Response,
        responses=file_responses(format_),
    )


for _format in FORMATS:
    _add_route(_format)
