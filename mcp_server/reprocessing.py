"""Tools that reprocess: each is one command of the API, with its author, its reason and an idempotency key."""

from datetime import datetime
from typing import Any

from mcp_server.api import Api, query_of
from mcp_server.arguments import CancelCommand, CorrectLogs, ReprocessLog, ReprocessLogs
from mcp_server.correction import kept_log
from mcp_server.fan_out import check_plan, idempotency_key, requested_by
from mcp_server.refused import NOT_FOUND, RefusedError
from mcp_server.routes import Route
from schemas.correction import Difference
from schemas.identity import command_id
from schemas.reprocess import AuthoredRequest, ReprocessRequest
from schemas.timestamp import parse, to_text


async def reprocess_log(api: Api, asked: ReprocessLog) -> dict[str, Any]:
    """Reprocess one log: ask its connector to do the work again. Do this with one of a group before many of it.

    The connector works on a real marketplace. Follow the command with follow_command. The same call again is the same
    command, and sends nothing twice.
    """
    body = ReprocessRequest(
        **await _authored(api, asked),
        integration_type=asked.integration_type,
        mode=asked.mode,
        log_ids=[asked.log_id],
    )
    if (known := await _given_before(api, body, asked.updated_at)) is not None:
        return known
    log = await api.get(
        Route.LOG, account=body.account, integration_type=asked.integration_type, log_id=str(asked.log_id)
    )
    if parse(log["updated_at"]).at != asked.updated_at:
        raise RefusedError(f"The log has changed since you read it: it is of {log['updated_at']} now. Read it again.")
    return await _give(api, body, asked.updated_at)


async def reprocess_logs(api: Api, asked: ReprocessLogs) -> dict[str, Any]:
    """Reprocess everything that a planned filter matches, or up to ten logs by their ids, in steps, a canary first.

    Connectors work on real marketplaces. A filter needs plan_reprocess first; take `filter`, `as_of` and `will_send`
    from it. The call is refused when what would be sent has changed since by more than `tolerance`. Between two
    steps, the command goes on only if enough was fixed; else it stops by itself. The same call again is the same
    command, and sends nothing twice.
    """
    logs = len(asked.log_ids) if asked.log_ids is not None else asked.will_send or 0
    body = ReprocessRequest(
        **await _authored(api, asked),
        integration_type=asked.integration_type,
        mode=asked.mode,
        log_ids=asked.log_ids,
        filter=asked.filter,
        as_of=None if asked.filter is None else asked.as_of,
        pace=asked.pace(logs),
    )
    if (known := await _given_before(api, body, asked.as_of)) is not None:
        return known
    if asked.filter is not None:
        query = [*query_of(asked.filter), ("as_of", to_text(asked.as_of))]
        plan = await api.get(Route.PLAN, query, account=body.account, integration_type=asked.integration_type)
        check_plan(logs, plan["verdicts"].get("will_send", 0), asked.tolerance)
    return await _give(api, body, asked.as_of)


async def correct_logs(api: Api, asked: CorrectLogs) -> dict[str, Any]:
    """Send up to a hundred requests again with corrected fields, in steps, a canary first.

    Connectors work on real marketplaces. It needs plan_correction first; take `log_id`, `event_id`, `differences` and
    `as_of` from it, and show the differences to the person: this sends exactly them. It is refused when a log has
    changed since, or the difference is another one. The kept request stays as it is; the ledger says what was changed.
    Between two steps, the command goes on only if enough was fixed; else it stops by itself. The same call again
    is the same command, and sends nothing twice.
    """
    body = ReprocessRequest(
        **await _authored(api, asked),
        integration_type=asked.integration_type,
        mode="replay",
        log_ids=[each.log_id for each in asked.corrections],
        pace=asked.pace(len(asked.corrections)),
        corrections=[each.correction for each in asked.corrections],
    )
    if (known := await _given_before(api, body, asked.as_of)) is not None:
        return known
    parts = {"account": body.account, "integration_type": asked.integration_type}
    for each in asked.corrections:
        try:
            text = await api.text(Route.LOG, **parts, log_id=str(each.log_id))
        except RefusedError as exc:
            raise RefusedError(f"{each.log_id}: {exc}", exc.status) from exc
        log = kept_log(text)
        seen = [Difference(of.pointer, of.before, of.after) for of in each.differences]
        log.check_seen(each.event_id, seen, asked.as_of)
    return await _give(api, body, asked.as_of)


async def cancel_command(api: Api, asked: CancelCommand) -> dict[str, Any]:
    """Cancel a reprocess command: no more of its items are sent. What was sent already is followed to its outcome.

    Safe to repeat. A command that is over can't be cancelled.
    """
    body = AuthoredRequest(**await _authored(api, asked))
    command = await api.post(Route.CANCEL, body, command_id=asked.command_id)
    return {"command_id": asked.command_id, "repeated": False, "command": command}


async def _authored(api: Api, asked: ReprocessLog | ReprocessLogs | CorrectLogs | CancelCommand) -> dict[str, str]:
    """Return the account of a request, its author and its reason."""
    account = await api.account(asked.account)
    return {"account": account, "requested_by": requested_by(await api.key_name()), "reason": asked.reason}


async def _given_before(api: Api, body: ReprocessRequest, seen: datetime) -> dict[str, Any] | None:
    """Return the command of this very call, when it was made before: its effect is no reason to refuse it."""
    command = command_id(body.account, idempotency_key(body, seen))
    known = await _read(api, body.account, command)
    return None if known is None else {"command_id": command, "repeated": True, "command": known}


async def _give(api: Api, body: ReprocessRequest, seen: datetime) -> dict[str, Any]:
    accepted = await api.post(Route.REPROCESS, body, idempotency_key(body, seen))
    command = accepted["command_id"]
    return {"command_id": command, "repeated": False, "command": await _read(api, body.account, command)}


async def _read(api: Api, account: str, command: str) -> dict[str, Any] | None:
    """Return a command; None when there is none of this id, or the database that is read has it not yet."""
    try:
        return dict(await api.get(Route.COMMAND, account=account, command_id=command))
    except RefusedError as exc:
        if exc.status != NOT_FOUND:
            raise
        return None
