"""Acts of people on a group of equal errors: `PUT /commands/groups/{fingerprint}`, and `POST …/notes`.

The pages act by the same functions, so that what one refuses the other refuses too.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Path, Request

from admin.request_body import described, read_body
from api.authentication import Caller, caller, operator_of
from api.parameters import NONE
from api.problems import invalid, not_found
from schemas.catalogue import BY_NAME
from schemas.fingerprint import FINGERPRINT
from schemas.group import GroupDecision, GroupLabels, GroupNotes
from schemas.group_state import Standing
from schemas.reasons.code import ReasonCode
from storage.access_keys import Grant, list_of
from storage.database import Database, clock
from storage.logs import group_decisions

router = APIRouter(tags=["commands"])
_Fingerprint = Annotated[str, Path(examples=["74dab71393f51981"])]


@router.put(
    "/commands/groups/{fingerprint}",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("GroupDecision"),
)
async def set_group_state(request: Request, grant: Caller, fingerprint: _Fingerprint) -> Standing:
    """Acknowledge a group, resolve it, ignore it, or open it again. A repeated decision counts once; every one is kept.

    An acknowledged group is open again as soon as one more result fails with it, and a resolved one has `regressed`. An
    ignored one stays ignored for good, or until the date, so many results more, or an escalation.
    """
    wanted = await read_body(request, GroupDecision)
    operator_of(grant, wanted.account)
    return await decide(request.app, grant, [fingerprint], wanted)


@router.post(
    "/commands/groups/{fingerprint}/notes",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("GroupNotes"),
)
async def write_group_notes(request: Request, grant: Caller, fingerprint: _Fingerprint) -> GroupLabels:
    """Give a group an owner, tags and a link to a ticket, or add a note. A field that is left out stays as it is.

    Everything that is written stays in the history of the group; nothing is overwritten there.
    """
    wanted = await read_body(request, GroupNotes)
    operator_of(grant, wanted.account)
    return await write(request.app, grant, [fingerprint], wanted)


async def decide(app: FastAPI, grant: Grant, fingerprints: Sequence[str], wanted: GroupDecision) -> Standing:
    """Decide about groups of a type. Returns the state of the first. Raises 404 for one that is none, and 422."""
    _known(fingerprints, wanted.integration_type)
    if wanted.until is not None:
        async with app.state.writer.transaction() as connection:
            must_be_ahead(wanted.until, await clock(connection))
    decided = [
        await group_decisions.decide(app.state.writer, each, wanted, key_name=grant.name) for each in fingerprints
    ]
    if decided[0] is None:
        raise not_found()
    return decided[0]


async def write(app: FastAPI, grant: Grant, fingerprints: Sequence[str], wanted: GroupNotes) -> GroupLabels:
    """Write about groups of a type. Returns what the first has then. Raises 404 for one that is none, and 422."""
    _known(fingerprints, wanted.integration_type)
    if wanted.owner is not None:
        must_be_one_of(wanted.owner, await owners(app.state.writer, wanted.account, grant))
    written = [
        await group_decisions.write(app.state.writer, each, wanted, key_name=grant.name) for each in fingerprints
    ]
    if written[0] is None:
        raise not_found()
    return written[0]


async def owners(writer: Database, account: str, grant: Grant) -> list[str]:
    """Return the names of the people that a group may be given to: who can sign in to the account, and who asks."""
    people = await list_of(writer, [account])
    names = {
        each.name
        for each in people
        if each.role != "connector" and each.revoked_at is None and each.invited_until is None
    }
    return sorted({*names, grant.name or grant.role}, key=str.casefold)


def must_be_ahead(until: datetime | None, now: datetime) -> None:
    """Raise the 422 problem of an end that has come already."""
    if until is not None and until <= now:
        raise invalid("until", ReasonCode.TIME_PAST)


def must_be_one_of(owner: str, people: Sequence[str]) -> None:
    """Raise the 422 problem of an owner who is nobody."""
    if owner not in people:
        raise invalid("owner", ReasonCode.OWNER_UNKNOWN)


def _known(fingerprints: Sequence[str], integration_type: str) -> None:
    if integration_type not in BY_NAME or any(FINGERPRINT.fullmatch(each) is None for each in fingerprints):
        raise not_found()
