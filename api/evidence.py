"""Answers with evidence in them, which goes out as it came."""

from collections.abc import Mapping

from fastapi import Response
from pydantic import BaseModel

from schemas.raw_json import dump


def with_evidence(answer: BaseModel, headers: Mapping[str, str] | None = None) -> Response:
    """Return the JSON of a model of which some values are RawJson: FastAPI's own writer would change their digits."""
    return Response(dump(answer.model_dump()), media_type="application/json", headers=headers)
