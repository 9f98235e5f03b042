"""Error bodies: what `api.problems` may leave out of one, the document must not ask for."""

import pytest
from pydantic import BaseModel

from schemas.problem import EventRefusal, FieldProblem, Problem


@pytest.mark.parametrize("model", [Problem, FieldProblem, EventRefusal])
def test_what_may_be_null_may_be_left_out(model: type[BaseModel]) -> None:
    """Error bodies are sent without their nulls: a required field that may be null breaks the document."""
    properties = model.model_json_schema()["properties"]
    nullable = {name for name, schema in properties.items() if {"type": "null"} in schema.get("anyOf", [])}
    assert not nullable & set(model.model_json_schema().get("required", []))
