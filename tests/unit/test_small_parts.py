"""The small pure parts that everything passes through."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.columns import LOG_COLUMNS
from schemas.shown.log import Action
from schemas.summary import HistogramBar
from schemas.timestamp import Rfc3339
from storage import columns

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_each_field_of_a_log_is_in_each_export_once() -> None:
    """Times as text with their zone; the message is the whole one, not the one of the list."""
    assert {"account", "key", "status", "message"} <= set(columns.AS_THEY_ARE)
    assert not {"id", "reprocess", "actions"} & set(columns.AS_THEY_ARE)
    shown, in_json = columns.shown(), columns.in_json()
    assert shown.startswith("s.id, ")
    assert shown.endswith("s.reprocess_at")
    for name in columns.AS_THEY_ARE:
        assert (f"s.{name}," in shown) == (name != "message")
        is_time = name in {"processed_at", "first_seen_at", "updated_at"}
        assert f"'{name}', {'to_char(' if is_time else ''}{name}" in in_json
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
