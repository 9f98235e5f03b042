"""Reprocessing: the plan that is shown first, and the command; admin.pages.ledger has what became of it."""

import hashlib
import uuid
from collections.abc import Sequence

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from admin.commands import give_command
from admin.pages.paths import TYPE, TypeName, type_of
from admin.pages.plan import table_of
from admin.pages.route import PageRoute
from admin.pages.site import is_fragment, show
from admin.pages.view import View, read_view
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator, new_once
from api.plan import Plan, plan_filter, plan_rows
from api.problems import invalid, invalid_model
from schemas.catalogue import IntegrationType
from schemas.filter import ReprocessFilter
from schemas.reprocess import MAX_LOG_IDS, ReprocessRequest
from schemas.shown.plan import ReprocessPlan
from schemas.steps import DEFAULT_FIXED_SHARE, DEFAULT_STEPS

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get(f"{TYPE}/reprocess")
async def plan_page(request: Request, who: OwnPage, integration_type: TypeName) -> Response:
    """What reprocessing the chosen rows, or all that a filter matches, would do, and the form that asks for it."""
    need_operator(who)
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    ids = _ids(request.query_params.getlist("log_id"))
    if ids:
        return await show_rows_plan(request, who, kind, view, ids)
    meant = ReprocessFilter(**dict(view.filter), all=view.is_plain)
    policy = request.app.state.policy
    asked = await plan_filter(request.app.state.reader, who.account, kind.name, meant, policy=policy)
    return _show_plan(request, who, kind, view, asked, asked=asked)


async def show_rows_plan(
    request: Request, who: Member, kind: IntegrationType, view: View, ids: Sequence[uuid.UUID]
) -> Response:
    """The plan of chosen logs, and the form that asks for it."""
    made = await plan_rows(request.app.state.reader, who.account, kind.name, ids, policy=request.app.state.policy)
    return _show_plan(request, who, kind, view, made, ids=ids)


def _show_plan(
    request: Request,
    who: Member,
    kind: IntegrationType,
    view: View,
    made: Plan | ReprocessPlan,
    *,
    ids: Sequence[uuid.UUID] = (),
    asked: ReprocessPlan | None = None,
) -> Response:
    """A plan and the form that asks for it: for the logs `ids`, or for the filter of `asked`.

    `view` is the list that the person came from, and goes back to.
    """
    return show(
        request,
        who.visitor,
        "plan.html",
        account=who.account,
        page=kind.name,
        kind=kind,
        base=f"/{who.account}/{kind.name}",
        view=view,
        plan=table_of(made),
        ids=ids,
        asked=asked,
        steps=DEFAULT_STEPS,
        fixed_share=DEFAULT_FIXED_SHARE,
        once=new_once(),
    )


@router.post(f"{TYPE}/reprocess")
async def ask(request: Request, who: OwnPage, integration_type: TypeName, fields: OwnForm) -> Response:
    """Gives the command: a second click on the same form is the same command. 503 when Kafka can't take it."""
    need_operator(who)
    kind, given = type_of(integration_type), dict(fields)
    chosen = [value for name, value in fields if name in {"log_id", "filter", "as_of"}]
    if not chosen:
        raise invalid("log_id", "choose at least one row")
    try:
        body = ReprocessRequest.model_validate(
            {
                "account": who.account,
                "integration_type": kind.name,
                "requested_by": who.name,
                "reason": given.get("reason", "").strip() or None,
                "mode": given.get("mode", "refresh"),
                "log_ids": _ids([value for name, value in fields if name == "log_id"]) or None,
                "filter": orjson.loads(given["filter"]) if "filter" in given else None,
                "as_of": given.get("as_of"),
                "pace": {"steps": DEFAULT_STEPS} if given.get("release") == "steps" else None,
            }
        )
    except orjson.JSONDecodeError:
        raise invalid("filter", "must be as the form had it") from None
    except ValidationError as exc:
        raise invalid_model(exc) from None
    accepted = await give_command(request, who.grant, _key(given.get("once", ""), chosen), body)
    ledger = f"/{who.account}/reprocess/{accepted.command_id}"
    if not is_fragment(request):
        return RedirectResponse(ledger, 303)
    return show(request, who.visitor, "parts/asked.html", account=who.account, kind=kind, ledger=ledger)


def _ids(texts: Sequence[str]) -> list[uuid.UUID]:
    """Of `id` or `id@stamp`, each once."""
    try:
        ids = list(dict.fromkeys(uuid.UUID(each.partition("@")[0]) for each in texts))
    except ValueError:
        raise invalid("log_id", "is not an id") from None
    if len(ids) > MAX_LOG_IDS:
        raise invalid("log_id", f"must be at most {MAX_LOG_IDS}")
    return ids


def _key(once: str, chosen: Sequence[str]) -> str:
    """The Idempotency-Key of a form: its own random part, and what it asks for."""
    if not 1 <= len(once) <= 100:
        raise invalid("once", "must come with the form")
    return f"page-{hashlib.blake2b(chr(0).join([once, *sorted(chosen)]).encode(), digest_size=24).hexdigest()}"
