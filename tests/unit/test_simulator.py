"""The simulator makes what it says it makes."""

import time
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from connectors.simulator.faults import ANOTHER, faults_of
from connectors.simulator.malformed import MALFORMED
from connectors.simulator.plan import Mix, Plan, SimulatedRecord, fault_of
from connectors.simulator.settings import SimulatorSettings
from schemas.catalogue import BY_NAME, CATALOGUE
from schemas.refusal import DeadLetterCode, Refusal
from schemas.result import Result, read
from schemas.topics import Topics

START = datetime.now(UTC) - timedelta(days=1)
MIXED = Mix(malformed_share=0.2, duplicate_share=0.1, late_share=0.2, entities=20)


def made(seed: int = 1, count: int = 2000) -> list[SimulatedRecord]:
    plan = Plan(SimulatorSettings(seed=seed), Topics(), "r", MIXED)
    return list(islice(plan.records(START, timedelta(seconds=1)), count))


def outcome(made_: SimulatedRecord) -> Result | Refusal:
    record = made_.record
    [one] = read(BY_NAME[made_.integration_type], record.headers, record.key, record.value or b"", time.time_ns())
    return one


def test_the_same_seed_makes_the_same_records() -> None:
    assert made(1, 300) == made(1, 300)
    assert made(1, 300) != made(2, 300)


def test_each_record_becomes_what_it_says() -> None:
    for each in made():
        one = outcome(each)
        assert (one.code if isinstance(one, Refusal) else None) == each.refused


def test_every_kind_is_there_in_about_its_share() -> None:
    records = made()
    assert {each.integration_type for each in records} == set(BY_NAME)
    assert {each.refused for each in records if each.refused} == set(MALFORMED)
    assert 0.05 < sum(each.duplicate for each in records) / len(records) < 0.15
    results = [one for one in map(outcome, records) if isinstance(one, Result)]
    assert {one.status for one in results} == {"success", "warning", "error"}
    newest: dict[str, datetime] = {}
    late = 0
    for one in results:
        late += one.processed_at < newest.get(one.log_id, one.processed_at)
        newest[one.log_id] = max(one.processed_at, newest.get(one.log_id, one.processed_at))
    assert late > len(results) / 20


def test_every_code_that_a_connector_can_bring_about_has_a_maker() -> None:
    assert set(DeadLetterCode) - set(MALFORMED) == {DeadLetterCode.STORAGE, DeadLetterCode.NOT_ALLOWED}


@pytest.mark.parametrize(
    ("name", "statuses"), [*((each.name, each.statuses) for each in CATALOGUE), ("any", ("error",))]
)
def test_faults_fit_their_type(name: str, statuses: tuple[str, ...]) -> None:
    assert {fault.status for fault in faults_of(name)} <= set(statuses)
    assert len({fault.code for fault in faults_of(name)}) == len(faults_of(name))
    for fault in (*faults_of(name), ANOTHER):
        assert "{" not in fault.text(7, "k")


def test_all_faults_occur_and_all_cures_exist() -> None:
    names = (*BY_NAME, "any")
    for name in names:
        assert {fault_of(name, f"SKU-{n:05}") for n in range(200)} == set(faults_of(name))
    assert {fault.cure for name in names for fault in faults_of(name)} == {
        "fixed",
        "same",
        "different",
        "silent",
        "busy",
    }
