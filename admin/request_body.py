"""The body of a command as a model, read within limits; every fault is named."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from admin.json_body import read_json
from api.problems import refusal
from schemas.reasons.error import reasons_of

T = TypeVar("T", bound=BaseModel)


async def read_body(request: Request, model: type[T]) -> T:
    """Read a model. 415, 413, 408 or 422 for a body that is not one."""
    body = await read_json(request)
    try:
        return model.model_validate(body)
    except ValidationError as exc:
        raise refusal(reasons_of(exc, "body")) from None


def described(model: str) -> dict[str, Any]:
    """Return the OpenAPI description of a body that we read ourselves."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}},
        }
    }
