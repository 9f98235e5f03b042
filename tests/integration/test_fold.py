"""The law of design section 3: any order and any duplication of the same results gives the same rows."""

import asyncio
import itertools
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from schemas.catalogue import BY_NAME
from schemas.result import Result, read
from storage.database import Database
from storage.results import store
from storage.retention import expire_attempts, forget_expired_attempts, forget_unplaced_attempts
from tests.support.events import at, result
from tests.support.model import fold
from tests.support.waiting import eventually

pytestmark = pytest.mark.law

SHOWN = (
    "SELECT status, processed_at, version, event_id, message, code, fingerprint, attempts, first_seen_at,"
    " category, errors, other_codes, other_categories, other_fingerprints"
)


def results(*changes: dict[str, Any]) -> list[Result]:
    found = []
    for number, each in enumerate(changes):
        event = result(f"e{number}", **each)
        [read_one] = read(BY_NAME["price"], event.headers, event.key, event.value or b"", time.time_ns())
        assert isinstance(read_one, Result), read_one
        found.append(read_one)
    return found


#: Errors in an order that says nothing: a warning, the gravest, and one with what PostgreSQL's arrays must escape.
SEVERAL = [
    {"code": 'w,"x\\{}', "message": "w", "severity": "warning", "category": 'B,"{}'},
    {"code": "e", "message": "e", "category": "A"},
    {"code": "a", "message": "a", "category": "A"},
]
#: Five versions: a later time beats an earlier one, then sequence, then none at all; nanoseconds count.
FIVE = results(
    {"processed_at": at(1), "status": "error", "errors": SEVERAL},
    {"processed_at": at(2), "status": "warning", "sequence": 7},
    {"processed_at": at(2), "status": "error", "sequence": 8},
    {"processed_at": at(3).replace("+00:00", ".000000001Z"), "status": "error"},
    {"processed_at": at(3).replace("+00:00", ".000000002Z"), "status": "success"},
)


async def _store(database: Database, *batches: Sequence[Result]) -> None:
    for batch in batches:
        async with database.transaction() as connection:
            await store(connection, batch)


async def test_all_120_permutations_of_five_versions_show_the_highest(
    writer: Database, owner: asyncpg.Connection
) -> None:
    seen = set()
    for order in itertools.permutations(FIVE):
        await owner.execute("TRUNCATE status_logs, log_names, attempts, received_results CASCADE")
        await _store(writer, *([each] for each in order))
        [row] = await owner.fetch(f"{SHOWN} FROM status_logs")
        seen.add(tuple(row))
    [only] = seen
    assert (only[0], only[3], only[7]) == ("success", "e4", 5)


async def test_every_error_is_stored_with_the_gravest_apart(writer: Database, owner: asyncpg.Connection) -> None:
    [read_one] = results({"errors": SEVERAL})
    await _store(writer, [read_one])
    expected = (
        ("e", "A", read_one.fingerprint, 3),
        (["a", SEVERAL[0]["code"]], [SEVERAL[0]["category"]]),
        sorted(each.fingerprint for each in read_one.faults[1:]),
    )
    for table in ("attempts", "status_logs"):
        [row] = await owner.fetch(f"SELECT * FROM {table}")
        assert (
            (row["code"], row["category"], row["fingerprint"], row["errors"]),
            (row["other_codes"], row["other_categories"]),
            row["other_fingerprints"],
        ) == expected
    [facet] = await owner.fetch("SELECT * FROM facets")
    assert sorted(facet["codes"]) == sorted(each["code"] for each in SEVERAL)
    assert sorted(facet["categories"]) == ["A", SEVERAL[0]["category"]]
    assert sorted(facet["fingerprints"]) == sorted(each.fingerprint for each in read_one.faults)
    changes = await owner.fetch("SELECT fingerprint, results, code, category, message FROM fault_changes")
    assert sorted(map(tuple, changes)) == sorted(
        (each.fingerprint, 1, each.code, each.category, each.message) for each in read_one.faults
    )


async def test_a_result_with_one_error_or_none_has_no_others(writer: Database, owner: asyncpg.Connection) -> None:
    await _store(writer, results({"key": "1"}, {"key": "2", "errors": None}, {"key": "3", "status": "success"}))
    rows = await owner.fetch(f"{SHOWN} FROM status_logs ORDER BY key")
    assert [(row["code"], row["errors"]) for row in rows] == [("price.minimum", 1), (None, 0), (None, 0)]
    assert {row[name] for row in rows for name in ("other_codes", "other_categories", "other_fingerprints")} == {None}
    codes = await owner.fetch("SELECT codes, cardinality(fingerprints) AS faults FROM facets ORDER BY 2, 1")
    assert [tuple(row) for row in codes] == [([], 0), ([], 1), (["price.minimum"], 1)]


async def test_one_batch_or_many_make_no_difference(writer: Database, owner: asyncpg.Connection) -> None:
    rng = random.Random(7)
    seen = set()
    for _ in range(30):
        order = rng.choices(FIVE, k=4) + rng.sample(FIVE, k=5)
        cut = rng.randrange(len(order))
        await owner.execute("TRUNCATE status_logs, log_names, attempts, received_results CASCADE")
        await _store(writer, order[:cut] or order, order[cut:])
        [row] = await owner.fetch(f"{SHOWN} FROM status_logs")
        seen.add(tuple(row))
    assert len(seen) == 1


async def test_a_result_delivered_again_is_one_attempt_whatever_time_it_claims(
    writer: Database, owner: asyncpg.Connection
) -> None:
    first, second = results({"processed_at": at(1)}, {"processed_at": at(-86_400 * 40)})
    again = second._replace(id=first.id, event_id=first.event_id)
    await _store(writer, [first], [first, again], [again])
    assert await owner.fetchval("SELECT count(*) FROM attempts") == 1
    assert await owner.fetchval("SELECT attempts FROM status_logs") == 1


async def test_older_results_that_come_later_join_the_timeline_as_late(
    writer: Database, owner: asyncpg.Connection
) -> None:
    old, new, newest, *_ = FIVE
    await _store(writer, [new], [old, newest, old])
    rows = await owner.fetch("SELECT event_id, late FROM attempts ORDER BY event_id")
    assert [tuple(row) for row in rows] == [("e0", True), ("e1", False), ("e2", False)]


async def test_late_is_seen_within_one_batch(writer: Database, owner: asyncpg.Connection) -> None:
    await _store(writer, [FIVE[4], FIVE[0], FIVE[3]])
    rows = await owner.fetch("SELECT event_id, late FROM attempts ORDER BY event_id")
    assert [tuple(row) for row in rows] == [("e0", True), ("e3", True), ("e4", False)]


async def test_random_histories_equal_the_model(writer: Database, owner: asyncpg.Connection) -> None:
    rng = random.Random(20261124)
    pool = results(
        *(
            {
                "key": f"SKU-{rng.randrange(40)}",
                "account": rng.choice(["acme", "bolt"]),
                "processed_at": at(rng.randrange(20)),
                "sequence": rng.choice([None, 0, 1, 2]),
                "status": rng.choice(["success", "warning", "error"]),
            }
            for _ in range(600)
        )
    )
    delivered = pool + rng.choices(pool, k=300)
    rng.shuffle(delivered)
    while delivered:
        size = rng.randrange(1, 90)
        await _store(writer, delivered[:size])
        delivered = delivered[size:]
    rows = await owner.fetch(
        "SELECT account, integration_type, affiliate, key, status, event_id, attempts, first_seen_at FROM status_logs"
    )
    assert {tuple(row)[:4]: tuple(row)[4:] for row in rows} == {name: tuple(row) for name, row in fold(pool).items()}


@pytest.mark.parametrize(
    "key", ["00123", "123", "PG-2404С1", "PG-2404C1", "a/b&c+d", "a%b_c\\", "é", "e\u0301", "'; --"]
)
async def test_keys_are_kept_exactly(writer: Database, owner: asyncpg.Connection, key: str) -> None:
    await _store(writer, results({"key": key}))
    assert await owner.fetchval("SELECT key FROM status_logs") == key


async def test_attempts_of_a_dropped_month_still_land(writer: Database, owner: asyncpg.Connection) -> None:
    await _store(writer, results({"processed_at": "2001-02-03T04:05:06Z"}))
    assert await owner.fetchval("SELECT tableoid::regclass::text FROM attempts") == "attempts_default"
    assert await owner.fetchval("SELECT attempts FROM status_logs") == 1


async def test_two_writers_with_the_same_results_in_another_order_do_not_wait_for_each_other(
    writer: Database, owner: asyncpg.Connection
) -> None:
    """Redelivery while the old owner still writes. One waits for the other; both would be a deadlock."""
    low, high = sorted(results({"key": "SKU-1"}, {"key": "SKU-2"}), key=lambda each: each.id)

    async def second() -> None:
        async with writer.transaction() as connection:
            await store(connection, [high, low])

    async with writer.transaction() as connection:
        await store(connection, [low])
        other = asyncio.create_task(second())

        async def waiting() -> bool:
            return bool(await owner.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))

        await eventually(waiting)
        await store(connection, [high])
    await other
    assert await owner.fetchval("SELECT count(*) FROM attempts") == 2


async def test_two_accounts_that_say_the_same_have_a_result_each(writer: Database, owner: asyncpg.Connection) -> None:
    [one] = results({"account": "acme"})
    [other] = results({"account": "globex"})
    assert (one.source, one.event_id, one.key) == (other.source, other.event_id, other.key)
    await _store(writer, [one, other], [other, one])
    for table in ("status_logs", "attempts", "received_results"):
        found = await owner.fetch(f"SELECT account FROM {table} ORDER BY account")
        assert [row["account"] for row in found] == ["acme", "globex"]


async def test_a_replay_of_what_was_forgotten_counts_nothing_twice(writer: Database, owner: asyncpg.Connection) -> None:
    """C9: months that were dropped, and what came without one, are known by no result any more."""
    now = datetime.now(UTC)
    days = (400, 399, 80, 79, 0)
    each_day = [{"processed_at": (now - timedelta(days=each)).isoformat(), "key": "a"} for each in days]
    known = results(*each_day, *({**each, "key": "b"} for each in each_day[:4]))
    await _store(writer, known)
    await owner.execute("UPDATE attempts SET received_at = processed_at")
    shown = await owner.fetch("SELECT * FROM status_logs ORDER BY id")
    assert [row["attempts"] for row in shown] in ([5, 4], [4, 5])
    while await expire_attempts(owner, 1):
        pass
    while await forget_expired_attempts(owner):
        pass
    await forget_unplaced_attempts(owner, 90, 0)
    assert await owner.fetchval("SELECT count(*) FROM received_results") == 1
    await _store(writer, known, known[::-1], *([each] for each in known))
    assert await owner.fetch("SELECT * FROM status_logs ORDER BY id") == shown
    assert await owner.fetchval("SELECT count(*) FROM attempts") == 1
    # What its log does not know is stored, however old.
    [new, newer] = results(each_day[0] | {"key": "c"}, each_day[3] | {"key": "b", "sequence": 9})
    await _store(writer, [new, newer])
    assert await owner.fetchval("SELECT count(*) FROM attempts") == 3
