"""`POST /commands/dead-letters/…`: redrive, pause, resume, cancel, edit and erase dead letters.

What is accepted is in PostgreSQL when the answer goes out; the agents publish it.
"""

import uuid
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, FastAPI, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from admin.request_body import described, read_body
from api.authentication import Caller, admin_of, caller, operator_of
from api.dead_letters import LetterId, RedriveId, reach_of
from api.letter_plan import plan_redrive
from api.parameters import NONE
from api.problems import ProblemError, no_evidence, not_found, too_often
from schemas.example import example
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reasons.said import Said
from schemas.redrive import EraseLettersRequest, LetterChoice, RedriveRequest, RedriveSwitchRequest
from schemas.reprocess import RequestedBy, WhyAsked
from schemas.rereading import OF_ANOTHER_ACCOUNT, Rereading
from schemas.result import Account
from schemas.shown.dead_letter import DeadLetterDetail
from schemas.shown.redrive import ErasedLetters, Redrive, RedrivePlan
from schemas.timestamp import nanoseconds_of
from storage.access_keys import Grant
from storage.database import clock
from storage.dead_letters import Reach, get_dead_letter, kept_letter
from storage.letter_audit import Author
from storage.letter_changes import count_erasable, edit_letter, erase_letters
from storage.redrive import Switch, get_redrive, make_redrive, switch_redrive
from storage.reprocess.audit import UsedKey

router = APIRouter(prefix="/commands/dead-letters", tags=["dead letters"])

NOT_OF_THIS_STATE = Reason(ReasonCode.REDRIVE_OVER)
NOT_WAITING = Reason(ReasonCode.LETTER_NOT_WAITING)
#: Characters of an edited value: JSON of it still fits into a body.
MAX_EDITED_CHARACTERS: Final = 100_000
#: Edits of one letter: each view of it compares them all.
MAX_EDITS: Final = 50
NO_MORE_EDITS = Reason(ReasonCode.LETTER_EDITS_FULL, limit=MAX_EDITS)


class EditRequest(BaseModel):
    """A new value of a dead letter, with author and reason. The letter keeps its own."""

    model_config = example(
        account="demo",
        value='{"account": "demo"}',
        requested_by="maria@store.example",
        reason="the status was misspelled",
        dry_run=True,
    )

    account: Account
    value: str = Field(min_length=1, max_length=MAX_EDITED_CHARACTERS, description="the whole value, as UTF-8")
    requested_by: RequestedBy
    reason: WhyAsked = None
    dry_run: bool = Field(default=False, description="only read it with today's rules")


class EditedLetter(BaseModel):
    """The outcome of an edit, or of its dry run."""

    model_config = ConfigDict(frozen=True)

    letter: DeadLetterDetail
    refusal: Said | None = Field(description="why today's rules would still refuse the value; null when they would not")
    dry_run: bool


@router.post(
    "/redrive",
    status_code=202,
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("RedriveRequest"),
    response_model=Redrive,
    responses={200: {"model": RedrivePlan, "description": "the plan, with `dry_run`"}},
)
async def redrive_letters(request: Request, grant: Caller) -> Redrive | JSONResponse:
    """Publish dead letters again to their topics; with `dry_run`, answer what would become of them.

    Letters that today's rules still refuse are not sent. One that is being redriven, or was stored, is not taken again:
    the same request twice sends nothing twice.
    """
    asked = await read_body(request, RedriveRequest)
    operator_of(grant, asked.account)
    if asked.dry_run:
        planned = await plan(request.app, grant, asked, asked.as_of)
        return JSONResponse(planned.model_dump(mode="json"))
    return await redrive(request.app, grant, asked)


async def plan(app: FastAPI, grant: Grant, choice: LetterChoice, as_of: datetime | None = None) -> RedrivePlan:
    """Plan a redrive. Raises the 429 problem of too many commands: a plan takes more work than most of them."""
    _take(app, choice.account)
    return await plan_redrive(
        app.state.reader, reach_of(grant, choice.account), choice, app.state.rereading, as_of=as_of
    )


def _take(app: FastAPI, account: str) -> None:
    if wait := app.state.rate.take(account):
        raise too_often("too-many-commands", ReasonCode.TOO_MANY_COMMANDS, wait)


async def redrive(app: FastAPI, grant: Grant, asked: RedriveRequest) -> Redrive:
    """Queue the letters of a request. Raises the 429 problem of too many commands."""
    _take(app, asked.account)
    async with app.state.writer.connection() as connection:
        as_of = asked.as_of or await clock(connection)
    reach = reach_of(grant, asked.account)
    made = await make_redrive(
        app.state.writer,
        reach,
        asked,
        Author(asked.requested_by, asked.reason, UsedKey.grant(grant)),
        topics=app.state.rereading.topics,
        as_of=as_of,
    )
    return await _redrive(app, reach, made)


@router.post(
    "/redrives/{redrive_id}/{action}",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("RedriveSwitchRequest"),
)
async def change_redrive(
    request: Request,
    grant: Caller,
    redrive_id: RedriveId,
    action: Annotated[str, Path(pattern="^(pause|resume|cancel)$", examples=["pause"])],
) -> Redrive:
    """Pause, resume or cancel a redrive. Letters on their way to Kafka at this moment are still sent."""
    asked = await read_body(request, RedriveSwitchRequest)
    operator_of(grant, asked.account)
    return await switch(request.app, grant, redrive_id, SWITCHES[action], asked)


SWITCHES: Final[dict[str, Switch]] = {"pause": "paused", "resume": "resumed", "cancel": "cancelled"}


async def switch(app: FastAPI, grant: Grant, redrive_id: uuid.UUID, to: Switch, asked: RedriveSwitchRequest) -> Redrive:
    """Change a redrive and return it. Raises 404 for a missing one, 409 for one that can't be changed so."""
    author = Author(asked.requested_by, asked.reason, UsedKey.grant(grant))
    changed = await switch_redrive(app.state.writer, asked.account, redrive_id, to, author)
    found = await _redrive(app, reach_of(grant, asked.account), redrive_id)
    if not changed:
        raise ProblemError(409, "over", NOT_OF_THIS_STATE.of(state=found.state))
    return found


async def _redrive(app: FastAPI, reach: Reach, redrive_id: uuid.UUID) -> Redrive:
    found = await get_redrive(app.state.writer, reach, redrive_id)
    if found is None:
        raise not_found()
    return found


@router.post("/erase", dependencies=[Depends(caller), *NONE], openapi_extra=described("EraseLettersRequest"))
async def erase_dead_letters(request: Request, grant: Caller) -> ErasedLetters:
    """Erase the bytes of dead letters: value, record key, headers, edits. That they were there, and who did it, stays.

    Needs the role admin. Kafka's dead-letter topic keeps its copies until its retention. Queued letters are left.
    """
    return await erase(request.app, grant, await read_body(request, EraseLettersRequest))


async def erase(app: FastAPI, grant: Grant, asked: EraseLettersRequest) -> ErasedLetters:
    """Erase, or count with `dry_run`. Raises 403 for a key that may not."""
    admin_of(grant, asked.account)
    reach = reach_of(grant, asked.account)
    if asked.dry_run:
        letters = await count_erasable(app.state.reader, reach, asked)
    else:
        author = Author(asked.requested_by, asked.reason, UsedKey.grant(grant))
        letters = await erase_letters(app.state.writer, reach, asked, author)
    return ErasedLetters(account=asked.account, letters=letters, dry_run=asked.dry_run)


@router.post("/{letter_id}/edit", dependencies=[Depends(caller), *NONE], openapi_extra=described("EditRequest"))
async def edit_dead_letter(request: Request, grant: Caller, letter_id: LetterId) -> EditedLetter:
    """Keep a new value of a waiting letter, which is redriven in place of its own; with `dry_run`, only read it."""
    return await edit(request.app, grant, letter_id, await read_body(request, EditRequest))


async def edit(app: FastAPI, grant: Grant, letter_id: uuid.UUID, asked: EditRequest) -> EditedLetter:
    """Edit a letter, or only try.

    Raises 404 for a missing one, 403 without evidence or for a value of another account, 409 if it does not wait,
    has MAX_EDITS edits or is of a topic that is not redriven.
    """
    operator_of(grant, asked.account)
    reach = reach_of(grant, asked.account)
    letter = await get_dead_letter(app.state.writer, reach, letter_id)
    if letter is None:
        raise not_found()
    if not grant.may_see_evidence:
        raise no_evidence()
    if never := app.state.rereading.reason_against(letter.topic):
        raise ProblemError(409, "not-redriven", never)
    if len(letter.edits) >= MAX_EDITS:
        raise ProblemError(409, "too-many-edits", NO_MORE_EDITS)
    value = asked.value.encode("utf-8", "surrogatepass")
    refusal = await _refusal(app, letter, value)
    if refusal == OF_ANOTHER_ACCOUNT.reason:
        raise ProblemError(403, "not-permitted", refusal)
    if not asked.dry_run:
        number = await edit_letter(
            app.state.writer,
            asked.account,
            letter_id,
            value,
            letter_account=letter.account or "",
            author=Author(asked.requested_by, asked.reason, UsedKey.grant(grant)),
        )
        if number is None:
            raise ProblemError(409, "not-waiting", NOT_WAITING)
        letter = await get_dead_letter(app.state.writer, reach, letter_id) or letter
    return EditedLetter(letter=letter, refusal=refusal, dry_run=asked.dry_run)


async def _refusal(app: FastAPI, letter: DeadLetterDetail, value: bytes) -> Reason | None:
    """Say why today's rules refuse this value of a letter; None when they do not."""
    rereading: Rereading = app.state.rereading
    async with app.state.reader.connection() as connection:
        now_ns = nanoseconds_of(await clock(connection))
    refusal = rereading.refusal(kept_letter(letter, value), now_ns)
    return None if refusal is None else refusal.reason
