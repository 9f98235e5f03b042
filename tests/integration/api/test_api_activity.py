"""Activity: every act of a person is in one list, with the key that it came by, and nothing of it is lost later."""

import csv
import io
import json
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from fastapi import FastAPI

from schemas.activity import ActivityFilter
from schemas.dead_letter import DeadLetter
from schemas.reasons.reason import own_words
from schemas.redrive import RedriveRequest
from schemas.refusal import DeadLetterCode, Refusal
from schemas.reprocess import OURSELVES
from storage.activity import list_activity
from storage.cursors import NEWEST_BY_TEXT
from storage.database import Database
from storage.dead_letters import Reach, insert_dead_letters
from storage.letter_audit import Author
from storage.redrive import make_redrive
from storage.reprocess.audit import UsedKey, add
from storage.saved_views import delete, list_saved, save
from storage.statements import SQL
from tests.integration.api.conftest import Caller, Store
from tests.support.events import result
from tests.support.explained import explained, nodes
from tests.support.reprocess import Desk

BASE = "/api/v1/accounts/acme/activity"
MARIA = {"account": "acme", "requested_by": "Maria"}


async def acts(caller: Caller, query: str = "") -> list[tuple[str, str, str, str | None]]:
    """Return acts, but those on keys, which fixtures made."""
    answer = await caller.get(f"{BASE}{query}")
    assert answer.status_code == 200, answer.text
    found = [each for each in answer.json()["items"] if each["kind"] != "key"]
    return [(each["kind"], each["action"], each["requested_by"], each["requested_with"]) for each in found]


async def test_who_did_what_is_in_one_list(
    app: FastAPI,
    operator: Caller,
    viewer: Caller,
    reader: Database,
    writer: Database,
    owner: asyncpg.Connection,
    store_events: Store,
    desk: Desk,
) -> None:
    assert await acts(viewer) == []
    await store_events(result("a", errors=[{"code": "c", "message": "m"}]))
    log = await owner.fetchrow("SELECT id::text, fingerprint FROM status_logs")
    assert log is not None
    paused = {**MARIA, "affiliate": "MLB", "reason": "campaign"}
    assert (await operator.post("/commands/affiliates/pause", json=paused)).status_code == 200
    assert (await operator.post("/commands/affiliates/resume", json={**MARIA, "affiliate": "MLB"})).status_code == 200
    group = {"account": "acme", "integration_type": "price", "state": "ignored", "set_by": "Maria", "note": "known"}
    assert (await operator.put(f"/commands/groups/{log['fingerprint']}", json=group)).status_code == 200
    assert (await operator.get("/api/v1/accounts/acme/price/logs/export.csv")).status_code == 200
    await desk.command("c1", account="acme", requested_by="João", mode="refresh", log_ids=[log["id"]])
    letter = DeadLetter("acme", Refusal(DeadLetterCode.JSON, own_words("x")), "t", 0, 0, 0, None, (), b"{")
    async with writer.transaction() as connection:
        await insert_dead_letters(connection, [letter])
    await make_redrive(
        writer,
        Reach("acme", every_account=False, evidence=True),
        RedriveRequest(account="acme", ids=(uuid.UUID(letter.id),), requested_by="João"),
        Author("João", "mended"),
        topics=["t"],
        as_of=datetime.now(UTC) + timedelta(minutes=1),
    )
    key = UsedKey(uuid.uuid4(), "o")
    await save(writer, "acme", "price", name="mine", query="", saved_by="o", key=key)
    [view] = await list_saved(reader, "acme", "price")
    await delete(writer, "acme", "price", view.id, requested_by="o", key=key)
    await delete(writer, "acme", "price", view.id, requested_by="o", key=key)  # it is gone: no act
    everything = [
        ("view", "deleted", "o", "o"),
        ("view", "saved", "o", "o"),
        ("dead_letter", "redriven", "João", None),
        ("reprocess", "requested", "João", None),
        ("export", "exported", "o", "o"),
        ("group", "ignored", "Maria", "o"),
        ("affiliate", "resumed", "Maria", "o"),
        ("affiliate", "paused", "Maria", "o"),
    ]
    assert await acts(viewer) == everything
    assert await acts(viewer, "?who=mARI") == everything[-3:]
    assert await acts(viewer, "?kind=view&kind=reprocess") == [*everything[:2], everything[3]]
    first = (await viewer.get(f"{BASE}?kind=affiliate")).json()["items"][-1]
    assert (first["reason"], first["about"]) == ("campaign", {"affiliate": "MLB"})
    assert await acts(viewer, f"?at_to={first['at'].replace('+', '%2B')}") == []
    assert len(await acts(viewer, f"?at_from={first['at'].replace('+', '%2B')}")) == len(everything)

    walked, query = [], "?page_size=3"
    while query:
        page = (await viewer.get(f"{BASE}{query}")).json()
        walked += [each["id"] for each in page["items"]]
        query = page["next_page_token"] and f"?page_size=3&page_token={page['next_page_token']}"
    assert walked == [each["id"] for each in (await viewer.get(BASE)).json()["items"]]

    assert (await viewer.get(f"{BASE}/export.csv")).status_code == 403
    lines = (await operator.get(f"{BASE}/export.jsonl?who=maria")).text.splitlines()
    assert [json.loads(each)["action"] for each in lines] == ["ignored", "resumed", "paused"]
    text = (await operator.get(f"{BASE}/export.csv?language=pt")).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert [(each["O quê"], each["Ação"]) for each in rows[:3]] == [
        ("Exportação", "Exportou"),
        ("Exportação", "Exportou"),
        ("Visão salva", "Excluiu"),
    ]
    assert len([each for each in rows if each["O quê"] != "Pessoa ou chave"]) == len(everything) + 2
    for change in ("UPDATE account_audit SET requested_by = 'x'", "DELETE FROM account_audit"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(change)


async def test_a_key_that_has_our_name_is_not_us(writer: Database, reader: Database) -> None:
    key = UsedKey(uuid.uuid4(), OURSELVES)
    await save(writer, "acme", "price", name="hers", query="", saved_by=OURSELVES, key=key)
    async with writer.transaction() as connection:
        await add(connection, "acme", "stopped", command_id="c1", requested_by=OURSELVES, reason=None)
    everything, ours, of_people = [
        await list_activity(reader, "acme", ActivityFilter(automatic=automatic), after=None, limit=100)
        for automatic in (None, True, False)
    ]
    assert ([each.action for each in ours], [each.action for each in of_people]) == (["stopped"], ["saved"])
    assert [each for each in everything if each.is_automatic] == ours


async def test_acts_of_people_are_found_by_index_among_many_automatic_ones(
    owner: asyncpg.Connection, reader: Database
) -> None:
    await owner.execute(
        """INSERT INTO reprocess_audit (account, at, action, command_id, requested_by, request)
           SELECT 'acme', now() - n * interval '1 second', 'requested', 'c' || n,
               CASE WHEN n % 1000 = 0 THEN 'maria' ELSE 'conexoes' END, '{}'
           FROM generate_series(1, 20000) AS n"""
    )
    await owner.execute("ANALYZE reprocess_audit")
    at, id_ = NEWEST_BY_TEXT
    asked = {"account": "acme", "at_from": None, "at_to": None, "kind": None, "limit": 51}
    listed = asked | {"after_at": at, "after_id": id_, "who": None}
    for name, arguments, index, most in (
        ("list_activity_of_people", listed, "reprocess_audit_of_people", 20),
        ("list_automatic_activity", listed, "reprocess_audit_automatic", 100),
        ("count_automatic_activity", asked, None, 60),  # the first that there are, in any order
    ):
        async with reader.reading("acme") as connection:
            told = nodes(await explained(connection, SQL[name].text, SQL[name].arguments(**arguments)))
        [scan] = [each for each in told if each.get("Relation Name") == "reprocess_audit"]
        read = scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)
        assert (scan.get("Index Name"), read <= most) == (index, True), (name, scan)


async def test_every_audit_is_read(owner: asyncpg.Connection) -> None:
    """An audit is an append-only table of an account with an author. One that is added must be in the activity."""
    audits = {
        row["relname"]
        for row in await owner.fetch(
            """SELECT DISTINCT c.relname FROM pg_class c
               JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgfoid = 'refuse_change'::regproc
               JOIN pg_attribute a ON a.attrelid = c.oid
               WHERE a.attname IN ('requested_by', 'changed_by', 'set_by', 'noted_by')"""
        )
    }
    assert {"reprocess_audit", "exports", "account_audit", "fault_states"} <= audits
    assert audits - {name for name in audits if f"FROM {name} " in SQL["list_activity"].text} == set()
