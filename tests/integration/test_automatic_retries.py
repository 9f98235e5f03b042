"""Automatic retries, step by step on a real PostgreSQL, then the whole way round with a real Kafka and kill -9."""

import asyncio
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from agents.reprocess.automatic import Automatic
from api.actions import actions_for
from broker.settings import BrokerSettings
from schemas.automatic_rule import COMMAND_LOGS, GATHER_SECONDS, AutomaticChange
from schemas.error_class import ErrorClass
from schemas.policy import Policy
from schemas.shown.command import ReprocessCommand
from storage.access_keys import Grant
from storage.database import Database, clock
from storage.logs.reader import LogReader
from storage.reprocess import affiliates, automatic
from storage.reprocess.reader import list_commands
from storage.settings import StorageSettings
from storage.statements import SQL
from tests.support.agents import consuming, produce
from tests.support.events import at, result
from tests.support.processes import conexoes, end
from tests.support.reprocess import Desk
from tests.support.waiting import eventually

pytestmark = pytest.mark.law

BUSY: dict[str, Any] = {"errors": [{"code": "http.429", "message": "Too many requests"}], "message": None}
UNKNOWN: dict[str, Any] = {"errors": [{"code": "E-77", "message": "could not be done"}], "message": None}
PERMANENT: dict[str, Any] = {"errors": [{"code": "price.below_minimum", "message": "too low"}], "message": None}
#: One answer is final, so that each try is an item that ends.
NO_BUSY_TRIES = Policy.model_validate({"price": {"*": {"busy_tries": 0}}, "orders": {"ORD": {"reprocessable": True}}})


PAUSES_ARE_OVER = "UPDATE automatic_retries SET next_at = now() - interval '1 minute' WHERE next_at IS NOT NULL"


class Round:
    """The agents' round on a desk, whose pauses a test ends."""

    def __init__(self, desk: Desk, owner: asyncpg.Connection, *, enabled: bool = True) -> None:
        self._desk, self._owner = desk, owner
        self._automatic = Automatic(desk.writer, desk.policy, lambda: None, enabled=enabled)

    async def __call__(self) -> None:
        """Look at what came, and record what is due as if every pause were over."""
        await self._automatic.once()
        await self._owner.execute(PAUSES_ARE_OVER)
        await self._owner.execute("UPDATE automatic_canaries SET next_at = now() WHERE next_at IS NOT NULL")
        await self._automatic.once()

    async def commands(self) -> list[ReprocessCommand]:
        """The automatic commands, oldest first."""
        shown = await list_commands(self._desk.reader, "acme", after=None, limit=100, automatic=True)
        return shown[::-1]


@pytest.fixture
async def desk(database_url: str, storage_settings: StorageSettings) -> Any:
    one = Desk(database_url, storage_settings, NO_BUSY_TRIES)
    yield one
    await one.close()


@pytest.fixture
def round_(desk: Desk, owner: asyncpg.Connection) -> Round:
    return Round(desk, owner)


async def set_rule(writer: Database, **change: Any) -> None:
    async with writer.transaction() as connection:
        rule = AutomaticChange(**{"per_second": 1000, **change})
        assert await automatic.set_rule(connection, "acme", "price", "*", rule, requested_by="maria", reason="test")


async def next_tries(reader: Database) -> dict[str, bool]:
    """The logs by key, and if each says when it is tried next."""
    grant = Grant("acme", "operator", "o", may_export=True, may_see_evidence=True, key_id=None)
    rows = await LogReader(reader, actions_for(grant, Policy())).search("acme", "SKU-", 200)
    return {row.key: row.next_try_at is not None for row in rows}


async def test_what_is_busy_is_tried_again_and_nothing_else_of_a_new_account(
    desk: Desk, round_: Round, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(3), **BUSY)
    await desk.fail(range(3, 6), **PERMANENT)
    await desk.fail(range(6, 9), **UNKNOWN)
    await desk.fail(range(9, 10), "AMZ", errors=[{"code": "ENOTFOUND"}])
    await desk.store(result("o1", "orders", key="ORDER-1", **BUSY))
    await round_()
    assert await next_tries(desk.reader) == {f"SKU-{n}": False for n in range(10)}, "three are in flight"
    [command] = await round_.commands()
    assert (command.requested_by, command.total, command.items) == ("conexoes", 3, {"queued": 3})
    assert command.automatic is not None
    assert command.automatic.parameters["code"] == "http.429"
    items = await desk.send()
    assert {each.key for each in items} == {"SKU-0", "SKU-1", "SKU-2"}
    await desk.answer(*items)
    await round_()
    assert (await desk.ledger(command.id)).items == {"fixed": 3}
    assert len(await round_.commands()) == 1
    assert await owner.fetchval("SELECT count(*) FROM automatic_retries") == 0
    requested = await owner.fetch("SELECT action, requested_by, command_id FROM reprocess_audit")
    assert [tuple(each) for each in requested] == [("requested", "conexoes", command.id)]


async def test_tries_end_at_their_ceiling_and_a_success_begins_anew(
    desk: Desk, round_: Round, owner: asyncpg.Connection
) -> None:
    await set_rule(desk.writer, tries=2, pause_seconds=600)
    await desk.fail(range(1), **BUSY)
    await Automatic(desk.writer, desk.policy, lambda: None, enabled=True).once()
    assert await next_tries(desk.reader) == {"SKU-0": True}
    assert await round_.commands() == []
    for n in (1, 2):
        await round_()
        assert len(await round_.commands()) == n
        await desk.answer(*await desk.send(), seconds=n * 60, status="error", **BUSY)
    await round_()
    await round_()
    assert [each.items for each in await round_.commands()] == [{"busy": 1}, {"busy": 1}]
    attempts = [each.automatic.parameters["attempt"] for each in await round_.commands() if each.automatic]
    assert attempts == [1, 2]
    assert await next_tries(desk.reader) == {"SKU-0": False}
    await desk.store(result("late", key="SKU-0", status="success", processed_at=at(300)))
    await round_()
    await desk.store(result("again", key="SKU-0", processed_at=at(360), **BUSY))
    await round_()
    assert len(await round_.commands()) == 3, "the same log and number of try, but another reprocess of it"
    await desk.answer(*await desk.send(), seconds=400, status="error", **PERMANENT)
    await round_()
    assert len(await round_.commands()) == 3, "the answer says that it is no use"


async def test_the_others_of_a_group_follow_a_canary_that_is_fixed(desk: Desk, round_: Round) -> None:
    await set_rule(desk.writer, unknown=True)
    await desk.fail(range(20), **UNKNOWN)
    await round_()
    [canary] = await desk.send()
    assert await desk.send() == []
    await desk.judge()
    await round_()
    assert len(await round_.commands()) == 1, "while a canary is on its way, there is no other"
    await desk.answer(canary)
    await desk.judge()
    others = await desk.send()
    assert len(others) == 19
    await desk.answer(*others)
    [command] = await round_.commands()
    assert (command.state, command.items) == ("done", {"fixed": 20})
    await desk.fail(range(20, 22), **UNKNOWN)
    await round_()
    assert len(await desk.send()) == 1


@pytest.mark.parametrize("healed", [False, True])
async def test_a_canary_that_is_alone_and_fixed_is_no_failed_try(
    desk: Desk, round_: Round, owner: asyncpg.Connection, *, healed: bool
) -> None:
    await set_rule(desk.writer, unknown=True, tries=2)
    for n in range(4):
        await desk.fail(range(n, n + 1), **UNKNOWN)
        await round_()
        if healed:
            await desk.store(result(f"by-itself-{n}", key=f"SKU-{n}", status="success", processed_at=at(60)))
            assert await desk.send() == []
        else:
            await desk.answer(*await desk.send())
        await desk.judge()
        assert (await round_.commands())[-1].items == {"healed" if healed else "fixed": 1}
    assert len(await round_.commands()) == 4
    assert await owner.fetchval("SELECT tries FROM automatic_canaries") == 1


async def test_a_canary_that_is_not_fixed_is_the_only_one_that_is_sent(desk: Desk, round_: Round) -> None:
    await set_rule(desk.writer, unknown=True, tries=2)
    await desk.fail(range(20), **UNKNOWN)
    for n in (1, 2):
        await round_()
        [canary] = await desk.send()
        await desk.answer(canary, seconds=n * 60, status="error", **UNKNOWN)
        await desk.judge()
        await desk.let_go()
        await desk.fail(range(20 * n, 20 * n + 20), **UNKNOWN)
    await round_()
    assert await desk.send() == []
    counts = Counter[str]()
    for each in await round_.commands():
        counts.update(each.items)
    assert counts["same_error"] == 2
    assert set(counts) == {"same_error", "cancelled"}


@pytest.mark.parametrize("size", [0, 70_000])
async def test_of_a_huge_result_no_more_is_read_than_is_looked_at(
    desk: Desk, owner: asyncpg.Connection, size: int
) -> None:
    await desk.fail(range(1), errors=[{**BUSY["errors"][0], "seen": "x" * size}], message="y" * size)
    async with desk.writer.transaction() as connection:
        since = await owner.fetchval("SELECT now() - interval '1 hour'")
        found = await automatic.results_since(connection, since, datetime.now(UTC), 10)
        [row] = await SQL["results_to_class"].fetch(
            connection, since=since, until=datetime.now(UTC), limit=10, characters=2000
        )
    assert [each.class_ for each in found.results] == [ErrorClass.UNKNOWN if size else ErrorClass.BUSY]
    assert row["message"] == ("y" * size)[:2000]
    assert (row["errors"] is None) is bool(size)


async def test_a_backlog_of_successes_is_passed_over_in_pieces(
    desk: Desk, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automatic, "SOON", timedelta(0))
    agents = Automatic(desk.writer, desk.policy, lambda: None, enabled=True)
    for number in range(2 * automatic.SCANNED):
        await desk.store(result(f"s{number}", key=f"SKU-{number}", status="success"))
    await desk.fail(range(100, 101), **BUSY)
    assert [await agents.look(1) for _ in range(2)] == [1, 1]
    assert await owner.fetchval("SELECT count(*) FROM automatic_retries") == 0
    times = [row["received_at"] for row in await owner.fetch("SELECT received_at FROM attempts ORDER BY received_at")]
    assert await owner.fetchval("SELECT received_until FROM automatic_progress") == times[-2]
    assert await agents.look(1) == 1
    assert await owner.fetchval("SELECT count(*) FROM automatic_retries") == 1
    assert await agents.look(1) == 0


async def test_of_a_group_only_what_was_sent_is_counted_as_a_try(
    desk: Desk, round_: Round, owner: asyncpg.Connection
) -> None:
    async def tries() -> list[int]:
        await Automatic(desk.writer, desk.policy, lambda: None, enabled=True).look()
        return [row["tries"] for row in await owner.fetch("SELECT tries FROM automatic_retries ORDER BY tries")]

    await set_rule(desk.writer, unknown=True)
    await desk.fail(range(4), **UNKNOWN)
    await round_()
    assert await tries() == [0, 0, 0, 1]
    [canary] = await desk.send()
    await desk.answer(canary)
    await desk.judge()
    others = await desk.send()
    await desk.answer(*others[:2], seconds=60, status="error", **UNKNOWN)
    assert await tries() == [0, 1, 1], "one is not answered yet"
    await desk.answer(others[2], seconds=60, status="error", **UNKNOWN)
    assert await tries() == [1, 1, 1]
    await desk.answer(*others, seconds=61, status="error", **UNKNOWN)
    assert await tries() == [1, 1, 1], "each was sent once, whatever else was said of it"
    await round_()
    [canary] = await desk.send()
    await desk.answer(canary, seconds=120, status="error", **UNKNOWN)
    await desk.judge()
    await desk.let_go()
    assert await tries() == [1, 1, 2]


async def test_only_what_a_person_asked_for_is_told_as_stopped_and_only_a_person_s_command_ends_that(
    desk: Desk, round_: Round, owner: asyncpg.Connection
) -> None:
    async def stopped() -> list[str]:
        async with desk.writer.transaction() as connection:
            rows = await SQL["stopped_commands"].fetch(connection, since=datetime.now(UTC) - timedelta(hours=1))
        return [row["id"] for row in rows]

    async def canary_fails(seconds: int) -> None:
        [canary] = await desk.send()
        await desk.answer(canary, seconds=seconds, status="error", **UNKNOWN)
        await desk.judge()
        await desk.let_go()

    await desk.fail(range(3), **UNKNOWN)
    logs = [row["id"] for row in await owner.fetch("SELECT id FROM status_logs ORDER BY key")]
    await desk.command("mine", log_ids=logs, pace={"steps": [1], "fixed_share": 1.0})
    await canary_fails(60)
    assert await stopped() == ["mine"]
    await set_rule(desk.writer, unknown=True)
    await round_()
    assert await stopped() == ["mine"]
    await canary_fails(120)
    assert [each.state for each in await round_.commands()] == ["cancelled"]
    assert await stopped() == ["mine"]
    await desk.command("again", log_ids=logs)
    assert await stopped() == []


async def test_one_switch_stops_all_of_an_account_and_a_setting_all_of_it(
    desk: Desk, round_: Round, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(4), **BUSY)
    await round_()
    async with desk.writer.transaction() as connection:
        off = {"on": False, "requested_by": "maria", "reason": "double prices"}
        assert await automatic.switch(connection, "acme", **off)  # type: ignore[arg-type]
        assert not await automatic.switch(connection, "acme", **off)  # type: ignore[arg-type]
    assert await desk.send() == []
    await desk.let_go()
    [stopped] = await round_.commands()
    assert (stopped.state, stopped.items) == ("cancelled", {"cancelled": 4})
    assert stopped.note is not None
    assert stopped.note.code == "automatic_switched_off"
    await round_()
    assert len(await round_.commands()) == 1
    assert set((await next_tries(desk.reader)).values()) == {False}
    shown = await automatic.read_automatic(desk.reader, "acme")
    assert shown.off is not None
    assert (shown.off.set_by, shown.off.reason) == ("maria", "double prices")
    async with desk.writer.transaction() as connection:
        assert await automatic.switch(connection, "acme", on=True, requested_by="maria", reason=None)
    await round_()
    assert [each.state for each in await round_.commands()] == ["cancelled", "running"]
    await Round(desk, owner, enabled=False)()
    assert [each.state for each in await round_.commands()] == ["cancelled", "cancelled"]
    assert await owner.fetchval("SELECT count(*) FROM automatic_retries") == 0
    actions = await owner.fetch("SELECT action FROM reprocess_audit WHERE command_id IS NULL ORDER BY at")
    assert [each["action"] for each in actions] == ["automatic_off", "automatic_on"]


async def test_pauses_people_and_changed_rules_come_first(desk: Desk, round_: Round, owner: asyncpg.Connection) -> None:
    await desk.fail(range(2), **BUSY)
    async with desk.writer.transaction() as connection:
        await affiliates.switch(connection, "acme", "MLB", "paused", requested_by="maria", reason=None)
    await round_()
    assert await round_.commands() == []
    async with desk.writer.transaction() as connection:
        await affiliates.switch(connection, "acme", "MLB", "resumed", requested_by="maria", reason=None)
    logs = [row["id"] for row in await owner.fetch("SELECT id FROM status_logs ORDER BY key")]
    await desk.command("mine", log_ids=logs[:1])
    await round_()
    [command] = await round_.commands()
    assert [each.key for each in await desk.items(command.id)] == ["SKU-1"]
    await set_rule(desk.writer, busy=False)
    await desk.answer(*await desk.send(), status="error", **BUSY)
    await round_()
    assert len(await round_.commands()) == 1
    assert await owner.fetchval("SELECT count(*) FROM automatic_retries") == 0


async def test_a_failure_that_is_permanent_since_it_was_looked_at_is_left(
    desk: Desk, round_: Round, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(2), **BUSY)
    agents = Automatic(desk.writer, desk.policy, lambda: None, enabled=True)
    await agents.look()
    await owner.execute(PAUSES_ARE_OVER)
    await desk.store(result("worse", key="SKU-0", processed_at=at(60), **PERMANENT))
    assert await agents.record_due() == 1
    [command] = await round_.commands()
    assert [each.key for each in await desk.items(command.id)] == ["SKU-1"]
    await round_()
    assert await owner.fetchval("SELECT count(*) FROM automatic_retries") == 1


async def test_a_failure_whose_fingerprint_was_made_anew_is_tried_after_a_pause(
    desk: Desk, round_: Round, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(1), **BUSY)
    await Automatic(desk.writer, desk.policy, lambda: None, enabled=True).look()
    await owner.execute("UPDATE status_logs SET fingerprint = 'anew'")
    await round_()
    assert await round_.commands() == []
    assert await owner.fetchval("SELECT fingerprint FROM automatic_retries WHERE next_at > now()") == "anew"
    await round_()
    assert len(await round_.commands()) == 1


async def test_while_a_command_waits_to_be_sent_there_is_no_other_and_they_share_one_pace(
    desk: Desk, round_: Round, owner: asyncpg.Connection
) -> None:
    await set_rule(desk.writer, per_second=0.0001)  # a bucket of one, and none to come
    await desk.fail(range(2), **BUSY)
    await round_()
    await desk.fail(range(2, 4), **BUSY)
    await round_()
    assert len(await round_.commands()) == 1
    assert len(await desk.send()) == 1
    await owner.execute("UPDATE pace_buckets SET tokens = 1")
    assert len(await desk.send()) == 1
    await round_()
    assert len(await round_.commands()) == 2
    assert await desk.send() == [], "of a bucket of its own, the second command would have one"


async def test_a_lane_is_found_once_while_nothing_holds_it_back_and_by_one_worker(
    desk: Desk, round_: Round, owner: asyncpg.Connection
) -> None:
    async def lanes() -> list[tuple[Any, ...]]:
        async with desk.writer.transaction() as connection:
            found = await automatic.due_lanes(connection, await clock(connection))
        return sorted((each.affiliate, each.class_, each.tries, each.fingerprint is None) for each in found)

    async with desk.writer.transaction() as connection:
        rule = AutomaticChange(unknown=True, per_second=0.0001)
        assert await automatic.set_rule(connection, "acme", "price", "*", rule, requested_by="maria", reason="test")
    await desk.fail(range(3), **BUSY)
    await desk.fail(range(3, 6), "AMZ", **BUSY)
    await desk.fail(range(6, 9), **UNKNOWN)
    await desk.fail(range(9, 12), errors=[{"code": "E-78", "message": "could not be done either"}], message=None)
    agents = Automatic(desk.writer, desk.policy, lambda: None, enabled=True)
    await agents.look()
    assert await lanes() == []
    await owner.execute(PAUSES_ARE_OVER)
    busy = [("AMZ", "busy", 0, True), ("MLB", "busy", 0, True)]
    assert await lanes() == [*busy, ("MLB", "unknown", 0, False), ("MLB", "unknown", 0, False)]
    await owner.execute(
        "UPDATE automatic_retries SET tries = 1, next_at = now() + interval '1 hour' WHERE affiliate = 'AMZ'"
    )
    assert len(await lanes()) == 3
    async with owner.transaction():
        await owner.execute("SELECT FROM automatic_progress FOR UPDATE")
        await owner.execute("LOCK TABLE automatic_retries IN ACCESS EXCLUSIVE MODE")
        assert await agents.record_due() == 0, "it does not wait for what it is not to read"
    assert await agents.record_due() == 3
    await desk.fail(range(20, 22), **BUSY)
    await desk.fail(range(22, 24), **UNKNOWN)
    await agents.look()
    await owner.execute(PAUSES_ARE_OVER)
    await owner.execute("UPDATE automatic_canaries SET next_at = now()")
    assert await lanes() == [("AMZ", "busy", 1, True)], "a queue and two canaries hold the others back"


async def test_a_trickle_is_gathered_and_what_makes_a_whole_command_is_not(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    agents = Automatic(desk.writer, desk.policy, lambda: None, enabled=True)

    async def recorded(affiliate: str, number: int, seconds: float) -> int:
        await desk.fail(range(number), affiliate, **BUSY)
        await agents.look()
        await owner.execute("UPDATE automatic_retries SET next_at = now() - make_interval(secs => $1)", seconds)
        return await agents.record_due()

    assert await recorded("MLB", COMMAND_LOGS - 1, 0) == 0
    assert await recorded("MLB", COMMAND_LOGS, 0) == 1
    assert await recorded("AMZ", 1, 0) == 0
    assert await recorded("AMZ", 1, GATHER_SECONDS) == 1


async def test_what_is_erased_is_watched_no_more(desk: Desk, round_: Round, owner: asyncpg.Connection) -> None:
    await desk.fail(range(2), **BUSY)
    await round_()
    await owner.execute("DELETE FROM status_logs WHERE key = 'SKU-0'")
    assert await owner.fetchval("SELECT count(*) FROM automatic_retries") == 1
    await desk.fail(range(2, 3), **BUSY)
    await owner.execute("DELETE FROM status_logs WHERE key = 'SKU-2'")
    await round_()
    assert await owner.fetchval("SELECT count(*) FROM automatic_retries") == 1


async def test_a_person_s_command_waits_for_its_time_and_for_the_end_of_a_pause(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.fail(range(3))
    logs = [row["id"] for row in await owner.fetch("SELECT id FROM status_logs ORDER BY key")]
    tonight = await owner.fetchval("SELECT now() + interval '8 hours'")
    await desk.command("tonight", log_ids=logs[:1], not_before=tonight.isoformat())
    async with desk.writer.transaction() as connection:
        await affiliates.switch(connection, "acme", "MLB", "paused", requested_by="maria", reason=None)
    await desk.command("now", log_ids=logs[1:2])
    await desk.command("back", log_ids=logs[2:], when_back=True)
    assert (await desk.ledger("now")).items == {"paused": 1}
    assert (await desk.ledger("back")).items == {"queued": 1}
    assert await desk.send() == []
    async with desk.writer.transaction() as connection:
        await affiliates.switch(connection, "acme", "MLB", "resumed", requested_by="maria", reason=None)
    assert [each.command_id for each in await desk.send()] == ["back"]
    assert (await desk.ledger("tonight")).not_before == tonight
    assert await next_tries(desk.reader) == {"SKU-0": True, "SKU-1": False, "SKU-2": False}
    await owner.execute("UPDATE reprocess_commands SET not_before = now()")
    assert [each.command_id for each in await desk.send()] == ["tonight"]
    far = await owner.fetchval("SELECT now() + interval '40 days'")
    await desk.command("far", log_ids=logs[1:2], not_before=far.isoformat())
    assert (await desk.ledger("far")).state == "cancelled"


PER_SECOND = 150
LOGS = 1000


async def test_1000_rows_of_429_are_cured_without_a_click_1000_permanent_ones_are_left_and_kill_9_doubles_no_try(
    broker_settings: BrokerSettings, database_url: str, data_dir: Path, owner: asyncpg.Connection, writer: Database
) -> None:
    await set_rule(writer, pause_seconds=0.1, pause_ceiling_seconds=60, per_second=PER_SECOND)
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    seen: Counter[str] = Counter()

    def agents() -> Any:
        return conexoes(
            "agents",
            log=data_dir / "agents.log",
            KAFKA_BOOTSTRAP_SERVERS=servers,
            TOPIC_PREFIX=prefix,
            DATABASE_URL=database_url,
            DATA_DIR=str(data_dir),
            WORKER_ID="w1",
        )

    async def connector() -> None:
        """Cures whatever it is asked for."""
        async with consuming(servers, broker_settings.topics.retry("price")) as consumer:
            while True:
                answers = []
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        event = orjson.loads(record.value)
                        seen[event["id"]] += 1
                        fields = {"key": event["data"]["key"], "status": "success", "processed_at": at(600)}
                        answers.append(result(str(uuid.uuid4()), correlationid=event["id"], **fields))
                await produce(servers, prefix, answers)

    async def cured(share: float) -> None:
        async def look() -> bool:
            done = await owner.fetchval("SELECT count(*) FROM status_logs WHERE status = 'success'")
            return bool(done >= LOGS * share)

        await eventually(look, 180)

    answering = asyncio.create_task(connector())
    failing = [result(f"b{n}", key=f"BUSY-{n}", **BUSY) for n in range(LOGS)]
    permanent = [result(f"p{n}", key=f"WRONG-{n}", **PERMANENT) for n in range(LOGS)]
    await produce(servers, prefix, [*failing, *permanent])
    for share in (0.1, 0.5):
        async with agents():  # its end kills it
            await cured(share)
    async with agents() as process:
        await cured(1)

        async def over() -> bool:
            return bool(
                await owner.fetchval(
                    "SELECT NOT EXISTS (SELECT FROM reprocess_commands WHERE state <> 'done')"
                    " AND NOT EXISTS (SELECT FROM automatic_retries)"
                )
            )

        await eventually(over)
        assert await end(process) == 0
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)
    items = await owner.fetch(
        "SELECT i.id::text, i.key, i.state, i.sent_at, c.automatic FROM reprocess_items i"
        " JOIN reprocess_commands c ON c.account = i.account AND c.id = i.command_id"
    )
    assert Counter(each["state"] for each in items) == {"fixed": LOGS}
    assert {each["key"] for each in items} == {f"BUSY-{n}" for n in range(LOGS)}, "one try of each, none of the others"
    assert all(each["automatic"] for each in items)
    assert set(seen) == {each["id"] for each in items}, "each was sent once at least, by the id of its try"
    sent = sorted(each["sent_at"] for each in items)
    seconds = (sent[-1] - sent[0]).total_seconds()
    assert PER_SECOND * (seconds + 2) >= LOGS, "a bucket holds a second's worth, and marking may lag behind"
    wrong = await owner.fetchval("SELECT count(*) FROM status_logs WHERE status = 'error' AND reprocess_state IS NULL")
    assert wrong == LOGS
