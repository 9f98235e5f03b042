"""Reprocessing: the plan that is shown first, then the command; its outcome is in admin.pages.ledger."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final, Literal, NamedTuple, get_args

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from admin.commands import give_command
from admin.pages.address import MOST_CHARACTERS, ids_of, need_chosen
from admin.pages.choice import address_of_marked, new_choice
from admin.pages.groups import read_groups_view
from admin.pages.names import group_name
from admin.pages.paths import TYPE, TypeName, type_of
from admin.pages.plan import table_of
from admin.pages.route import PageRoute
from admin.pages.site import is_fragment, show
from admin.pages.times import read_local, to_local, tonight
from admin.pages.view import View, read_view, view_of
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator, new_once
from api.plan import Plan, plan_rows
from api.plan_groups import GroupedPlan, plan_groups
from api.playbook import playbook_for
from api.problems import ProblemError, invalid, invalid_model
from schemas.catalogue import IntegrationType
from schemas.filter import LogFilter, ReprocessFilter
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reprocess import Mode, ReprocessRequest
from schemas.steps import DEFAULT_FIXED_SHARE, default_steps
from storage.reprocess import affiliates

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: Logs above which a plan begins with its steps chosen.
STEPS_ABOVE = 50
Release = Literal["all", "steps"]
Begins = Literal["now", "back", "at"]


class Filled(NamedTuple):
    """Choices in the form of a plan. None: as any plan begins."""

    mode: str = "refresh"
    release: Release | None = None
    when: Begins | None = None
    not_before: str | None = None  # as in its field
    reason: str = ""
    workbook: str = ""  # name of the file that the rows are from; nobody chooses that here


_UNFILLED: Final = Filled()


@router.get(f"{TYPE}/reprocess")
async def plan_page(
    request: Request,
    who: OwnPage,
    integration_type: TypeName,
    *,
    chosen: bool = False,
    unsent: bool = False,
    release: Release | None = None,
    mode: Mode = "refresh",
    when: Begins | None = None,
    not_before: str | None = None,
    reason: str = "",
    besides: str | None = None,
) -> Response:
    """Show the plan of reprocessing the chosen rows, or all rows of a filter, and the form that starts it.

    `chosen`: the filter names the groups to leave out; else it is for the plan to say which. `unsent`: the choice was
    changed in a form that was to be sent. `release`, `mode`, `when`, `not_before` and `reason` are what the form has at
    first. `besides`: groups were marked in their list.
    """
    need_operator(who)
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    if besides is not None:
        return RedirectResponse(f"/{who.account}/{kind.name}{address_of_marked(view, besides)}", 303)
    ids = ids_of(request.query_params.getlist("log_id"))
    if ids:
        return await show_rows_plan(request, who, kind, view, ids)
    filled = Filled(mode, release, when, not_before, reason)
    return await show_filter_plan(request, who, kind, view, chosen=chosen, filled=filled, unsent=unsent)


@router.post(f"{TYPE}/chosen")
async def chosen_page(request: Request, who: OwnPage, integration_type: TypeName, fields: OwnForm) -> Response:
    """Show the plan of rows that were marked in a list. They are in the form: an address has no room for so many."""
    need_operator(who)
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    ids = ids_of([value for name, value in fields if name == "log_id"])
    need_chosen("log_id", ids)
    return await show_rows_plan(request, who, kind, view, ids)


@router.post(f"{TYPE}/chosen-groups")
async def chosen_groups(request: Request, who: OwnPage, integration_type: TypeName, fields: OwnForm) -> Response:
    """Show the plan of groups that were marked in their list, or of all but them; or list all but them.

    They are in the form, as marked rows are. `query` is the address of their list, which leaves out some already;
    `act` is `list` or `rest`, and otherwise the marked ones are meant.
    """
    kind, given = type_of(integration_type), dict(fields)
    groups = read_groups_view(QueryParams(given.get("query", "").lstrip("?")), who.visitor.now, who.visitor.zone)
    kept = groups.filter.exclude_fingerprint
    values = [value for name, value in fields if name == "exclude_fingerprint"]
    marked = tuple(dict.fromkeys(each for value in values for each in value.split() if each not in kept))
    all_but = groups.logs.with_(exclude_fingerprint=(*kept, *marked))
    if given.get("act") == "list":
        return RedirectResponse(f"/{who.account}/{kind.name}{all_but.query()}", 303)
    need_operator(who)
    if not marked:
        return RedirectResponse(f"/{who.account}/{kind.name}/groups{groups.here}", 303)
    view = all_but if given.get("act") == "rest" else groups.logs.with_(fingerprint=marked)
    return await show_filter_plan(request, who, kind, view, groups=groups.here)


async def show_filter_plan(
    request: Request,
    who: Member,
    kind: IntegrationType,
    view: View,
    *,
    chosen: bool = False,
    filled: Filled = _UNFILLED,
    unsent: bool = False,
    updated: bool = False,
    groups: str | None = None,
) -> Response:
    """Show the plan of all that a view lists, and the form that starts it. Raises the 422 problem of a bad filter.

    `updated`: the person has asked for it in the form of another plan. `groups`: the address, from its `?` on, of the
    list of groups that they came from.
    """
    try:
        meant = ReprocessFilter(**dict(view.filter), all=not view.filter.chooses)
    except ValidationError as exc:
        raise invalid_model(exc, "filter") from None
    made = await _plan(request, who, kind, meant, chosen=chosen)
    unknown = await affiliates.without_logs(request.app.state.reader, who.account, meant.filter)
    return _show_plan(
        request,
        who,
        kind,
        view,
        made,
        filled=filled,
        unsent=unsent,
        updated=updated,
        unknown=unknown,
        groups=groups,
    )


async def show_rows_plan(
    request: Request,
    who: Member,
    kind: IntegrationType,
    view: View,
    ids: Sequence[uuid.UUID],
    *,
    workbook: str = "",
) -> Response:
    """Show the plan of chosen logs, and the form that starts it. `workbook`: name of the file that they are from."""
    made = await plan_rows(request.app.state.reader, who.account, kind.name, ids, policy=request.app.state.policy)
    return _show_plan(request, who, kind, view, made, ids=ids, filled=Filled(workbook=workbook))


async def _plan(
    request: Request,
    who: Member,
    kind: IntegrationType,
    filter_: ReprocessFilter,
    *,
    chosen: bool,
    as_of: datetime | None = None,
) -> GroupedPlan:
    return await plan_groups(
        request.app.state.reader,
        who.account,
        kind.name,
        filter_,
        policy=request.app.state.policy,
        playbook=await playbook_for(request.app, who.account),
        as_of=as_of,
        chosen=chosen,
    )


async def _show_again(
    request: Request,
    who: Member,
    kind: IntegrationType,
    body: ReprocessRequest,
    refused: Sequence[Reason],
    *,
    workbook: str,
    groups: str | None,
) -> Response:
    """The plan of a form that can't be taken as it was filled in, with why, and what was chosen in it."""
    filled = _filled(body, who.visitor.zone)._replace(workbook=workbook)
    if body.filter is None:
        ids = body.log_ids or []
        rows = await plan_rows(request.app.state.reader, who.account, kind.name, ids, policy=request.app.state.policy)
        return _show_plan(request, who, kind, View(filter=LogFilter()), rows, ids=ids, filled=filled, refused=refused)
    made = await _plan(request, who, kind, body.filter, chosen=True, as_of=body.as_of)
    view = view_of(body.filter.filter)
    return _show_plan(request, who, kind, view, made, filled=filled, refused=refused, groups=groups)


def _show_plan(
    request: Request,
    who: Member,
    kind: IntegrationType,
    view: View,
    made: Plan | GroupedPlan,
    *,
    ids: Sequence[uuid.UUID] = (),
    filled: Filled = _UNFILLED,
    refused: Sequence[Reason] = (),
    unsent: bool = False,
    updated: bool = False,
    unknown: Sequence[str] = (),
    groups: str | None = None,
) -> Response:
    """Show a plan and the form that starts it: for the logs `ids`, or for a filter, by group.

    `view` is the list that the person came from, and goes back to, unless `groups` says which list of groups that was;
    `filled` is what was chosen before, and `refused` why that can't be taken, 422. `unknown`: affiliates that no log
    has.
    """
    grouped = made if isinstance(made, GroupedPlan) else None
    table = table_of(made.plan if isinstance(made, GroupedPlan) else made)
    usual = "steps" if table.sent > STEPS_ABOVE else "all"
    return show(
        request,
        who.visitor,
        "plan.html",
        status=422 if refused else 200,
        account=who.account,
        page=kind.name,
        kind=kind,
        base=f"/{who.account}/{kind.name}",
        view=view,
        about=view if grouped is None else _without_listed(view, grouped),
        plan=table,
        ids=ids,
        grouped=grouped,
        group_names={} if grouped is None else _names(grouped),
        asked=None if grouped is None else grouped.filter.model_dump(mode="json", exclude_defaults=True),
        steps=default_steps(table.sent),
        fixed_share=DEFAULT_FIXED_SHARE,
        mode=filled.mode,
        usual=usual,
        in_steps=(filled.release or usual) == "steps",
        begins=filled.when or ("now" if table.sent or not table.paused else "back"),
        begins_at=filled.not_before or to_local(tonight(who.visitor.now, who.visitor.zone), who.visitor.zone),
        reason=filled.reason,
        workbook=filled.workbook,
        refused=refused,
        too_far=any(each.code == ReasonCode.TOO_FAR_AHEAD for each in refused),
        unsent=unsent,
        updated=updated,
        groups=groups,
        unknown_affiliates=unknown,
        once=new_once(),
    )


def _names(grouped: GroupedPlan) -> dict[str, str]:
    return {each.fingerprint: group_name(each.code, each.message, each.fingerprint) for each in grouped.groups}


def _without_listed(view: View, grouped: GroupedPlan) -> View:
    """Return the list without the groups that the plan lists: there they are ticked, or not."""
    listed = {each.fingerprint for each in grouped.groups}
    return view.with_(exclude_fingerprint=tuple(each for each in view.filter.exclude_fingerprint if each not in listed))


@router.post(f"{TYPE}/reprocess")
async def ask(request: Request, who: OwnPage, integration_type: TypeName, fields: OwnForm) -> Response:
    """Publish the command: a second click on the same form is the same command. 503 when Kafka can't take it.

    A form whose choice of groups is not that of its plan sends nothing: the plan of the new choice is shown, at an
    address of its own if that is short enough.
    """
    need_operator(who)
    kind, given = type_of(integration_type), dict(fields)
    groups = _groups_of(given, who)
    if (choice := new_choice(fields, who.visitor.now, who.visitor.zone)) is not None:
        if groups is None and len(choice.address) <= MOST_CHARACTERS:
            return RedirectResponse(f"/{who.account}/{kind.name}/reprocess{choice.address}", 303)
        return await show_filter_plan(
            request,
            who,
            kind,
            choice.view,
            chosen=True,
            filled=_refilled(choice.form),
            unsent=not choice.updates,
            updated=choice.updates,
            groups=groups,
        )
    chosen = [value for name, value in fields if name in {"log_id", "filter", "as_of"}]
    need_chosen("log_id", chosen)
    try:
        body = ReprocessRequest.model_validate(
            {
                "account": who.account,
                "integration_type": kind.name,
                "requested_by": who.name,
                "reason": given.get("reason"),
                "mode": given.get("mode", "refresh"),
                "log_ids": ids_of([value for name, value in fields if name == "log_id"]) or None,
                "filter": orjson.loads(given["filter"]) if "filter" in given else None,
                "as_of": given.get("as_of"),
                "pace": pace_of(given),
                "not_before": _not_before(given, who.visitor.zone),
                "when_back": given.get("when") == "back",
            }
        )
    except orjson.JSONDecodeError:
        raise invalid("filter", ReasonCode.FORM_CHANGED) from None
    except ValidationError as exc:
        raise invalid_model(exc) from None
    try:
        accepted = await give_command(request, who.grant, form_key(given.get("once", ""), chosen), body)
    except ProblemError as exc:
        if exc.kind != "reason-required" and not any(each.code == ReasonCode.TOO_FAR_AHEAD for each in exc.reasons):
            raise
        workbook = given.get("workbook", "")
        return await _show_again(request, who, kind, body, exc.reasons, workbook=workbook, groups=groups)
    ledger = f"/{who.account}/reprocess/{accepted.command_id}"
    if not is_fragment(request):
        return RedirectResponse(ledger, 303)
    return show(request, who.visitor, "parts/asked.html", account=who.account, kind=kind, ledger=ledger)


def _filled(body: ReprocessRequest, zone: tzinfo) -> Filled:
    """Return what a form had filled in that asked for this."""
    return Filled(
        mode=body.mode,
        release="all" if body.pace is None else "steps",
        when="at" if body.not_before else "back" if body.when_back else "now",
        not_before=to_local(body.not_before, zone) if body.not_before else None,
        reason=body.reason or "",
    )


def _groups_of(given: Mapping[str, str], who: Member) -> str | None:
    """Return the address of the list of groups that the plan of a form came from; None where it came from none."""
    if "groups" not in given:
        return None
    return read_groups_view(QueryParams(given["groups"].lstrip("?")), who.visitor.now, who.visitor.zone).here


def _refilled(form: Mapping[str, str]) -> Filled:
    """Return what a form had filled in, as `new_choice` has it. What is no choice of ours is none."""
    release = next((each for each in get_args(Release) if each == form.get("release")), None)
    when = next((each for each in get_args(Begins) if each == form.get("when")), None)
    return Filled(form.get("mode", "refresh"), release, when, form.get("not_before"), form.get("reason", ""))


def _not_before(given: Mapping[str, str], zone: tzinfo) -> datetime | None:
    if given.get("when") != "at":
        return None
    try:
        return read_local(given.get("not_before", ""), zone)
    except ValueError:
        raise invalid("not_before", ReasonCode.FORM_CHANGED) from None


def pace_of(given: Mapping[str, str]) -> dict[str, list[str]] | None:
    """Return the pace that was chosen in a form, as a command has it: its steps; None for all at once."""
    return {"steps": given.get("steps", "").split(",")} if given.get("release") == "steps" else None


def form_key(once: str, chosen: Sequence[str]) -> str:
    """Return the Idempotency-Key of a form: its own random part with the chosen rows."""
    if not 1 <= len(once) <= 100:
        raise invalid("once", ReasonCode.FORM_CHANGED)
    return f"page-{hashlib.blake2b(chr(0).join([once, *sorted(chosen)]).encode(), digest_size=24).hexdigest()}"
