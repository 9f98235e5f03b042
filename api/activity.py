"""Activity of an account: who did what, and when."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from api import listings
from api.activity_export import ActivityExport, ActivityFormat
from api.authentication import FIRST, Caller, OwnAccount
from api.export_order import must_export
from api.export_response import file_responses
from api.pages import Page
from api.parameters import PageQuery, once_each
from api.problems import PAGED
from schemas.activity import ACTIVITY_REPEATABLE, ActivityFilter
from schemas.catalogue import Language
from schemas.filter import alone
from schemas.shown.activity import ActivityEntry
from storage.activity import list_activity as read_activity

router = APIRouter(prefix="/accounts/{account}/activity", tags=["activity"], dependencies=FIRST)
ONCE_OF_ACTIVITY = [Depends(once_each(ACTIVITY_REPEATABLE))]


class ActivityQuery(ActivityFilter, PageQuery):
    """Parameters of a page of acts."""

    @property
    def filter(self) -> ActivityFilter:
        """The filter alone."""
        return alone(ActivityFilter, self)


class ActivityExportQuery(ActivityFilter):
    """Parameters of a file of acts."""

    language: Language = Field(default="en", description="of words; in CSV, pt and es separate columns by semicolon")

    @property
    def filter(self) -> ActivityFilter:
        """The filter alone."""
        return alone(ActivityFilter, self)


@router.get("", dependencies=ONCE_OF_ACTIVITY, responses=PAGED)
async def list_activity(
    request: Request, response: Response, account: OwnAccount, query: Annotated[ActivityQuery, Query()]
) -> Page[ActivityEntry]:
    """Acts of people, newest first, from every audit: reprocesses, pauses, groups, exports, dead letters, erasures,
    keys and saved views."""
    listing = listings.activity(account, query.filter, query.page_size, query.page_token)
    found = await read_activity(
        request.app.state.reader, account, query.filter, after=listing.after, limit=listing.limit
    )
    return listing.page(found, request, response)


def _add_route(format_: ActivityFormat) -> None:
    async def export_activity(
        request: Request, grant: Caller, account: OwnAccount, query: Annotated[ActivityExportQuery, Query()]
    ) -> Response:
        """Every act that the filter matches, newest first. Needs the right to export, and is an act itself."""
        must_export(grant)
        return ActivityExport(
            request.app.state.exports, grant, account, query.filter, format_=format_, language=query.language
        )

    router.add_api_route(
        f"/export.{format_}",
        export_activity,
        name=f"export_activity_{format_}",
        operation_id=f"export_activity_{format_}",
        dependencies=ONCE_OF_ACTIVITY,
        response_class=Response,
        responses=file_responses(format_),
    )


_add_route("csv")
_add_route("jsonl")
