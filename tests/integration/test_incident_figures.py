"""Figures by which incidents are judged, as they are read of every account at once."""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest
from faust.types import TP

from agents.metrics import FRESHNESS, OPEN_INCIDENTS, RESULT_AGE
from agents.upkeep.judging import Judging
from schemas.incident import IncidentFacts, Kind
from schemas.signal import Figures, RisingFault
from schemas.topics import Topics
from storage.database import Database
from storage.incidents import figures
from storage.incidents.times import DataTimes
from tests.support.events import result
from tests.support.learned import an_incident, have_had
from tests.support.letters import insert_refused

NO_TIMES = DataTimes({}, {})


async def read(writer: Database, times: DataTimes = NO_TIMES) -> dict[str, Figures]:
    async with writer.transaction() as connection:
        return await figures.read_figures(connection, times, {}, {}, {})


async def rising(writer: Database, times: DataTimes) -> Sequence[RisingFault]:
    found = (await read(writer, times)).get("acme")
    return () if found is None else found.rising


async def test_dead_letters_of_one_account_hide_no_others(
    writer: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = await insert_refused(writer, (result(str(n), status="maybe") for n in range(6)))
    assert len(letters) == 6
    await owner.execute("""
        WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS number FROM dead_letters)
        UPDATE dead_letters d SET
            account = CASE WHEN number = 1 THEN 'acme' WHEN number <= 5 THEN 'globex' ELSE '' END,
            received_at = now() - make_interval(secs => CASE WHEN number = 1 THEN 600 ELSE 60 END)
        FROM numbered n WHERE n.id = d.id
    """)
    monkeypatch.setattr(figures, "MAX_LETTERS", 3)
    found = await read(writer)
    assert {account: sum(each.letters for each in mine.letters) for account, mine in found.items()} == {
        "acme": 1,
        "globex": 3,
    }
    await owner.execute("UPDATE dead_letters SET received_at = received_at - interval '1 hour'")
    assert await read(writer) == {}


async def faults(owner: asyncpg.Connection, hours_old: int, **results: int) -> None:
    """Let acme have faults of MLB, by fingerprint, that were first seen so long ago and go on."""
    for fingerprint, count in results.items():
        await owner.execute(
            """INSERT INTO faults (
                   account, integration_type, fingerprint, results, first_seen_at, last_seen_at, last_received_at
               )
               VALUES ('acme', 'price', $1, $2, now() - make_interval(hours => $3), now(), now())""",
            fingerprint,
            count,
            hours_old,
        )
        await owner.execute(
            """INSERT INTO fault_hours (account, integration_type, fingerprint, hour, results)
               VALUES ('acme', 'price', $1, date_trunc('hour', now(), 'UTC'), $2)""",
            fingerprint,
            count,
        )
        await owner.execute(
            """INSERT INTO facets (account, id, integration_type, affiliate, status, codes, categories, fingerprints)
               VALUES ('acme', gen_random_uuid(), 'price', 'MLB', 'error', '{}', '{}', ARRAY[$1])""",
            fingerprint,
        )


async def test_the_largest_faults_are_looked_at_and_those_of_open_incidents_as_long_as_they_go_on(
    writer: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "MAX_FAULTS", 2)
    await faults(owner, 1, large=30, larger=40, small=8, smallest=7, joined=2)
    await faults(owner, 28, goes_on=1, known=20, known_more=30, known_less=12)
    await faults(owner, 100, older=1)

    async def looked_at() -> tuple[set[str], set[str]]:
        mine = (await read(writer))["acme"]
        return {each.fingerprint for each in mine.new_faults}, {each.fingerprint for each in mine.rising}

    assert await looked_at() == ({"large", "larger"}, {"known", "known_more"})
    now = await owner.fetchval("SELECT now()")
    facts = IncidentFacts(faults=["goes_on", "joined", "older"], kinds=[Kind.NEW_FAULT], integration_types=["price"])
    began = {"opened_at": now - timedelta(hours=27), "facts": facts}
    number = await an_incident(owner, **began)
    assert await looked_at() == ({"large", "larger", "goes_on", "joined"}, {"known", "known_more"})
    await owner.execute("UPDATE incidents SET state = 'resolved', resolved_at = now() WHERE incident_id = $1", number)
    assert await looked_at() == ({"large", "larger"}, {"known", "known_more"})


async def test_a_fault_rises_at_the_time_that_the_data_of_its_type_is_at(
    writer: Database, owner: asyncpg.Connection
) -> None:
    await faults(owner, 100, known=20)
    now = await owner.fetchval("SELECT now()")
    for back, of_type, found in ((0, "price", True), (3, "price", False), (3, "tracking", True)):
        times = DataTimes({of_type: now - timedelta(hours=back)}, {})
        assert [each.fingerprint for each in await rising(writer, times)] == ["known"] * found
    await owner.execute("UPDATE fault_hours SET hour = hour - interval '3 hours'")
    assert not await rising(writer, NO_TIMES)
    assert len(await rising(writer, DataTimes({"price": now - timedelta(hours=3), "tracking": now}, {}))) == 1


async def test_what_was_judged_is_shown_until_another_must_have_judged_since(
    writer: Database, owner: asyncpg.Connection
) -> None:
    """A process judges in one round of some, and is scraped between them."""
    await have_had(owner, [("acme", "price", "MLB")])
    seen_at = await owner.fetchval("SELECT now()")
    await an_incident(owner, facts=IncidentFacts(kinds=[Kind.FAILURE_SHARE], seen_at=seen_at))
    now = 100.0
    ages = {TP(Topics().results("price"), 0): 0.0}
    judging = Judging(
        writer, Topics(), lambda _now: ages, of_accounts=True, judged_seconds=3600.0, monotonic=lambda: now
    )

    def shown() -> list[tuple[str, dict[str, str]]]:
        return [
            (sample.name, sample.labels)
            for metric in (OPEN_INCIDENTS, FRESHNESS, RESULT_AGE)
            for family in metric.collect()
            for sample in family.samples
            if sample.value > 0
        ]

    await judging.once()
    found = shown()
    assert ("conexoes_open_incidents", {"kind": "failure_share"}) in found
    assert {name for name, _labels in found} == {
        "conexoes_open_incidents",
        "conexoes_freshness",
        "conexoes_result_age_seconds",
    }
    now += 7200
    await judging.once()  # somebody has judged a moment ago: this process itself
    assert shown() == found
    now += 1
    await judging.once()
    assert shown() == []
