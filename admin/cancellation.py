"""`POST /commands/reprocess/{command_id}/cancel`: from its answer on, no more items of a command are claimed.

Items that a worker has claimed already are on their way to Kafka, and are still sent.
"""

from fastapi import APIRouter, Depends, FastAPI, Request

from admin.request_body import described, read_body
from api.authentication import Caller, caller, operator_of
from api.parameters import NONE, CommandIdOfPath
from api.problems import RETRY_AFTER_SECONDS, ProblemError, not_found
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reprocess import AuthoredRequest
from schemas.shown.command import ReprocessCommand
from storage.access_keys import Grant
from storage.reprocess.audit import UsedKey
from storage.reprocess.cancellation import Cancellation, cancel_command
from storage.reprocess.reader import get_command

router = APIRouter(tags=["commands"])

NOT_RECORDED = Reason(ReasonCode.COMMAND_NOT_RECORDED)
DONE = Reason(ReasonCode.COMMAND_DONE)


class CancelRequest(AuthoredRequest):
    """A request to cancel, with author and reason."""


@router.post(
    "/commands/reprocess/{command_id}/cancel",
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("CancelRequest"),
)
async def cancel_reprocess(request: Request, grant: Caller, command_id: CommandIdOfPath) -> ReprocessCommand:
    """Cancel a command: from this answer on, no more of its items are sent. Safe to repeat.

    Items that were sent, or are on their way to Kafka at this moment, are followed to their outcome.
    """
    body = await read_body(request, CancelRequest)
    operator_of(grant, body.account)
    return await stop(request.app, grant, body.account, command_id, requested_by=body.requested_by, reason=body.reason)


async def stop(
    app: FastAPI, grant: Grant, account: str, command_id: str, *, requested_by: str, reason: str | None
) -> ReprocessCommand:
    """Cancel a command and return it.

    Raises the problem of a missing one (404), one that is not recorded yet (409 `not-recorded-yet`) or done (409
    `over`).
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
        raise ProblemError(409, "not-recorded-yet", NOT_RECORDED, headers=headers)
    command = await get_command(app.state.reader, account, command_id)
    if command is None:
        raise not_found()
    if command.state == "done":
        raise ProblemError(409, "over", DONE)
    return command
