"""Groups of equal errors of one type, a line for each error: counts, times, cures, advice, and acts of people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, NamedTuple, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams

from admin import groups as acts
from admin.pages.actions import can_reprocess
from admin.pages.address import date_of, filter_pairs, read_filter
from admin.pages.group_names import names_of_groups
from admin.pages.histogram import Chart, draw
from admin.pages.paths import TYPE, TypeName, type_of
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.view import View, read_view
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator
from api import listings
from api.groups import explained
from api.playbook import playbook_for
from api.problems import invalid_model
from schemas.catalogue import IntegrationType
from schemas.group import MAX_HISTORY, ErrorGroup, GroupDecision, GroupEntry, GroupNotes
from schemas.group_filter import ANY_GROUP, GROUP_FIELDS, GroupFilter
from schemas.group_line import GroupLine, Summed, summed
from storage.logs import groups as error_groups
from storage.logs.groups import FaultDay
from storage.slices import in_slices

router = APIRouter(route_class=PageRoute, include_in_schema=False)
GROUPS_A_PAGE = 25
#: Days of the small chart of each group.
_DAYS = 14
#: Digits of a number that is read as one: more are beyond any limit.
_MAX_DIGITS = 18
#: Ends of being ignored that a form offers beside its own date and number, by the name of the choice.
_SPANS: Final[Mapping[str, timedelta]] = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}


@dataclass(frozen=True, kw_only=True)
class GroupsView(View):
    """One view of the table, which is all in its address: the view of the logs, and the choice of groups."""

    wanted: GroupFilter = ANY_GROUP

    def pairs(self) -> list[tuple[str, str]]:
        """Return the filter and the choice as in the address, without the cursor and the usual order."""
        chosen = filter_pairs(self.wanted, GROUP_FIELDS)
        return super().pairs() + [each for each in chosen if each != ("sort", ANY_GROUP.sort)]

    def choosing(self, **changes: Any) -> str:
        """Return the address of the same logs with another choice of groups, from its first page."""
        return replace(self, wanted=self.wanted.model_copy(update=changes), page_token=None).query()

    @property
    def logs(self) -> View:
        """Return the view of the list of the same logs."""
        return View(**{each.name: getattr(self, each.name) for each in dataclass_fields(View)})


def read_groups_view(query: QueryParams, now: datetime, zone: tzinfo) -> GroupsView:
    """Read the view of an address. Raises the 422 problem of an invalid value. Unknown names are ignored."""
    # Its `sort` is that of the groups.
    logs = read_view(QueryParams([each for each in query.multi_items() if each[0] != "sort"]), now, zone)
    values = {each.name: getattr(logs, each.name) for each in dataclass_fields(View)}
    return GroupsView(**values, wanted=read_filter(GroupFilter, GROUP_FIELDS, query, zone))


class Act(NamedTuple):
    """An act on groups of a line, and the affiliates of those; none when it was on all of them."""

    entry: GroupEntry
    affiliates: list[str]


@dataclass(frozen=True, kw_only=True)
class ShownLine:
    """A line of the table."""

    name: str  # the fingerprint of its first group
    sum: Summed
    groups: list[ErrorGroup]
    spark: Chart | None

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Return those of all its groups."""
        return tuple(each.fingerprint for each in self.groups)

    @property
    def history(self) -> list[Act]:
        """Return the last acts, newest first. An act on several groups at once is one."""
        found: dict[tuple[object, ...], Act] = {}
        for group in self.groups:
            for each in group.history:
                name = (each.at.replace(microsecond=0), each.by, each.act, *each.value)
                found.setdefault(name, Act(each, [])).affiliates.extend(group.affiliates)
        acts = sorted(found.values(), key=lambda act: act.entry.at, reverse=True)[:MAX_HISTORY]
        every = len(self.sum.affiliates)
        return [act._replace(affiliates=[]) if len(act.affiliates) == every else act for act in acts]


@router.get(f"{TYPE}/groups")
async def groups_page(request: Request, who: OwnPage, integration_type: TypeName) -> Response:
    """Show the logs of a list by error, a line for each with its affiliates inside, ignored ones last."""
    kind = type_of(integration_type)
    view = read_groups_view(request.query_params, who.visitor.now, who.visitor.zone)
    listing = listings.lines(who.account, kind.name, view.filter, view.wanted, GROUPS_A_PAGE, view.page_token)
    found, more = await error_groups.list_lines(
        request.app.state.reader,
        who.account,
        kind.name,
        view.filter,
        now=who.visitor.now,
        after=listing.after_count,
        limit=listing.limit,
        wanted=view.wanted,
    )
    page = listing.page(found, request, Response())
    following = page.next_page_token
    may_act = who.visitor.may("operator")
    return show(
        request,
        who.visitor,
        "groups.html",
        account=who.account,
        page=kind.name,
        kind=kind,
        base=f"/{who.account}/{kind.name}/groups",
        list_base=f"/{who.account}/{kind.name}",
        view=view.logs,
        choice=view,
        fields=GROUP_FIELDS,
        group_names=await names_of_groups(request, who, kind.name, view.filter),
        lines=await _lines(request, who, kind, page.items),
        more=error_groups.MAX_TOGETHER if more else None,
        following=None if following is None else view.frozen().query(token=following),
        can_reprocess=can_reprocess(request.app.state.policy, kind),
        people=await acts.owners(request.app.state.writer, who.account, who.grant) if may_act else [],
    )


async def _lines(
    request: Request, who: Member, kind: IntegrationType, found: Sequence[GroupLine[ErrorGroup]]
) -> list[ShownLine]:
    """Return lines with their entries of the playbook and their charts."""
    names = [each.fingerprint for line in found for each in line.groups]
    days = await error_groups.fault_days(
        request.app.state.reader, who.account, kind.name, names, now=who.visitor.now, days=_DAYS
    )
    playbook = await playbook_for(request.app, who.account)

    def shown(line: GroupLine[ErrorGroup]) -> ShownLine:
        told = [explained(each, kind.name, playbook) for each in line.groups]
        spark = draw(_together([days[each.fingerprint] for each in line.groups]))
        return ShownLine(name=line.name, sum=summed(told), groups=told, spark=spark)

    return await in_slices(shown, found)


@router.post(f"{TYPE}/groups/{{fingerprint}}")
async def decide_group(
    request: Request, who: OwnPage, integration_type: TypeName, fingerprint: str, fields: OwnForm
) -> Response:
    """Acknowledge the groups of a line, resolve or ignore them, or open them again; then show the person the list."""
    need_operator(who)
    kind, given = type_of(integration_type), dict(fields)
    wanted = _read(
        GroupDecision,
        {
            "account": who.account,
            "integration_type": kind.name,
            "state": given.get("state"),
            "set_by": who.name,
            "note": given.get("note", "").strip() or None,
            **(_until(given, who) if given.get("state") == "ignored" else {}),
        },
    )
    await acts.decide(request.app, who.grant, _all_of(fingerprint, given), wanted)
    return _back(who, kind.name, fingerprint, given)


@router.post(f"{TYPE}/groups/{{fingerprint}}/notes")
async def write_about_group(
    request: Request, who: OwnPage, integration_type: TypeName, fingerprint: str, fields: OwnForm
) -> Response:
    """Give the groups of a line an owner, tags and a ticket, or add a note; then show the person the list.

    A field that is as it was when the form was shown stays, whatever somebody else has made of it since.
    """
    need_operator(who)
    kind, given = type_of(integration_type), {name: text.strip() for name, text in fields}
    changed = {name: given[name] for name in ("owner", "tags", "ticket") if given.get(name) != given.get(f"was_{name}")}
    found: dict[str, Any] = {name: text or None for name, text in changed.items()}
    if "tags" in changed:
        found["tags"] = [each for each in re.split(r"\s*,\s*", changed["tags"]) if each]
    if given.get("note"):
        found["note"] = given["note"]
    if found:
        about = {"account": who.account, "integration_type": kind.name, "noted_by": who.name}
        await acts.write(request.app, who.grant, _all_of(fingerprint, given), _read(GroupNotes, {**about, **found}))
    return _back(who, kind.name, fingerprint, given)


def _until(given: Mapping[str, str], who: Member) -> dict[str, Any]:
    """Return the end of being ignored that a form chooses: a span, its own date or number, an escalation, or none."""
    choice = given.get("for", "")
    if choice in _SPANS:
        return {"until": (who.visitor.now + _SPANS[choice]).isoformat()}
    if choice == "date":
        return {"until": date_of("until", given.get("until", ""), who.visitor.zone).isoformat()}
    if choice == "results":
        text = given.get("until_results", "").strip()
        return {
            "until_results": int(text) if text.isdecimal() and text.isascii() and len(text) <= _MAX_DIGITS else text
        }
    return {"until_escalates": choice == "escalates"}


def _all_of(fingerprint: str, given: Mapping[str, str]) -> list[str]:
    """Return the groups of the line that a form is of, its own first."""
    return list(dict.fromkeys([fingerprint, *given.get("together", "").split()]))[: error_groups.MAX_TOGETHER]


Model = TypeVar("Model", bound=BaseModel)


def _read(model: type[Model], values: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(values)
    except ValidationError as exc:
        raise invalid_model(exc, "form") from None


def _back(who: Member, integration_type: str, fingerprint: str, given: Mapping[str, str]) -> Response:
    query = QueryParams(given.get("query", "").lstrip("?"))
    here = read_groups_view(query, who.visitor.now, who.visitor.zone).here
    return RedirectResponse(f"/{who.account}/{integration_type}/groups{here}#group-{fingerprint}", 303)


def _together(days: Sequence[Sequence[FaultDay]]) -> list[FaultDay]:
    """Add up the days of several groups."""
    return [
        first._replace(results=sum(each.results for each in (first, *others)))
        for first, *others in zip(*days, strict=True)
    ]
