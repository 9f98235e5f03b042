"""Orders of a list: each is of a column, is said to be up or down, has a value for every log, and is known to SQL."""

import re
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from schemas.columns import LOG_COLUMNS
from schemas.filter import LogFilter
from schemas.log_sort import (
    BY_COLUMN,
    BY_SEVERITY,
    OF_HEADING,
    OF_TEXT,
    LogSort,
    SortColumn,
    column_of,
    is_descending,
    value_of,
)
from schemas.shown.log import StatusLog
from storage.filters import UnappliedFieldError, filtered
from storage.statements import TEMPLATES

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SORTS = get_args(LogSort)


def log(**changes: Any) -> StatusLog:
    return StatusLog.model_validate(StatusLog.model_config["json_schema_extra"]["examples"][0] | changes)  # type: ignore[index, operator]


def test_each_order_has_its_column_and_its_other_way_round() -> None:
    assert set(BY_COLUMN) == set(SORTS) - {"newest", "oldest"}
    assert {each.column for each in BY_COLUMN.values()} == set(get_args(SortColumn))
    for sort, by in BY_COLUMN.items():
        assert (column_of(sort), is_descending(sort)) == (sort.removeprefix("-"), sort.startswith("-")) == by
    assert sorted(each for pair in OF_HEADING.values() for each in pair) == sorted(SORTS)
    for column, (first, second) in OF_HEADING.items():
        assert column_of(first) == column_of(second) == column
        assert is_descending(first) is not is_descending(second)


def test_what_lists_are_sorted_by_is_a_column_of_theirs() -> None:
    """One that lists have, and are not sorted by, is a heading without a link."""
    assert set(OF_HEADING) <= {each.name for each in LOG_COLUMNS if each.listed or each.offered}


def test_sql_has_a_value_for_each_column() -> None:
    [texts, numbers] = re.findall(r"CASE :column::text(.*?)END AS", TEMPLATES["sort_logs_in_time"], re.DOTALL)
    named = [set(re.findall(r"WHEN '(\w+)'", each)) for each in (texts, numbers)]
    assert named == [set(OF_TEXT), set(get_args(SortColumn)) - OF_TEXT]


def test_a_log_has_the_value_of_its_column() -> None:
    assert BY_SEVERITY == ("success", "warning", "error")
    one = log(status="warning", code=None, attempts=7, first_seen_at="1970-01-01T00:00:01.000002Z")
    assert [value_of(one, each) for each in SORTS if not each.startswith("-")] == [
        None,
        None,
        one.key,
        one.affiliate,
        1,
        None,
        7,
        1_000_002,
    ]
    for sort in BY_COLUMN:
        assert value_of(one, sort) == value_of(one, column_of(sort))  # type: ignore[arg-type]


def test_a_statement_that_leaves_nothing_out_is_not_asked_to() -> None:
    own: dict[str, Any] = {"account": "acme", "integration_type": "price"}
    with pytest.raises(UnappliedFieldError, match="export_count"):
        filtered("export_count", LogFilter(), unchanged_since=NOW, **own)


@pytest.mark.parametrize(
    "name", ["list_logs", "list_logs_near", "list_logs_of_facets", "list_logs_found", "sample_next"]
)
def test_a_list_from_the_oldest_on_is_the_usual_one_the_other_way_round(name: str) -> None:
    newest, oldest = (filtered(name, LogFilter(), direction=each).statement.text for each in ("newest", "oldest"))
    turned = {"<": ">", ">": "<", ">=": "<", "<=": ">=", "DESC": "ASC", "ASC": "DESC"}
    words = zip(re.split(r"(\s)", newest), re.split(r"(\s)", oldest), strict=True)
    changed = {(one, other) for one, other in words if one != other}
    assert {(one.rstrip(","), other.rstrip(",")) for one, other in changed} <= set(turned.items())
    assert ("DESC", "ASC") in {(one.rstrip(","), other.rstrip(",")) for one, other in changed}
