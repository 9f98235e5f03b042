"""Reprocessing: the plan that is shown first, then the command; its outcome is in admin.pages.ledger."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Literal

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from admin.commands import give_command
from admin.pages.paths import TYPE, TypeName, type_of
from admin.pages.plan import table_of
from admin.pages.route import PageRoute
from admin.pages.site import is_fragment, show
from admin.pages.times import read_local, to_local, tonight
from admin.pages.view import View, read_view, view_of
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator, new_once
from api.plan import Plan, plan_filter, plan_rows
from api.problems import ProblemError, invalid, invalid_model
from schemas.catalogue import IntegrationType
from schemas.filter import LogFilter, ReprocessFilter
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reprocess import MAX_LOG_IDS, ReprocessRequest
from schemas.shown.plan import ReprocessPlan
from schemas.steps import DEFAULT_FIXED_SHARE, default_steps
from storage.reprocess import affiliates

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get(f"{TYPE}/reprocess")
async def plan_page(request: Request, who: OwnPage, integration_type: TypeName, *, ignored: bool = False) -> Response:
    """Show the plan of reprocessing the chosen rows, or all rows of a filter, and the form that starts it.

    With `ignored`, rows of ignored groups as well.
    """
    need_operator(who)
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    ids = _ids(request.query_params.getlist("log_id"))
    if ids:
        return await show_rows_plan(request, who, kind, view, ids)
    meant = ReprocessFilter(**dict(view.filter), all=not view.filter.chooses)
    policy = request.app.state.policy
    asked = await plan_filter(request.app.state.reader, who.account, kind.name, meant, policy=policy, ignored=ignored)
    unknown = await affiliates.without_logs(request.app.state.reader, who.account, meant.filter)
    return _show_plan(request, who, kind, view, asked, asked=asked, takes_ignored=ignored, unknown=unknown)


async def show_rows_plan(
    request: Request, who: Member, kind: IntegrationType, view: View, ids: Sequence[uuid.UUID]
) -> Response:
    """Show the plan of chosen logs, and the form that starts it."""
    made = await plan_rows(request.app.state.reader, who.account, kind.name, ids, policy=request.app.state.policy)
    return _show_plan(request, who, kind, view, made, ids=ids)


async def _show_again(
    request: Request,
    who: Member,
    kind: IntegrationType,
    body: ReprocessRequest,
    refused: Sequence[Reason],
    *,
    takes_ignored: bool,
) -> Response:
    """The plan of a form that can't be taken as it was filled in, with why, and what was chosen in it."""
    policy, reader = request.app.state.policy, request.app.state.reader
    if body.filter is None:
        ids = body.log_ids or []
        made = await plan_rows(reader, who.account, kind.name, ids, policy=policy)
        return _show_plan(request, who, kind, View(filter=LogFilter()), made, ids=ids, body=body, refused=refused)
    asked = await plan_filter(
        reader, who.account, kind.name, body.filter, policy=policy, as_of=body.as_of, ignored=True
    )
    view = view_of(body.filter.filter)
    return _show_plan(
        request, who, kind, view, asked, asked=asked, body=body, refused=refused, takes_ignored=takes_ignored
    )


def _show_plan(
    request: Request,
    who: Member,
    kind: IntegrationType,
    view: View,
    made: Plan | ReprocessPlan,
    *,
    ids: Sequence[uuid.UUID] = (),
    asked: ReprocessPlan | None = None,
    body: ReprocessRequest | None = None,
    refused: Sequence[Reason] = (),
    takes_ignored: bool = False,
    unknown: Sequence[str] = (),
) -> Response:
    """Show a plan and the form that starts it: for the logs `ids`, or for the filter of `asked`.

    `view` is the list that the person came from, and goes back to; `body` is what was chosen before, and `refused` why
    that can't be taken, 422. `takes_ignored`: logs of ignored groups as well; `unknown`: affiliates that no log has.
    """
    table = table_of(made)
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
        plan=table,
        ids=ids,
        asked=asked,
        steps=default_steps(table.sent),
        fixed_share=DEFAULT_FIXED_SHARE,
        mode="refresh" if body is None else body.mode,
        in_steps=body is not None and body.pace is not None,
        begins=_begins(body) if body or table.sent or not table.paused else "back",
        begins_at=to_local((body and body.not_before) or tonight(who.visitor.now, who.visitor.zone), who.visitor.zone),
        refused=refused,
        takes_ignored=takes_ignored,
        unknown_affiliates=unknown,
        once=new_once(),
    )


@router.post(f"{TYPE}/reprocess")
async def ask(request: Request, who: OwnPage, integration_type: TypeName, fields: OwnForm) -> Response:
    """Publish the command: a second click on the same form is the same command. 503 when Kafka can't take it."""
    need_operator(who)
    kind, given = type_of(integration_type), dict(fields)
    chosen = [value for name, value in fields if name in {"log_id", "filter", "as_of"}]
    if not chosen:
        raise invalid("log_id", ReasonCode.FIELD_MISSING)
    try:
        body = ReprocessRequest.model_validate(
            {
                "account": who.account,
                "integration_type": kind.name,
                "requested_by": who.name,
                "reason": given.get("reason"),
                "mode": given.get("mode", "refresh"),
                "log_ids": _ids([value for name, value in fields if name == "log_id"]) or None,
                "filter": orjson.loads(given["filter"]) if "filter" in given else None,
                "as_of": given.get("as_of"),
                "pace": {"steps": given.get("steps", "").split(",")} if given.get("release") == "steps" else None,
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
        return await _show_again(request, who, kind, body, exc.reasons, takes_ignored=given.get("ignored") == "true")
    ledger = f"/{who.account}/reprocess/{accepted.command_id}"
    if not is_fragment(request):
        return RedirectResponse(ledger, 303)
    return show(request, who.visitor, "parts/asked.html", account=who.account, kind=kind, ledger=ledger)


def _begins(body: ReprocessRequest | None) -> Literal["now", "back", "at"]:
    """Return when a form says that it begins."""
    if body is None or not (body.not_before or body.when_back):
        return "now"
    return "at" if body.not_before else "back"


def _not_before(given: Mapping[str, str], zone: tzinfo) -> datetime | None:
    if given.get("when") != "at":
        return None
    try:
        return read_local(given.get("not_before", ""), zone)
    except ValueError:
        raise invalid("not_before", ReasonCode.FORM_CHANGED) from None


def _ids(texts: Sequence[str]) -> list[uuid.UUID]:
    """Return the ids of texts of the form `id` or `id@stamp`, each once."""
    try:
        ids = list(dict.fromkeys(uuid.UUID(each.partition("@")[0]) for each in texts))
    except ValueError:
        raise invalid("log_id", ReasonCode.FIELD_NOT_UUID) from None
    if len(ids) > MAX_LOG_IDS:
        raise invalid("log_id", ReasonCode.FIELD_TOO_MANY, limit=MAX_LOG_IDS)
    return ids


def form_key(once: str, chosen: Sequence[str]) -> str:
    """Return the Idempotency-Key of a form: its own random part with the chosen rows."""
    if not 1 <= len(once) <= 100:
        raise invalid("once", ReasonCode.FORM_CHANGED)
    return f"page-{hashlib.blake2b(chr(0).join([once, *sorted(chosen)]).encode(), digest_size=24).hexdigest()}"
