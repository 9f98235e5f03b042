"""Dead letters: records that were refused, with the reason; their counts, values and redrives."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api import listings
from api.authentication import FIRST, Caller, OwnAccount
from api.export_order import must_export
from api.letter_export import LetterExport
from api.pages import Page
from api.parameters import NONE, PageQuery, once_each, uuid_of
from api.problems import PAGED, no_evidence, not_found, problem_responses
from schemas.filter import alone
from schemas.letter_filter import LETTER_REPEATABLE, LetterFilter
from schemas.redrive import RedriveItemState
from schemas.shown.dead_letter import LETTER_ID, DeadLetterCounts, DeadLetterDetail, ShownDeadLetter
from schemas.shown.redrive import REDRIVE_ID, Redrive, RedriveItem
from storage.access_keys import EVERY_ACCOUNT, Grant
from storage.database import Database
from storage.dead_letters import Reach, count_dead_letters, get_dead_letter, get_value
from storage.dead_letters import list_dead_letters as read_dead_letters
from storage.redrive import get_redrive as read_redrive
from storage.redrive import list_redrive_items as read_redrive_items
from storage.redrive import list_redrives as read_redrives

router = APIRouter(prefix="/accounts/{account}/dead-letters", tags=["dead letters"], dependencies=FIRST)

ONCE_OF_LETTERS = [Depends(once_each(LETTER_REPEATABLE))]


class LetterQuery(LetterFilter, PageQuery):
    """Parameters of a page of dead letters."""

    @property
    def filter(self) -> LetterFilter:
        """The filter alone."""
        return alone(LetterFilter, self)


class RedriveItemQuery(PageQuery):
    """Parameters of a page of a redrive's letters."""

    state: RedriveItemState | None = None


async def letter_id(letter_id: Annotated[str, Path(examples=[LETTER_ID])]) -> uuid.UUID:
    """The id of the path; 404 for what can't be one."""
    return uuid_of(letter_id)


async def redrive_id(redrive_id: Annotated[str, Path(examples=[REDRIVE_ID])]) -> uuid.UUID:
    """The id of the path; 404 for what can't be one."""
    return uuid_of(redrive_id)


LetterId = Annotated[uuid.UUID, Depends(letter_id)]
RedriveId = Annotated[uuid.UUID, Depends(redrive_id)]


def reach_of(grant: Grant, account: str) -> Reach:
    """Return what a caller may see of an account's dead letters."""
    return Reach(account, every_account=grant.account == EVERY_ACCOUNT, evidence=grant.may_see_evidence)


@router.get("", dependencies=ONCE_OF_LETTERS, responses=PAGED)
async def list_dead_letters(
    request: Request, response: Response, grant: Caller, account: OwnAccount, query: Annotated[LetterQuery, Query()]
) -> Page[ShownDeadLetter]:
    """Dead letters that the filter matches, newest first. A key for all accounts also sees those of nobody."""
    reach = reach_of(grant, account)
    listing = listings.dead_letters(reach, query.filter, query.page_size, query.page_token)
    letters = await read_dead_letters(
        request.app.state.reader, reach, query.filter, after=listing.after_uuid, limit=listing.limit
    )
    return listing.page(letters, request, response)


@router.get("/summary", dependencies=ONCE_OF_LETTERS)
async def count_letters(
    request: Request, grant: Caller, account: OwnAccount, query: Annotated[LetterFilter, Query()]
) -> DeadLetterCounts:
    """Count the dead letters that the filter matches, in all and by code, topic and state."""
    return await count_dead_letters(request.app.state.reader, reach_of(grant, account), query)


@router.get(
    "/export.jsonl",
    dependencies=ONCE_OF_LETTERS,
    response_class=Response,
    responses={
        200: {
            "description": "one dead letter a line, as the list has them, with their whole values",
            "content": {"application/jsonl": {"schema": {"type": "string"}}},
        },
        **problem_responses((403, "the key may not export"), (429, "too many exports at once")),
    },
)
async def export_letters(
    request: Request, grant: Caller, account: OwnAccount, query: Annotated[LetterFilter, Query()]
) -> Response:
    """Every dead letter that the filter matches as JSON Lines, newest first. Needs the right to export.

    It counts against the limits of exports, and is in the audit of dead letters. No `place` of a reason is in it.
    """
    must_export(grant)
    return LetterExport(request.app.state.exports, grant, reach_of(grant, account), query)


@router.get("/redrives", dependencies=[Depends(once_each(()))], responses=PAGED)
async def list_redrives(
    request: Request, response: Response, grant: Caller, account: OwnAccount, query: Annotated[PageQuery, Query()]
) -> Page[Redrive]:
    """Redrives, newest first, each with its letters counted by their outcome."""
    listing = listings.redrives(account, query.page_size, query.page_token)
    found = await read_redrives(
        request.app.state.reader, reach_of(grant, account), after=listing.after_uuid, limit=listing.limit
    )
    return listing.page(found, request, response)


@router.get("/redrives/{redrive_id}", dependencies=NONE)
async def get_redrive(request: Request, grant: Caller, account: OwnAccount, redrive_id: RedriveId) -> Redrive:
    """One redrive, with who did what to it."""
    found = await read_redrive(request.app.state.reader, reach_of(grant, account), redrive_id)
    if found is None:
        raise not_found()
    return found


@router.get("/redrives/{redrive_id}/items", dependencies=[Depends(once_each(()))], responses=PAGED)
async def list_redrive_items(
    request: Request,
    response: Response,
    grant: Caller,
    account: OwnAccount,
    redrive_id: RedriveId,
    query: Annotated[RedriveItemQuery, Query()],
) -> Page[RedriveItem]:
    """The letters of a redrive, each with its outcome, in the order in which they are sent.

    Those that name no account are for keys of every account, as everywhere.
    """
    listing = listings.redrive_items(account, redrive_id, query.state, query.page_size, query.page_token)
    after = listing.after_count
    reach = reach_of(grant, account)
    if await read_redrive(request.app.state.reader, reach, redrive_id) is None:
        raise not_found()
    items = await read_redrive_items(
        request.app.state.reader,
        reach,
        redrive_id,
        state=query.state,
        after=None if after is None else min(after[0], 2**31 - 1),
        limit=listing.limit,
    )
    return listing.page(items, request, response)


@router.get("/{letter_id}", dependencies=NONE)
async def get_letter(request: Request, grant: Caller, account: OwnAccount, letter_id: LetterId) -> DeadLetterDetail:
    """One dead letter, with its edits and the outcome of its last redrive."""
    letter = await get_dead_letter(request.app.state.reader, reach_of(grant, account), letter_id)
    if letter is None:
        raise not_found()
    return letter


@router.get(
    "/{letter_id}/value",
    dependencies=NONE,
    response_class=Response,
    responses={
        200: {
            "description": "the value as it came",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problem_responses((403, "the key may not see evidence")),
    },
)
async def download_value(request: Request, grant: Caller, account: OwnAccount, letter_id: LetterId) -> Response:
    """The value of one dead letter, every byte of it. Needs the right to see evidence."""
    value = await value_of(request.app.state.reader, grant, account, letter_id)
    headers = {"Content-Disposition": f'attachment; filename="{letter_id}.bin"'}
    return Response(value, media_type="application/octet-stream", headers=headers)


async def value_of(reader: Database, grant: Grant, account: str, letter_id: uuid.UUID) -> bytes:
    """Return a value. 404 for a letter that the caller does not see, 403 without the right to see evidence."""
    value = await get_value(reader, reach_of(grant, account), letter_id)
    if value is None:
        raise not_found()
    if not grant.may_see_evidence:
        raise no_evidence()
    return value
