"""The rule of automatic retries: classes, pauses, ceilings, and what the measured outcome advises."""

import itertools

import pytest

from schemas.automatic_rule import CANARY, AutomaticChange, AutomaticRule, AutomaticRules
from schemas.catalogue import CATALOGUE
from schemas.classification import error_class
from schemas.error_class import RETRIED_CLASSES, ErrorClass
from schemas.group import Cure
from schemas.item_state import ItemState
from schemas.steps import judge
from tests.unit.test_busy import BUSY_CODES
from tests.unit.test_error_class import Told


@pytest.mark.parametrize("each", CATALOGUE, ids=lambda each: each.name)
def test_a_new_account_retries_what_is_busy_and_nothing_else(each: object) -> None:
    name = each.name  # type: ignore[attr-defined]
    rule = AutomaticRules().for_(name, "MLB")
    retried = {class_ for class_ in ErrorClass if rule.retries(class_)}
    assert retried == (set() if name == "orders" else {ErrorClass.BUSY})


@pytest.mark.parametrize("on", [True, False, None])
@pytest.mark.parametrize("code", BUSY_CODES)
def test_every_busy_code_by_every_policy(code: str, on: bool | None) -> None:  # noqa: FBT001
    rule = AutomaticRules({("price", "*"): AutomaticChange(busy=on)}).for_("price", "MLB")
    assert rule.retries(error_class([Told(code)], None, None)) is (on is not False)


@pytest.mark.parametrize("switches", list(itertools.product([True, False, None], repeat=len(RETRIED_CLASSES))), ids=str)
def test_a_permanent_failure_is_retried_by_no_rule(switches: tuple[bool | None, ...]) -> None:
    given = {each.value: on for each, on in zip(RETRIED_CLASSES, switches, strict=True)}
    rule = AutomaticChange(**given).applied_to(AutomaticRules().for_("price", "MLB"))
    assert not rule.retries(ErrorClass.PERMANENT)
    assert not AutomaticRule(frozenset(ErrorClass)).retries(ErrorClass.PERMANENT)
    for each, on in zip(RETRIED_CLASSES, switches, strict=True):
        assert rule.retries(each) is (each is ErrorClass.BUSY if on is None else on)


def test_the_rule_of_an_affiliate_comes_over_that_of_every_affiliate_field_by_field() -> None:
    rules = AutomaticRules(
        {
            ("price", "*"): AutomaticChange(transport=True, tries=3),
            ("price", "MLB"): AutomaticChange(busy=False, tries=7),
            ("inventory", "MLB"): AutomaticChange(unknown=True),
        }
    )
    assert rules.for_("price", "MLB") == AutomaticRule(frozenset({ErrorClass.TRANSPORT}), tries=7)
    assert rules.for_("price", "AMZ").classes == {ErrorClass.BUSY, ErrorClass.TRANSPORT}
    assert rules.for_("price", "*").tries == 3
    assert rules.for_("tracking", "MLB") == AutomaticRules().for_("tracking", "MLB")
    with pytest.raises(KeyError):
        rules.for_("nothing", "MLB")


def test_pauses_grow_up_to_their_ceiling_and_end_with_the_tries() -> None:
    rule = AutomaticRule(frozenset(), tries=6, pause_seconds=60, pause_ceiling_seconds=600)
    assert [rule.pause_after(tries) for tries in range(8)] == [60, 120, 240, 480, 600, 600, None, None]


def test_a_rule_is_shown_whole() -> None:
    rule = AutomaticRules({("price", "*"): AutomaticChange(unknown=True, per_second=2)}).for_("price", "MLB")
    assert rule.shown.applied_to(AutomaticRules().for_("orders", "MLB")) == rule
    assert None not in rule.shown.model_dump().values()


@pytest.mark.parametrize("state", [each for each in ItemState if each is not ItemState.FIXED])
def test_the_others_follow_a_canary_that_is_fixed_and_no_other_one(state: ItemState) -> None:
    assert CANARY.steps == (1,)
    assert judge(1, {"fixed": 1}, CANARY.fixed_share).go_on
    if state in {ItemState.SAME_ERROR, ItemState.DIFFERENT_ERROR, ItemState.BUSY, ItemState.SILENT, ItemState.FAILED}:
        assert not judge(1, {state: 1}, CANARY.fixed_share).go_on


@pytest.mark.parametrize(
    ("items", "advice"),
    [
        ({"fixed": 16, "same_error": 4}, "offered"),
        ({"fixed": 15, "same_error": 5}, None),
        ({"fixed": 19}, None),
        ({"fixed": 20, "silent": 100, "busy": 100}, "offered"),
        ({"same_error": 20}, "advised_against"),
        ({"same_error": 19}, None),
        ({"same_error": 19, "fixed": 1}, None),
        ({"different_error": 25}, "advised_against"),
        ({"busy": 100}, None),
    ],
)
def test_automation_is_offered_for_what_reprocessing_cures_and_advised_against_where_it_never_does(
    items: dict[str, int], advice: str | None
) -> None:
    assert Cure.of(items).automation == advice
