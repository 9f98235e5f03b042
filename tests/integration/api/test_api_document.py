"""Answers in the OpenAPI document that generated requests do not often meet."""

import re
from typing import Any

import pytest
from fastapi import FastAPI

from tests.integration.api.conftest import Caller


def operations(app: FastAPI) -> dict[str, dict[str, Any]]:
    """Every operation by method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    }


def parameters(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in operation.get("parameters", [])}


async def test_a_token_of_another_list_is_400_and_said_so(app: FastAPI, viewer: Caller) -> None:
    paged = {name: each for name, each in operations(app).items() if "page_token" in parameters(each)}
    assert len(paged) == 14
    for name, operation in paged.items():
        path = name.removeprefix("GET ").replace("{account}", "acme").replace("{integration_type}", "price")
        path = re.sub(r"\{\w+\}", "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11", path)
        needed = [each["name"] for each in parameters(operation).values() if each["in"] == "query" and each["required"]]
        answer = await viewer.get(path, params={"page_token": "x"} | dict.fromkeys(needed, "2026-11-24"))
        assert answer.status_code == 400, path
        assert str(answer.status_code) in operation["responses"], name


def test_a_command_needs_its_key(app: FastAPI) -> None:
    named = parameters(operations(app)["POST /commands/reprocess"]).values()
    needed = {each["name"]: each["required"] for each in named if each["in"] == "header"}
    assert needed == {"Idempotency-Key": True, "traceparent": False}


def test_times_of_parameters_are_date_times(app: FastAPI) -> None:
    times = [
        each["schema"]
        for operation in operations(app).values()
        for name, each in parameters(operation).items()
        if name in {"processed_from", "processed_to", "as_of"}
    ]
    assert len(times) > 10
    for schema in times:
        assert {"type": "string", "format": "date-time"} in [schema, *schema.get("anyOf", [])], schema


@pytest.mark.parametrize("what_is_said", ["too many", "no key"])
def test_every_operation_says_what_stops_a_caller(app: FastAPI, what_is_said: str) -> None:
    status = "429" if what_is_said == "too many" else "401"
    assert {name for name, each in operations(app).items() if status not in each["responses"]} == set()


async def test_what_is_allowed_is_every_method_of_the_path(app: FastAPI, operator: Caller) -> None:
    values = {"account": "acme", "integration_type": "price", "export_id": "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"}
    by_path: dict[str, set[str]] = {}
    for name in operations(app):
        method, path = name.split()
        by_path.setdefault(path, set()).add(method)
    assert {"GET", "DELETE"} in by_path.values()
    for path, methods in by_path.items():
        filled = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "x"), path)
        answer = await operator.request("TRACE", filled)
        assert answer.status_code == 405, filled
        assert methods <= set(answer.headers["Allow"].split(", ")), filled
