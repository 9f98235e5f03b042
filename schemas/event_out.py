"""Events out: what changed, for programs. CloudEvents of the topic `conexoes.events` and of signed webhooks."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Status
from schemas.incident import Edge, Kind

#: CloudEvents `source` of everything that Conexões itself says.
SOURCE: Final = "/conexoes"


class EventType(StrEnum):
    """CloudEvents `type` of each event out."""

    LOG_FAILED = "conexoes.log.failed.v1"
    LOG_RECOVERED = "conexoes.log.recovered.v1"
    INCIDENT_OPENED = "conexoes.incident.opened.v1"
    INCIDENT_ESCALATED = "conexoes.incident.escalated.v1"
    INCIDENT_JOINED = "conexoes.incident.joined.v1"
    INCIDENT_RESOLVED = "conexoes.incident.resolved.v1"
    INCIDENT_REOPENED = "conexoes.incident.reopened.v1"
    COMMAND_DONE = "conexoes.command.done.v1"
    DEAD_LETTER = "conexoes.dead_letter.received.v1"


#: CloudEvents `type` of a notification to a webhook: text for a person, with its data.
NOTIFICATION: Final = "conexoes.notification.v1"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True)

    account: str


class LogEdge(_Data):
    """A status log that became an error, or is one no more."""

    log_id: str
    integration_type: str
    affiliate: str
    key: str
    status: Status
    processed_at: datetime
    code: str | None = Field(description="code of the gravest error")
    fingerprint: str | None = Field(description="group of equal errors that it is in")


class IncidentEdge(_Data):
    """An incident that opened, escalated, got another kind or type, resolved or reopened."""

    incident_id: str
    edge: Edge
    kind: Kind
    severity: str
    integration_type: str | None
    affiliate: str | None
    opened_at: datetime
    facts: Mapping[str, Any]


class CommandDone(_Data):
    """A reprocess command that is over."""

    command_id: str
    integration_type: str
    state: str = Field(description="done or cancelled")
    requested_by: str


class LetterReceived(_Data):
    """A dead letter of the account. The topic of dead letters and the API have its bytes."""

    letter_id: str
    code: str
    topic: str
    partition: int
    offset: int
    position: int


#: Data of each event.
DATA: Final[Mapping[EventType, type[_Data]]] = {
    EventType.LOG_FAILED: LogEdge,
    EventType.LOG_RECOVERED: LogEdge,
    EventType.INCIDENT_OPENED: IncidentEdge,
    EventType.INCIDENT_ESCALATED: IncidentEdge,
    EventType.INCIDENT_JOINED: IncidentEdge,
    EventType.INCIDENT_RESOLVED: IncidentEdge,
    EventType.INCIDENT_REOPENED: IncidentEdge,
    EventType.COMMAND_DONE: CommandDone,
    EventType.DEAD_LETTER: LetterReceived,
}
if set(DATA) != set(EventType):
    raise TypeError("DATA must have every type of event")


def event(
    *,
    event_id: uuid.UUID,
    event_type: str,
    at: datetime,
    subject: str,
    data: Mapping[str, Any],
) -> dict[str, Any]:
    """Return a CloudEvent in structured mode, for a JSON writer."""
    return {
        "specversion": "1.0",
        "id": str(event_id),
        "source": SOURCE,
        "type": event_type,
        "time": at.isoformat(),
        "subject": subject,
        "datacontenttype": "application/json",
        "data": dict(data),
    }
