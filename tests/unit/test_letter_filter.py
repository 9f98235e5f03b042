"""The filter of dead letters is one: in the address, in SQL, in requests and in the audit."""

import uuid
from datetime import UTC
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from admin.pages.letter_view import read_letter_view
from api.problems import ProblemError
from schemas.letter_filter import LETTER_FIELDS, LETTER_STATES, LetterFilter
from schemas.redrive import EraseLettersRequest, LetterChoice, RedriveRequest
from storage.dead_letters import Reach, choosing
from storage.statements import SQL

REACH = Reach("acme", every_account=False, evidence=True)
#: A value of each field, as in an address.
VALUES: dict[str, list[str]] = {
    "q": ["A + b"],
    "code": ["json", "schema"],
    "topic": ["conexoes.results.price"],
    "affiliate": ["MLB"],
    "state": list(LETTER_STATES),
    "received_from": ["2026-11-01T00:00:00Z"],
    "received_to": ["2026-11-02T00:00:00Z"],
    "log_id": [str(uuid.UUID(int=7))],
}


def chosen(**values: Any) -> LetterFilter:
    return LetterFilter.model_validate(values)


def test_each_field_has_a_value_here_and_a_parameter_in_sql() -> None:
    assert set(VALUES) == set(LETTER_FIELDS)
    arguments = choosing(REACH, LetterFilter())
    assert set(arguments) == set(SQL["dead_letters_seen"].names)
    assert set(LETTER_FIELDS) <= set(arguments)


@pytest.mark.parametrize("name", VALUES)
def test_a_field_changes_what_is_asked_of_sql_and_comes_back_from_the_address(name: str) -> None:
    query = QueryParams([(name, value) for value in VALUES[name]])
    view = read_letter_view(query, UTC)
    assert view.filter.chooses
    assert not view.is_plain
    assert choosing(REACH, view.filter) != choosing(REACH, LetterFilter())
    assert read_letter_view(QueryParams(view.query().removeprefix("?")), UTC) == view
    assert LetterFilter.model_validate(view.filter.document()) == view.filter


def test_an_empty_form_chooses_all() -> None:
    view = read_letter_view(QueryParams([(name, "") for name in VALUES]), UTC)
    assert view.is_plain
    assert view.query() == ""


@pytest.mark.parametrize("query", ["code=no-code", "received_from=x", "log_id=x", "state=x", "q=" + "x" * 201])
def test_a_wrong_value_is_named(query: str) -> None:
    with pytest.raises(ProblemError) as raised:
        read_letter_view(QueryParams(query), UTC)
    assert raised.value.status == 422


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError):
        chosen(received_from="2026-11-02T00:00:00Z", received_to="2026-11-01T00:00:00Z")


def test_a_choice_is_ids_or_a_filter_and_all_must_be_meant() -> None:
    one = (uuid.UUID(int=1),)
    wrongs: tuple[dict[str, Any], ...] = ({}, {"ids": one, "filter": {"code": ["json"]}}, {"filter": {}}, {"ids": ()})
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            LetterChoice.model_validate({"account": "acme", **wrong})
    assert LetterChoice.model_validate({"account": "acme", "filter": {}, "all": True}).meant == LetterFilter()
    assert LetterChoice(account="acme", ids=one).meant == LetterFilter()


@pytest.mark.parametrize("kind", [RedriveRequest, EraseLettersRequest])
def test_the_audit_keeps_the_choice_and_no_searched_text(kind: Any) -> None:
    asked = {"account": "acme", "requested_by": "maria", "reason": "r"}
    by_text = kind.model_validate({**asked, "filter": {"q": "12345678909", "code": "json"}})
    assert by_text.trail() == {"filter": {"q": "…", "code": ["json"]}}
    by_id = kind.model_validate({**asked, "ids": [str(uuid.UUID(int=7))]})
    assert by_id.trail() == {"ids": [str(uuid.UUID(int=7))]}
