"""Records that hold a whole CloudEvent, as we send retries and commands."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from broker.publisher import Record
from schemas.envelope import STRUCTURED
from schemas.json_document import dump
from schemas.reprocess import ReprocessRequest, command_event
from schemas.timestamp import to_text
from schemas.topics import Topics

_HEADERS: Final = [("content-type", STRUCTURED.encode())]


def structured_record(topic: str, key: str, event: Mapping[str, Any]) -> Record:
    """Make the record of `event` in structured mode."""
    return Record(topic, key.encode(), dump(event), _HEADERS)


def command_record(
    topics: Topics, command_id: str, request: ReprocessRequest, at: datetime, traceparent: str | None = None
) -> Record:
    """Make the record of a reprocess command. The same id again is the same command, whoever sends it."""
    event = command_event(command_id, request, to_text(at), traceparent)
    return structured_record(topics.commands, request.account, event)
