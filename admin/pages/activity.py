"""Activity of the account: who did what, with filter and export."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response
from starlette.datastructures import QueryParams

from admin.pages.address import AUTOMATIC, MOST_LEFT_OUT, ByWhom, by_whom_pairs, filter_pairs, query_of, read_filter
from admin.pages.group_names import names_of
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.times import to_local
from admin.pages.visitor import Member, OwnPage
from api import listings
from api.activity_export import ActivityExport, ActivityFormat
from api.export_order import must_export
from schemas.activity import ACTIVITY_FIELDS, ACTIVITY_KINDS, ActivityFilter
from schemas.catalogue import BY_NAME
from schemas.timestamp import parse
from schemas.words import word_of_act
from storage.activity import count_automatic, list_activity

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ACTS_A_PAGE = 50
#: Fields of the filter's form.
_ASKED = {name: each for name, each in ACTIVITY_FIELDS.items() if name != "automatic"}


@dataclass(frozen=True, kw_only=True)
class ActivityView:
    """One view of the activity, which is all in its address."""

    filter: ActivityFilter
    by_whom: ByWhom = "false"
    page_token: str | None = None

    def query(self, *, token: str | None = None, by_whom: ByWhom | None = None) -> str:
        """Return the address from its `?` on, of this view at another cursor, or of others' acts.

        Empty for the plain view.
        """
        pairs = filter_pairs(self.filter, _ASKED) + by_whom_pairs(by_whom or self.by_whom)
        pairs += [("page_token", token)] if token else []
        return query_of(pairs)


def read_activity_view(query: QueryParams, zone: tzinfo, by_whom: ByWhom = "false") -> ActivityView:
    """Read the view of an address. Raises the 422 problem of an invalid value. Unknown names are ignored."""
    filter_ = read_filter(ActivityFilter, _ASKED, query, zone).model_copy(update={"automatic": AUTOMATIC[by_whom]})
    return ActivityView(filter=filter_, by_whom=by_whom, page_token=query.get("page_token") or None)


@router.get(f"{ACCOUNT}/activity")
async def activity_page(request: Request, who: OwnPage, automatic: ByWhom = "false") -> Response:
    """Show what people did in the account, newest first, with the key they came by; what happened by itself, or all of
    it, if that is asked for.
    """
    view = read_activity_view(request.query_params, who.visitor.zone, automatic)
    listing = listings.activity(who.account, view.filter, ACTS_A_PAGE, view.page_token)
    acts = listing.page(
        await list_activity(
            request.app.state.reader, who.account, view.filter, after=listing.after, limit=listing.limit
        ),
        request,
        Response(),
    )
    return show(
        request,
        who.visitor,
        "activity.html",
        account=who.account,
        page="activity",
        view=view,
        address=lambda by_whom: f"/{who.account}/activity{view.query(by_whom=by_whom)}",
        fields=ACTIVITY_FIELDS,
        kinds=ACTIVITY_KINDS,
        types=BY_NAME,
        acts=acts,
        link_of=lambda each: _link_of(who.account, each.about),
        group_names=await _group_names(request, who, [each.about for each in acts.items]),
        left_out=await _left_out(request, who, view),
        most_left_out=MOST_LEFT_OUT,
        may_export=who.grant.may_export,
        to_local=lambda at: to_local(at, who.visitor.zone),
        time_of=lambda text: parse(text).at,
        act_word=lambda each: word_of_act(each.kind, each.action, who.visitor.language),
    )


def _link_of(account: str, about: Mapping[str, Any]) -> str | None:
    """Return the page of what an act was about; None where there is none."""
    if export_id := about.get("export_id"):
        return f"/{account}/exports/{export_id}"
    if command_id := about.get("command_id"):
        return f"/{account}/reprocess/{quote(command_id, safe='')}"
    if redrive_id := about.get("redrive_id"):
        return f"/{account}/dead-letters/redrives/{redrive_id}"
    if group := _group_of(about):
        return f"/{account}/{group.integration_type}/groups?fingerprint={group.fingerprint}"
    return None


class _Group(NamedTuple):
    integration_type: str
    fingerprint: str


def _group_of(about: Mapping[str, Any]) -> _Group | None:
    """Return the group that an act was about; None for any other act, and for a type that is none any more."""
    found = _Group(about.get("integration_type", ""), about.get("fingerprint", ""))
    return found if found.fingerprint and found.integration_type in BY_NAME else None


async def _group_names(request: Request, who: Member, abouts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the names of the groups that acts were about, by fingerprint."""
    told: dict[str, set[str]] = {}
    for about in abouts:
        if group := _group_of(about):
            told.setdefault(group.integration_type, set()).add(group.fingerprint)
    names: dict[str, str] = {}
    for integration_type, fingerprints in told.items():
        names |= await names_of(request, who, integration_type, sorted(fingerprints))
    return names


async def _left_out(request: Request, who: Member, view: ActivityView) -> int:
    """Count the automatic acts that a view leaves out."""
    if view.by_whom != "false":
        return 0
    return await count_automatic(request.app.state.reader, who.account, view.filter, MOST_LEFT_OUT + 1)


@router.get(f"{ACCOUNT}/activity/export.{{file_format}}")
async def export_file(
    request: Request,
    who: OwnPage,
    file_format: Annotated[ActivityFormat, Path()],
    automatic: ByWhom = "false",
) -> Response:
    """Return the acts that the page shows as CSV or JSON Lines, as the query API does."""
    must_export(who.grant)
    view = read_activity_view(request.query_params, who.visitor.zone, automatic)
    return ActivityExport(
        request.app.state.exports,
        who.grant,
        who.account,
        view.filter,
        format_=file_format,
        language=who.visitor.language,
    )
