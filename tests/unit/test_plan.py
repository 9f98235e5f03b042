"""The counts of a plan. Pure: groups of equal logs in, verdicts out."""

import uuid
from typing import Any

import pytest

from api.plan import VERDICTS, count_verdicts
from schemas.policy import Policy
from schemas.reasons.say import say
from storage.constants import PLAN_SAMPLES
from storage.reprocess.selection import Group

POLICY = Policy.model_validate('{"price": {"OFF": {"reprocessable": false}, "*": {"reason_required_above": 10}}}')


def group(logs: int = 1, **changes: Any) -> Group:
    fields = {"affiliate": "MLB", "status": "error", "in_flight": False, "changed": False, "sample": [], **changes}
    return Group(logs=logs, **fields)


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (group(), "will_send"),
        (group(status="warning"), "will_send"),
        (group(status="success"), "already_succeeded"),
        (group(in_flight=True), "in_flight"),
        (group(affiliate="OFF"), "not_reprocessable"),
        (group(changed=True), "changed_since"),
        (group(changed=True, status="success"), "already_succeeded"),
        (group(affiliate="PAUSED"), "paused"),
    ],
)
def test_each_group_is_counted_under_its_verdict(one: Group, name: str) -> None:
    counted = count_verdicts("price", [one, one], policy=POLICY, paused={"PAUSED"})
    assert counted.verdicts == {**dict.fromkeys(VERDICTS, 0), name: 2}
    assert counted.affiliates == {one.affiliate: {name: 2}}
    assert list(counted.reasons) == ([] if name == "will_send" else [name])


def test_what_is_not_there_is_of_no_affiliate() -> None:
    counted = count_verdicts("price", [group(2)], policy=POLICY, paused=(), missing=3)
    assert counted.verdicts == {**dict.fromkeys(VERDICTS, 0), "will_send": 2, "not_found": 3}
    assert counted.affiliates == {"MLB": {"will_send": 2}}
    assert list(counted.reasons) == ["not_found"]


def test_samples_are_a_few_of_all_groups_of_a_verdict() -> None:
    ids = [uuid.uuid4() for _ in range(PLAN_SAMPLES + 1)]
    counted = count_verdicts(
        "price", [group(sample=ids[:6]), group(status="warning", sample=ids[6:])], policy=POLICY, paused=()
    )
    assert counted.samples == {"will_send": ids[:PLAN_SAMPLES]}


@pytest.mark.parametrize(
    ("groups", "needed"),
    [
        ([group(10)], None),
        ([group(11)], "11"),
        ([group(6), group(5, status="success")], "11"),
        ([group(10), group(10, affiliate="AMZ")], None),
    ],
    ids=["at the limit", "above it", "whatever their verdict", "each affiliate alone"],
)
def test_a_reason_is_needed_above_the_limit_of_an_affiliate(groups: list[Group], needed: str | None) -> None:
    found = count_verdicts("price", groups, policy=POLICY, paused=()).reason_required
    assert (found is None) == (needed is None)
    assert found is None or (needed or "") in say(found, "en")
