"""Dead letters as a workbench: their list with a filter, and one of them with the fault marked."""

import uuid
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from admin.dead_letters import EditRequest, edit
from admin.pages.letter_view import read_letter_view
from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.times import to_local
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator
from api import listings
from api.dead_letters import reach_of, value_of
from api.export_order import must_export
from api.letter_export import LetterExport
from api.problems import ProblemError, invalid_model, not_found
from schemas.letter_filter import LETTER_FIELDS
from schemas.reasons.reason import Reason
from schemas.shown.dead_letter import DeadLetterDetail
from storage.dead_letters import count_dead_letters, get_dead_letter, get_value, list_dead_letters

router = APIRouter(route_class=PageRoute, include_in_schema=False)
LETTERS_A_PAGE = 25
LetterOfPath = Annotated[uuid.UUID, Path()]


class Piece(NamedTuple):
    """A piece of a value: what a reason is about, or what is between."""

    text: str
    reason: Reason | None  # None: no reason is about it


@router.get(f"{ACCOUNT}/dead-letters")
async def dead_letters_page(request: Request, who: OwnPage) -> Response:
    """Show dead letters that a filter matches, newest first, with their counts.

    A key for every account also sees those that name no account.
    """
    view = read_letter_view(request.query_params, who.visitor.zone)
    reach = reach_of(who.grant, who.account)
    listing = listings.dead_letters(reach, view.filter, LETTERS_A_PAGE, view.page_token)
    reader = request.app.state.reader
    letters = await list_dead_letters(reader, reach, view.filter, after=listing.after_uuid, limit=listing.limit)
    counts = await count_dead_letters(reader, reach, view.filter)
    around = {}
    for name in ("code", "topic", "state"):
        # What the filter by a field leaves out is counted too, so that one can choose it.
        unchosen = view.filter.model_copy(update={name: ()})
        counted = counts if unchosen == view.filter else await count_dead_letters(reader, reach, unchosen)
        around[name] = getattr(counted, f"by_{name}")
    return show(
        request,
        who.visitor,
        "dead_letters.html",
        account=who.account,
        page="dead-letters",
        view=view,
        fields=LETTER_FIELDS,
        letters=listing.page(letters, request, Response()),
        counts=counts,
        around=around,
        may_export=who.grant.may_export,
        to_local=lambda at: to_local(at, who.visitor.zone),
    )


@router.get(f"{ACCOUNT}/dead-letters/export.jsonl")
async def export_file(request: Request, who: OwnPage) -> Response:
    """Return the dead letters that a filter matches as JSON Lines, as the query API does."""
    must_export(who.grant)
    view = read_letter_view(request.query_params, who.visitor.zone)
    return LetterExport(request.app.state.exports, who.grant, reach_of(who.grant, who.account), view.filter)


@router.get(f"{ACCOUNT}/dead-letters/{{letter_id:uuid}}")
async def dead_letter_page(request: Request, who: OwnPage, letter_id: LetterOfPath) -> Response:
    """Show one dead letter: reasons, record key, headers, the value with each fault marked, edits, and its outcome."""
    letter = await _letter(request, who, letter_id)
    return _show_letter(request, who, letter, value=await _last_edit(request, who, letter))


@router.get(f"{ACCOUNT}/dead-letters/{{letter_id:uuid}}/value")
async def value_file(request: Request, who: OwnPage, letter_id: LetterOfPath) -> Response:
    """Return the value of one dead letter as a file, every byte of it."""
    value = await value_of(request.app.state.reader, who.grant, who.account, letter_id)
    headers = {"Content-Disposition": f'attachment; filename="{letter_id}.bin"'}
    return Response(value, media_type="application/octet-stream", headers=headers)


@router.post(f"{ACCOUNT}/dead-letters/{{letter_id:uuid}}/edit")
async def edit_letter(request: Request, who: OwnPage, letter_id: LetterOfPath, fields: OwnForm) -> Response:
    """Keep a new value of a waiting letter, or only say what would become of it."""
    need_operator(who)
    given = dict(fields)
    try:
        asked = EditRequest(
            account=who.account,
            # A form sends each end of a line as CR and LF.
            value=given.get("value", "").replace("\r\n", "\n"),
            requested_by=who.name,
            reason=given.get("reason"),
            dry_run=given.get("act") != "keep",
        )
    except ValidationError as exc:
        raise invalid_model(exc) from None
    try:
        edited = await edit(request.app, who.grant, letter_id, asked)
    except ProblemError as exc:
        if exc.kind not in {"not-waiting", "not-permitted", "not-redriven", "too-many-edits"}:
            raise
        return _show_letter(request, who, await _letter(request, who, letter_id), value=asked.value, failed=exc)
    if not asked.dry_run:
        return RedirectResponse(f"/{who.account}/dead-letters/{letter_id}#edits", 303)
    return _show_letter(request, who, edited.letter, value=asked.value, tried=True, refusal=edited.refusal)


async def _last_edit(request: Request, who: Member, letter: DeadLetterDetail) -> str | None:
    """Return the value that would be redriven, from which the next edit begins; None where nobody has edited it."""
    if not letter.edits or letter.value is None:
        return None
    reach = reach_of(who.grant, who.account)
    value = await get_value(request.app.state.reader, reach, uuid.UUID(letter.id), edit=letter.edits[-1].number)
    return None if value is None else value.decode()


async def _letter(request: Request, who: Member, letter_id: uuid.UUID) -> DeadLetterDetail:
    letter = await get_dead_letter(request.app.state.reader, reach_of(who.grant, who.account), letter_id)
    if letter is None:
        raise not_found()
    return letter


def _show_letter(
    request: Request,
    who: Member,
    letter: DeadLetterDetail,
    *,
    value: str | None = None,
    tried: bool = False,
    refusal: Reason | None = None,
    failed: ProblemError | None = None,
) -> Response:
    """Show one letter. `value` is in the form of the edit; `tried`: it was read, and `refusal` says what was found."""
    return show(
        request,
        who.visitor,
        "dead_letter.html",
        status=failed.status if failed else 200,
        account=who.account,
        page="dead-letters",
        letter=letter,
        pieces=pieces(letter),
        never=request.app.state.rereading.reason_against(letter.topic),
        value=letter.value if value is None else value,
        tried=tried,
        refusal=refusal,
        failed=failed,
    )


def pieces(letter: DeadLetterDetail) -> list[Piece]:
    """Return the shown value in pieces, so that each fault can be marked. Of faults that overlap the first counts."""
    text, at = letter.value or "", 0
    found: list[Piece] = []
    placed = [(each.place, each.reason) for each in letter.reasons if each.place is not None]
    for place, reason in sorted(placed, key=lambda each: each[0].start):
        if place.start < at or place.start >= len(text):
            continue
        found += [Piece(text[at : place.start], None), Piece(text[place.start : place.end], reason)]
        at = place.end
    return [each for each in (*found, Piece(text[at:], None)) if each.text]
