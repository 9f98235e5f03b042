"""The filter as SQL: a table of (filter, conditions, arguments)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.filter import LogFilter
from storage.filters import AFTER_ALL, conditions

T = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("filter_", "sql", "arguments"),
    [
        ({}, "", []),
        ({"status": ["error", "warning"]}, " AND s.status = ANY($6::text[])", [["error", "warning"]]),
        ({"affiliate": ["MLB"]}, " AND s.affiliate = ANY($6::text[])", [["MLB"]]),
        ({"processed_from": "2026-01-02T01:00:00+01:00"}, " AND s.processed_at >= $6::timestamptz", [T]),
        ({"processed_to": T}, " AND s.processed_at < $6::timestamptz", [T]),
        ({"code": "a'b"}, " AND s.code = $6::text", ["a'b"]),
        ({"fingerprint": "0123456789abcdef"}, " AND s.fingerprint = $6::text", ["0123456789abcdef"]),
        ({"reprocess": "in_flight"}, " AND s.reprocess_state = ANY($6::text[])", [["queued", "sent"]]),
        ({"reprocess": "silent"}, " AND s.reprocess_state = ANY($6::text[])", [["silent"]]),
        (
            {"status": ["error"], "code": "c"},
            " AND s.status = ANY($6::text[])\n AND s.code = $7::text",
            [["error"], "c"],
        ),
    ],
)
def test_each_field_is_one_condition(filter_: dict[str, Any], sql: str, arguments: list[Any]) -> None:
    assert conditions(LogFilter.model_validate(filter_), 5) == (sql, arguments)


@pytest.mark.parametrize("q", ["'; DROP TABLE status_logs; --", "%", "_", "\\", "$1", "{0}", "a & b | !c <-> d:*"])
def test_what_a_person_types_is_only_ever_an_argument(q: str) -> None:
    where = conditions(LogFilter(q=q), 0)
    assert where.sql == conditions(LogFilter(q="other"), 0).sql
    assert where.arguments == [q, q + AFTER_ALL]


def test_every_field_of_the_filter_is_a_condition() -> None:
    every = {
        "status": ("error",),
        "affiliate": ("MLB",),
        "processed_from": T,
        "processed_to": datetime(2026, 1, 3, tzinfo=UTC),
        "q": "x",
        "code": "c",
        "fingerprint": "0" * 16,
        "reprocess": "silent",
    }
    assert set(every) == set(LogFilter.model_fields)
    for name, value in every.items():
        assert conditions(LogFilter.model_validate({name: value}), 0).sql
