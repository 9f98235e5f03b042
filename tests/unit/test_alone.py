"""Filters of queries: each is all of what the query asks for, and nothing of the query besides."""

from typing import Any

import pytest
from pydantic import BaseModel

from api.activity import ActivityExportQuery, ActivityQuery
from api.dead_letters import LetterQuery
from api.groups import GroupQuery
from api.parameters import ExportQuery, LogQuery
from api.playbook import PlaybookQuery
from api.reprocess_plan import PlanQuery
from schemas.activity import ActivityFilter
from schemas.filter import LogFilter, ReprocessFilter, alone
from schemas.group_filter import GroupFilter
from schemas.letter_filter import LetterFilter
from schemas.shown.playbook import PlaybookFilter


@pytest.mark.parametrize(
    ("model", "query", "asked"),
    [
        (LogFilter, LogQuery, {"status": ["error"], "q": "a", "page_size": 7}),
        (LogFilter, ExportQuery, {"code": "a", "language": "pt"}),
        (GroupFilter, GroupQuery, {"state": ["open"], "tag": "t", "affiliate": "MLB"}),
        (ReprocessFilter, PlanQuery, {"all": True, "as_of": "2026-11-24T12:00:00Z", "ignored": True}),
        (ActivityFilter, ActivityQuery, {"who": "maria", "page_size": 7}),
        (ActivityFilter, ActivityExportQuery, {"kind": "key", "language": "es"}),
        (LetterFilter, LetterQuery, {"code": "json", "page_size": 7}),
        (PlaybookFilter, PlaybookQuery, {"q": "a", "origin": "own", "page_size": 7}),
    ],
)
def test_it_is_as_if_it_had_been_asked_for_alone(
    model: type[BaseModel], query: type[BaseModel], asked: dict[str, Any]
) -> None:
    of_model = {name: value for name, value in asked.items() if name in model.model_fields}
    found = alone(model, query.model_validate(asked))
    assert type(found) is model
    assert found == model.model_validate(of_model)
    assert found.model_fields_set <= set(model.model_fields)
