"""`POST /commands/reprocess/{command_id}/cancel`: nothing more of a command is sent, from this answer on."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, StringConstraints

from admin.operator import operator_of
from admin.request_body import described, read_body
from api.authentication import Caller, caller
from api.parameters import NONE, CommandIdOfPath
from api.problems import RETRY_AFTER_SECONDS, ProblemError, not_found
from schemas.reprocess import MAX_REASON_CHARACTERS
from schemas.result import Account
from schemas.status_log import ReprocessCommand
from storage.reprocess_reader import get_command
from storage.reprocess_writer import cancel

router = APIRouter(tags=["commands"])


class CancelRequest(BaseModel):
    """Who cancels, and why."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"account": "demo", "requested_by": "maria@store.example"}]},
    )

    account: Account
    requested_by: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    reason: Annotated[str, StringConstraints(max_length=MAX_REASON_CHARACTERS)] | None = None


@router.post(
    "/commands/reprocess/{command_id}/cancel",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("CancelRequest"),
)
async def cancel_reprocess(request: Request, grant: Caller, command_id: CommandIdOfPath) -> ReprocessCommand:
    """Stop a command: what was sent is followed to its outcome, what was not will not be. Safe to repeat."""
    body = await read_body(request, CancelRequest)
    operator_of(grant, body.account)
    reader, writer = request.app.state.reader, request.app.state.writer
    note = f"Cancelled by {body.requested_by}{f': {body.reason}' if body.reason else '.'}"
    async with writer.transaction() as connection:
        done = await cancel(
            connection, body.account, command_id, requested_by=body.requested_by, reason=body.reason, note=note
        )
    command = await get_command(reader, body.account, command_id)
    if command is None:
        raise not_found()
    if not done and command.state == "accepted":
        headers = {"Retry-After": RETRY_AFTER_SECONDS}
        raise ProblemError(409, "not-recorded-yet", "The agents have not recorded it yet. Try again.", headers=headers)
    if command.state == "done":
        raise ProblemError(409, "over", "It is done: there is nothing left to cancel.")
    return command
