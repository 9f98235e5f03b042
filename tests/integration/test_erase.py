"""Erasing a person: afterwards nothing here has what was erased, and what is left counts right."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import product
from pathlib import Path
from random import Random

import asyncpg
import orjson
import pytest
from structlog.testing import capture_logs

from broker.settings import BrokerSettings
from cli.erase import as_json, as_line, as_lines, erase, wanted_of
from cli.installation import UnusableError
from exports.kept_files import delete_files
from schemas.dead_letter import DeadLetter
from schemas.erasure import MARK, WAYS, By, Receipt, Wanted
from schemas.filter import LogFilter
from schemas.incident import IncidentFacts, Kind
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal
from storage.database import Database
from storage.dead_letters import insert_dead_letters
from storage.erasure import PAGES, Act, Erasure, list_receipts
from storage.incidents.incidents import get_incident
from storage.logs.summary import summarize
from storage.results import store
from storage.settings import StorageSettings
from storage.statements import SQL
from tests.support.agents import produce, running_worker
from tests.support.events import Event, at, result
from tests.support.explained import explained, nodes
from tests.support.json_spellings import spelled, spelled_twice
from tests.support.learned import an_incident
from tests.support.opened import opened
from tests.support.reprocess import Desk, read_all
from tests.support.searched import files_with, tables_with
from tests.support.waiting import eventually

CPF, POINTED, EMAIL, TOKEN = "52998224725", "529.982.247-25", "Ana.Silva+1@example.com", 'cnry/8a"tok\\en'
PERSON = (CPF, POINTED, EMAIL, TOKEN, json.dumps(TOKEN)[1:-1])
#: Text that people and connectors write of her: in evidence, messages and names.
HERS = result(
    "hers",
    key="ORDER-77",
    message=f"Customer {POINTED} has no address",
    errors=[{"code": "customer", "message": f"{EMAIL} is unknown", "seen": TOKEN}],
    request={"cpf": CPF, "mail": EMAIL.upper(), "headers": [f"x: {TOKEN}"]},
    response=f"<customer id='{POINTED}'/>",
    aliases={"email": EMAIL},
    own={"é/": TOKEN},
)
OTHERS = [result(f"o{number}", key=f"SKU-{number}") for number in range(3)]


@pytest.fixture
async def owning(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url, "owner") as database:
        yield database


async def erased(owning: Database, by: By, value: str, *, dry_run: bool = False, alias: str | None = None) -> Receipt:
    wanted = Wanted("acme", by, value, alias)
    return await Erasure(owning, wanted, requested_by="maria", reason="she asked", dry_run=dry_run).run(lambda: 0)


async def fill(desk: Desk, owner: asyncpg.Connection) -> None:
    """Her values in every table in which a person or connector can put text."""
    await desk.store(HERS, *OTHERS, result("hers-in-bravo", account="bravo", key="B", message=EMAIL))
    await desk.by_filter("c1", reason=f"{EMAIL} called", requested_by=EMAIL)
    text = f"{EMAIL} {POINTED} {TOKEN}"
    body = json.dumps({"q": text, "n": [1, None, int(CPF)]})
    await owner.execute(
        """INSERT INTO saved_views (account, id, integration_type, name, query, saved_by)
           VALUES ('acme', gen_random_uuid(), 'price', left($1, 80), 'q=' || $1, $1)""",
        text,
    )
    await owner.execute(
        """INSERT INTO exports
               (account, id, integration_type, format, filter, language, timezone, requested_by, ends_by)
           VALUES ('acme', $1, 'price', 'csv', $2, 'en', 'UTC', $3, now())""",
        uuid.uuid4(),
        body,
        text,
    )
    await owner.execute(
        """INSERT INTO idempotency_keys (account, key, command_id, body_digest, request, key_name)
           VALUES ('acme', 'k', 'c1', sha256('x'), $1, $2)""",
        body,
        text,
    )
    await owner.execute(
        """INSERT INTO fault_states (account, integration_type, fingerprint, state, set_by, note)
           VALUES ('acme', 'price', 'f', 'ignored', $1, $1)""",
        text,
    )
    await owner.execute(
        """INSERT INTO fault_notes (account, integration_type, fingerprint, kind, value, noted_by)
           VALUES ('acme', 'price', 'f', 'note', ARRAY[$1], $1), ('acme', 'price', 'f', 'tags', ARRAY['x', $1], 'm')""",
        text,
    )
    await owner.execute(
        """INSERT INTO affiliates (account, affiliate, paused_at, paused_by, paused_reason)
           VALUES ('acme', 'AMZ', now(), $1, $1)""",
        text,
    )
    # A code is a connector's text, and a pattern may be any number.
    await an_incident(owner, subject=text, facts=IncidentFacts(code=text, count=int(CPF), kinds=[Kind.SILENCE]))
    for account in ("acme", "", "bravo"):
        await owner.execute(
            """INSERT INTO dead_letters
                   (account, id, code, reason, topic, partition, "offset", position, key, headers, value, value_bytes)
               VALUES ($1, gen_random_uuid(), 'json', $4, 't', 0, 0, 0, $2, '[]', $3, 1)""",
            account,
            b"acme/MLB/k",
            b"\xff\x00" + text.encode(),
            '{"code": "x", "parameters": {}}',
        )


async def left(owner: asyncpg.Connection) -> dict[str, int]:
    """The tables that have her values, of any account but the other one."""
    found = await tables_with(owner, PERSON)
    for table in ("attempts", "status_logs", "dead_letters"):
        found[table] = found.get(table, 0) - 1  # bravo's, of which nothing was asked
    assert await owner.fetchval("SELECT count(*) FROM dead_letters WHERE account = 'bravo'") == 1
    return {table: rows for table, rows in found.items() if rows > 0 and not table.startswith("attempts_")}


async def test_after_her_patterns_are_erased_no_table_has_them(
    desk: Desk, owner: asyncpg.Connection, owning: Database, reader: Database
) -> None:
    await fill(desk, owner)
    before = await left(owner)
    assert before.keys() >= {
        *("status_logs", "attempts", "log_names", "dead_letters", "reprocess_items", "reprocess_commands"),
        *("reprocess_audit", "saved_views", "exports", "idempotency_keys", "fault_states", "fault_notes", "affiliates"),
        *("incidents", "incident_edges"),
    }
    audits = await owner.fetchval("SELECT count(*) FROM reprocess_audit")
    for value in (CPF, EMAIL, TOKEN):
        counted = await erased(owning, "pattern", value, dry_run=True)
        assert counted.rows
        assert counted.finished_at is None
        assert await left(owner) != {}
        receipt = await erased(owning, "pattern", value)
        assert receipt.finished_at is not None
        again = await erased(owning, "pattern", value)
        assert again.rows == {}
    assert await left(owner) == {}
    assert await owner.fetchval("SELECT count(*) FROM reprocess_audit") == audits
    assert await owner.fetchval("SELECT paused_reason FROM affiliates") == f"{MARK} {MARK} {MARK}"
    story = await get_incident(reader, "acme", 1)
    assert story is not None
    assert (story.facts.code, story.facts.count) == (f"{MARK} {MARK} {MARK}", None)
    assert json.loads(await owner.fetchval("SELECT filter FROM exports")) == {
        "q": f"{MARK} {MARK} {MARK}",
        "n": [1, None, MARK],
    }
    receipts = await owner.fetch("SELECT * FROM erasures ORDER BY requested_at")
    assert len(receipts) == 6
    assert all(row["finished_at"] is not None and row["reason"] == "she asked" for row in receipts)
    assert json.loads(receipts[0]["rows"])["status_logs"] == 1


@pytest.mark.parametrize(("by", "value"), [("key", "ORDER-77"), ("alias", EMAIL)])
async def test_a_named_log_goes_whole_and_others_stay(
    desk: Desk, reader: Database, owner: asyncpg.Connection, owning: Database, by: By, value: str
) -> None:
    await desk.store(HERS, *OTHERS, result("again", key="ORDER-77", processed_at=at(9)), result("x", key="ORDER-770"))
    await desk.by_filter("c1")
    counted = await erased(owning, by, value, dry_run=True)
    receipt = await erased(owning, by, value)
    expected = {"status_logs": 1, "attempts": 2, "log_names": 1, "reprocess_items": 1}
    assert receipt.rows.items() >= expected.items()
    assert counted.rows.items() >= expected.items()
    samples = await owner.fetch("SELECT message FROM faults UNION ALL SELECT message FROM fault_changes")
    assert not any(POINTED in (row["message"] or "") for row in samples)
    keys = {row["key"] for row in await owner.fetch("SELECT key FROM status_logs")}
    assert keys == {"ORDER-770", *(f"SKU-{number}" for number in range(3))}
    ids = await owner.fetch("SELECT id AS log_id FROM status_logs ORDER BY 1")
    assert await owner.fetch("SELECT log_id FROM log_names ORDER BY 1") == ids
    summary = await summarize(reader, "acme", "price", LogFilter())
    assert summary.total == 4
    assert await tables_with(owner, PERSON) == {}
    [item] = await owner.fetch("SELECT * FROM reprocess_items WHERE key IS NULL")
    assert (item["state"], item["before_message"], item["ended_at"] is None) == ("cancelled", None, False)
    total = await owner.fetchval("SELECT sum(items) FROM reprocess_counts WHERE command_id = 'c1'")
    assert total == await owner.fetchval("SELECT count(*) FROM reprocess_items WHERE command_id = 'c1'") == 5


@pytest.mark.parametrize(("by", "value"), [("key", "ORDER-77"), ("alias", EMAIL)])
async def test_logs_that_mention_a_key_or_alias_stay_and_are_counted(
    desk: Desk, owner: asyncpg.Connection, owning: Database, by: By, value: str
) -> None:
    """Logs say it in an old attempt, a message, or under another name, and count once. A pattern erases them."""
    said = f"the buyer of {value}"
    await desk.store(
        HERS,
        result("old", key="ATTEMPT", request=said),
        result("new", key="ATTEMPT", processed_at=at(9)),
        result("said", key="MESSAGE", message=said, response=said),
        result("named", key="NAME", aliases={"other" if by == "key" else "mail": value if by == "key" else said}),
        result("none", key="NONE", message=f"{value}0"),
        result("bravo", key="BRAVO", account="bravo", message=said),
    )
    counted = await erased(owning, by, value, dry_run=True)
    receipt = await erased(owning, by, value)
    assert counted.mentions_left == receipt.mentions_left == 3
    [listed] = await list_receipts(owning, "acme")
    assert listed.mentions_left == 3
    assert "mentions left 3" in as_line(listed)
    assert any("3 other logs" in line and "--pattern" in line for line in as_lines(receipt))
    assert await owner.fetchval("SELECT count(*) FROM status_logs WHERE account = 'acme'") == 4
    whole = await erased(owning, "pattern", value)
    assert (whole.rows["status_logs"], whole.mentions_left) == (4, 0)  # NONE has it too, in a longer word
    assert not any("--pattern" in line for line in as_lines(whole))


@pytest.mark.parametrize(
    ("by", "name"),
    [*product(("key", "alias"), ("Ab-1", "é" * 3, "a" * 199)), ("alias", "\u2060")],
)
async def test_a_name_is_found_by_the_index_and_as_it_is_spelled(
    desk: Desk, owner: asyncpg.Connection, owning: Database, by: By, name: str
) -> None:
    """Others that search takes for the same stay. A name that no search finds goes as well."""

    def named(id_: str, value: str) -> Event:
        return result(id_, key=value) if by == "key" else result(id_, key=id_, aliases={"other": value})

    await desk.store(named("meant", name), named("other", f"{name.swapcase()}x"), named("spelled", f"x{name}"))
    if name.swapcase() != name:
        await desk.store(named("case", name.swapcase()))
    stay = await owner.fetchval("SELECT count(*) FROM status_logs") - 1
    receipt = await erased(owning, by, name)
    assert receipt.rows["status_logs"] == 1
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == stay


async def test_many_logs_of_one_name_go_in_several_searches(
    desk: Desk, owner: asyncpg.Connection, owning: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.erasure.LOGS_OF_A_SEARCH", 2)
    await desk.store(*(result(f"m{n}", key=f"K-{n}", aliases={"ean": "789"}) for n in range(5)))
    assert (await erased(owning, "alias", "789")).rows["status_logs"] == 5
    assert await owner.fetchval("SELECT count(*) FROM log_names") == 0


@pytest.mark.parametrize("by", ["key", "alias"])
async def test_no_table_is_read_for_a_name(owner: asyncpg.Connection, by: By) -> None:
    """The plan that a connection keeps for any values reads no table, but for a name that no search finds."""
    await owner.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
    folded = {"account": "acme", "types": ["price"], "value": "A", "folded": "a", "whole": [1], "most": 10}
    statement = SQL[f"logs_with_{by}"]
    arguments = statement.arguments(**folded, **({"name": None} if by == "alias" else {}))
    plan = await explained(owner, statement.text, arguments)
    read = [
        each
        for each in nodes(plan)
        if each["Node Type"] in ("Seq Scan", "Bitmap Heap Scan") and "Relation Name" in each
    ]
    assert all(not each["Actual Loops"] for each in read), read


async def test_an_alias_of_one_name_is_not_that_of_another(
    desk: Desk, owner: asyncpg.Connection, owning: Database
) -> None:
    await desk.store(result("a", key="A", aliases={"ean": "789"}), result("b", key="B", aliases={"sku": "789"}))
    await erased(owning, "alias", "789", alias="ean")
    assert [row["key"] for row in await owner.fetch("SELECT key FROM status_logs")] == ["B"]


async def test_an_erased_result_that_is_delivered_again_restores_nothing_and_is_no_conflict(
    desk: Desk, owner: asyncpg.Connection, owning: Database
) -> None:
    await desk.store(HERS)
    await erased(owning, "key", "ORDER-77")
    async with desk.writer.transaction() as connection:
        stored = await store(connection, read_all([HERS]))
    assert stored.conflicts == []
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == 0
    assert await tables_with(owner, [*PERSON, "ORDER-77"]) == {}
    await desk.store(result("new", key="ORDER-77", processed_at=at(5)))
    assert await owner.fetchval("SELECT attempts FROM status_logs") == 1
    assert await tables_with(owner, PERSON) == {}


@pytest.mark.parametrize("staged_from", [0, 10**9], ids=["staged", "folded"])
@pytest.mark.parametrize("way", ["erased", "silent"])
async def test_what_came_before_the_retention_of_a_log_that_is_gone_does_not_make_it_anew(
    desk: Desk, owner: asyncpg.Connection, owning: Database, way: str, staged_from: int
) -> None:
    """The month of its results is dropped, with their ids, then the log goes; and Kafka still has them.

    Of another log, which was never there, such a result is stored; and a new one of this key makes its log.
    """
    old = result("old", key="ORDER-77", processed_at=at(-9000), message=POINTED)
    await desk.store(old)
    await owner.execute("DELETE FROM attempts")
    await owner.execute("DELETE FROM received_results")
    await owner.execute("UPDATE retention_horizon SET before = $1", datetime.fromisoformat(at(-8000)))
    if way == "erased":
        await erased(owning, "key", "ORDER-77")
    else:
        await owner.execute("UPDATE retention_floors SET days = 1; UPDATE status_logs SET updated_at = '2020-01-01'")
        await owner.fetchval("SELECT forget_silent_logs(1, 0, 256)")
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == 0

    async def deliver(*events: Event) -> set[str]:
        async with desk.writer.transaction() as connection:
            await store(connection, read_all(events), staged_from=staged_from)
        return {row["key"] for row in await owner.fetch("SELECT key FROM status_logs")}

    older = result("older", key="ORDER-77", processed_at=at(-9500), message=POINTED)
    others = [result(f"never-{n}", key=f"NEVER-{n}", processed_at=at(-9000)) for n in range(3)]
    assert await deliver(old, older, *others) == {"NEVER-0", "NEVER-1", "NEVER-2"}
    assert await tables_with(owner, [*PERSON, "ORDER-77"]) == {}
    new = result("new", key="ORDER-77", processed_at=at(5))
    assert "ORDER-77" in await deliver(old, new)
    assert await owner.fetchval("SELECT attempts FROM status_logs WHERE key = 'ORDER-77'") == 1


async def test_an_erased_answer_that_is_delivered_again_moves_no_item(
    desk: Desk, owner: asyncpg.Connection, owning: Database
) -> None:
    await desk.store(HERS)
    await desk.by_filter("c1")
    [item] = await desk.send()
    answer = result("answer", key="ORDER-77", processed_at=at(9), message=POINTED, correlationid=str(item.id))
    await desk.store(answer)
    await erased(owning, "key", "ORDER-77")
    before = await owner.fetch("SELECT * FROM reprocess_items")
    await desk.store(answer)
    assert await owner.fetch("SELECT * FROM reprocess_items") == before
    assert await tables_with(owner, PERSON) == {}


@pytest.mark.parametrize("situation", ["queued", "sent", "waiting", "queued again", "sent again"])
async def test_items_of_an_erased_log_end_and_so_does_their_command(
    desk: Desk, owner: asyncpg.Connection, owning: Database, situation: str
) -> None:
    """An item that stayed open would be shown as running for ever: nothing looks at one without a log."""
    await desk.store(HERS)
    await desk.by_filter("c1")
    if situation != "queued":
        items = await desk.send()
        if situation not in {"queued", "sent"}:
            await desk.answer(*items, status="error", errors=[{"code": "http_429", "message": "Too many requests"}])
            assert await owner.fetchval("SELECT not_before IS NOT NULL FROM reprocess_items")
        if situation.endswith("again"):
            assert await desk.wait_out(owner) == 1
        if situation == "sent again":
            assert len(await desk.send()) == 1
    assert (await desk.ledger("c1")).state == "running"
    await erased(owning, "key", "ORDER-77")
    [item] = await owner.fetch("SELECT * FROM reprocess_items")
    was_answered = situation not in {"queued", "sent"}
    assert (item["state"], item["not_before"]) == ("busy" if was_answered else "cancelled", None)
    ledger = await desk.ledger("c1")
    assert ledger.state == "done"
    assert ledger.finished_at is not None
    assert await desk.expire() == 0


async def test_a_command_goes_on_while_other_items_are_open(
    desk: Desk, owner: asyncpg.Connection, owning: Database
) -> None:
    await desk.store(HERS, *OTHERS)
    await desk.by_filter("c1")
    await desk.send()
    await erased(owning, "key", "ORDER-77")
    assert (await desk.ledger("c1")).state == "running"
    await desk.expire()
    assert (await desk.ledger("c1")).state == "done"


async def test_a_conflicting_result_adds_no_alias_and_answers_nothing(desk: Desk, owner: asyncpg.Connection) -> None:
    first = result("same", key="A")
    await desk.store(first)
    await desk.by_filter("c1")
    [item] = await desk.send()
    conflicting = result("same", key="A", aliases={"email": EMAIL}, correlationid=str(item.id), status="success")
    async with desk.writer.transaction() as connection:
        stored = await store(connection, read_all([conflicting]))
    assert len(stored.conflicts) == 1
    assert stored.outcomes == []
    assert await tables_with(owner, [EMAIL]) == {}
    assert await owner.fetchval("SELECT state FROM reprocess_items") == "sent"


async def test_a_stopped_erasure_goes_on_when_it_is_run_again(
    desk: Desk, owner: asyncpg.Connection, owning: Database
) -> None:
    await desk.store(*(result(f"e{number}", key=f"K{number}", message=EMAIL) for number in range(3)))
    wanted = Wanted("acme", "pattern", EMAIL)
    stopped = Erasure(owning, wanted, requested_by="m", reason="r", dry_run=False, stopped=lambda: True)
    assert (await stopped.run(lambda: 0)).finished_at is None
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == 3
    receipt = await erased(owning, "pattern", EMAIL)
    assert receipt.rows["status_logs"] == 3


async def test_what_is_append_only_is_changed_by_an_open_erasure_alone(
    desk: Desk, owner: asyncpg.Connection, owning: Database
) -> None:
    await fill(desk, owner)
    receipt = await erased(owning, "pattern", EMAIL)
    for setting in ("", receipt.id, str(uuid.uuid4())):  # none, finished, made up
        for change in ("UPDATE reprocess_audit SET reason = 'x'", "DELETE FROM exports"):
            async with owner.transaction():
                await owner.execute("SELECT set_config('conexoes.erasure', $1, true)", setting)
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with owner.transaction():
                        await owner.execute(change)


async def test_a_sample_that_is_being_moved_meanwhile_goes_too(
    desk: Desk, writer: Database, owner: asyncpg.Connection, owning: Database
) -> None:
    """The changes of a fault are added to it in a transaction that ends after the erasure began."""
    await desk.store(HERS)

    async def erasure_waits() -> bool:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(await owner.fetchval(waiting))

    async with writer.transaction() as connection:
        assert await connection.fetchval("SELECT compact_fault_changes(1000)")
        erasing = asyncio.create_task(erased(owning, "key", "ORDER-77"))
        await eventually(erasure_waits)
    await erasing
    assert await owner.fetchval("SELECT count(*) FROM faults") > 0
    assert await tables_with(owner, PERSON) == {}


async def test_rows_on_pages_that_are_added_meanwhile_are_searched(
    desk: Desk, owner: asyncpg.Connection, owning: Database
) -> None:
    """Each table grows by more than one step when its last page was searched."""
    wanted = Wanted("acme", "pattern", EMAIL)
    grown = False

    async def grow() -> None:
        await owner.execute(
            """INSERT INTO saved_views (account, id, integration_type, name, query, saved_by)
               SELECT 'acme', gen_random_uuid(), 'price', 'v' || n, repeat('x', 1500), 'm'
               FROM generate_series(1, $1) AS n""",
            PAGES * 6,
        )
        await owner.execute(
            """INSERT INTO saved_views (account, id, integration_type, name, query, saved_by)
               VALUES ('acme', gen_random_uuid(), 'price', 'hers', $1, 'm')""",
            EMAIL,
        )

    class Growing(Erasure):
        async def _erase_page(self, where: tuple[str, Act, int]) -> None:
            nonlocal grown
            await super()._erase_page(where)
            if where[0] == "saved_views" and not grown:
                grown = True
                await grow()

    await owner.execute(
        """INSERT INTO saved_views (account, id, integration_type, name, query, saved_by)
           VALUES ('acme', gen_random_uuid(), 'price', 'first', 'q', 'm')"""
    )
    receipt = await Growing(owning, wanted, requested_by="m", reason="r", dry_run=False).run(lambda: 0)
    assert grown
    assert receipt.rows == {"saved_views": 1}


@pytest.mark.parametrize(
    "statement", ["SELECT erase_logs('{}')", "SELECT delete_logs('{}')", "DELETE FROM status_logs"]
)
async def test_no_other_role_erases(writer: Database, statement: str) -> None:
    async with writer.connection() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


async def test_the_receipt_has_no_value_and_its_proof_belongs_to_it(
    owner: asyncpg.Connection, owning: Database
) -> None:
    receipt = await erased(owning, "pattern", EMAIL)
    assert EMAIL not in json.dumps(receipt, default=str)
    assert await owner.fetchval("SELECT digest FROM erasures") == bytes.fromhex(receipt.digest)
    assert receipt.proof is not None
    [listed] = await list_receipts(owning, "acme")
    assert listed == receipt._replace(proof=None)
    assert receipt.id in as_line(listed)
    assert json.loads(as_json(receipt))["proof"] == receipt.proof
    assert EMAIL not in "".join(as_lines(receipt))
    assert Wanted("acme", "pattern", EMAIL).digest(bytes.fromhex(receipt.proof)).hex() == receipt.digest
    assert Wanted("acme", "pattern", EMAIL + "x").digest(bytes.fromhex(receipt.proof)).hex() != receipt.digest


@pytest.mark.parametrize(("by", "value"), [("key", "PEDIDO-é/7"), ("pattern", EMAIL), ("pattern", TOKEN)])
async def test_a_dead_letter_that_says_it_in_a_header_alone_is_deleted(
    writer: Database, owner: asyncpg.Connection, owning: Database, by: By, value: str
) -> None:
    """Header values are kept in base64."""
    refusal = Refusal(DeadLetterCode.JSON, Reason(ReasonCode.NO_BYTES))
    letters = [
        DeadLetter("acme", refusal, "t", 0, number, 0, None, headers, b"{}")
        for number, headers in enumerate(
            ((("ce_subject", f"of {value}".encode()), ("none", None)), (("ce_subject", b"of another"),), ())
        )
    ]
    async with writer.transaction() as connection:
        await insert_dead_letters(connection, letters)
    counted = await erased(owning, by, value, dry_run=True)
    receipt = await erased(owning, by, value)
    assert counted.rows == receipt.rows == {"dead_letters": 1}
    assert {row["offset"] for row in await owner.fetch('SELECT "offset" FROM dead_letters')} == {1, 2}


@pytest.mark.parametrize("account", ["acme", ""])
async def test_edits_and_outcomes_of_a_dead_letter_go_with_it_also_of_one_of_nobody(
    owning: Database, owner: asyncpg.Connection, account: str
) -> None:
    """The value is in the letter, or in its edit alone; the redrive is one of another account."""
    for number, (value, edited) in enumerate([(b"ana@store", b"-"), (b"-", b"ana@store"), (b"-", b"-")]):
        letter = uuid.uuid4()
        await owner.execute(
            """INSERT INTO dead_letters (
                   account, id, code, reason, topic, partition, "offset", position, headers, value, value_bytes)
               VALUES ($1, $2, 'json', '{"code": "no_bytes", "parameters": {}}', 't', 0, $3, 0, '[]', $4, 1)""",
            account,
            letter,
            number,
            value,
        )
        await owner.execute(
            """INSERT INTO dead_letter_edits (account, letter_id, number, value, requested_by)
               VALUES ($1, $2, 1, $3, 'm')""",
            account,
            letter,
            edited,
        )
        redrive = uuid.uuid4()
        await owner.execute(
            """INSERT INTO redrives (account, id, state, letters, per_second, request, requested_by)
               VALUES ('bravo', $1, 'done', 1, 1, '{}', 'm')""",
            redrive,
        )
        await owner.execute(
            """INSERT INTO redrive_items (account, redrive_id, number, letter_account, letter_id, state, reason)
               VALUES ('bravo', $1, 1, $2, $3, 'still_refused', $4)""",
            redrive,
            account,
            letter,
            json.dumps({"code": "own_words", "parameters": {"text": value.decode()}}),
        )
    await erased(owning, "pattern", "ana@store")
    for table in ("dead_letters", "dead_letter_edits", "redrive_items"):
        for text in ("ana@store", b"ana@store".hex()):
            assert await owner.fetchval(f"SELECT count(*) FROM {table} t WHERE t::text ~ $1", text) == 0, table
    assert await owner.fetchval("SELECT count(*) FROM redrive_items WHERE reason IS NOT NULL") == 2


async def test_the_outcome_of_a_redrive_outlives_the_log_that_it_became_a_result_of(
    owning: Database, desk: Desk, owner: asyncpg.Connection
) -> None:
    await fill(desk, owner)
    log = await owner.fetchval("SELECT id FROM status_logs WHERE key = 'ORDER-77'")
    await owner.execute(
        """WITH made AS (
               INSERT INTO redrives (account, id, state, letters, per_second, request, requested_by)
               VALUES ('acme', gen_random_uuid(), 'done', 1, 1, '{}', 'm') RETURNING account, id
           )
           INSERT INTO redrive_items (account, redrive_id, number, letter_account, letter_id, state, log_id)
           SELECT account, id, 1, account, gen_random_uuid(), 'stored', $1 FROM made""",
        log,
    )
    await erased(owning, "key", "ORDER-77")
    assert await owner.fetchval("SELECT count(*) FROM status_logs WHERE id = $1", log) == 0
    assert await owner.fetchval("SELECT count(*) FROM redrive_items WHERE state = 'stored'") == 1


VALUES = ("ana+1@example.com", "SÃO-1", "a/b", 'x"\\y', "tab\tkey", "\N{DOG FACE}-7", "k" * 200)
#: Characters that may stand beside a word, and those that make it another one.
BESIDE, PART_OF = " ,<>&+\n:", "A9z"


@pytest.mark.parametrize("value", VALUES)
async def test_a_key_is_found_in_any_spelling_and_no_other_word_is(owner: asyncpg.Connection, value: str) -> None:
    """PostgreSQL finds it in text and in bytes, in JSON and in JSON that is a text in JSON."""
    random = Random(value)
    wanted = Wanted("acme", "key", value)
    said, other = [], []
    for _ in range(150):
        for write in (spelled, spelled_twice):
            before, after = random.choice(BESIDE), random.choice(BESIDE)
            said.append(f'{{"x": "{write(f"{before}{value}{after}", random)}"}}')
            longer = random.choice([f"{random.choice(PART_OF)}{value}", f"{value}{random.choice(PART_OF)}"])
            other.append(f'{{"x": "{write(longer, random)}"}}')
    for expression, text in (
        (wanted.expression, "said"),
        (wanted.expression_of_bytes, "encode(convert_to(said, 'UTF8'), 'escape')"),
    ):
        found = f"SELECT array_agg(said) FROM unnest($1::text[]) AS each (said) WHERE {text}"
        assert await owner.fetchval(f"{found} !~ $2", said, expression) is None
        assert await owner.fetchval(f"{found} ~ $2", other, expression) is None


@pytest.mark.parametrize("value", ["SÃO-1", "SKU-1"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16-le", "utf-16-be", "utf-16"])
async def test_a_dead_letter_goes_whatever_the_encoding_of_its_bytes(
    writer: Database, owner: asyncpg.Connection, owning: Database, value: str, encoding: str
) -> None:
    """Letters that can't be read for their encoding are there just for that. One of a longer key stays."""
    values = [f'{{"key": "{each}"}}'.encode(encoding) for each in (value, f"{value}0", f"0{value}", f"\xa0{value}\xa0")]
    refusal = Refusal(DeadLetterCode.ENCODING, Reason(ReasonCode.NO_BYTES))
    letters = [DeadLetter("acme", refusal, "t", 0, n, 0, None, (), each) for n, each in enumerate(values)]
    async with writer.transaction() as connection:
        await insert_dead_letters(connection, letters)
    await erased(owning, "key", value)
    assert {row["offset"] for row in await owner.fetch('SELECT "offset" FROM dead_letters')} == {1, 2}


@pytest.mark.parametrize("by", ["pattern", "key"])
async def test_what_is_spelled_otherwise_than_we_would_goes_too(
    desk: Desk, writer: Database, owner: asyncpg.Connection, owning: Database, by: By
) -> None:
    """Spelled as .NET does, in a body and in a dead letter; a sample of its error goes with the log."""
    mail = r"ana\u002B1@example.com"
    body = rf'{{"data": {{"key": "k-{by}", "request": "{mail}", "errors": [{{"code": "c", "message": "of {mail}"}}]}}}}'
    event = result("net", key="ana+1@example.com" if by == "key" else "K")
    value = orjson.loads(event.value or b"")
    value["request"], value["errors"] = "MAIL", [{"code": "c", "message": "of Wong-Silva"}]
    text = json.dumps(value).replace("MAIL", mail).replace("Wong-Silva", r"Wong\u002dSilva")
    await desk.store(event._replace(value=text.encode()), *OTHERS)
    assert "fault_changes" in await tables_with(owner, ["Wong-Silva"])
    refusal = Refusal(DeadLetterCode.JSON, Reason(ReasonCode.NO_BYTES))
    async with writer.transaction() as connection:
        await insert_dead_letters(connection, [DeadLetter("acme", refusal, "t", 0, 1, 0, None, (), body.encode())])
    receipt = await erased(owning, by, "ana+1@example.com")
    assert receipt.rows.items() >= {"status_logs": 1, "attempts": 1, "dead_letters": 1}.items()
    assert await tables_with(owner, ["ana+1@example", "ana\\u002B1", "Wong"]) == {}


async def test_files_of_the_account_go_but_those_of_running_exports(tmp_path: Path) -> None:
    for name in ("acme/a.xlsx", "acme/b.csv.part", "acme/c.lock", "acme/c.csv.part", "bravo/d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(EMAIL)
    assert delete_files(tmp_path, "acme", dry_run=True) == (2, 1)
    assert len(list(tmp_path.rglob("*.*"))) == 5
    assert delete_files(tmp_path, "acme") == (2, 1)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["c.csv.part", "c.lock", "d.csv"]


async def test_a_reason_that_says_it_is_refused(owning: Database, owner: asyncpg.Connection) -> None:
    with pytest.raises(UnusableError):
        await erase(
            owning,
            Wanted("acme", "pattern", CPF),
            requested_by="m",
            reason=f"of {POINTED}",
            dry_run=False,
            say=print,
            stopped=lambda: False,
        )
    assert await owner.fetchval("SELECT count(*) FROM erasures") == 0


@pytest.mark.parametrize(
    "given", [{}, {"key": "a", "pattern": "abcd"}, {"pattern": "abc"}, {"key": ""}, {"alias": "ean="}], ids=str
)
def test_what_is_to_be_erased_must_be_clear(given: dict[By, str]) -> None:
    with pytest.raises(UnusableError):
        wanted_of("acme", {by: given.get(by) for by in WAYS})


async def test_no_log_of_ours_nor_postgresql_s_has_what_came(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    servers: object,
    data_dir: Path,
    owner: asyncpg.Connection,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Refused, failing, conflicting and dead-lettered inputs, and a search that PostgreSQL cancels."""
    servers_dir: Path = servers._data_dir  # type: ignore[attr-defined]
    canary = f"canary-{uuid.uuid4().hex}"
    evil = [
        result("a", key=canary, message=canary, request={"x": canary}),
        result("a", key=canary, message=f"other {canary}"),
        result("b", key=canary, status=canary),
        result("c", key=canary, processed_at=canary),
        Event(canary.encode(), b'{"account":"acme","key":"' + canary.encode(), [("x", canary.encode())]),
        result("d", key=canary)._replace(value=canary.encode()),
    ]

    async def all_there() -> bool:
        return bool(await owner.fetchval("SELECT count(*) FROM dead_letters") == 4)

    with capture_logs() as lines:
        async with running_worker(broker_settings, storage_settings, data_dir):
            await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, evil)
            await eventually(all_there)
    for statement in (
        f"SELECT '{canary}'::integer + 'x{canary}'::integer",
        f"INSERT INTO facets VALUES ('{canary}', gen_random_uuid(), NULL)",
        f"SELECT pg_sleep(9), '{canary}'",
    ):
        with pytest.raises(asyncpg.PostgresError):
            async with owner.transaction():
                await owner.execute("SET LOCAL statement_timeout = '50ms'")
                await owner.execute(statement)
    with pytest.raises(asyncpg.PostgresError):
        await owner.execute("INSERT INTO facets VALUES ($1, gen_random_uuid(), NULL)", canary)
    await asyncio.sleep(0)
    assert len(lines) >= 5
    assert canary not in json.dumps(lines, default=str)
    assert canary not in "".join(capfd.readouterr())
    assert files_with(servers_dir, [canary]) == []
    assert files_with(data_dir, [canary]) == []
    assert "attempts" in await tables_with(owner, [canary])
