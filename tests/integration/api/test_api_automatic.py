"""Automatic retries over HTTP: rules, the switch, the ledger's filter; and commands that wait."""

from typing import Any

import asyncpg

from agents.reprocess.automatic import Automatic
from tests.integration.api.conftest import Caller
from tests.support.reprocess import Desk

API = "/api/v1/accounts/acme"
WHO = {"account": "acme", "requested_by": "maria"}
RULE = "/commands/automatic-retries/rule"


async def test_a_rule_is_changed_shown_and_taken_back_and_the_audit_keeps_it(
    operator: Caller, viewer: Caller, owner: asyncpg.Connection
) -> None:
    before = (await viewer.get(f"{API}/automatic-retries")).json()
    assert (before["off"], before["changes"]) == (None, [])
    assert (before["rules"]["price"]["busy"], before["rules"]["price"]["unknown"]) == (True, False)
    assert before["rules"]["orders"]["busy"] is False
    body: dict[str, Any] = {
        **WHO,
        "integration_type": "price",
        "affiliate": "MLB",
        "change": {"unknown": True, "tries": 2},
    }
    assert (await viewer.put(RULE, json=body)).status_code == 403
    for wrong in ({"integration_type": "prices"}, {"change": {"permanent": True}}, {"change": {"tries": 0}}):
        assert (await operator.put(RULE, json={**body, **wrong})).status_code == 422
    for _ in range(2):
        [change] = (await operator.put(RULE, json=body)).json()["changes"]
    assert (change["set_by"], change["rule"]["unknown"], change["rule"]["tries"]) == ("maria", True, 2)
    assert change["rule"]["busy"] is True
    assert (await viewer.get(f"{API}/automatic-retries")).json()["changes"] == [change]
    assert (await operator.put(RULE, json={**body, "change": {}})).json() == before
    kept = await owner.fetch(
        "SELECT action, affiliate, request ->> 'change' AS change FROM reprocess_audit ORDER BY at"
    )
    assert [tuple(each) for each in kept] == [
        ("automatic_rule", "MLB", '{"tries": 2, "unknown": true}'),
        ("automatic_rule", "MLB", "{}"),
    ]


async def test_the_switch_and_the_ledger_s_filter(operator: Caller, viewer: Caller, desk: Desk) -> None:
    await desk.fail(range(2), errors=[{"code": "http.503"}])
    round_ = Automatic(desk.writer, desk.policy, lambda: None, enabled=True)
    await round_.once()
    async with desk.writer.transaction() as connection:
        await connection.execute("UPDATE automatic_retries SET next_at = now() - interval '1 minute'")
    await round_.once()
    await desk.command("mine", log_ids=["5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"])

    async def listed(query: str) -> list[tuple[str, bool]]:
        commands = (await viewer.get(f"{API}/reprocess{query}")).json()["items"]
        return [(each["requested_by"], each["automatic"] is not None) for each in commands]

    ours, mine = ("conexoes", True), ("maria", False)
    assert await listed("") == [mine, ours]
    assert await listed("?automatic=true") == [ours]
    assert await listed("?automatic=false") == [mine]

    async def acts(query: str) -> set[tuple[str, bool]]:
        items = (await viewer.get(f"{API}/activity?kind=reprocess{query}")).json()["items"]
        return {(each["requested_by"], "command_id" in each["about"]) for each in items}

    ours_done, mine_done = ("conexoes", True), (mine[0], True)
    assert await acts("") == {ours_done, mine_done}
    assert await acts("&automatic=true") == {ours_done}
    assert await acts("&automatic=false") == {mine_done}
    [command] = (await viewer.get(f"{API}/reprocess?automatic=true")).json()["items"]
    assert command["automatic"] == "Tried again by itself, 1 of 5: the marketplace had no time (http.503)."
    [log, _] = (await viewer.get(f"{API}/price/logs")).json()["items"]
    entries = (await viewer.get(f"{API}/price/logs/{log['id']}/timeline")).json()["items"]
    assert [each["automatic"] for each in entries if each["kind"] == "reprocess"] == [command["automatic"]]
    assert (await viewer.post("/commands/automatic-retries/off", json=WHO)).status_code == 403
    off = (await operator.post("/commands/automatic-retries/off", json={**WHO, "reason": "prices"})).json()["off"]
    assert (off["set_by"], off["reason"]) == ("maria", "prices")
    stopped = (await viewer.get(f"{API}/reprocess/{command['id']}")).json()
    assert (stopped["state"], stopped["note"]) == ("cancelled", "Automatic retries were switched off.")
    assert (await operator.post("/commands/automatic-retries/on", json=WHO)).json()["off"] is None


async def test_a_command_may_wait_a_month_and_nobody_is_called_as_we_are(operator: Caller) -> None:
    body = {**WHO, "integration_type": "price", "log_ids": ["5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"]}
    far = {**body, "not_before": "2999-01-01T00:00:00Z"}
    refused = await operator.post("/commands/reprocess", json=far, headers={"Idempotency-Key": "k"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.not_before")
    ours = await operator.post(
        "/commands/reprocess", json={**body, "requested_by": "conexoes"}, headers={"Idempotency-Key": "k"}
    )
    assert (ours.status_code, "that of Conexões itself" in ours.text) == (422, True)
