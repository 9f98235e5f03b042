"""The overview: failures of each type by time, frequent errors, affiliates, expired retries, dead letters."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response

from admin.pages.counts import results_over_time
from admin.pages.histogram import Chart, draw, draw_results, window
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.times import Period, span_of
from admin.pages.view import View
from admin.pages.visitor import Member, OwnPage, is_unknown
from api.dead_letters import reach_of
from schemas.catalogue import CATALOGUE, IntegrationType
from schemas.filter import LogFilter
from schemas.group import ErrorGroup
from schemas.letter_filter import LetterFilter
from schemas.series import ResultSeries
from schemas.shown.dead_letter import ShownDeadLetter
from schemas.summary import LogSummary
from storage.dead_letters import list_dead_letters
from storage.incidents.incidents import count_open
from storage.logs.groups import list_groups
from storage.logs.summary import summarize

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SPANS: tuple[Period, ...] = ("yesterday", "24h", "7d", "30d")
DEFAULT_SPAN: Period = "7d"
TOP_CODES = 4
TOP_AFFILIATES = 6
_LETTERS = 5


class TypeOverview(NamedTuple):
    """Numbers of one type in the span."""

    kind: IntegrationType
    view: View
    summary: LogSummary
    series: ResultSeries | None
    results_chart: Chart | None  # of what came in the span
    logs_chart: Chart | None  # of what is so now
    codes: list[tuple[str, int]]  # most frequent first
    groups: list[ErrorGroup]  # of equal errors, most logs first
    failing: list[tuple[str, int]]  # affiliates by how many logs are errors, most first
    silent: int  # logs whose last reprocess got no answer, at any time


class AffiliateShare(NamedTuple):
    """Numbers of one marketplace over all types."""

    affiliate: str
    total: int
    failed: int
    worst: TypeOverview  # where most of it failed; where most of it is, if none did

    @property
    def share(self) -> float:
        """Share of failed logs, 0 to 1."""
        return self.failed / self.total if self.total else 0.0


@router.get(f"{ACCOUNT}/overview")
async def overview_page(
    request: Request, who: OwnPage, period: Period = DEFAULT_SPAN, *, wait: bool = False
) -> Response:
    """Show the overview, with its numbers if they come within the budget, else with the address that has them."""
    period = period if period in SPANS else DEFAULT_SPAN
    numbers, letters, unknown, open_ = await asyncio.gather(
        _numbers(request, who, period, wait=wait),
        _letters(request, who),
        is_unknown(request, who),
        count_open(request.app.state.reader, who.account),
    )
    return _page(request, who, "overview.html", period, numbers, letters, unknown=unknown, open_incidents=open_)


@router.get(f"{ACCOUNT}/overview/numbers")
async def numbers_part(request: Request, who: OwnPage, period: Period = DEFAULT_SPAN) -> Response:
    """Show the numbers alone, for a page that did not wait for them."""
    numbers = await _numbers(request, who, period, wait=True)
    return _page(request, who, "parts/overview.html", period, numbers, [])


def _page(
    request: Request,
    who: Member,
    template: str,
    period: Period,
    numbers: dict[str, Any] | None,
    letters: list[ShownDeadLetter],
    *,
    unknown: bool = False,
    open_incidents: int = 0,
) -> Response:
    return show(
        request,
        who.visitor,
        template,
        account=who.account,
        page="overview",
        period=period,
        spans=SPANS,
        numbers=numbers,
        letters=letters,
        unknown=unknown,
        open_incidents=open_incidents,
        top_affiliates=TOP_AFFILIATES,
    )


async def _numbers(request: Request, who: Member, period: Period, *, wait: bool) -> dict[str, Any] | None:
    numbers: dict[str, Any] | None = await request.app.state.site.underway.within_budget(
        ("overview", who.account, period, who.visitor.zone.key), lambda: _count(request, who, period), wait=wait
    )
    return numbers


async def _count(request: Request, who: Member, period: Period) -> dict[str, Any]:
    types = await asyncio.gather(*(_of_type(request, who, kind, period) for kind in CATALOGUE))
    names = {affiliate for each in types for affiliate in each.summary.by_affiliate}
    shares = [_share(types, affiliate) for affiliate in names]
    return {"types": types, "affiliates": sorted(shares, key=lambda each: (-each.share, each.affiliate))}


def _share(types: Sequence[TypeOverview], affiliate: str) -> AffiliateShare:
    counts = [(dict(each.failing).get(affiliate, 0), each.summary.by_affiliate.get(affiliate, 0)) for each in types]
    worst = max(range(len(types)), key=lambda index: counts[index])
    return AffiliateShare(affiliate, sum(c[1] for c in counts), sum(c[0] for c in counts), types[worst])


async def _of_type(request: Request, who: Member, kind: IntegrationType, period: Period) -> TypeOverview:
    span = span_of(period, who.visitor.now, who.visitor.zone)
    filter_ = LogFilter(processed_from=span.start, processed_to=span.end)
    failures = filter_.model_copy(update={"status": ("error",)})
    series, summary, failed, silent, groups = await asyncio.gather(
        results_over_time(request.app.state.reader, who.account, kind.name, filter_, who.visitor.zone, who.visitor.now),
        summarize(request.app.state.reader, who.account, kind.name, filter_, who.visitor.zone),
        summarize(request.app.state.reader, who.account, kind.name, failures),
        summarize(request.app.state.reader, who.account, kind.name, LogFilter(reprocess="silent")),
        list_groups(
            request.app.state.reader,
            who.account,
            kind.name,
            filter_,
            now=who.visitor.now,
            after=None,
            limit=TOP_CODES,
        ),
    )
    shown = window(filter_, who.visitor.now)
    return TypeOverview(
        kind=kind,
        view=View(filter=filter_, period=period),
        summary=summary,
        series=series,
        results_chart=draw_results(series, shown),
        logs_chart=draw(summary.histogram, within=shown),
        codes=list(summary.by_code.items())[:TOP_CODES],
        groups=groups,
        failing=sorted(failed.by_affiliate.items(), key=lambda each: (-each[1], each[0])),
        silent=silent.total,
    )


async def _letters(request: Request, who: Member) -> list[ShownDeadLetter]:
    reach = reach_of(who.grant, who.account)._replace(evidence=False)
    waiting = LetterFilter(state=("waiting",))
    return await list_dead_letters(request.app.state.reader, reach, waiting, after=None, limit=_LETTERS)
