"""Nobody is offered what is then refused for want of a reason, and who asks without one is told at once."""

import uuid
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from broker.settings import BrokerSettings
from schemas.policy import Policy
from schemas.reasons.say import say
from tests.integration.api.conftest import Caller
from tests.integration.api.test_api_commands import PATH, body, commands_in, headers
from tests.support.events import result
from tests.support.reprocess import Desk

API = "/api/v1/accounts/acme/price"
ALWAYS = Policy.model_validate('{"price": {"*": {"reason_required_above": 0}}}')
ABOVE_ONE = Policy.model_validate('{"price": {"MLB": {"reason_required_above": 1}}}')
BY_FILTER = {"log_ids": None, "filter": {"status": "error"}}


def asked(ids: list[str] | None) -> dict[str, Any]:
    """A command for logs, or for every error as it is now."""
    return {"log_ids": ids} if ids is not None else {**BY_FILTER, "as_of": datetime.now(UTC).isoformat()}


async def failed(desk: Desk, caller: Caller, count: int) -> list[str]:
    await desk.fail(range(count))
    return [each["id"] for each in (await caller.get(f"{API}/logs?status=error")).json()["items"]]


def wants_a_reason(response: httpx.Response, limit: int, count: int) -> bool:
    problem = response.json()
    [error] = problem["errors"]
    return (response.status_code, problem["type"], error["field"], error["message"]) == (
        422,
        "/problems/reason-required",
        "body.reason",
        f"A reason is required for more than {limit} logs of MLB; these are {count}.",
    )


async def test_a_log_says_that_it_needs_a_reason_and_the_plan_that_it_would_be_sent(
    app: FastAPI, operator: Caller, viewer: Caller, desk: Desk
) -> None:
    app.state.policy = ALWAYS
    await desk.store(result("ok", key="OK", status="success", errors=None))
    [log_id] = await failed(desk, operator, 1)
    [action] = (await operator.get(f"{API}/logs/{log_id}")).json()["actions"]
    assert (action["allowed"], action["verdict"]) == (False, "reason_required")
    assert action["reason"] == "A reason is required for more than 0 logs of MLB; these are 1."
    [action] = (await viewer.get(f"{API}/logs/{log_id}")).json()["actions"]
    assert action["verdict"] == "not_permitted"
    [succeeded] = (await operator.get(f"{API}/logs?status=success")).json()["items"]
    assert succeeded["actions"][0]["verdict"] == "already_succeeded"
    planned = (await operator.get(f"{API}/reprocess-plan?status=error")).json()
    assert planned["verdicts"]["will_send"] == 1
    assert planned["reason_required"] == "A reason is required for more than 0 logs of MLB; these are 1."
    app.state.policy = ABOVE_ONE
    assert (await operator.get(f"{API}/logs/{log_id}")).json()["actions"][0]["allowed"]


@pytest.mark.law
@pytest.mark.parametrize("by_filter", [False, True], ids=["logs", "filter"])
@pytest.mark.parametrize("given", [{}, {"reason": "  "}], ids=["none", "blank"])
async def test_a_command_without_a_needed_reason_is_refused_at_once(
    kafka_app: FastAPI,
    commander: Caller,
    desk: Desk,
    broker_settings: BrokerSettings,
    owner: asyncpg.Connection,
    given: dict[str, str],
    *,
    by_filter: bool,
) -> None:
    """No reason is needed at the limit, one is above it; then the key is free for the same command with a reason."""
    kafka_app.state.policy = ABOVE_ONE
    ids = await failed(desk, commander, 1)
    command = asked(None if by_filter else ids)
    first = await commander.post(PATH, json=body(**command, **given), headers=headers("k1"))
    assert first.status_code == 202, first.text
    ids = await failed(desk, commander, 2)
    more = asked(None if by_filter else [*ids, ids[0], str(uuid.uuid4())])
    refused = await commander.post(PATH, json=body(**more, **given), headers=headers("k2"))
    assert wants_a_reason(refused, 1, 2), refused.text
    assert await owner.fetchval("SELECT count(*) FROM idempotency_keys") == 1
    accepted = await commander.post(PATH, json=body(**more, reason="fixed"), headers=headers("k2"))
    assert accepted.status_code == 202, accepted.text
    sent = [each.id for each in await commands_in(broker_settings, 2)]
    assert sent == [first.json()["command_id"], accepted.json()["command_id"]]


@pytest.mark.parametrize("forgotten", [False, True])
async def test_what_was_accepted_without_a_reason_stays_accepted(
    kafka_app: FastAPI,
    commander: Caller,
    desk: Desk,
    broker_settings: BrokerSettings,
    owner: asyncpg.Connection,
    *,
    forgotten: bool,
) -> None:
    """A repeated key and body gets the same answer, whatever the policy says since."""
    command = body(log_ids=await failed(desk, commander, 1))
    first = await commander.post(PATH, json=command, headers=headers())
    if forgotten:
        await desk.record(*await commands_in(broker_settings, 1))
        await owner.execute("DELETE FROM idempotency_keys")
    kafka_app.state.policy = ALWAYS
    again = await commander.post(PATH, json=command, headers=headers())
    assert (again.status_code, again.json()) == (202, first.json())
    assert wants_a_reason(await commander.post(PATH, json=command, headers=headers("other")), 0, 1)


async def test_what_can_t_be_counted_in_time_is_left_to_the_agents(
    kafka_app: FastAPI,
    commander: Caller,
    database_url: str,
    storage_settings: Any,
    broker_settings: BrokerSettings,
    owner: asyncpg.Connection,
) -> None:
    kafka_app.state.policy = ALWAYS
    desk = Desk(database_url, storage_settings, ALWAYS)
    await failed(desk, commander, 2)
    async with owner.transaction():
        await owner.execute("LOCK TABLE status_logs IN ACCESS EXCLUSIVE MODE")
        answer = await commander.post(PATH, json=body(**asked(None)), headers=headers())
    assert answer.status_code == 202, answer.text
    await desk.record(*await commands_in(broker_settings, 1))
    await desk.make()
    ledger = await desk.ledger(answer.json()["command_id"])
    assert (ledger.state, ledger.total) == ("cancelled", 0)
    assert say(ledger.note, "en") == "A reason is required for more than 0 logs of MLB; these are 2."
    await desk.close()
