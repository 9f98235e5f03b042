"""Plan, cancel, pause, ledger over HTTP."""

import asyncio

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from schemas.catalogue import Language
from schemas.columns import ITEM_COLUMNS
from tests.integration.api.conftest import Caller
from tests.integration.api.export_answers import csv_rows, json_rows
from tests.support.events import result
from tests.support.reprocess import Desk

API = "/api/v1/accounts/acme"
PLAN = f"{API}/price/reprocess-plan"
WHO = {"account": "acme", "requested_by": "maria"}


@pytest.mark.law
async def test_a_plan_is_done_as_it_was_shown(viewer: Caller, desk: Desk) -> None:
    await desk.fail(range(12))
    planned = (await viewer.get(f"{PLAN}?status=error&affiliate=MLB")).json()
    assert (planned["total"], planned["verdicts"]["will_send"], len(planned["samples"]["will_send"])) == (12, 12, 10)
    assert planned["filter"] == {"status": ["error"], "affiliate": ["MLB"]}
    await desk.fail(range(20, 25))
    await desk.command("c", filter=planned["filter"], as_of=planned["as_of"])
    await desk.make()
    command = (await viewer.get(f"{API}/reprocess/c")).json()
    assert (command["items"], command["joined_since"]) == ({"queued": 12}, 5)
    again = (await viewer.get(PLAN, params={"status": "error", "as_of": planned["as_of"]})).json()
    assert (again["total"], again["as_of"]) == (12, planned["as_of"])


async def test_an_empty_filter_is_refused_unless_everything_is_meant(viewer: Caller) -> None:
    refused = await viewer.get(PLAN)
    assert refused.status_code == 422
    assert "all=true" in refused.json()["detail"]
    assert (await viewer.get(f"{PLAN}?all=true")).status_code == 200


async def test_orders_say_why_not(viewer: Caller, desk: Desk) -> None:
    await desk.store(result("o", "orders"))
    planned = (await viewer.get(f"{API}/orders/reprocess-plan?status=error")).json()
    assert planned["verdicts"]["not_reprocessable"] == 1
    assert "troubleshooting" in planned["reasons"]["not_reprocessable"][0]


async def test_cancel_says_what_it_left(operator: Caller, viewer: Caller, desk: Desk) -> None:
    await desk.fail(range(5))
    await desk.by_filter("c")
    path = "/commands/reprocess/c/cancel"
    assert (await viewer.post(path, json=WHO)).status_code == 403
    assert (await operator.post(path, json={**WHO, "account": "globex"})).status_code == 404
    assert (await operator.post("/commands/reprocess/none/cancel", json=WHO)).status_code == 404
    for _ in range(2):
        cancelled = await operator.post(path, json={**WHO, "reason": "wrong list"})
        assert cancelled.status_code == 200, cancelled.text
        assert (cancelled.json()["state"], cancelled.json()["note"]) == ("cancelled", "Cancelled by maria: wrong list")
    await desk.by_filter("empty", filter={"code": "nothing has this"})
    assert (await operator.post("/commands/reprocess/empty/cancel", json=WHO)).status_code == 409


async def test_a_pause_is_seen_in_plan_log_and_affiliates(operator: Caller, viewer: Caller, desk: Desk) -> None:
    await desk.fail(range(2))
    body = {**WHO, "affiliate": "MLB", "reason": "maintenance"}
    assert (await viewer.post("/commands/affiliates/pause", json=body)).status_code == 403
    paused = (await operator.post("/commands/affiliates/pause", json=body)).json()
    assert (paused["sending"], paused["paused_by"], paused["paused_reason"]) == (False, "maria", "maintenance")
    assert (await viewer.get(f"{PLAN}?status=error")).json()["verdicts"]["paused"] == 2
    [log, _] = (await viewer.get(f"{API}/price/logs")).json()["items"]
    assert (log["actions"][0]["allowed"], log["actions"][0]["verdict"]) == (False, "paused")
    assert (await viewer.get(f"{API}/affiliates")).json()["items"] == [paused]
    assert (await operator.post("/commands/affiliates/resume", json=body)).json()["sending"] is True
    assert (await operator.post("/commands/affiliates/resume", json={**body, "affiliate": "NEW"})).status_code == 200


async def test_a_pause_may_be_of_some_types_and_until_a_time(operator: Caller, viewer: Caller, desk: Desk) -> None:
    await desk.fail(range(2))
    body = {**WHO, "affiliate": "MLB"}
    wrongs: list[dict[str, object]] = [
        {"until": "2020-01-01T00:00:00Z"},
        {"until": "tomorrow"},
        {"integration_types": []},
        {"integration_types": ["price", "prices"]},
        {"types": ["price"]},
    ]
    for wrong in wrongs:
        assert (await operator.post("/commands/affiliates/pause", json={**body, **wrong})).status_code == 422, wrong
    assert (await operator.post("/commands/affiliates/resume", json={**body, "until": None})).status_code == 422
    until = "2096-11-24T14:00:00Z"
    for types, paused, allowed in ((["tracking", "price", "price"], 2, False), (["tracking"], 0, True)):
        asked = {**body, "until": until, "integration_types": types}
        shown = (await operator.post("/commands/affiliates/pause", json=asked)).json()
        assert (shown["paused_until"], shown["paused_types"]) == (until, sorted(set(types)))
        assert (await viewer.get(f"{PLAN}?status=error")).json()["verdicts"].get("paused", 0) == paused
        [log, _] = (await operator.get(f"{API}/price/logs")).json()["items"]
        assert log["actions"][0]["allowed"] is allowed
    acts = (await viewer.get(f"{API}/activity?kind=affiliate")).json()["items"]
    assert [each["about"] for each in acts] == [
        {"affiliate": "MLB", "until": "2096-11-24T14:00:00.000000Z", "integration_types": types}
        for types in (["tracking"], ["price", "tracking"])
    ]
    # What is said of a pause, or when it ends, is changed alone too; who only repeats it changes nothing. It has been
    # paused since it was for that time, whatever is said of it.
    later = "2097-01-01T00:00:00Z"
    for change, reason, ends, more in (
        ({"reason": "sale"}, "sale", until, 1),
        ({"requested_by": "ana"}, "sale", until, 0),
        ({"requested_by": "ana", "reason": "sale"}, "sale", until, 0),
        ({"requested_by": "ana", "reason": "big sale"}, "big sale", until, 1),
        ({"reason": "big sale", "until": later}, "big sale", later, 1),
        ({"until": until}, "big sale", until, 1),
    ):
        before, was = len(acts), shown
        shown = (await operator.post("/commands/affiliates/pause", json={**asked, **change})).json()
        assert (shown["paused_reason"], shown["paused_until"]) == (reason, ends)
        assert (shown["paused_at"] == was["paused_at"]) is (ends == was["paused_until"])
        acts = (await viewer.get(f"{API}/activity?kind=affiliate")).json()["items"]
        assert len(acts) == before + more
        told = change.get("reason"), change.get("requested_by", "maria")
        assert not more or (acts[0]["reason"], acts[0]["requested_by"]) == told


async def test_a_refused_item_says_why_on_the_log_s_timeline(viewer: Caller, desk: Desk) -> None:
    await desk.store(result("ok", status="success", errors=None))
    await desk.by_filter("c", filter={"all": True})
    [log] = (await viewer.get(f"{API}/price/logs")).json()["items"]
    entries = (await viewer.get(f"{API}/price/logs/{log['id']}/timeline")).json()["items"]
    [step] = [each for each in entries if each["kind"] == "reprocess"]
    assert (step["state"], step["refusal"]) == ("already_succeeded", "The last result is a success.")


async def test_items_tell_before_and_after_and_what_they_joined(viewer: Caller, desk: Desk) -> None:
    await desk.fail(range(1))
    await desk.by_filter("first")
    await desk.by_filter("second")
    other = [{"code": "other", "message": "another"}]
    await desk.answer(*await desk.send(), status="error", errors=other, message="another fault")
    [first] = (await viewer.get(f"{API}/reprocess/first/items")).json()["items"]
    assert (first["before_code"], first["after_code"], first["after_message"]) == (
        "price.minimum",
        "other",
        "another fault",
    )
    assert len({first["before_fingerprint"], first["after_fingerprint"], None}) == 3
    [second] = (await viewer.get(f"{API}/reprocess/second/items")).json()["items"]
    assert (second["state"], second["joined_state"], second["joined_command_id"]) == (
        "in_flight",
        "different_error",
        "first",
    )


ITEMS = f"{API}/reprocess/c/items/export"


@pytest.mark.parametrize(("language", "delimiter"), [("en", ","), ("pt", ";"), ("es", ";")])
async def test_the_ledger_is_exported_whole_and_no_cell_is_a_formula(
    operator: Caller, desk: Desk, language: Language, delimiter: str
) -> None:
    await desk.store(*(result(f"e{n}", key=f"＝SUM({n})", message="'+1\r=2") for n in range(1200)))
    await desk.by_filter("c")
    heading, *cells = csv_rows(await operator.get(f"{ITEMS}.csv", params={"language": language}), delimiter)
    assert heading == [each.heading(language, "UTC") for each in ITEM_COLUMNS]
    names = [each.name for each in ITEM_COLUMNS]
    rows = [dict(zip(names, row, strict=True)) for row in cells]
    assert len({row["id"] for row in rows}) == 1200
    assert {row["key"][:2] for row in rows} == {"'＝"}
    assert {row["before_message"] for row in rows} == {"''+1\r=2"}
    items = json_rows(await operator.get(f"{ITEMS}.jsonl?state=queued"))
    assert {item["key"] for item in items} == {f"＝SUM({n})" for n in range(1200)}
    assert json_rows(await operator.get(f"{ITEMS}.jsonl?state=fixed")) == []
    assert (await operator.get(f"{API}/reprocess/none/items/export.csv")).status_code == 404
    assert (await operator.get(f"{ITEMS}.pdf")).status_code == 422


async def test_the_ledger_is_an_export_like_any_other(
    app: FastAPI, operator: Caller, viewer: Caller, desk: Desk
) -> None:
    await desk.fail(range(3))
    await desk.by_filter("c")
    assert (await viewer.get(f"{ITEMS}.csv")).status_code == 403
    assert (await operator.get(f"{ITEMS}.csv?state=queued")).status_code == 200
    [line] = (await viewer.get(f"{API}/exports")).json()["items"]
    assert {name: line[name] for name in ("format", "command_id", "item_state", "requested_by", "state", "rows")} == {
        "format": "csv",
        "command_id": "c",
        "item_state": "queued",
        "requested_by": "o",
        "state": "done",
        "rows": 3,
    }
    slots = app.state.exports.slots
    async with slots.one("acme"), slots.one("acme"):
        answer = await operator.get(f"{ITEMS}.csv")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")


async def test_the_ledger_is_not_sent_over_http_1_0(app: FastAPI, keys: dict[str, str], desk: Desk) -> None:
    await desk.fail(range(1))
    await desk.by_filter("c")

    async def old(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "http_version": "1.0"} if scope["type"] == "http" else scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=old), base_url="http://conexoes.test") as client:
        answer = await client.get(f"{ITEMS}.jsonl", headers={"Authorization": f"Bearer {keys['operator']}"})
    assert answer.status_code == 426


async def test_a_command_that_can_t_be_recorded_is_not_accepted_for_ever(
    viewer: Caller, owner: asyncpg.Connection, app: FastAPI
) -> None:
    await owner.execute(
        """INSERT INTO idempotency_keys (account, key, command_id, body_digest, request, published_at, refused)
           VALUES ('acme', 'k', 'c', sha256(''),
               '{"integration_type": "price", "requested_by": "m", "mode": "refresh"}', now(),
               '{"code": "refused_by_postgresql", "parameters": {"detail": "no"}}')"""
    )
    command = (await viewer.get(f"{API}/reprocess/c")).json()
    assert (command["state"], command["note"]) == ("cancelled", "PostgreSQL refuses it: no")


async def test_two_people_at_once_cancel_once(operator: Caller, desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.fail(range(3))
    await desk.by_filter("c")
    await asyncio.gather(*(operator.post("/commands/reprocess/c/cancel", json=WHO) for _ in range(5)))
    assert await owner.fetchval("SELECT count(*) FROM reprocess_audit WHERE action = 'cancelled'") == 1
