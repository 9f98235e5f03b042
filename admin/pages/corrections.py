"""Corrections of many rows by a workbook: the differences, then the command, a canary first."""

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote_plus

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from admin.body import MAX_BODY_BYTES
from admin.commands import give_command
from admin.pages.correction_field import FormField
from admin.pages.paths import TYPE, TypeName, type_of
from admin.pages.plan import table_of
from admin.pages.reprocess import form_key, pace_of
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator, new_once
from api.plan import plan_rows
from api.problems import ProblemError, invalid, invalid_model, no_evidence, refusal
from exports.excel.marked import Fixes, Marked, WorkbookRefused
from schemas.catalogue import IntegrationType
from schemas.correction import Change, Correction, KeptCorrection, editable_fields, text_of
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reprocess import MAX_CORRECTIONS, ReprocessRequest
from schemas.shown.log import StatusLog
from schemas.steps import DEFAULT_FIXED_SHARE, default_steps
from storage.database import Connection
from storage.reprocess.corrections import ShownRequest, judge_corrections, shown_requests

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: Rows that the page shows with what is different, and rows that it shows as refused.
SHOWN = 20
#: Requests that are read at once.
_AT_ONCE = 20
#: Bytes of the form besides its corrections and logs.
_MORE_BYTES = 16 * 1024


class CorrectedRow(NamedTuple):
    """A row with what is changed in its request, or why it is not."""

    log: StatusLog
    made: KeptCorrection | Reason


async def corrected_by(request: Request, who: Member, kind: IntegrationType, marked: Marked) -> ReprocessRequest | None:
    """Return the command of a workbook in which cells of marked rows were changed; None where none was.

    Raises WorkbookRefused, and the 403 problem of a key that may not see evidence.
    """
    if not marked.fixes:
        return None
    if not who.grant.may_see_evidence:
        raise no_evidence()
    corrections: list[Correction] = []
    async with request.app.state.reader.reading(who.account) as connection:
        for start in range(0, len(marked.fixes), _AT_ONCE):
            some = marked.fixes[start : start + _AT_ONCE]
            corrections += await _corrections(connection, who.account, kind.name, some)
            need_few(len(corrections))
    if not corrections:
        return None
    return _command(who, kind, [uuid.UUID(each) for each in marked.log_ids], corrections)


async def _corrections(
    connection: Connection, account: str, integration_type: str, fixes: Sequence[Fixes]
) -> list[Correction]:
    ids = [uuid.UUID(each.log_id) for each in fixes]
    shown = await shown_requests(connection, account, integration_type, ids)
    return await asyncio.to_thread(_made, fixes, shown)


def _made(fixes: Sequence[Fixes], shown: Mapping[uuid.UUID, ShownRequest]) -> list[Correction]:
    found = [correction_of(each, shown.get(uuid.UUID(each.log_id))) for each in fixes]
    return [each for each in found if each is not None]


def correction_of(fixes: Fixes, shown: ShownRequest | None) -> Correction | None:
    """Return what was changed in a row; None where nothing was.

    Of a row with a newer result nobody can tell that: all of its cells count, and it is refused as changed since.
    """
    fields: dict[str, FormField] = {}
    # A row without a whole request has no id in the workbook: it is refused for want of one.
    event_id = fixes.event_id or (shown.event_id if shown else "none")
    if shown is not None and shown.event_id == event_id:
        named = editable_fields(shown.request, fixes.cells)
        kept = [] if isinstance(named, Reason) else named
        fields = {each.pointer: FormField.of(each, fixes.cells.get(each.pointer)) for each in kept}
    changes: list[Change] = []
    try:
        for pointer, cell in fixes.cells.items():
            field = fields.get(pointer)
            if field is None and cell:
                changes.append(Change(pointer=pointer, value=text_of(cell)))
            elif field is not None and field.changed:
                if cell.startswith("="):
                    code = ReasonCode.WORKBOOK_FORMULA
                    raise WorkbookRefused(Reason(code, row=fixes.row, sheet=fixes.sheet, pointer=pointer))
                changes.append(field.change)
        return Correction(log_id=uuid.UUID(fixes.log_id), event_id=event_id, changes=changes) if changes else None
    except ValidationError as exc:
        raise invalid_model(exc) from None


def _command(
    who: Member,
    kind: IntegrationType,
    log_ids: Sequence[uuid.UUID],
    corrections: Sequence[Correction],
    given: Mapping[str, str] | None = None,
) -> ReprocessRequest:
    chosen = given or {}
    try:
        return ReprocessRequest.model_validate(
            {
                "account": who.account,
                "integration_type": kind.name,
                "requested_by": who.name,
                "reason": chosen.get("reason"),
                "mode": "replay",
                "log_ids": list(log_ids),
                "corrections": [each.model_dump() for each in corrections] or None,
                "pace": pace_of(chosen),
            }
        )
    except ValidationError as exc:
        raise invalid_model(exc) from None


async def show_corrections(
    request: Request,
    who: Member,
    kind: IntegrationType,
    body: ReprocessRequest,
    *,
    workbook: str,
    refused: Sequence[Reason] = (),
    in_steps: bool = True,
) -> Response:
    """Show the differences that a command would make, and the form that gives it.

    `workbook`: name of the file that they are from. `refused`: why it is not taken, 422.

    Rows whose correction can't be made are left out, and shown with why. Raises WorkbookRefused for more than a form
    holds.
    """
    async with request.app.state.reader.reading(who.account) as connection:
        judged = await judge_corrections(connection, request.app.state.policy, body)
    wrong = {log_id: made for log_id, made in judged.items() if isinstance(made, Reason)}
    right = {log_id: made for log_id, made in judged.items() if isinstance(made, KeptCorrection)}
    sent = [each for each in body.log_ids or () if each not in wrong]
    corrections = [each for each in body.corrections or () if each.log_id in right]
    written = _written(corrections)
    plain = [each for each in sent if each not in right]
    need_room(written, len(plain))
    made = await plan_rows(request.app.state.reader, who.account, kind.name, sent, policy=request.app.state.policy)
    plan = table_of(made)
    return show(
        request,
        who.visitor,
        "corrections.html",
        status=422 if refused else 200,
        account=who.account,
        page=kind.name,
        kind=kind,
        base=f"/{who.account}/{kind.name}",
        plan=plan,
        rows=await _rows(request, who, kind, right),
        corrected=len(right),
        plain=plain,
        wrong=await _rows(request, who, kind, wrong),
        wrong_count=len(wrong),
        written=written,
        reason=body.reason or "",
        workbook=workbook,
        refused=refused,
        steps=_steps(plan.sent),
        in_steps=in_steps,
        fixed_share=DEFAULT_FIXED_SHARE,
        once=new_once(),
    )


def need_few(corrections: int) -> None:
    """Raise WorkbookRefused for more corrections than a command may have."""
    if corrections > MAX_CORRECTIONS:
        raise WorkbookRefused(Reason(ReasonCode.WORKBOOK_CORRECTS_TOO_MANY, limit=MAX_CORRECTIONS))


def need_room(written: str, plain: int) -> None:
    """Raise WorkbookRefused unless a form holds these corrections and so many other rows."""
    if len(quote_plus(written)) + plain * len(f"log_id={uuid.UUID(int=0)}&") > MAX_BODY_BYTES - _MORE_BYTES:
        raise WorkbookRefused(Reason(ReasonCode.WORKBOOK_CORRECTS_TOO_MUCH))


async def _rows(
    request: Request, who: Member, kind: IntegrationType, made: Mapping[uuid.UUID, KeptCorrection | Reason]
) -> list[CorrectedRow]:
    first = dict(islice(made.items(), SHOWN))
    logs = await who.reader(request).many(who.account, kind.name, list(first))
    return [CorrectedRow(each, first[uuid.UUID(each.id)]) for each in logs]


def _steps(items: int) -> list[int]:
    """Return the usual steps behind a first one of a single row: a person looks at its answer."""
    return [1, *default_steps(items)]


@router.post(f"{TYPE}/correct")
async def correct_rows(request: Request, who: OwnPage, integration_type: TypeName, fields: OwnForm) -> Response:
    """Publish the command of corrected rows: a second click on the same form is the same command."""
    need_operator(who)
    kind, given = type_of(integration_type), dict(fields)
    corrections = _read(given.get("corrections", ""))
    try:
        plain = [uuid.UUID(value) for name, value in fields if name == "log_id"]
    except ValueError:
        raise invalid("log_id", ReasonCode.FIELD_NOT_UUID) from None
    ids = [*(each.log_id for each in corrections), *plain]
    body = _command(who, kind, ids, corrections, given)
    key = form_key(given.get("once", ""), [given.get("corrections", ""), *map(str, plain)])
    try:
        accepted = await give_command(request, who.grant, key, body)
    except ProblemError as exc:
        if exc.status != 422:
            raise
        workbook, in_steps = given.get("workbook", ""), given.get("release") == "steps"
        try:
            return await show_corrections(
                request, who, kind, body, workbook=workbook, refused=list(exc.reasons), in_steps=in_steps
            )
        except WorkbookRefused as too_much:
            raise refusal([too_much.reason]) from None
    return RedirectResponse(f"/{who.account}/reprocess/{accepted.command_id}", 303)


def _written(corrections: Sequence[Correction]) -> str:
    """Return corrections as a form has them: it takes half as much as with their names."""
    rows = [
        [str(each.log_id), each.event_id, [[change.pointer, change.value] for change in each.changes]]
        for each in corrections
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _read(written: str) -> list[Correction]:
    try:
        return [
            Correction(
                log_id=uuid.UUID(log_id),
                event_id=event_id,
                changes=[Change(pointer=pointer, value=value) for pointer, value in changes],
            )
            for log_id, event_id, changes in json.loads(written)
        ]
    except (ValueError, TypeError, AttributeError):  # a ValidationError is a ValueError
        raise invalid("corrections", ReasonCode.FORM_CHANGED) from None
