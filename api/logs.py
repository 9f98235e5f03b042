"""Status logs: lists, counts, one log, its timeline, and search by any name."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api import listings
from api.actions import editable_of, reader_for
from api.authentication import FIRST, Caller, OwnAccount
from api.evidence import with_evidence
from api.log_listing import too_many_to_sort
from api.pages import Page
from api.parameters import NONE, ONCE, ListQuery, LogId, PageQuery, SearchQuery, Type
from api.playbook import error_of, playbook_for
from api.problems import PAGED, not_found
from schemas.catalogue import BY_NAME
from schemas.filter import LogFilter
from schemas.raw_json import dump
from schemas.shown.log import StatusLog, StatusLogDetail, TimelineEntry, written
from schemas.summary import LogSummary
from storage.logs.by_column import TooManyToSort
from storage.logs.summary import summarize

router = APIRouter(prefix="/accounts/{account}", tags=["logs"], dependencies=FIRST)


class PageOfLogs(Page[StatusLog]):
    """A page of status logs, and what a search for several names did not find."""

    previous_page_token: str | None = Field(
        default=None, description="of the page before this one; null on the first page"
    )
    not_found: list[str] = Field(description="names that `q` lists and no log has, as they were given")


@router.get("/search", dependencies=ONCE, response_model=PageOfLogs)
async def search_logs(
    request: Request, grant: Caller, account: OwnAccount, query: Annotated[SearchQuery, Query()]
) -> Response:
    """The entity by its key or any alias, across the types: whole names first, then those with the text in them."""
    reader = reader_for(request, grant)
    found = await reader.search(account, query.q, query.page_size)
    missing = await reader.not_found(account, BY_NAME, query.q, has_logs=bool(found))
    return _answer(PageOfLogs(items=found, next_page_token=None, previous_page_token=None, not_found=missing))


@router.get("/{integration_type}/logs", dependencies=ONCE, responses=PAGED, response_model=PageOfLogs)
async def list_logs(
    request: Request,
    response: Response,
    grant: Caller,
    account: OwnAccount,
    integration_type: Type,
    query: Annotated[ListQuery, Query()],
) -> Response:
    """One page of status logs, newest processing date first, or as `sort` says.

    Walking the pages from the first one on never repeats a row, whatever changes meanwhile. Where a newer result may
    move a log behind the pages that were read (`oldest`, `status`, `code`, `attempts`, `-first_seen_at`), a log that
    gets one is on no later page; by `attempts` and `-first_seen_at`, a result that comes late may move a row all the
    same.
    """
    asked = (account, integration_type.name, query.filter)
    listing = listings.logs(*asked, query.sort, query.page_size, query.page_token)
    reader = reader_for(request, grant)
    try:
        logs = await reader.listed(*asked, query.sort, after=listing.after, limit=listing.limit)
    except TooManyToSort as exc:
        raise await too_many_to_sort(request.app.state.reader, *asked, exc) from None
    missing = await reader.not_found(account, [integration_type.name], query.filter.q, has_logs=bool(logs.logs))
    page = listing.page(logs, request, response)
    found = PageOfLogs(
        items=page.items,
        next_page_token=page.next_page_token,
        previous_page_token=page.previous_page_token,
        not_found=missing,
    )
    return _answer(found, response.headers)


def _answer(page: PageOfLogs, headers: Mapping[str, str] | None = None) -> Response:
    """Return a page as JSON. pydantic takes three times as long to write fifty logs."""
    content = dump(vars(page) | {"items": written(page.items)})
    return Response(content, media_type="application/json", headers=headers)


# Before one log, whose id can't be this word.
@router.get("/{integration_type}/logs/summary", dependencies=ONCE)
async def get_summary(
    request: Request, account: OwnAccount, integration_type: Type, filter_: Annotated[LogFilter, Query()]
) -> LogSummary:
    """Exact counts of what the list with the same filter shows."""
    return await summarize(request.app.state.reader, account, integration_type.name, filter_)


@router.get("/{integration_type}/logs/{log_id}", dependencies=NONE, response_model=StatusLogDetail)
async def get_log(
    request: Request, grant: Caller, account: OwnAccount, integration_type: Type, log_id: LogId
) -> Response:
    """One log with the evidence of its last attempt, every name it has, and what to do about its error."""
    reader = reader_for(request, grant)
    found = await reader.one(account, integration_type.name, log_id)
    if found is None:
        raise not_found()
    log = found.log
    guide = None if log.status == "success" else integration_type.troubleshooting_link(log.affiliate)
    playbook = await playbook_for(request.app, account)
    known = None if log.status == "success" else playbook.about(error_of(log, found.last_attempt))
    editable = await editable_of(request.app.state.policy, log, found.last_attempt)
    detail = found._asdict() | {"editable": editable, "troubleshooting": guide, "playbook": known}
    del detail["log"]
    return with_evidence(StatusLogDetail.model_validate(vars(log) | detail))


@router.get(
    "/{integration_type}/logs/{log_id}/timeline",
    dependencies=ONCE,
    responses=PAGED,
    response_model=Page[TimelineEntry],
)
async def get_timeline(
    request: Request,
    response: Response,
    grant: Caller,
    account: OwnAccount,
    integration_type: Type,
    log_id: LogId,
    query: Annotated[PageQuery, Query()],
) -> Response:
    """Attempts and reprocess steps, newest first. A late attempt is listed at its processing date."""
    listing = listings.timeline(account, integration_type.name, log_id, query.page_size, query.page_token)
    reader = reader_for(request, grant)
    found = await reader.timeline(account, integration_type.name, log_id, after=listing.after, limit=listing.limit)
    if found is None:
        raise not_found()
    page = listing.page(found.entries, request, response, cut=found.cut)
    entries = Page[TimelineEntry](items=[entry for _place, entry in page.items], next_page_token=page.next_page_token)
    return with_evidence(entries, response.headers)
