"""The body of a command as a model, read within limits; every fault is named."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from admin.json_body import read_json
from api.problems import ProblemError
from schemas.problem import FieldProblem

T = TypeVar("T", bound=BaseModel)


async def read_body(request: Request, model: type[T]) -> T:
    """Read a model. 415, 413, 408 or 422 for a body that is not one."""
    body = await read_json(request)
    try:
        return model.model_validate(body)
    except ValidationError as exc:
        errors = [
            FieldProblem(field=".".join(("body", *(str(part) for part in each["loc"]))), message=each["msg"])
            for each in exc.errors(include_url=False, include_context=False, include_input=False)
        ]
        detail = "; ".join(f"{each.field}: {each.message}" for each in errors[:5])
        raise ProblemError(422, "invalid-request", detail, errors=errors) from None


def described(model: str) -> dict[str, Any]:
    """Return the OpenAPI description of a body that we read ourselves."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}},
        }
    }
