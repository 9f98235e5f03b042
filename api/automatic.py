"""Automatic retries of an account: the rules, and the switch."""

from fastapi import APIRouter, Request

from api.authentication import FIRST, OwnAccount
from api.parameters import NONE
from schemas.shown.automatic import ShownAutomatic
from storage.reprocess.automatic import read_automatic

router = APIRouter(prefix="/accounts/{account}/automatic-retries", tags=["reprocess"], dependencies=FIRST)


@router.get("", dependencies=NONE)
async def get_automatic_retries(request: Request, account: OwnAccount) -> ShownAutomatic:
    """Rules of what is tried again by itself, for each type, with what was changed of them, and the switch.

    Agents that run with `CONEXOES_AUTOMATIC_RETRIES=0` retry nothing by themselves, whatever is said here.
    """
    return await read_automatic(request.app.state.reader, account)
