"""The filter as SQL: a table of (filter, conditions, arguments); and what becomes of a field that nobody applies."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError, create_model

from cli.documents import filter_fields
from schemas.filter import FIELDS, LogFilter, ReprocessFilter
from schemas.search.fold import fold
from storage.filters import MEANINGS, UnappliedFieldError, filtered, names_command, names_dimensions
from storage.statements import BLANKS, TEMPLATES
from tests.support.changed_tree import copy
from tests.support.some_logs import EVERY

#: A made-up field, and what it stands before.
MODEL = """    @model_validator(mode="after")
    def _ordered("""
FIELD = """    wholesaler: Annotated[QueryText | None, OnPages(label=labels("A", "B", "C"), control="text")] = Field(
        default=None, description="x"
    )

"""
T = datetime(2026, 1, 2, tzinfo=UTC)


def conditions(filter_: LogFilter) -> tuple[str, list[Any]]:
    """Return the conditions of a filter in a statement with two arguments of its own, and all arguments."""
    statement = filtered("export_count", filter_, account="acme", integration_type="price")
    _before, own, put = statement.text.partition("s.integration_type = $2::text\n")
    assert own
    assert statement.arguments[:2] == ["acme", "price"]
    return put, statement.arguments[2:]


@pytest.mark.parametrize(
    ("filter_", "sql", "arguments"),
    [
        ({}, "", []),
        ({"status": ["error", "warning"]}, " AND s.status = ANY($3::text[])", [["error", "warning"]]),
        ({"affiliate": ["MLB"]}, " AND s.affiliate = ANY($3::text[])", [["MLB"]]),
        ({"processed_from": "2026-01-02T01:00:00+01:00"}, " AND s.processed_at >= $3::timestamptz", [T]),
        ({"processed_to": T}, " AND s.processed_at < $3::timestamptz", [T]),
        (
            {"code": ["a'b", "c"]},
            " AND (s.code = ANY($3::text[]) OR s.other_codes && $3::text[])",
            [["a'b", "c"]],
        ),
        (
            {"fingerprint": "0123456789abcdef"},
            " AND (s.fingerprint = ANY($3::text[]) OR s.other_fingerprints && $3::text[])",
            [["0123456789abcdef"]],
        ),
        ({"reprocess": "in_flight"}, " AND s.reprocess_state = ANY($3::text[])", [["queued", "sent"]]),
        ({"reprocess": "silent"}, " AND s.reprocess_state = ANY($3::text[])", [["silent"]]),
        (
            {"failing_of": "c1"},
            " AND s.status <> 'success' AND s.id IN (SELECT i.log_id FROM reprocess_items i"
            " WHERE i.account = $1::text AND i.command_id = $3::text"
            " AND i.state IN ('same_error', 'different_error', 'busy', 'silent', 'failed'))",
            ["c1"],
        ),
        (
            {"status": ["error"], "code": "c"},
            " AND s.status = ANY($3::text[])\n AND (s.code = ANY($4::text[]) OR s.other_codes && $4::text[])",
            [["error"], ["c"]],
        ),
    ],
)
def test_each_field_is_one_condition(filter_: dict[str, Any], sql: str, arguments: list[Any]) -> None:
    assert conditions(LogFilter.model_validate(filter_)) == (sql, arguments)


@pytest.mark.parametrize("q", ["'; DROP TABLE status_logs; --", "%", "_", "\\", "$1", "{0}", ":account", "a & b | !c"])
def test_what_a_person_types_is_only_ever_an_argument(q: str) -> None:
    put, arguments = conditions(LogFilter(q=q))
    assert put == conditions(LogFilter(q="other"))[0]
    assert arguments[0] in {fold(q), f"\n{fold(q)}"}


def test_every_field_of_the_filter_is_a_condition() -> None:
    assert set(EVERY) == set(LogFilter.model_fields) == set(MEANINGS)
    for name, value in EVERY.items():
        assert conditions(LogFilter.model_validate({name: value}))[0]


def test_make_check_names_a_field_without_a_meaning_and_a_meaning_without_a_field() -> None:
    assert filter_fields.faults(FIELDS, MEANINGS) == []
    [missing] = filter_fields.faults([*FIELDS, "wholesaler"], MEANINGS)
    assert missing == "storage/filters.py has no meaning for the field wholesaler of LogFilter"
    [unused] = filter_fields.faults([each for each in FIELDS if each != "code"], MEANINGS)
    assert unused == "storage/filters.py has a meaning for code, which is no field of LogFilter"


def test_make_check_fails_while_a_field_has_no_meaning(tmp_path: Path) -> None:
    copy(tmp_path, {"schemas/filter.py": [(MODEL, FIELD + MODEL)]})
    done = subprocess.run(
        [sys.executable, "-m", "cli.documents", "--check"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no meaning for the field wholesaler" in done.stderr


@pytest.mark.parametrize("name", sorted(EVERY))
def test_the_logs_of_a_command_are_looked_up(name: str) -> None:
    assert names_command(LogFilter.model_validate({name: EVERY[name]})) is (name in {"failing_of", "rest_of"})


def test_an_argument_is_of_one_field_only() -> None:
    own = {"account": "acme", "integration_type": "price"}
    names = [name for field, value in EVERY.items() for name in MEANINGS[field].named(field, value, own)]
    assert len(names) == len(set(names))
    assert all(name.startswith("filter_") for name in names)


def test_what_logs_showed_then_has_every_column_that_the_filter_is_about() -> None:
    """A condition on another column would fail in the command, and only there."""
    conditions = [field.then or field.condition for field in MEANINGS.values()]
    asked = {column for each in conditions for column in re.findall(r"\bs\.(\w+)", each)}
    projection = TEMPLATES["changed_logs"]
    shown = set(re.findall(r"\bAS (\w+)", projection)) | set(re.findall(r"^ +live\.\w+.*$", projection, re.MULTILINE))
    assert asked <= {name for each in shown for name in re.findall(r"\w+", each)}


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_field_that_a_statement_has_no_place_for_must_be_handled_by_its_caller(name: str) -> None:
    filter_ = LogFilter.model_validate({name: EVERY[name]})
    own: dict[str, Any] = {"account": "acme", "integration_type": "price", "limit": 1}
    facets = TEMPLATES["list_facets"]
    assert {blank for blank in BLANKS if f"{{{blank}}}" in facets} == {"dimensions"}
    if names_dimensions(filter_):
        meaning = MEANINGS[name]
        about_facets = meaning.of_facets or meaning.condition
        shape = re.sub(r"(?<!:):\w+", "$", about_facets)
        assert shape in re.sub(r"\$\d+", "$", filtered("list_facets", filter_, **own).text)
        return
    with pytest.raises(UnappliedFieldError, match=name):
        filtered("list_facets", filter_, **own)
    handled = filtered("list_facets", filter_, handled={name}, **own)
    assert handled.text == filtered("list_facets", LogFilter(), **own).text
    assert handled.arguments == ["acme", "price", 1]


def test_a_field_that_we_know_nothing_of_is_refused_wherever_it_is_set() -> None:
    with_source = create_model("WithSource", __base__=LogFilter, source=(str | None, None))
    for name in TEMPLATES:
        with pytest.raises(UnappliedFieldError, match="source"):
            filtered(name, with_source.model_validate({"source": "/erp"}))
    assert conditions(with_source(code=("c",))) == conditions(LogFilter(code=("c",)))


@pytest.mark.parametrize("name", sorted(EVERY))
def test_only_a_filter_that_chooses_may_be_reprocessed_without_saying_all(name: str) -> None:
    given = {name: EVERY[name]}
    assert LogFilter.model_validate(given).chooses is not name.startswith("exclude_")
    assert ReprocessFilter.model_validate({**given, "all": True}).all
    if name.startswith("exclude_"):
        with pytest.raises(ValidationError, match="all=true"):
            ReprocessFilter.model_validate(given)
    else:
        assert not ReprocessFilter.model_validate(given).all
