"""The small pure parts that everything passes through."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.catalogue import CATALOGUE, IntegrationType
from schemas.columns import ERROR_COLUMNS, LOG_COLUMNS, error_columns, log_columns
from schemas.filter import ReprocessFilter
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import ReasonError, reason_of
from schemas.reasons.reason import Reason
from schemas.shown.command import ReprocessItem
from schemas.shown.log import Action
from schemas.storable import is_storable, storable
from schemas.summary import HistogramBar
from schemas.timestamp import Rfc3339, parse
from storage import columns

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_each_field_of_a_log_is_in_each_export_once() -> None:
    """Times as text with their zone; the message is the whole one, not the one of the list, and errors are listed."""
    assert {"account", "key", "status", "message"} <= set(columns.AS_THEY_ARE)
    assert not {"id", "reprocess", "actions"} & set(columns.AS_THEY_ARE)
    shown, in_json = columns.shown(), columns.in_json()
    assert shown.startswith("s.id, ")
    assert shown.endswith("s.reprocess_at")
    for name in columns.AS_THEY_ARE:
        assert (f"s.{name}," in shown) == (name not in {"message", "errors", "conflicts"})
        is_time = name in {"processed_at", "first_seen_at", "updated_at"}
        value = f"to_char({name}" if is_time else "coalesce(listed.errors" if name == "errors" else name
        assert f"'{name}', {value}" in in_json
    assert columns.in_csv().count(",\n    ") == len(LOG_COLUMNS) - 1


@pytest.mark.parametrize("verdict", [None, "paused", "reason_required"])
def test_an_action_needs_a_reason_where_its_verdict_says_so(verdict: str | None) -> None:
    assert Action(allowed=False, verdict=verdict).needs_reason is (verdict == "reason_required")


def test_a_bar_is_shown_by_the_names_of_the_contract() -> None:
    bar = HistogramBar.model_validate({"from": NOON, "to": NOON, "total": 0, "by_status": {}})
    assert list(bar.model_dump()) == ["from", "to", "total", "by_status"]


def test_a_time_is_text_or_a_time() -> None:
    times = TypeAdapter[datetime](Rfc3339)
    assert times.validate_python(NOON) == times.validate_python("2026-11-24T09:00:00-03:00") == NOON
    for bad in (None, "noon", "2026-11-24T12:00:00"):
        with pytest.raises(ValidationError):
            times.validate_python(bad)


@pytest.mark.parametrize("integration_type", CATALOGUE, ids=lambda each: each.name)
def test_only_the_key_has_the_word_of_its_type(integration_type: IntegrationType) -> None:
    for made, plain in ((log_columns, LOG_COLUMNS), (error_columns, ERROR_COLUMNS)):
        for column, before in zip(made(integration_type), plain, strict=True):
            assert column.name == before.name
            assert column.labels == (integration_type.key_labels if column.name == "key" else before.labels)


def test_a_filter_is_taken_as_it_is_too() -> None:
    asked = ReprocessFilter(all=True)
    assert ReprocessFilter.model_validate(asked) == asked
    with pytest.raises(ValidationError):
        ReprocessFilter.model_validate(None)


def test_an_error_of_our_own_is_said_in_its_own_words() -> None:
    error = {"type": "value_error", "msg": "Value error, no", "ctx": {"error": ValueError("no")}}
    assert reason_of("data.x", error) == Reason(ReasonCode.OWN_WORDS, field="data.x", text="no")


@pytest.mark.parametrize("code", [0, 0xD800, 0xDBFF, 0xDC00, 0xDFFF])
def test_what_can_t_be_stored_is_replaced(code: int) -> None:
    text = f"a{chr(code)}b"
    assert not is_storable(text)
    assert storable(text) == "a\ufffdb"
    for kept in ("", "a\x01b", "\ud7ff\ue000", "😀"):
        assert is_storable(kept)
        assert storable(kept) == kept


def item(reason: Reason | None) -> ReprocessItem:
    fields: dict[str, Any] = {**dict.fromkeys(ReprocessItem.model_fields), "reason": reason}
    return ReprocessItem.model_construct(**fields)


def test_a_reason_has_its_code_and_parameters_beside_it() -> None:
    refused = item(Reason(ReasonCode.OWN_WORDS, field="x", text="no"))
    assert (refused.reason_code, refused.reason_parameters) == ("own_words", {"field": "x", "text": "no"})
    sent = item(None)
    assert (sent.reason_code, sent.reason_parameters) == (None, None)


def test_a_time_says_how_many_digits_it_may_have() -> None:
    with pytest.raises(ReasonError) as raised:
        parse("2026-11-24T12:00:00.1234567890Z")
    assert raised.value.reason == Reason(ReasonCode.TIME_FORMAT, digits=9)
