"""The list page of one integration type."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from admin.pages import log, saved_views
from admin.pages.actions import type_values
from admin.pages.address import ids_of
from admin.pages.counts import count_view
from admin.pages.group_names import names_of_groups
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
from api.log_listing import LogPage, too_many_to_sort
from api.parameters import DEFAULT_PAGE_SIZE
from schemas.catalogue import IntegrationType
from schemas.columns import log_columns
from schemas.filter import FIELDS
from schemas.log_sort import MAX_SORTED, USUAL_SORT, column_of, is_descending
from schemas.reprocess import MAX_LOG_IDS
from schemas.search.query import is_whole
from schemas.series import MAX_DAYS, uncounted
from storage.logs.by_column import TooManyToSort
from storage.reprocess import affiliates

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: Affiliates that stand in the line of the filter, those with most logs first.
MOST_AFFILIATES = 6


@router.get(TYPE)
async def list_page(request: Request, who: OwnPage, integration_type: TypeName, *, wait: bool = False) -> Response:
    """Show filter, counts and rows. `wait`: wait for the counts, however long they take."""
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    (view, shown), counts, views, group_names = await asyncio.gather(
        read_list(request, who, kind, view),
        read_counts(request, who, kind, view, wait=wait),
        saved_views.of_page(request, who, kind),
        names_of_groups(request, who, kind.name, view.filter),
    )
    if shown["is_beginning"]:  # whoever goes back page by page arrives at the first one, which is whole
        return RedirectResponse(f"/{who.account}/{kind.name}{view.query()}", 303)
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
        group_names=group_names,
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
    shown = await (read_chosen(request, who, kind, view, ids) if ids else read_part(request, who, kind, view))
    return show(request, who.visitor, "parts/rows.html", **page_values(request, who, kind, view), **shown)


@router.get(f"{TYPE}/details")
async def details_part(request: Request, who: OwnPage, integration_type: TypeName) -> Response:
    """Show the details of every row of a view, for a page that has the rows and expands them."""
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    shown = await read_part(request, who, kind, view)
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
        "usual_sort": USUAL_SORT,
        "most_sorted": MAX_SORTED,
        "column_of": column_of,
        "is_descending": is_descending,
        "sorted_column": next(each for each in log_columns(kind) if each.name == column_of(view.sort)),
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


async def read_list(request: Request, who: Member, kind: IntegrationType, view: View) -> tuple[View, dict[str, Any]]:
    """Return the rows of a view as `read_rows` does, and the view that they are of.

    That has no cursor where more logs match by now than are sorted: then the list begins anew, newest first.
    """
    try:
        return view, await read_rows(request, who, kind, view)
    except TooManyToSort:
        view = replace(view, page_token=None)
        return view, await read_rows(request, who, kind, view)


async def read_part(request: Request, who: Member, kind: IntegrationType, view: View) -> dict[str, Any]:
    """Return the rows of a view for a part of a page. Raises a 422 problem where a list can't go on in its order."""
    try:
        return await read_rows(request, who, kind, view)
    except TooManyToSort as exc:
        raise await too_many_to_sort(request.app.state.reader, who.account, kind.name, view.filter, exc) from None


async def read_rows(request: Request, who: Member, kind: IntegrationType, view: View) -> dict[str, Any]:
    """Return the rows of a view, the addresses of the pages beside them, and the listed names and affiliates that no
    log has.

    The first page of more logs than are sorted is that of the newest; `unsorted` says so. Raises TooManyToSort on
    another page.
    """
    reader = who.reader(request)
    unsorted = None
    try:
        page = await _read_page(request, who, kind, view)
    except TooManyToSort as exc:
        if view.page_token is not None:
            raise
        unsorted = exc
        view = view.unsorted
        page = await _read_page(request, who, kind, view)
    missing = await reader.not_found(who.account, [kind.name], view.filter.q, has_logs=bool(page.items))
    later = view.frozen()
    following, previous = (
        None if token is None else later.query(token=token)
        for token in (page.next_page_token, page.previous_page_token)
    )
    return {
        "rows": page.items,
        "found_by": await reader.found_by(who.account, view.filter.q, page.items),
        "following": following,
        "previous": previous,
        "order": view.sort,
        "unsorted": unsorted,
        "is_beginning": page.is_beginning,
        "not_found": missing,
        "affiliates_here": [name for name, _ in Counter(each.affiliate for each in page.items).most_common()],
        "unknown_affiliates": await affiliates.without_logs(request.app.state.reader, who.account, view.filter),
    }


async def _read_page(request: Request, who: Member, kind: IntegrationType, view: View) -> LogPage:
    listing = listings.logs(who.account, kind.name, view.filter, view.sort, view.page_size, view.page_token)
    found = await who.reader(request).listed(
        who.account, kind.name, view.filter, view.sort, after=listing.after, limit=listing.limit
    )
    return listing.page(found, request, Response())


async def read_chosen(
    request: Request, who: Member, kind: IntegrationType, view: View, ids: Sequence[uuid.UUID]
) -> dict[str, Any]:
    """Return the logs `ids` as rows of a view, whether it has them or not."""
    reader = who.reader(request)
    rows = await reader.many(who.account, kind.name, ids)
    found_by = await reader.found_by(who.account, view.filter.q, rows)
    return {"rows": rows, "found_by": found_by, "following": None, "order": view.sort}


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
