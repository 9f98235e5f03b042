"""Dead letters by the API: filter, counts, contents, redrive, edit and erase, as each key may."""

import asyncio
import itertools
import json
import uuid
from collections import Counter
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI

from admin.rate import Rate
from api.letter_plan import plan_redrive
from exports.errors import TooManyExports
from schemas.dead_letter import DeadLetter
from schemas.envelope import BATCH, STRUCTURED
from schemas.reasons.reason import Reason
from schemas.reasons.say import say
from schemas.redrive import LetterChoice
from schemas.rereading import NOT_OF_RESULTS, OF_COMMANDS, OF_NO_CONNECTOR, Rereading
from schemas.topics import Topics
from storage import access_keys
from storage.database import Database
from storage.dead_letters import Reach
from storage.letter_audit import Author, add_act
from tests.integration.api.conftest import Caller
from tests.support.events import Event, at, data, result, whole
from tests.support.letters import OTHER_SOURCES, insert_refused

ACCOUNT = "/api/v1/accounts/acme/dead-letters"
ASKED = {"account": "acme", "requested_by": "maria"}
NOBODY = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"


@pytest.fixture
async def letters(writer: Database, owner: asyncpg.Connection) -> list[DeadLetter]:
    """Some of several codes, topics, affiliates and times, and one of nobody."""
    events = [
        result("1", key="SKU-1"),
        result("3", key="SKU-3", status="maybe"),
        result("4", "inventory", key="Çedilha", status="maybe", affiliate="AMZ"),
        result("5", key="SKU-5")._replace(value=json.dumps(data(key="SKU-5", processed_at="yesterday")).encode()),
        Event(b"acme/MLB/SKU-6", b'{"account": "acme"', []),
        Event(b"\xff\x00", b"not\xffutf8", [("a", b"\xfe"), ("a", b"x"), ("ce_id", "é".encode())]),
    ]
    made = await insert_refused(writer, events, OTHER_SOURCES)
    for n, letter in enumerate(made):
        moved = "UPDATE dead_letters SET received_at = $2 WHERE id = $1"
        await owner.execute(moved, uuid.UUID(letter.id), datetime.fromisoformat(at(n * 60)))
    return made


def ids(letters: list[DeadLetter]) -> set[str]:
    return {str(uuid.UUID(each.id)) for each in letters}


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two filters have a field in common, or make an empty period together."""
    return bool(one.keys() & other.keys()) or {*one, *other} == {"received_from", "received_to"}


async def listed(client: Caller, **query: Any) -> list[dict[str, Any]]:
    """Every letter of a filter, by pages of two."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        answer = await client.get(ACCOUNT, params={"page_size": 2, **query, **token})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if answer.json()["next_page_token"] is None:
            return found
        token = {"page_token": answer.json()["next_page_token"]}


async def test_a_filter_is_the_same_for_list_counts_export_plan_and_erase(
    app: FastAPI, keys: dict[str, str], every: Caller, operator: Caller, letters: list[DeadLetter]
) -> None:
    app.state.rate = Rate(10_000, 10_000)
    fields: list[dict[str, Any]] = [
        {"code": "status_not_allowed"},
        {"code": ["json", "timestamp"]},
        {"topic": "conexoes.results.inventory"},
        {"affiliate": "AMZ"},
        {"state": "waiting"},
        {"state": "stored"},
        {"received_from": at(120)},
        {"received_to": at(120)},
        {"q": "sku-3"},
        {"q": "YESTERDAY"},
        {"q": "çedilha"},
        {"q": "\\u00c7edilha"},
        {"q": "nothing has this"},
        {"q": "debe ser"},
    ]
    pairs = [{**a, **b} for a, b in itertools.combinations(fields, 2) if not _same(a, b)]
    sizes = set()
    for client, one in itertools.product((every, operator), [{}, *fields, *pairs]):
        found = await listed(client, **one)
        assert [each["received_at"] for each in found] == sorted((each["received_at"] for each in found), reverse=True)
        counts = (await client.get(f"{ACCOUNT}/summary", params=one)).json()
        assert counts["total"] == len(found)
        assert counts["by_code"] == dict(Counter(each["code"] for each in found))
        assert counts["by_topic"] == dict(Counter(each["topic"] for each in found))
        assert counts["by_state"] == dict(Counter(each["state"] for each in found))
        exported = (await client.get(f"{ACCOUNT}/export.jsonl", params=one)).text.splitlines()
        assert [json.loads(each)["id"] for each in exported] == [each["id"] for each in found]
        asked = {**ASKED, "filter": one, "all": True, "dry_run": True}
        plan = (await client.post("/commands/dead-letters/redrive", json=asked)).json()
        assert (plan["matched"], plan["redrivable"], plan["read"]) == (len(found),) * 3
        erased = await client.post("/commands/dead-letters/erase", json={**asked, "reason": "r"})
        assert erased.status_code == 403 or erased.json()["letters"] == len(found)
        sizes.add(len(found))
    assert len(sizes) > 4


async def test_each_field_chooses_what_it_says(every: Caller, operator: Caller, letters: list[DeadLetter]) -> None:
    def of(*numbers: int) -> set[str]:
        return ids([letters[each] for each in numbers])

    async def found(client: Caller = every, **query: Any) -> set[str]:
        return {each["id"] for each in await listed(client, **query)}

    assert await found() == ids(letters)
    assert await found(operator) == of(0, 1, 2, 3, 4)
    assert await found(code="not_allowed") == of(0)
    assert await found(code=["json", "encoding"]) == of(4, 5)
    assert await found(topic="conexoes.results.inventory") == of(2)
    assert await found(affiliate="AMZ") == of(2)
    assert await found(received_from=at(60), received_to=at(180)) == of(1, 2)
    assert await found(q="sku-6") == of(4)
    assert await found(q="yesterday") == of(3)
    assert await found(q="Çedilha") == of(2)


async def test_words_of_a_value_are_found_for_those_who_may_see_it(
    app: FastAPI, keys: dict[str, str], letters: list[DeadLetter]
) -> None:
    async with Caller(app, keys["viewer"]) as viewer:
        assert await listed(viewer, q="is below the minimum") == []
        assert len(await listed(viewer, q="SKU-5")) == 1  # the record key
        [letter] = await listed(viewer, q="SKU-5")
        assert (letter["value"], letter["headers"]) == (None, None)
        assert all(each["place"] is None for each in letter["reasons"])
        value = await viewer.get(f"{ACCOUNT}/{letter['id']}/value")
        assert (value.status_code, value.json()["type"]) == (403, "/problems/no-evidence")
        assert (await viewer.get(f"{ACCOUNT}/export.jsonl")).status_code == 403


async def test_one_letter_shows_key_headers_and_where_the_fault_is(every: Caller, letters: list[DeadLetter]) -> None:
    [odd] = await listed(every, code="encoding")
    shown = (await every.get(f"{ACCOUNT}/{odd['id']}")).json()
    assert (shown["key"], shown["key_base64"]) == (None, "/wA=")
    assert shown["headers"] == [
        {"name": "a", "value": None, "base64": "/g=="},
        {"name": "a", "value": "x", "base64": None},
        {"name": "ce_id", "value": "é", "base64": None},
    ]
    [reason] = shown["reasons"]
    assert shown["value"][reason["place"]["start"] : reason["place"]["end"]] == "\ufffd"
    assert (await every.get(f"{ACCOUNT}/{odd['id']}/value")).content == b"not\xffutf8"
    [late] = await listed(every, code="timestamp")
    [reason] = late["reasons"]
    assert late["value"][reason["place"]["start"] : reason["place"]["end"]] == '"yesterday"'
    assert late["key"] == "acme/MLB/SKU-5"


async def test_a_page_token_is_of_its_filter(operator: Caller, letters: list[DeadLetter]) -> None:
    token = (await operator.get(ACCOUNT, params={"page_size": 1})).json()["next_page_token"]
    refused = await operator.get(ACCOUNT, params={"page_size": 1, "code": "json", "page_token": token})
    assert refused.status_code == 400
    assert (await operator.get(ACCOUNT, params={"cod": "json"})).status_code == 422
    assert (await operator.get(f"{ACCOUNT}/summary", params={"page_size": 1})).status_code == 422
    assert (await operator.get(f"{ACCOUNT}/{NOBODY}")).status_code == 404
    assert (await operator.get(f"{ACCOUNT}/{NOBODY}/value")).status_code == 404


async def test_a_plan_says_what_would_become_of_each_and_changes_nothing(
    operator: Caller, letters: list[DeadLetter], owner: asyncpg.Connection
) -> None:
    asked = {**ASKED, "filter": {}, "all": True, "dry_run": True}
    answer = await operator.post("/commands/dead-letters/redrive", json=asked)
    assert answer.status_code == 200
    plan = answer.json()
    # The app's rules have no list of sources: what was not allowed is now.
    assert (plan["matched"], plan["read"], plan["would_be_stored"], plan["left_out"]) == (5, 5, 1, {})
    assert {each["code"] for each in plan["still_refused"]} == {"status_not_allowed", "timestamp", "json"}
    sample = plan["still_refused"][0]["samples"][0]
    assert sample["reason"]
    assert plan["reason"] is None
    assert await owner.fetchval("SELECT count(*) FROM redrives") == 0
    assert await owner.fetchval("SELECT count(*) FROM dead_letters WHERE state <> 'waiting'") == 0
    # One of a reprocess command is left out, with the reason.
    await owner.execute("UPDATE dead_letters SET topic = $1 WHERE code = 'json'", Topics().commands)
    plan = (await operator.post("/commands/dead-letters/redrive", json=asked)).json()
    assert (plan["matched"], plan["redrivable"], plan["left_out"]) == (5, 4, {"waiting": 1})
    assert (plan["reason"], plan["reason_code"]) == (say(OF_COMMANDS, "en"), "command_not_redriven")
    # So is one that was published to a topic of a connector that was removed since; beside both, the reason of both.
    await owner.execute(
        "UPDATE dead_letters SET topic = $1, state = 'sent', state_at = now() - interval '2 hours'"
        " WHERE code = 'timestamp'",
        Topics().results("price", "gone"),
    )
    for choice, left_out, reason in (
        ({"filter": {"code": "timestamp"}}, {"sent": 1}, OF_NO_CONNECTOR),
        ({}, {"sent": 1, "waiting": 1}, NOT_OF_RESULTS),
    ):
        plan = (await operator.post("/commands/dead-letters/redrive", json={**asked, **choice})).json()
        assert (plan["left_out"], plan["reason"]) == (left_out, say(reason, "en"))
    # One that was stored is left out for that.
    await owner.execute("UPDATE dead_letters SET state = 'stored' WHERE code = 'timestamp'")
    plan = (
        await operator.post("/commands/dead-letters/redrive", json={**asked, "filter": {"code": "timestamp"}})
    ).json()
    assert (plan["left_out"], plan["reason"]) == ({"stored": 1}, None)


async def test_a_plan_has_an_end_and_counts_as_a_command(
    app: FastAPI, keys: dict[str, str], operator: Caller, reader: Database, letters: list[DeadLetter]
) -> None:
    reach = Reach("acme", every_account=True, evidence=True)
    choice = LetterChoice.model_validate({"account": "acme", "filter": {}, "all": True})
    limits: list[tuple[dict[str, Any], int]] = [
        ({}, 6),
        ({"at_most": 2}, 2),
        ({"most_bytes": 1}, 1),
        ({"most_bytes": 0}, 0),
        ({"seconds": -1}, 0),
    ]
    for limit, read in limits:
        plan = await plan_redrive(reader, reach, choice, Rereading(Topics(), None), **limit)
        assert (plan.read, plan.redrivable) == (read, 6)
    app.state.rate = Rate(0.001, 1)
    asked = {**ASKED, "filter": {}, "all": True, "dry_run": True}
    answers = [await operator.post("/commands/dead-letters/redrive", json=asked) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 429]


async def test_the_same_request_twice_takes_each_letter_once(operator: Caller, letters: list[DeadLetter]) -> None:
    asked = {**ASKED, "filter": {"code": "status_not_allowed"}, "reason": "again"}
    answers = await asyncio.gather(*(operator.post("/commands/dead-letters/redrive", json=asked) for _ in range(4)))
    assert {each.status_code for each in answers} == {202}
    assert sorted(each.json()["letters"] for each in answers) == [0, 0, 0, 2]
    redrives = (await operator.get(f"{ACCOUNT}/redrives")).json()["items"]
    assert len(redrives) == 4
    made = next(each for each in redrives if each["letters"])
    assert (made["state"], made["items"], made["reason"]) == ("running", {"queued": 2}, "again")
    assert made["requested_with"] == "o"
    shown = (await operator.get(f"{ACCOUNT}/redrives/{made['id']}")).json()
    assert [(each["action"], each["letters"]) for each in shown["acts"]] == [("redriven", 2)]
    items = (await operator.get(f"{ACCOUNT}/redrives/{made['id']}/items", params={"page_size": 1})).json()
    assert items["items"][0]["state"] == "queued"
    more = await operator.get(
        f"{ACCOUNT}/redrives/{made['id']}/items", params={"page_size": 1, "page_token": items["next_page_token"]}
    )
    assert [each["number"] for each in more.json()["items"]] == [2]


async def test_a_redrive_is_paused_resumed_and_cancelled_with_a_trail(
    operator: Caller, letters: list[DeadLetter]
) -> None:
    made = (await operator.post("/commands/dead-letters/redrive", json={**ASKED, "filter": {}, "all": True})).json()
    path = f"/commands/dead-letters/redrives/{made['id']}"

    async def change(action: str) -> tuple[int, str | None]:
        answer = await operator.post(f"{path}/{action}", json={**ASKED, "reason": action})
        return answer.status_code, answer.json().get("state")

    assert await change("resume") == (409, None)
    assert await change("pause") == (200, "paused")
    assert await change("pause") == (409, None)
    assert await change("resume") == (200, "running")
    assert await change("cancel") == (200, "cancelled")
    assert await change("cancel") == (409, None)
    assert (await operator.post(f"{path}/stop", json=ASKED)).status_code == 422
    shown = (await operator.get(f"{ACCOUNT}/redrives/{made['id']}")).json()
    assert shown["items"] == {"cancelled": 5}
    assert [each["action"] for each in shown["acts"]] == ["redriven", "paused", "resumed", "cancelled"]
    assert {each["state"] for each in await listed(operator)} == {"waiting"}
    again = await operator.post("/commands/dead-letters/redrive", json={**ASKED, "filter": {}, "all": True})
    assert again.json()["letters"] == 5


async def test_letters_of_nobody_are_for_keys_of_every_account(
    operator: Caller, every: Caller, letters: list[DeadLetter]
) -> None:
    nobodys = next(each["id"] for each in await listed(every, code="encoding"))
    for body in ({"ids": [nobodys]}, {"filter": {"code": "encoding"}}):
        asked = {**ASKED, **body}
        assert (await operator.post("/commands/dead-letters/redrive", json=asked)).json()["letters"] == 0
        erased = await operator.post("/commands/dead-letters/erase", json={**asked, "reason": "r"})
        assert erased.status_code == 403
    assert (await every.post("/commands/dead-letters/redrive", json={**ASKED, "ids": [nobodys]})).json()["letters"] == 1


async def test_the_outcome_of_a_letter_of_nobody_is_for_keys_of_every_account(
    app: FastAPI,
    keys: dict[str, str],
    every: Caller,
    operator: Caller,
    reader: Database,
    letters: list[DeadLetter],
    owner: asyncpg.Connection,
) -> None:
    asked = {**ASKED, "filter": {}, "all": True}
    made = (await every.post("/commands/dead-letters/redrive", json=asked)).json()
    assert made["items"] == {"queued": 6}
    told = '{"code": "own_words", "parameters": {"text": "what it says"}}'
    await owner.execute("UPDATE redrive_items SET state = 'still_refused', reason = $1", told)
    path = f"{ACCOUNT}/redrives/{made['id']}"
    switching = f"/commands/dead-letters/redrives/{made['id']}/pause"
    async with Caller(app, keys["viewer"]) as viewer:
        for client, number in ((every, 6), (operator, 5), (viewer, 5)):
            items = (await client.get(f"{path}/items")).json()["items"]
            assert len(items) == number
            for answer in (await client.get(path)).json(), (await client.get(f"{ACCOUNT}/redrives")).json()["items"][0]:
                assert answer["items"] == {"still_refused": number}
    assert (await operator.post(switching, json=ASKED)).json()["items"] == {"still_refused": 5}
    for every_account, number in ((False, 5), (True, 6)):
        async with reader.reading("acme", every_account=every_account) as connection:
            assert await connection.fetchval("SELECT count(*) FROM redrive_items") == number
    async with reader.reading("globex", every_account=True) as connection:
        assert await connection.fetchval("SELECT count(*) FROM redrive_items") == 0


async def test_erased_bytes_are_gone_and_the_trail_stays(
    app: FastAPI, keys: dict[str, str], operator: Caller, letters: list[DeadLetter], owner: asyncpg.Connection
) -> None:
    erasing = "/commands/dead-letters/erase"
    asked = {**ASKED, "filter": {"q": "sku-3"}, "reason": "a person asked"}
    assert (await operator.post(erasing, json=asked)).status_code == 403
    [letter] = await listed(operator, q="sku-3")
    edit = {**ASKED, "value": '{"SKU-3": 1}'}
    assert (await operator.post(f"/commands/dead-letters/{letter['id']}/edit", json=edit)).status_code == 200
    async with Caller(app, keys["admin"]) as admin:
        assert (await admin.post(erasing, json={**asked, "reason": " "})).status_code == 422
        assert (await admin.post(erasing, json={**asked, "dry_run": True})).json()["letters"] == 1
        assert (await admin.post(erasing, json=asked)).json() == {"account": "acme", "letters": 1, "dry_run": False}
        assert (await admin.post(erasing, json=asked)).json()["letters"] == 0
    assert await listed(operator, q="sku-3") == []
    shown = (await operator.get(f"{ACCOUNT}/{letter['id']}")).json()
    assert (shown["state"], shown["value"], shown["value_bytes"], shown["key"]) == ("erased", "", 0, None)
    assert (shown["headers"], shown["edits"], shown["affiliate"]) == ([], [], None)
    assert shown["reason"] == "Its content was erased."
    [act] = await owner.fetch("SELECT * FROM dead_letter_audit WHERE action = 'erased'")
    assert (act["requested_by"], act["reason"], act["letters"]) == ("maria", "a person asked", 1)
    for table in ("dead_letters", "dead_letter_edits", "dead_letter_audit"):
        assert await owner.fetchval(f"SELECT count(*) FROM {table} t WHERE t::text ~* 'sku-3'") == 0, table
    assert (await operator.post("/commands/dead-letters/redrive", json={**ASKED, "ids": [letter["id"]]})).json()[
        "letters"
    ] == 0


async def test_more_letters_than_one_transaction_erases(app: FastAPI, keys: dict[str, str], writer: Database) -> None:
    await insert_refused(writer, (result(str(n), key=f"S{n}", status="maybe") for n in range(1100)))
    asked = {**ASKED, "filter": {"code": "status_not_allowed"}, "reason": "r"}
    async with Caller(app, keys["admin"]) as admin:
        assert (await admin.post("/commands/dead-letters/erase", json=asked)).json()["letters"] == 1100
        assert (await admin.get(f"{ACCOUNT}/summary")).json()["by_state"] == {"erased": 1100}


async def test_an_edit_keeps_the_original_and_says_who_changed_what(
    app: FastAPI, operator: Caller, keys: dict[str, str], owning: Database, letters: list[DeadLetter]
) -> None:
    [letter] = await listed(operator, q="sku-3")
    editing = f"/commands/dead-letters/{letter['id']}/edit"
    right = letter["value"].replace('"maybe"', '"error"')
    tried = (await operator.post(editing, json={**ASKED, "value": letter["value"], "dry_run": True})).json()
    assert "status" in tried["refusal"]
    assert tried["letter"]["edits"] == []
    kept = (await operator.post(editing, json={**ASKED, "value": right, "reason": "a slip"})).json()
    assert kept["refusal"] is None
    [edit] = kept["letter"]["edits"]
    assert (edit["requested_by"], edit["requested_with"], edit["reason"]) == ("maria", "o", "a slip")
    assert "maybe" in edit["difference"]
    assert kept["letter"]["value"] == letter["value"]
    plan = await operator.post("/commands/dead-letters/redrive", json={**ASKED, "ids": [letter["id"]], "dry_run": True})
    assert plan.json()["would_be_stored"] == 1
    assert (await operator.get(f"{ACCOUNT}/{letter['id']}/value")).content == letters[1].value
    async with Caller(app, keys["viewer"]) as viewer:
        assert (await viewer.post(editing, json={**ASKED, "value": right})).status_code == 403
        assert (await viewer.get(f"{ACCOUNT}/{letter['id']}")).json()["edits"][0]["difference"] is None
    assert (
        await operator.post("/commands/dead-letters/redrive", json={**ASKED, "ids": [letter["id"]]})
    ).status_code == 202
    late = await operator.post(editing, json={**ASKED, "value": right})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/not-waiting")
    blind = await access_keys.create(owning, "acme", "operator", "b", may_see_evidence=False)
    async with Caller(app, blind) as client:
        assert (await client.post(editing, json={**ASKED, "value": right})).status_code == 403


@pytest.mark.parametrize("dry_run", [True, False])
async def test_an_edit_writes_into_no_other_account(
    operator: Caller, every: Caller, writer: Database, *, dry_run: bool
) -> None:
    event = Event(None, json.dumps(whole(result(), type="x")).encode(), [("content-type", STRUCTURED.encode())])
    [letter] = ids(await insert_refused(writer, [event]))
    foreign = json.dumps(whole(result(account="globex")))
    for client in (operator, every):
        answer = await client.post(
            f"/commands/dead-letters/{letter}/edit", json={**ASKED, "value": foreign, "dry_run": dry_run}
        )
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-permitted")
        assert [error["field"] for error in answer.json()["errors"]] == ["data.account"]
        assert (await client.get(f"{ACCOUNT}/{letter}")).json()["edits"] == []


@pytest.mark.parametrize(
    ("topic", "reason"), [(Topics().commands, OF_COMMANDS), (Topics().results("price", "gone"), OF_NO_CONNECTOR)]
)
async def test_a_letter_that_is_never_redriven_has_no_edits(
    operator: Caller, letters: list[DeadLetter], owner: asyncpg.Connection, topic: str, reason: Reason
) -> None:
    [letter] = await listed(operator, q="sku-3")
    await owner.execute("UPDATE dead_letters SET topic = $1", topic)
    for dry_run in (True, False):
        asked = {**ASKED, "value": "{}", "dry_run": dry_run}
        answer = await operator.post(f"/commands/dead-letters/{letter['id']}/edit", json=asked)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-redriven")
        assert answer.json()["detail"] == say(reason, "en")
    assert await owner.fetchval("SELECT count(*) FROM dead_letter_edits") == 0


async def test_versions_that_are_too_long_are_not_compared_and_edits_have_an_end(
    operator: Caller, letters: list[DeadLetter], owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = "x" * 95_000 + "é" * 5_000
    monkeypatch.setattr("schemas.text_difference.COMPARED_BYTES", 100_000)
    monkeypatch.setattr("admin.dead_letters.MAX_EDITS", 3)
    [letter] = await listed(operator, q="sku-3")
    editing = f"/commands/dead-letters/{letter['id']}/edit"
    for edited in ("{}", value, "{}"):
        answer = await operator.post(editing, json={**ASKED, "value": edited})
        assert answer.status_code == 200, answer.text
    edits = (await operator.get(f"{ACCOUNT}/{letter['id']}")).json()["edits"]
    assert [(each["too_long"], each["difference"] is None) for each in edits] == [(False, False), *[(True, True)] * 2]
    late = await operator.post(editing, json={**ASKED, "value": "{}"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/too-many-edits")


async def test_an_export_is_in_the_audit_has_a_limit_and_says_no_places(
    app: FastAPI, operator: Caller, letters: list[DeadLetter], owner: asyncpg.Connection, reader: Database
) -> None:
    exporting = f"{ACCOUNT}/export.jsonl"
    exported = await operator.get(exporting, params={"q": "sku"})
    lines = [json.loads(each) for each in exported.text.splitlines()]
    assert lines
    assert all(reason["place"] is None for each in lines for reason in each["reasons"])
    [act] = await owner.fetch("SELECT * FROM dead_letter_audit")
    assert (act["action"], act["letters"], act["key_name"]) == ("exported", len(lines), "o")
    assert json.loads(act["request"]) == {"filter": {"q": "…"}}
    async with AsyncExitStack() as slots:
        while True:
            try:
                await slots.enter_async_context(app.state.exports.slots.one("acme"))
            except TooManyExports:
                break
        refused = await operator.get(exporting)
    assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
    assert await owner.fetchval("SELECT count(*) FROM dead_letter_audit") == 1
    async with reader.recording("acme") as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await add_act(connection, "acme", "erased", Author("m", "r"), letters=1, request={})


async def test_a_large_value_is_exported_whole(operator: Caller, writer: Database) -> None:
    value = b'{"account": "acme", "a": "' + b"x" * 100_000
    await insert_refused(writer, [Event(b"acme/MLB/1", value, [("content-type", b"application/json")])])
    [line] = (await operator.get(f"{ACCOUNT}/export.jsonl")).text.splitlines()
    assert json.loads(line)["value"].encode() == value
    [letter] = await listed(operator)
    assert len(letter["value"]) == 4096
    assert len((await operator.get(f"{ACCOUNT}/{letter['id']}")).json()["value"]) == len(value)


async def test_an_event_of_a_batch_says_which_one(operator: Caller, writer: Database) -> None:
    events = json.dumps([{"data": {"account": "acme"}}, {"data": {"account": "acme"}}]).encode()
    await insert_refused(writer, [Event(b"acme/MLB/1", events, [("content-type", BATCH.encode())])])
    assert sorted(each["position"] for each in await listed(operator)) == [0, 1]
