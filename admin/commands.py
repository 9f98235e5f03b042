"""`POST /commands/reprocess`: 202 once Kafka has the command, 503 when Kafka can't take it. Nothing is queued here."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, ConfigDict, Field

from admin.request_body import described, read_body
from api.authentication import Caller, caller, operator_of
from api.outages import RequestOutages
from api.parameters import NONE
from api.plan import lacking_reason
from api.problems import RETRY_AFTER_SECONDS, ProblemError, invalid, no_evidence, refusal, too_often
from broker.errors import BrokerError
from broker.publisher import Record
from broker.structured import command_record
from schemas.extensions import traceparent_of
from schemas.identity import command_id
from schemas.item_state import ItemState
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason, each_of
from schemas.reprocess import ReprocessRequest
from schemas.verdict import REASONS
from storage.access_keys import Grant
from storage.database import Database, clock
from storage.errors import StorageUnavailable
from storage.reprocess.corrections import judge_corrections
from storage.reprocess.idempotency import claim, is_known, mark_published, revoke
from tracing.spans import current_traceparent

router = APIRouter(tags=["commands"])

_MAX_KEY_CHARACTERS = 200
_KEY = re.compile(rf"[!-~]{{1,{_MAX_KEY_CHARACTERS}}}")
#: Header that FastAPI takes for optional, so that the answer without it is our own 400, not FastAPI's 422.
_KEY_DESCRIBED = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "1 to 200 printable ASCII characters; the same key is the same command",
    "schema": {"type": "string", "pattern": f"^{_KEY.pattern}$"},
}


class Accepted(BaseModel):
    """A command that Kafka has; the agents record it a moment later."""

    model_config = ConfigDict(frozen=True)

    command_id: str
    status_url: str = Field(description="where its outcome will be, relative to this host")


@router.post(
    "/commands/reprocess",
    status_code=202,
    dependencies=[Depends(caller), *NONE],
    openapi_extra=described("ReprocessRequest") | {"parameters": [_KEY_DESCRIBED]},
)
async def request_reprocess(
    request: Request,
    grant: Caller,
    idempotency_key: Annotated[str | None, Header(include_in_schema=False)] = None,
    traceparent: Annotated[
        str | None, Header(description="W3C Trace Context: its retries have it too. One that is not valid is ignored")
    ] = None,
) -> Accepted:
    """Request that entities are reprocessed. The same Idempotency-Key and body get the same answer, and are sent once.

    Without a reason that the policy requires: 422 `reason-required`. The policy may require one from a number of logs
    on. A filter whose logs can't be counted within two seconds is accepted; if a reason is missing, the command is
    cancelled when the agents have counted, with the same sentence as its note.

    A filter means the logs that its plan has: those of ignored groups are left out unless it says `ignored`, or names
    groups or a command. The command says in `ignored_groups` which were ignored when it was recorded.

    `corrections` need the right to see evidence: 403 without it. One that the policy or the kept request does not allow
    is 422, and nothing is sent.
    """
    if idempotency_key is None or _KEY.fullmatch(idempotency_key) is None:
        raise invalid("header.idempotency-key", ReasonCode.IDEMPOTENCY_KEY_NEEDED, 400, limit=_MAX_KEY_CHARACTERS)
    body = await read_body(request, ReprocessRequest)
    return await give_command(request, grant, idempotency_key, body, traceparent_of(traceparent))


async def give_command(
    request: Request, grant: Grant, idempotency_key: str, body: ReprocessRequest, traceparent: str | None = None
) -> Accepted:
    """Publish a command if the caller may, once for the same key and body. Raises ProblemError."""
    try:
        return await _give(request, grant, idempotency_key, body, traceparent)
    except StorageUnavailable as exc:  # this request may have sent it, or an earlier one with the same key
        request.app.state.outages.no_answer(str(exc))
        raise not_taken(ReasonCode.COMMAND_NOT_KNOWN) from None


async def _give(
    request: Request, grant: Grant, idempotency_key: str, body: ReprocessRequest, traceparent: str | None
) -> Accepted:
    operator_of(grant, body.account)
    if wait := request.app.state.rate.take(body.account):
        raise too_often("too-many-commands", ReasonCode.TOO_MANY_COMMANDS, wait)
    command = command_id(body.account, idempotency_key)
    writer = request.app.state.writer
    if body.not_before is not None:
        await _need_near(request, body)
    lack = await lacking_reason(request.app.state.reader, request.app.state.policy, body)
    if lack and not await is_known(writer, body.account, idempotency_key, command):
        raise ProblemError(422, "reason-required", lack.of(field="body.reason"))
    if body.corrections:
        if not grant.may_see_evidence:
            raise no_evidence()
        if not await is_known(writer, body.account, idempotency_key, command):
            await _need_correctable(request, body)
    asked_at = await claim(
        writer, body.account, idempotency_key, command, body.kept(), identity=body.identity(), grant=grant
    )
    if asked_at is None:
        raise key_was_used()
    # While spans are sent, what becomes of the command hangs below the span of this request.
    trace = current_traceparent() or traceparent
    record = command_record(request.app.state.topics, command, body, asked_at, trace)
    published = await _published(request, record)
    if not (published and await mark_published(writer, body.account, idempotency_key)):
        await _revoke(writer, body.account, command, published=published)
    return Accepted(command_id=command, status_url=f"/api/v1/accounts/{body.account}/reprocess/{command}")


async def _need_correctable(request: Request, body: ReprocessRequest) -> None:
    """Raise 422 for corrections that the agents would refuse.

    One of a log that has another result by now is not refused here: its item says so, and the others are sent.
    """
    async with request.app.state.reader.reading(body.account) as connection:
        judged = await judge_corrections(connection, request.app.state.policy, body)
    faults = [
        each.of(field=f"body.corrections.{number}")
        for number, correction in enumerate(body.corrections or ())
        if isinstance(found := judged.get(correction.log_id), Reason) and found != REASONS[ItemState.CHANGED_SINCE]
        for each in each_of(found)
    ]
    if faults:
        raise refusal(faults)


async def _need_near(request: Request, body: ReprocessRequest) -> None:
    """Raise 422 when a command is to wait for longer than any may. Agents cancel one that came another way."""
    async with request.app.state.reader.connection() as connection:
        too_far = body.lies_too_far_ahead(await clock(connection))
    if too_far:
        raise refusal([too_far.of(field="body.not_before")])


async def _published(request: Request, record: Record) -> bool:
    """Publish, again for a repeated key: agents tell commands by id. Returns True if Kafka has it for certain."""
    outages: RequestOutages = request.app.state.outages
    try:
        await request.app.state.publisher.publish(record)
    except BrokerError as exc:
        outages.failed("commands", str(exc))
        return False
    outages.worked("commands")
    return True


async def _revoke(writer: Database, account: str, command: str, *, published: bool) -> None:
    """Raise 503, which is true also when Kafka has it after all. Returns when Kafka has it for certain."""
    found = await revoke(writer, account, command)
    if found == "revoked":
        raise not_taken(ReasonCode.COMMAND_NOT_QUEUED)
    if found == "unknown" and not published:
        raise not_taken(ReasonCode.COMMAND_NOT_KNOWN)


def key_was_used() -> ProblemError:
    """A 422 for an Idempotency-Key that stands for another body."""
    return invalid("header.idempotency-key", ReasonCode.IDEMPOTENCY_KEY_USED)


def not_taken(code: ReasonCode) -> ProblemError:
    """A 503 of Kafka or the database, with what is known of the command."""
    return ProblemError(503, "unavailable", Reason(code), headers={"Retry-After": RETRY_AFTER_SECONDS})
