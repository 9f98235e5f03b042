"""Finds the trace that a result came in."""

import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from schemas.extensions import traceparent_of
from schemas.json_document import value_of
from schemas.result import Result
from tracing.spans import Step

if TYPE_CHECKING:
    from agents.results.ingest import AcceptedEvent

_NAME = "traceparent"


def steps_of(accepted: Sequence["AcceptedEvent"]) -> Iterator[Step]:
    """Give the steps of those results that came in a trace: by the event's extension, else by the record's header."""
    for result, record, _position in accepted:
        traceparent = _of_event(result) or _of_record(record)
        if traceparent is not None:
            about = {"conexoes.log_id": str(uuid.UUID(result.log_id)), "conexoes.status": result.status}
            yield Step(traceparent, record.topic, record.partition, record.offset, about)


def _of_event(result: Result) -> str | None:
    text = result.extensions or result.body
    if _NAME not in text:  # as most have none, and reading JSON costs more than this
        return None
    event = value_of(text.encode())
    return traceparent_of(event.get(_NAME)) if isinstance(event, dict) else None


def _of_record(record: Any) -> str | None:
    """Return what OpenTelemetry's own instrumentation of Kafka clients writes."""
    found = next((value for name, value in record.headers or () if name == _NAME), None)
    return traceparent_of(found.decode("ascii", "replace")) if found else None
