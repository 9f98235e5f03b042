"""`POST /commands/reprocess/{command_id}/cancel`: nothing more of a command is taken to be sent, from this answer on.

What a worker has taken already is on its way to Kafka, and still goes.
"""

from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict

from admin.request_body import described, read_body
from api.authentication import Caller, caller, operator_of
from api.parameters import NONE, CommandIdOfPath
from api.problems import RETRY_AFTER_SECONDS, ProblemError, not_found
from schemas.reprocess import RequestedBy, WhyAsked
from schemas.result import Account
from schemas.shown.command import ReprocessCommand
from storage.access_keys import Grant
from storage.reprocess.audit import UsedKey
from storage.reprocess.cancellation import Cancellation, cancel_command
from storage.reprocess.reader import get_command

router = APIRouter(tags=["commands"])


class CancelRequest(BaseModel):
    """Who cancels, and why."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"account": "demo", "requested_by": "maria@store.example"}]},
    )

    account: Account
    requested_by: RequestedBy
    reason: WhyAsked | None = None


@router.post(
    "/commands/reprocess/{command_id}/cancel",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("CancelRequest"),
)
async def cancel_reprocess(request: Request, grant: Caller, command_id: CommandIdOfPath) -> ReprocessCommand:
    """Stop a command: from this answer on, nothing more of it is taken to be sent. Safe to repeat.

    What was sent, or is on its way to Kafka in this moment, is followed to its outcome.
    """
    body = await read_body(request, CancelRequest)
    operator_of(grant, body.account)
    return await stop(request.app, grant, body.account, command_id, requested_by=body.requested_by, reason=body.reason)


async def stop(
    app: FastAPI, grant: Grant, account: str, command_id: str, *, requested_by: str, reason: str | None
) -> ReprocessCommand:
    """The command as it is once it is cancelled.

    Raises the problem of one that is not there (404), not recorded yet (409 `not-recorded-yet`) or done (409 `over`).
    """
    done = await cancel_command(
        app.state.writer,
        account,
        command_id,
        requested_by=requested_by,
        reason=reason,
        key=UsedKey.grant(grant),
    )
    if done is Cancellation.NOT_RECORDED:
        headers = {"Retry-After": RETRY_AFTER_SECONDS}
        raise ProblemError(409, "not-recorded-yet", "The agents have not recorded it yet. Try again.", headers=headers)
    command = await get_command(app.state.reader, account, command_id)
    if command is None:
        raise not_found()
    if command.state == "done":
        raise ProblemError(409, "over", "It is done: there is nothing left to cancel.")
    return command
