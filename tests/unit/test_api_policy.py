"""Policy: defaults from the catalogue, changes by type and affiliate, bad settings refused at start."""

import pytest
from pydantic import ValidationError

from schemas.catalogue import BY_NAME, CATALOGUE, ORDERS, IntegrationType
from schemas.policy import MAX_DEADLINE_SECONDS, SWITCHED_OFF, Policy, Rule
from schemas.reasons.reason import own_words
from schemas.reasons.say import say
from schemas.reprocess import Mode


def _allowed(mode: Mode, deadline_seconds: int) -> Rule:
    return Rule(reprocessable=True, reason=None, mode=mode, deadline_seconds=deadline_seconds)


@pytest.mark.parametrize("integration_type", CATALOGUE, ids=lambda each: each.name)
def test_default_policy_is_the_catalogue(integration_type: IntegrationType) -> None:
    rule = Policy().for_(integration_type.name, "MLB")
    assert rule == Rule(
        integration_type.reprocessable,
        integration_type.not_reprocessable_reason,
        "refresh" if integration_type.refresh_only else None,
        integration_type.deadline_seconds,
    )


def test_orders_are_not_reprocessed_by_default_and_say_why() -> None:
    rule = Policy().for_("orders", "MLB")
    assert not rule.reprocessable
    assert rule.reason == ORDERS.not_reprocessable_reason


def test_an_affiliate_may_differ_from_the_others() -> None:
    policy = Policy.model_validate('{"orders": {"MLB": {"reprocessable": true}}}')
    assert policy.for_("orders", "MLB") == _allowed("refresh", BY_NAME["orders"].deadline_seconds)
    assert not policy.for_("orders", "AMZ").reprocessable


def test_an_affiliate_is_laid_over_the_star_field_by_field() -> None:
    policy = Policy.model_validate(
        '{"price": {"*": {"deadline_seconds": 60, "mode": "refresh"}, "MLB": {"deadline_seconds": 600}}}'
    )
    assert policy.for_("price", "AMZ") == _allowed("refresh", 60)
    assert policy.for_("price", "MLB") == _allowed("refresh", 600)


def test_switching_off_gives_a_reason_even_when_none_is_set() -> None:
    policy = Policy.model_validate(
        {"price": {"MLB": {"reprocessable": False}, "AMZ": {"reprocessable": False, "reason": "Audit."}}}
    )
    assert policy.for_("price", "MLB").reason == SWITCHED_OFF
    assert policy.for_("price", "AMZ").reason == own_words("Audit.")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "JSON object"),
        ("[]", "dictionary"),
        ('{"prices": {}}', "prices"),
        ('{"price": {"MLB": {"reprocessible": true}}}', "reprocessible"),
        ('{"price": {"MLB": {"deadline_seconds": 0}}}', "deadline_seconds"),
        (f'{{"price": {{"MLB": {{"deadline_seconds": {MAX_DEADLINE_SECONDS + 1}}}}}}}', "deadline_seconds"),
        ('{"price": {"MLB": {"mode": "again"}}}', "mode"),
        ('{"price": {"": {}}}', "price"),
        ('{"orders": {"MLB": {"mode": "replay"}}}', "orders of MLB"),
        ('{"price": {"MLB": {"per_second": 0}}}', "per_second"),
        ('{"price": {"MLB": {"reason_required_above": -1}}}', "reason_required_above"),
    ],
    ids=[
        "json",
        "list",
        "type",
        "field",
        "zero deadline",
        "long deadline",
        "mode",
        "affiliate",
        "orders replayed",
        "no pace",
        "negative number",
    ],
)
def test_a_bad_policy_is_refused_and_named(text: str, named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Policy.model_validate(text)


def test_pace_and_reason_are_laid_over_like_the_rest() -> None:
    policy = Policy.model_validate(
        '{"price": {"*": {"per_second": 5, "reason_required_above": 100}, "MLB": {"per_second": 0.5}}}'
    )
    assert (policy.for_("price", "MLB").per_second, policy.for_("price", "AMZ").per_second) == (0.5, 5)
    assert policy.for_("price", "MLB").reason_required_above == 100
    assert policy.for_("tracking", "MLB").per_second is None


@pytest.mark.parametrize(
    ("reason", "counts", "needed"),
    [
        (None, {"MLB": 10}, None),
        (None, {"MLB": 11}, "11"),
        ("", {"MLB": 11}, "11"),
        ("  ", {"MLB": 11}, "11"),
        ("the table was corrected", {"MLB": 11}, None),
        (None, {"AMZ": 1_000_000}, None),
        (None, {"AMZ": 1, "MLB": 12}, "12"),
        (None, {}, None),
    ],
)
def test_a_reason_is_required_above_so_many_logs(
    reason: str | None, counts: dict[str, int], needed: str | None
) -> None:
    policy = Policy.model_validate('{"price": {"MLB": {"reason_required_above": 10}}}')
    lack = policy.lacks_reason("price", reason, counts)
    assert (lack is None) == (needed is None)
    assert lack is None or ("MLB" in say(lack, "en") and str(needed) in say(lack, "en"))
