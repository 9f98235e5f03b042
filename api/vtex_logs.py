"""The endpoint that VTEX asks of connectors, answered from our logs."""

import heapq
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, Field, StringConstraints

from api import listings
from api.actions import reader_for
from api.authentication import FIRST, Caller, OwnAccount
from api.evidence import with_evidence
from api.parameters import MAX_PAGE_SIZE, PageQuery, PageSize, once_each
from api.problems import PAGED
from schemas.catalogue import CATALOGUE
from schemas.export import TimeZone
from schemas.filter import LogFilter
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError
from schemas.shown.log import StatusLog
from schemas.shown.vtex_log import VtexLog, VtexLogs
from schemas.vtex_log import ALL, PENDING, STATUS_OF, span_of

router = APIRouter(prefix="/vtex/{account}", tags=["VTEX"], dependencies=FIRST)


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ReasonError(ReasonCode.TIME_IMPOSSIBLE) from None
    return text


_WORD = "|".join((ALL, *STATUS_OF, PENDING))


class DayQuery(PageQuery):
    """Parameters of VTEX's contract, and ours."""

    page_size: PageSize = MAX_PAGE_SIZE
    date_at: Annotated[str, StringConstraints(pattern=r"^2[0-9]{3}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_day)] = Field(
        alias="DateAt", description="the day, `yyyy-mm-dd`", examples=["2026-11-24"]
    )
    status: Annotated[str, StringConstraints(pattern=f"^(?:{_WORD})(?:,(?:{_WORD}))*$")] = Field(
        default=ALL,
        description="`all`, or some of `success`, `error` and `alert`, separated by commas. `pending` finds nothing: "
        "a log is of work that has ended",
    )
    timezone: TimeZone = Field(default="UTC", description="tz database name; the day is one of this zone")

    @property
    def statuses(self) -> tuple[str, ...]:
        """Our words for the statuses that are asked for; none for `pending` alone."""
        words = set(self.status.split(","))
        wanted = set(STATUS_OF.values()) if ALL in words else {STATUS_OF[word] for word in words - {PENDING}}
        return tuple(sorted(wanted))

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Beginning and end of the day."""
        return span_of(date.fromisoformat(self.date_at), ZoneInfo(self.timezone))


@router.get("/logs/", dependencies=[Depends(once_each(()))], responses=PAGED, response_model=VtexLogs)
async def list_vtex_logs(
    request: Request, response: Response, grant: Caller, account: OwnAccount, query: Annotated[DayQuery, Query()]
) -> Response:
    """Status logs of every type that were processed on a day, newest first, in VTEX's log contract.

    A log is listed once, with its latest result, on the day of that. The contract knows no pages: an answer has up to
    `page_size` messages, and fewer when they are large; `Link: rel="next"` leads to the rest of the day.
    """
    listing = listings.vtex_logs(
        account, query.date_at, query.timezone, query.statuses, query.page_size, query.page_token
    )
    begin, end = query.span
    reader = reader_for(request, grant)
    found: list[list[StatusLog]] = []
    for each in CATALOGUE:
        if wanted := tuple(status for status in query.statuses if status in each.statuses):
            filter_ = LogFilter(status=wanted, processed_from=begin, processed_to=end)
            found.append(await reader.page(account, each.name, filter_, after=listing.after_uuid, limit=listing.limit))
    newest = heapq.merge(*found, key=lambda log: (log.processed_at, log.id), reverse=True)
    logs = [log for log, _number in zip(newest, range(listing.limit), strict=False)]
    attempts = await reader.shown_attempts(account, logs)
    page = listing.page(logs[: len(attempts)], request, response, cut=len(attempts) < len(logs))
    messages = [VtexLog.of(log, attempt) for log, attempt in zip(page.items, attempts, strict=False)]
    return with_evidence(VtexLogs(messages=messages), response.headers)
