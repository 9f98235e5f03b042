"""The overview: what changed, shares of failures by affiliate and type, history of each type, frequent errors.

All but the counts of logs comes from counters, rhythms and incidents: the page has that at once. Logs are counted a
type at a time. Types that take longer than a page waits for are asked for one after another, each by itself.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response

from admin.pages import counts
from admin.pages.findings import Said, said
from admin.pages.histogram import Chart, draw_results, window
from admin.pages.paths import ACCOUNT, TYPE, TypeName, type_of
from admin.pages.route import PageRoute
from admin.pages.site import is_fragment, show
from admin.pages.times import Period, span_of
from admin.pages.view import View
from admin.pages.visitor import Member, OwnCount, OwnPage
from api.dead_letters import reach_of
from api.playbook import playbook_for
from schemas.catalogue import CATALOGUE, IntegrationType
from schemas.filter import LogFilter
from schemas.group import ErrorGroup
from schemas.letter_filter import LetterFilter
from schemas.overview.comparison import compare, is_comparable
from schemas.overview.finding import MOST, findings
from schemas.overview.matrix import Row, judge_pairs, matrix
from schemas.overview.results import AccountResults
from schemas.series import ResultSeries, SeriesQuery
from schemas.shown.dead_letter import ShownDeadLetter
from schemas.summary import LogSummary
from storage.access_keys import EVERY_ACCOUNT
from storage.dead_letters import list_dead_letters
from storage.incidents.incidents import count_open
from storage.logs.groups import list_groups
from storage.logs.summary import count_at_any_time, summarize
from storage.overview import OverviewFigures, read_overview
from storage.sign_in import has_account

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SPANS: tuple[Period, ...] = ("24h", "today", "yesterday", "7d", "30d")
DEFAULT_SPAN: Period = "24h"
TOP_CODES = 4
#: Time after which an open page counts the logs of a type anew, which is slow where there are many. The rest of it is
#: read anew more often.
COUNT_SECONDS = 300
#: Affiliates in the matrix, those that depart from their usual first.
MOST_AFFILIATES = 50
_TYPES = tuple(each.name for each in CATALOGUE)
_LETTERS = 5


class TypeLogs(NamedTuple):
    """Logs of one type in the span, as they are now."""

    summary: LogSummary
    groups: list[ErrorGroup]  # of equal errors, most logs first
    silent: int  # logs whose last reprocess got no answer, at any time


class TypeHistory(NamedTuple):
    """Results of one type in the span, as they came."""

    kind: IntegrationType
    series: ResultSeries
    chart: Chart | None


class Numbers(NamedTuple):
    """All that the overview reads of no log."""

    changed: Sequence[Said]  # worst first
    open: int  # incidents that are not over
    more_incidents: int  # of them, beside those
    as_of: datetime
    comparable: bool  # it is known what is usual, or what was last week
    rows: Sequence[Row]
    more_affiliates: int
    history: Sequence[TypeHistory]


@router.get(f"{ACCOUNT}/overview")
async def overview_page(
    request: Request, who: OwnPage, period: Period = DEFAULT_SPAN, *, wait: bool = False
) -> Response:
    """Show the overview, with the logs of the types that are counted within the budget, else with their address.

    A page that is open and read anew has its counts already: it gets their addresses.
    """
    period = period if period in SPANS else DEFAULT_SPAN
    if not await has_account(request.app.state.reader, who.account):
        return await _empty(request, who, period)
    numbers, letters, logs_of = await asyncio.gather(
        _numbers(request, who, period),
        _letters(request, who),
        _logs_of_types(request, who, period, wait=wait, none=is_fragment(request)),
    )
    return show(
        request,
        who.visitor,
        "overview.html",
        **_shared(who, period),
        numbers=numbers,
        letters=letters,
        logs_of=logs_of,
    )


@router.get(f"{TYPE}/overview")
async def type_part(
    request: Request, who: OwnCount, integration_type: TypeName, period: Period = DEFAULT_SPAN
) -> Response:
    """Show the logs of one type alone, for an overview that did not wait for them."""
    period = period if period in SPANS else DEFAULT_SPAN
    logs = await _logs(request, who, integration_type, period, wait=True)
    kind = type_of(integration_type)
    return show(request, who.visitor, "parts/overview_logs.html", **_shared(who, period), kind=kind, logs=logs)


async def _figures(request: Request, who: Member, period: Period) -> OverviewFigures:
    """Read what came in a period and in the last day."""
    visitor = who.visitor
    span, day = (_query(each, who) for each in (period, DEFAULT_SPAN))
    return await read_overview(request.app.state.reader, who.account, _TYPES, span=span, last_day=day, now=visitor.now)


def _query(period: Period, who: Member) -> SeriesQuery:
    start, end = span_of(period, who.visitor.now, who.visitor.zone)
    return SeriesQuery(processed_from=start, processed_to=end, timezone=who.visitor.zone.key)


def _shared(who: Member, period: Period) -> dict[str, Any]:
    return {
        "account": who.account,
        "page": "overview",
        "period": period,
        "spans": SPANS,
        "count_seconds": COUNT_SECONDS,
        "view": _view(who, period),
    }


def _view(who: Member, period: Period) -> View:
    span = span_of(period, who.visitor.now, who.visitor.zone)
    return View(filter=LogFilter(processed_from=span.start, processed_to=span.end), period=period)


def _is_comparable(figures: OverviewFigures) -> bool:
    """Return True when it is known of anything what is usual, or enough of last week."""
    return any(each.rhythm is not None for each in figures.known.values()) or is_comparable(figures.last_day)


def _history(results: AccountResults, who: Member, period: Period) -> list[TypeHistory]:
    shown = window(_view(who, period).filter, who.visitor.now)
    found = [(kind, results.of_type(kind.name)) for kind in CATALOGUE]
    return [TypeHistory(kind, series, draw_results(series, shown)) for kind, series in found]


async def _empty(request: Request, who: Member, period: Period) -> Response:
    """Show what will happen next, and how the first marketplace is connected."""
    site, url = request.app.state.site, request.url
    return show(
        request,
        who.visitor,
        "overview.html",
        **_shared(who, period),
        unknown=who.grant.account == EVERY_ACCOUNT,
        empty=True,
        address=f"{'https' if site.secure else url.scheme}://{site.public_host or url.netloc}",
        topics=[(kind, request.app.state.topics.results(kind.name)) for kind in CATALOGUE],
        processed_at=f"{who.visitor.now:%Y-%m-%dT%H:%M:%SZ}",
        letters=await _letters(request, who),
    )


async def _numbers(request: Request, who: Member, period: Period) -> Numbers:
    """Return the numbers, which all who ask for the same at once share."""
    key = ("numbers", who.account, period, who.visitor.zone.key, who.visitor.may("operator"))
    numbers: Numbers = await request.app.state.site.underway.within_budget(
        key, lambda: _read_numbers(request, who, period), wait=True
    )
    return numbers


async def _read_numbers(request: Request, who: Member, period: Period) -> Numbers:
    figures, open_, playbook = await asyncio.gather(
        _figures(request, who, period),
        count_open(request.app.state.reader, who.account),
        playbook_for(request.app, who.account),
    )
    judged = judge_pairs(figures.results, figures.known)
    compared = compare(figures.last_day, judge_pairs(figures.last_day, figures.known))
    found = findings(figures.incidents, compared)[:MOST]
    rows = matrix(_TYPES, figures.results, judged, figures.known)
    return Numbers(
        changed=said(
            found,
            figures.last_day,
            account=who.account,
            policy=request.app.state.policy,
            playbook=playbook,
            may_reprocess=who.visitor.may("operator"),
        ),
        open=open_,
        more_incidents=max(0, open_ - sum(each.incident is not None for each in found)),
        as_of=figures.as_of or who.visitor.now,
        comparable=_is_comparable(figures),
        rows=rows[:MOST_AFFILIATES],
        more_affiliates=max(0, len(rows) - MOST_AFFILIATES),
        history=_history(figures.results, who, period),
    )


async def _logs_of_types(
    request: Request, who: Member, period: Period, *, wait: bool, none: bool
) -> dict[str, TypeLogs | None]:
    """Return the logs of each type, counted one after another; None of those that come after the budget, or of all."""
    clock = asyncio.get_running_loop().time
    ends_at = clock() + counts.BUDGET_SECONDS
    found: dict[str, TypeLogs | None] = dict.fromkeys(_TYPES)
    for name in () if none else _TYPES:
        found[name] = await _logs(request, who, name, period, wait=wait)
        if found[name] is None or (clock() > ends_at and not wait):
            break
    return found


async def _logs(request: Request, who: Member, name: str, period: Period, *, wait: bool) -> TypeLogs | None:
    """Return the logs of a type; None where a page that does not `wait` has to ask for them by themselves."""
    key = ("overview", who.account, name, period, who.visitor.zone.key)
    logs: TypeLogs | None = await request.app.state.site.underway.within_budget(
        key, lambda: _of_type(request, who, name, period), wait=wait
    )
    return logs


async def _of_type(request: Request, who: Member, name: str, period: Period) -> TypeLogs:
    """Count the logs of a type, when it is the account's turn. Raises the 429 problem if that takes too long."""
    reader, filter_ = request.app.state.reader, _view(who, period).filter
    async with request.app.state.site.overview_turns.one(who.account):
        summary, silent, groups = await asyncio.gather(
            summarize(reader, who.account, name, filter_, who.visitor.zone),
            count_at_any_time(reader, who.account, name, LogFilter(reprocess="silent")),
            list_groups(reader, who.account, name, filter_, now=who.visitor.now, after=None, limit=TOP_CODES),
        )
    return TypeLogs(summary, groups, silent)


async def _letters(request: Request, who: Member) -> list[ShownDeadLetter]:
    reach = reach_of(who.grant, who.account)._replace(evidence=False)
    waiting = LetterFilter(state=("waiting",))
    return await list_dead_letters(request.app.state.reader, reach, waiting, after=None, limit=_LETTERS)
