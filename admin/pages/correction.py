"""Correct and send: the fields of a kept request that may be changed, the difference, then the command."""

import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from admin.commands import give_command
from admin.pages.actions import type_values
from admin.pages.correction_field import FormField
from admin.pages.paths import TYPE, TypeName, type_of
from admin.pages.reprocess import form_key
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator
from api.problems import ProblemError, invalid_model, no_evidence, not_found
from schemas.catalogue import IntegrationType
from schemas.correction import MAX_FIELDS, Correction, Difference, corrected, editable_fields
from schemas.item_state import ItemState
from schemas.reasons.reason import Reason, each_of
from schemas.reprocess import ReprocessRequest
from schemas.shown.log import StatusLog
from schemas.verdict import REASONS
from storage.reprocess.corrections import ShownRequest, shown_requests

router = APIRouter(route_class=PageRoute, include_in_schema=False)


class _Form(NamedTuple):
    """The form for one log."""

    row: StatusLog
    shown: ShownRequest
    fields: list[FormField]
    left_out: int
    refused: list[Reason]  # why nothing can be corrected


@router.get(f"{TYPE}/logs/{{log_id}}/correct")
async def correct_page(request: Request, who: OwnPage, integration_type: TypeName, log_id: uuid.UUID) -> Response:
    """Show the fields of what was sent for a log that the policy lets people correct, in a form."""
    kind = type_of(integration_type)
    form = await _form(request, who, kind, log_id, {})
    return _show(request, who, kind, form, refused=form.refused)


@router.post(f"{TYPE}/logs/{{log_id}}/correct")
async def correct(
    request: Request, who: OwnPage, integration_type: TypeName, log_id: uuid.UUID, fields: OwnForm
) -> Response:
    """Show what will be different, or send it: a second click on the same form is the same command."""
    kind, given = type_of(integration_type), dict(fields)
    form = await _form(request, who, kind, log_id, given, sending=given.get("act") == "send")
    reason = given.get("reason", "")
    if form.shown.event_id != given.get("event_id"):
        form = await _form(request, who, kind, log_id, {})
        return _show(request, who, kind, form, refused=[REASONS[ItemState.CHANGED_SINCE]], reason=reason)
    if form.refused or given.get("act") == "edit":
        return _show(request, who, kind, form, refused=form.refused, reason=reason)
    try:
        changes = [each.change for each in form.fields if each.changed]
    except ValidationError as exc:
        raise invalid_model(exc) from None
    rule = request.app.state.policy.for_(kind.name, form.row.affiliate)
    made = corrected(form.shown.request, changes, rule.correctable)
    if isinstance(made, Reason):
        return _show(request, who, kind, form, refused=each_of(made), reason=reason)
    if given.get("act") != "send":
        return _show(request, who, kind, form, differences=made.differences, reason=reason)
    try:
        body = ReprocessRequest(
            account=who.account,
            integration_type=kind.name,
            requested_by=who.name,
            reason=reason,
            mode="replay",
            log_ids=[log_id],
            corrections=[Correction(log_id=log_id, event_id=form.shown.event_id, changes=changes)],
        )
    except ValidationError as exc:
        raise invalid_model(exc) from None
    key = form_key(given.get("once", ""), [str(log_id), *(f"{each.pointer}={each.value}" for each in changes)])
    try:
        accepted = await give_command(request, who.grant, key, body)
    except ProblemError as exc:
        if exc.status != 422:
            raise
        return _show(request, who, kind, form, differences=made.differences, refused=list(exc.reasons), reason=reason)
    return RedirectResponse(f"/{who.account}/reprocess/{accepted.command_id}", 303)


async def _form(
    request: Request,
    who: Member,
    kind: IntegrationType,
    log_id: uuid.UUID,
    given: Mapping[str, str],
    *,
    sending: bool = False,
) -> _Form:
    """Read a log and its kept request. 404 where the policy lets nobody correct one, 403 without the rights for it.

    While `sending`, one that is being reprocessed is no refusal: it may be by the first click on the same form.
    """
    need_operator(who)
    rows = await who.reader(request).many(who.account, kind.name, [log_id])
    if not rows:
        raise not_found()
    editable = request.app.state.policy.for_(kind.name, rows[0].affiliate).correctable
    if not editable:
        raise not_found()
    if not who.grant.may_see_evidence:
        raise no_evidence()
    async with request.app.state.reader.snapshot(who.account) as connection:
        shown = (await shown_requests(connection, who.account, kind.name, [log_id])).get(log_id)
    if shown is None:
        raise not_found()
    action = rows[0].actions[0]
    if action.reason and not action.needs_reason and not sending:
        return _Form(rows[0], shown, [], 0, [action.reason])
    found = editable_fields(shown.request, editable)
    if isinstance(found, Reason):
        return _Form(rows[0], shown, [], 0, each_of(found))
    fields = [FormField.of(each, given.get(each.pointer)) for each in found[:MAX_FIELDS]]
    return _Form(rows[0], shown, fields, len(found) - len(fields), [])


def _show(
    request: Request,
    who: Member,
    kind: IntegrationType,
    form: _Form,
    *,
    differences: Sequence[Difference] = (),
    refused: Sequence[Reason] = (),
    reason: str = "",
) -> Response:
    """Show the form, or the `differences` that sending it would make. `refused`: why it is not sent, 422."""
    values = type_values(request, who, kind)
    lack = request.app.state.policy.lacks_reason(kind.name, None, {form.row.affiliate: 1})
    return show(
        request,
        who.visitor,
        "correction.html",
        status=422 if refused and request.method == "POST" else 200,
        **values,
        row=form.row,
        event_id=form.shown.event_id,
        fields=form.fields,
        left_out=form.left_out,
        differences=differences,
        refused=refused,
        reason=reason,
        reason_required=lack,
    )
