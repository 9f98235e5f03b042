"""The body of a request with CloudEvents, by their HTTP protocol binding: one event, or a batch."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from admin.body import read_bytes, refuse_encoded
from api.problems import ProblemError
from schemas.catalogue import CATALOGUE
from schemas.check import UnsentEvent, events_of
from schemas.envelope import BATCH, MAX_ATTRIBUTE_CHARACTERS, MAX_BATCH_EVENTS, STRUCTURED
from schemas.event_batch import MAX_BATCH_BYTES
from schemas.http_binding import is_read, record_headers
from schemas.media_type import media_type
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.result import ResultData
from schemas.topics import MAX_EVENT_BYTES

#: Time limit for the body of a batch; one event has that of any body.
BATCH_SECONDS: Final = 60.0
#: Size at which a body counts as one event more: the largest batch counts as the most events that one may have.
BYTES_OF_AN_EVENT: Final = -(-MAX_BATCH_BYTES // MAX_BATCH_EVENTS)
_DATA = "application/json"


class ResultEvent(BaseModel):
    """A result as a CloudEvent in structured mode. Extensions are kept."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "specversion": "1.0",
                    "type": "conexoes.price.result.v1",
                    "source": "/connectors/mlb",
                    "id": "e-1",
                    "time": "2026-11-24T08:15:03Z",
                    "data": {
                        "account": "demo",
                        "affiliate": "MLB",
                        "key": "SKU-00123",
                        "status": "success",
                        "processed_at": "2026-11-24T08:15:02Z",
                    },
                }
            ]
        },
    )

    specversion: Literal["1.0"]
    type: str = Field(
        description="of the integration type",
        json_schema_extra={"enum": [each.result_event_type for each in CATALOGUE]},
    )
    source: str = Field(min_length=1, max_length=MAX_ATTRIBUTE_CHARACTERS, description="a URI-reference")
    id: str = Field(min_length=1, max_length=MAX_ATTRIBUTE_CHARACTERS, description="unique in its source")
    time: str | None = Field(default=None, json_schema_extra={"format": "date-time"})
    subject: str | None = Field(default=None, description="equal to data.key, when it is given")
    correlationid: str | None = Field(default=None, description="id of the retry that this answers, if it answers one")
    data: ResultData


async def read_events(request: Request, charge: Callable[[int], None]) -> list[UnsentEvent]:
    """Read the events of a request. 415, 413 or 408; raises Refusal for a batch that can't be taken apart.

    `charge` is called with the events that the body counts as: by its size, and then by what is in it.
    """
    content_type = request.headers.get("content-type", _DATA)
    if not is_read(content_type):
        reason = Reason(ReasonCode.CONTENT_TYPE_UNKNOWN, allowed=(STRUCTURED, BATCH, _DATA))
        raise ProblemError(415, "unsupported-media-type", reason)
    refuse_encoded(request)
    many = media_type(content_type) == BATCH
    limit, seconds = (MAX_BATCH_BYTES, BATCH_SECONDS) if many else (MAX_EVENT_BYTES, None)
    body = await read_bytes(request, "body", limit, seconds)
    charge(len(body) // BYTES_OF_AN_EVENT)
    events = await asyncio.to_thread(events_of, record_headers(request.headers.raw), body)
    charge(len(events))
    return events


def described() -> dict[str, Any]:
    """Return the OpenAPI description of a body with events, and of the attributes that are headers in binary mode."""
    event = {"$ref": f"#/components/schemas/{ResultEvent.__name__}"}
    content: Mapping[str, Any] = {
        STRUCTURED: {"schema": event},
        BATCH: {"schema": {"type": "array", "items": event, "maxItems": MAX_BATCH_EVENTS}},
        _DATA: {"schema": {"$ref": f"#/components/schemas/{ResultData.__name__}"}},
    }
    return {
        "requestBody": {"required": True, "content": content},
        "parameters": [
            {
                "name": f"ce-{name}",
                "in": "header",
                "required": False,
                "description": f"binary mode, where the body is `data` alone: the event's `{name}`, percent-encoded",
                "schema": {"type": "string"},
            }
            for name in ("specversion", "type", "source", "id", "time", "subject", "correlationid")
        ],
    }
