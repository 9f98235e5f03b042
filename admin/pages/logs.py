"""The list page of one integration type."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from admin.pages import log, saved_views
from admin.pages.actions import type_values
from admin.pages.address import ids_of
from admin.pages.counts import count_view
from admin.pages.histogram import draw, draw_results, window
from admin.pages.log import Details
from admin.pages.paths import TYPE, TypeName, type_of
from admin.pages.preferences import choosable
from admin.pages.route import PageRoute
from admin.pages.row_versions import digest
from admin.pages.site import is_fragment, show
from admin.pages.times import PERIODS, to_local
from admin.pages.view import ALL, PAGE_SIZES, View, read_view
from admin.pages.visitor import Member, OwnPage, is_unknown
from api import listings
from api.parameters import DEFAULT_PAGE_SIZE
from schemas.catalogue import IntegrationType
from schemas.filter import FIELDS
from schemas.reprocess import MAX_LOG_IDS
from schemas.search.query import is_whole
from schemas.series import MAX_DAYS, uncounted
from storage.reprocess import affiliates

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: Affiliates that stand in the line of the filter, those with most logs first.
MOST_AFFILIATES = 6


@router.get(TYPE)
async def list_page(request: Request, who: OwnPage, integration_type: TypeName, *, wait: bool = False) -> Response:
    """Show filter, counts and rows. `wait`: wait for the counts, however long they take."""
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    shown, counts, views = await asyncio.gather(
        read_rows(request, who, kind, view),
        read_counts(request, who, kind, view, wait=wait),
        saved_views.of_page(request, who, kind),
    )
    view, details = await _opened(request, who, kind, view, shown)
    unknown = not shown["rows"] and await is_unknown(request, who)
    page = show(
        request,
        who.visitor,
        "logs.html",
        **page_values(request, who, kind, view),
        **shown,
        **counts,
        digest=digest(shown["rows"]),
        details=details,
        views=views,
        unknown=unknown,
    )
    if is_fragment(request):
        # Empty fields of a form are no part of the address.
        page.headers["HX-Push-Url"] = f"/{who.account}/{kind.name}{view.here}"
    return page


@router.get(f"{TYPE}/counts")
async def counts_part(request: Request, who: OwnPage, integration_type: TypeName) -> Response:
    """Show the counts of a view alone, for a page that did not wait for them."""
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    counts = await read_counts(request, who, kind, view, wait=True)
    return show(request, who.visitor, "parts/counts.html", **page_values(request, who, kind, view), **counts)


@router.get(f"{TYPE}/rows")
async def rows_part(request: Request, who: OwnPage, integration_type: TypeName) -> Response:
    """Show the rows of a view alone, for a list that goes on: its counts are on the page already.

    With `log_id`s those logs instead, as they are now, for a list that they have left.
    """
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    ids = ids_of(request.query_params.getlist("log_id"))
    shown = await (read_chosen(request, who, kind, view, ids) if ids else read_rows(request, who, kind, view))
    return show(request, who.visitor, "parts/rows.html", **page_values(request, who, kind, view), **shown)


@router.get(f"{TYPE}/details")
async def details_part(request: Request, who: OwnPage, integration_type: TypeName) -> Response:
    """Show the details of every row of a view, for a page that has the rows and expands them."""
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    shown = await read_rows(request, who, kind, view)
    details = await log.read_open(request, who, kind, shown["rows"])
    return show(
        request, who.visitor, "parts/details.html", **page_values(request, who, kind, view), **shown, details=details
    )


async def _opened(
    request: Request, who: Member, kind: IntegrationType, view: View, shown: dict[str, Any]
) -> tuple[View, dict[str, Details]]:
    """Return the details of the open rows, and the view with these. The only hit of a whole name opens by itself."""
    rows = shown["rows"]
    hit = view.filter.q and len(rows) == 1 and not (shown["following"] or view.page_token or view.open)
    details = await log.read_open(request, who, kind, rows if hit else [each for each in rows if view.shows(each.id)])
    if hit:
        found = [each for each in details.values() if is_whole(view.filter.q or "", each.names)]
        details = {each.log.id: each for each in found}
        view = replace(view, open=tuple(details))
    return view, details


def page_values(request: Request, who: Member, kind: IntegrationType, view: View) -> dict[str, Any]:
    """Return the values for every template about a view."""
    return {
        **type_values(request, who, kind, view.columns),
        "view": view,
        "choosable": choosable(kind),
        "with_columns": lambda names: replace(view, columns=tuple(names)).query(),
        "own_columns": replace(view, columns=None).query(),
        "bucket": lambda start, end: f"/{who.account}/{kind.name}{view.within(start, end).query()}",
        "may_export": who.grant.may_export,
        "periods": PERIODS,
        "page_sizes": PAGE_SIZES,
        "usual_page_size": DEFAULT_PAGE_SIZE,
        "all_open": ALL,
        "most_affiliates": MOST_AFFILIATES,
        "most_chosen": MAX_LOG_IDS,
        "most_days": MAX_DAYS["day"],
        "to_local": lambda at: to_local(at, who.visitor.zone),
    }


async def read_rows(request: Request, who: Member, kind: IntegrationType, view: View) -> dict[str, Any]:
    """Return the rows of a view, the address of the next ones, and the listed names and affiliates that no log has."""
    listing = listings.logs(who.account, kind.name, view.filter, view.page_size, view.page_token)
    reader = who.reader(request)
    rows = await reader.page(who.account, kind.name, view.filter, after=listing.after_uuid, limit=listing.limit)
    page = listing.page(rows, request, Response())
    following = None
    if page.next_page_token is not None:
        following = view.frozen().query(token=page.next_page_token)
    missing = await reader.not_found(who.account, [kind.name], view.filter.q, has_logs=bool(rows))
    return {
        "rows": page.items,
        "found_by": await reader.found_by(who.account, view.filter.q, page.items),
        "following": following,
        "not_found": missing,
        "affiliates_here": [name for name, _ in Counter(each.affiliate for each in page.items).most_common()],
        "unknown_affiliates": await affiliates.without_logs(request.app.state.reader, who.account, view.filter),
    }


async def read_chosen(
    request: Request, who: Member, kind: IntegrationType, view: View, ids: Sequence[uuid.UUID]
) -> dict[str, Any]:
    """Return the logs `ids` as rows of a view, whether it has them or not."""
    reader = who.reader(request)
    rows = await reader.many(who.account, kind.name, ids)
    return {"rows": rows, "found_by": await reader.found_by(who.account, view.filter.q, rows), "following": None}


async def read_counts(
    request: Request, who: Member, kind: IntegrationType, view: View, *, wait: bool
) -> dict[str, Any]:
    """Return counts and their charts, or the address that has them."""
    counts = await request.app.state.site.underway.within_budget(
        ("view", who.account, kind.name, view.filter, who.visitor.zone.key),
        lambda: count_view(
            request.app.state.reader, who.account, kind.name, view.filter, who.visitor.zone, who.visitor.now
        ),
        wait=wait,
    )
    if counts is None:
        return {"counts": None, "counts_later": f"counts?{urlencode(view.pairs())}"}
    shown = window(view.filter, who.visitor.now)
    return {
        "counts": counts,
        "counts_later": None,
        "logs_chart": draw(counts.summary.histogram, within=shown),
        "results_chart": draw_results(counts.series, shown),
        "uncounted": [FIELDS[name] for name in uncounted(view.filter)],
    }
