"""The reader of results: design section 3, field by field."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.catalogue import BY_NAME, CATALOGUE, IntegrationType
from schemas.identity import log_id
from schemas.reasons.say import say
from schemas.refusal import Refusal
from schemas.result import Result, read
from tests.support.events import Event, data, result

NOW = time.time_ns()


def read_one(event: Event) -> Result | Refusal:
    [one] = read(BY_NAME[event.integration_type], event.headers, event.key, event.value or b"", NOW)
    return one


def accepted(event: Event) -> Result:
    one = read_one(event)
    assert isinstance(one, Result), one
    return one


def ahead(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"account": None}, "schema", "data.account"),
        ({"account": "ACME"}, "schema", "data.account"),
        ({"account": "../x"}, "schema", "data.account"),
        ({"account": "a" * 65}, "schema", "data.account"),
        ({"account": "acme\n"}, "schema", "data.account"),
        ({"affiliate": ""}, "schema", "data.affiliate"),
        ({"affiliate": "M" * 65}, "schema", "64"),
        ({"affiliate": "M\tB"}, "schema", "U+0009 (at position 1)"),
        ({"key": ""}, "schema", "data.key"),
        ({"key": "k" * 201}, "schema", "200"),
        ({"key": "a\x00b"}, "schema", "U+FFFD"),
        ({"key": 123}, "schema", "data.key"),
        ({"status": "done"}, "status_not_allowed", "success, warning, error"),
        ({"status": None}, "schema", "data.status"),
        ({"processed_at": None}, "schema", "data.processed_at"),
        ({"processed_at": 1_764_000_000_000}, "timestamp", "processed_at"),
        ({"processed_at": "2026-11-24T08:00:00"}, "timestamp", "offset"),
        ({"processed_at": "1999-12-31T23:59:59Z"}, "timestamp", "2000-01-01"),
        pytest.param({"processed_at": ahead(hours=2)}, "timestamp", "1 hour", id="two hours ahead"),
        ({"sequence": -1}, "schema", "data.sequence"),
        ({"sequence": 2**63}, "schema", "data.sequence"),
        ({"sequence": "5"}, "schema", "data.sequence"),
        ({"sequence": True}, "schema", "data.sequence"),
        ({"sequence": 5.5}, "schema", "data.sequence"),
    ],
    ids=str,
)
def test_a_bad_field_is_refused_by_name(changes: dict[str, Any], code: str, words: str) -> None:
    body = {**data(), **changes}
    event = result()
    refusal = read_one(event._replace(value=json.dumps({k: v for k, v in body.items() if v is not None}).encode()))
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert words in say(refusal.reason, "en")


@pytest.mark.parametrize("integration_type", CATALOGUE, ids=lambda each: each.name)
def test_each_type_takes_its_own_statuses_only(integration_type: IntegrationType) -> None:
    for status in ("success", "warning", "error"):
        one = read_one(result(integration_type=integration_type.name, status=status))
        assert isinstance(one, Result) == (status in integration_type.statuses)


def test_an_event_of_another_type_is_refused() -> None:
    refusal = read_one(result(integration_type="orders")._replace(integration_type="price"))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "type_mismatch"


def test_the_account_of_the_record_key_must_agree() -> None:
    refusal = read_one(result()._replace(key=b"other/MLB/SKU-1"))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "envelope"
    for harmless in (None, b"", b"whatever", b"\xff\xfe", b"acme/MLB/a/b/c", b"x" * 1_000_000):
        accepted(result()._replace(key=harmless))


def test_the_subject_must_be_the_key_when_there_is_one() -> None:
    event = result()
    without = [each for each in event.headers if each[0] != "ce_subject"]
    accepted(event._replace(headers=without))
    refusal = read_one(event._replace(headers=[*without, ("ce_subject", b"SKU-2")]))
    assert isinstance(refusal, Refusal)
    assert "subject" in say(refusal.reason, "en")


def test_a_result_has_the_identity_of_its_entity() -> None:
    one = accepted(result(key="a/b&c+d"))
    assert one.log_id == log_id("acme", "price", "MLB", "a/b&c+d")
    assert accepted(result(key="a/b&c+d", affiliate="mlb")).log_id != one.log_id


def test_success_has_no_code_and_no_fingerprint() -> None:
    one = accepted(result(status="success"))
    assert (one.code, one.fingerprint) == (None, None)


def test_the_first_error_stands_for_a_result_without_a_message() -> None:
    one = accepted(result(message=None))
    assert (one.code, one.message) == ("price.minimum", "below the minimum")


def test_a_long_message_is_cut_for_lists_and_whole_in_the_body() -> None:
    one = accepted(result(message="x" * 5000))
    assert one.message == "x" * 4096
    assert "x" * 5000 in one.body


def test_unknown_fields_and_any_evidence_are_kept_to_the_letter() -> None:
    value = json.dumps(data(color="blue", request={"n": 10**30, "f": 1.005}, response="<a>é</a>")).encode()
    one = accepted(result()._replace(value=value))
    assert one.body.encode() == value
    assert not one.altered


def test_text_that_postgresql_cannot_hold_is_replaced_and_said() -> None:
    one = accepted(result(message="a\x00b\ud800"))
    assert one.altered
    assert one.message == "a\ufffdb\ufffd"
    assert "\\u0000" not in one.body


def test_a_correlation_that_is_no_item_id_is_ignored() -> None:
    assert accepted(result(correlationid="not-ours")).correlation_id is None
