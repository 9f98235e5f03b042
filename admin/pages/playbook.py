"""The playbook of an account: what is known about errors, what it explains, and entries that people write."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from admin.pages.paths import ACCOUNT
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator
from api import listings
from api.playbook import PlaybookQuery, list_entries, playbook_for, read_coverage
from api.problems import ProblemError, invalid, invalid_model, not_found
from schemas.catalogue import LANGUAGES, Language
from schemas.playbook import SeenError, WrittenEntry
from schemas.playbook.entry import MAX_FRAGMENT_CHARACTERS
from schemas.reasons.code import ReasonCode
from schemas.storable import storable
from storage.playbook import MAX_OWN_ENTRIES, AnotherEntryError, EntryRefusedError, list_changes, list_own, remove, save

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ENTRIES_A_PAGE = 50
#: Subjects that an entry can have.
SUBJECTS = ("code", "message", "fingerprint")
EntryOfPath = Annotated[uuid.UUID, Path()]


@router.get(f"{ACCOUNT}/playbook")
async def playbook_page(request: Request, who: OwnPage) -> Response:
    """Show the entries that a search finds, own ones first, and how much of what failed they explain."""
    given = request.query_params
    asked = {name: given[name] for name in ("q", "origin", "page_token") if given.get(name, "").strip()}
    try:
        query = PlaybookQuery.model_validate({"page_size": ENTRIES_A_PAGE} | asked)
    except ValidationError as exc:
        raise invalid_model(exc) from None
    listing = listings.playbook(who.account, query.filter, query.page_size, query.page_token)
    after = listing.after_count
    found = await list_entries(request.app, who.account, query.filter)
    rest = [each for each in found if after is None or each.place > after]
    return show(
        request,
        who.visitor,
        "playbook.html",
        account=who.account,
        page="playbook",
        asked=query,
        number=len(found),
        entries=listing.page(rest[: listing.limit], request, Response()),
        coverage=await read_coverage(request.app, who.account),
        query={name: value for name, value in asked.items() if name != "page_token"},
    )


@router.get(f"{ACCOUNT}/playbook/entry")
async def new_entry_page(request: Request, who: OwnPage) -> Response:
    """Show the form for a new entry, filled in with what the address says of an error and what is known of it."""
    need_operator(who)
    given = request.query_params
    error = SeenError(
        given.get("integration_type", ""),
        given.get("affiliate", ""),
        code=given.get("code"),
        fingerprint=given.get("fingerprint"),
        message=given.get("message"),
    )
    known = (await playbook_for(request.app, who.account)).about(error)
    about = next((name for name in SUBJECTS if given.get(name)), SUBJECTS[0])
    values = _values(known) | {
        "about": about,
        "text": given.get(about, "")[:MAX_FRAGMENT_CHARACTERS],
        "integration_type": error.integration_type,
        "affiliate": error.affiliate,
    }
    return _show_form(request, who, values)


@router.get(f"{ACCOUNT}/playbook/entries/{{entry_id:uuid}}")
async def entry_page(request: Request, who: OwnPage, entry_id: EntryOfPath) -> Response:
    """Show the form that changes or removes an entry, and everybody who changed it."""
    own = await list_own(request.app.state.reader, who.account)
    found = next((each.entry for each in own if each.id == entry_id), None)
    changes = await list_changes(request.app.state.reader, who.account, entry_id)
    if not changes:
        raise not_found()
    return _show_form(request, who, _values(found), entry_id=entry_id, changes=changes, is_removed=found is None)


@router.post(f"{ACCOUNT}/playbook/entries")
async def add_entry(request: Request, who: OwnPage, fields: OwnForm) -> Response:
    """Add an entry, and show the list with it."""
    need_operator(who)
    return await _save(request, who, dict(fields), None)


@router.post(f"{ACCOUNT}/playbook/entries/{{entry_id:uuid}}")
async def change_entry(request: Request, who: OwnPage, entry_id: EntryOfPath, fields: OwnForm) -> Response:
    """Change an entry, or remove it; who did stays with it."""
    need_operator(who)
    given = dict(fields)
    if given.get("act") != "remove":
        return await _save(request, who, given, entry_id)
    writer = request.app.state.writer
    if not await remove(writer, who.account, entry_id, changed_by=who.name, grant=who.grant):
        raise not_found()
    return RedirectResponse(f"/{who.account}/playbook?origin=own", 303)


async def _save(request: Request, who: Member, given: dict[str, str], entry_id: uuid.UUID | None) -> Response:
    try:
        entry = read_entry(given, who.visitor.language)
    except ValidationError as exc:
        raise invalid_model(exc, "text") from None
    try:
        saved = await save(request.app.state.writer, who.account, entry_id, entry, changed_by=who.name, grant=who.grant)
    except EntryRefusedError as exc:
        raise refused(exc) from None
    if saved is None:
        raise not_found()
    return RedirectResponse(f"/{who.account}/playbook?origin=own#entry-{saved}", 303)


def refused(exc: EntryRefusedError) -> ProblemError:
    """Return the 409 problem of an entry that can't be kept."""
    if isinstance(exc, AnotherEntryError):
        return invalid("text", ReasonCode.ENTRY_EXISTS, 409)
    return invalid("text", ReasonCode.ENTRIES_FULL, 409, limit=MAX_OWN_ENTRIES)


def read_entry(given: dict[str, str], language: Language) -> WrittenEntry:
    """Return the entry that a form says. Raises ValidationError.

    A text that is given in some languages only stands for the others too, that of the reader's language first.
    """
    values = {name: storable(value).strip() for name, value in given.items()}
    about = values.get("about")
    entry: dict[str, Any] = {about if about in SUBJECTS else SUBJECTS[0]: values.get("text", "")}
    for name in ("integration_type", "affiliate", "helps", "link"):
        entry[name] = values.get(name) or None
    for name in ("cause", "what_to_do"):
        texts = {each: values.get(f"{name}_{each}", "") for each in (language, *LANGUAGES)}
        first = next((each for each in texts.values() if each), "")
        entry[name] = {each: text or first for each, text in texts.items()}
    return WrittenEntry.model_validate({**entry, "who": values.get("who")})


def _values(entry: WrittenEntry | None) -> dict[str, str]:
    """Return the values of the form's fields for an entry."""
    values = dict.fromkeys(("text", "integration_type", "affiliate", "helps", "link"), "")
    values |= {"about": SUBJECTS[0], "who": "seller"}
    values |= {f"{name}_{each}": "" for name in ("cause", "what_to_do") for each in LANGUAGES}
    if entry is None:
        return values
    about = next((name for name in SUBJECTS if getattr(entry, name) is not None), SUBJECTS[0])
    values |= {"about": about, "text": getattr(entry, about) or "", "who": entry.who}
    for name in ("integration_type", "affiliate", "helps", "link"):
        values[name] = getattr(entry, name) or ""
    for each in LANGUAGES:
        values |= {f"cause_{each}": getattr(entry.cause, each), f"what_to_do_{each}": getattr(entry.what_to_do, each)}
    return values


def _show_form(
    request: Request,
    who: Member,
    values: dict[str, str],
    *,
    entry_id: uuid.UUID | None = None,
    changes: object = (),
    is_removed: bool = False,
) -> Response:
    return show(
        request,
        who.visitor,
        "playbook_entry.html",
        account=who.account,
        page="playbook",
        values=values,
        subjects=SUBJECTS,
        others=[each for each in LANGUAGES if each != who.visitor.language],
        entry_id=entry_id,
        changes=changes,
        is_removed=is_removed,
    )
