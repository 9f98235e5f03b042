"""The simulator makes what it says it makes."""

import json
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import get_args

import pytest

from connectors.simulator.any_type import ANOTHER
from connectors.simulator.malformed import MALFORMED
from connectors.simulator.marketplace import Cure
from connectors.simulator.marketplaces import MARKETPLACES, faults_of, marketplace_of
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


AFFILIATES = (*(each.affiliate for each in MARKETPLACES), "another one")


@pytest.mark.parametrize("affiliate", AFFILIATES)
@pytest.mark.parametrize(
    ("name", "statuses"), [*((each.name, each.statuses) for each in CATALOGUE), ("any", ("error",))]
)
def test_faults_fit_their_type(affiliate: str, name: str, statuses: tuple[str, ...]) -> None:
    faults = faults_of(name, affiliate)
    assert {fault.status for fault in faults} <= set(statuses)
    for fault in (*faults, ANOTHER):
        assert "{" not in fault.text(7, "k")
        severities = {each["severity"] for each in fault.errors(7, "k")}
        assert fault.status in severities  # what the marketplace calls an error is one


@pytest.mark.parametrize("affiliate", AFFILIATES)
def test_a_marketplace_is_asked_and_answers_in_its_own_format(affiliate: str) -> None:
    marketplace = marketplace_of(affiliate)
    for name in (*BY_NAME, "any"):
        for fault in (None, *faults_of(name, affiliate)):
            bodies = marketplace.request(name, "SKU & 1", 7), marketplace.answer(fault, "SKU & 1", 7)
            assert json.loads(json.dumps(bodies)) == list(bodies)
            if fault is not None and fault.answer is None:  # the page of a server and a stack trace have no code
                whole = json.dumps(bodies[1], ensure_ascii=False)
                assert any(code in whole for code in fault.codes) or not fault.codes or str(fault.http) in whole


def test_several_errors_at_once_and_errors_without_a_code_are_among_them() -> None:
    faults = {fault for each in MARKETPLACES for name in BY_NAME for fault in faults_of(name, each.affiliate)}
    assert sum(len(fault.problems) > 1 for fault in faults) >= 5
    assert sum(not fault.codes for fault in faults) >= 5
    gravest_later = [fault for fault in faults if fault.problems[0].severity == "warning" and fault.status == "error"]
    assert gravest_later  # the first one of a list does not stand for it


def test_all_faults_occur_and_all_cures_exist() -> None:
    names = (*BY_NAME, "any")
    for affiliate in AFFILIATES:
        for name in names:
            met = {fault_of(name, affiliate, f"SKU-{n:05}") for n in range(200)}
            assert met == set(faults_of(name, affiliate))
    cures = {fault.cure for name in names for affiliate in AFFILIATES for fault in faults_of(name, affiliate)}
    assert cures == set(get_args(Cure))
