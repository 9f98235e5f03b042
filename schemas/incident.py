"""An incident: one thing that goes wrong, with a beginning, an end and a story. docs/incidents.md has its states."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.example import example

_NOON = "2026-11-24T12:00:00Z"


class Kind(StrEnum):
    """Kinds of incidents, those that explain others last."""

    REPROCESS_STOPPED = "reprocess_stopped"  # after a step too little of which was fixed
    NEW_FAULT = "new_fault"  # results fail with a fault that was never seen
    GROUP_ESCALATES = "group_escalates"  # a known fault is far more frequent than it usually is
    BREAKER_OPENED = "breaker_opened"  # retries are held back
    FAILURE_SHARE = "failure_share"  # more results fail than in the same hour of other weeks
    SILENCE = "silence"  # nothing comes, for three usual intervals
    DEAD_LETTERS_RISE = "dead_letters_rise"  # more events can't be read than usually


class State(StrEnum):
    """States of an incident."""

    OPEN = "open"
    ESCALATED = "escalated"  # it got worse since it was opened, or reopened
    RESOLVED = "resolved"  # it is over; back within REOPENED_WITHIN, it is opened again


class Edge(StrEnum):
    """Changes of an incident, each of which is told once."""

    OPENED = "opened"
    ESCALATED = "escalated"
    JOINED = "joined"  # a kind that is no graver, or a type, is part of it too: its state stays
    RESOLVED = "resolved"
    REOPENED = "reopened"


Severity = Literal["warning", "critical"]
#: Kinds that are left for good after a while, whether they are over or not.
Unwatched = Literal["silence", "reprocess_stopped"]


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IncidentFacts(BaseModel):
    """Figures of an incident. None of them names an entity."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # a newer version may have added some

    count: int | None = Field(
        default=None, description="failed results, results with the fault, or dead letters, within `minutes`"
    )
    of: int | None = Field(default=None, description="results within the same minutes, of a failure_share")
    minutes: int | None = Field(default=None, description="span of `count`")
    share: float | None = Field(default=None, description="count / of")
    usual: float | None = Field(
        default=None,
        description="the share that usually fails at this hour; of other kinds the usual count",
    )
    usual_interval_seconds: float | None = Field(
        default=None, description="of a silence: between results, from `since` on"
    )
    since: datetime | None = Field(default=None, description="when it began, as far as is known")
    code: str | None = Field(default=None, description="of the fault, the dead letters, or what is busy")
    fingerprint: str | None = Field(default=None, description="of the fault")
    faults: list[str] = Field(default=[], description="fingerprints of all faults that joined it, ten at most")
    command_id: str | None = Field(default=None, description="of the reprocess that stopped")
    integration_types: list[str] = Field(default=[], description="types that it is about; empty: any")
    kinds: list[Kind] = Field(default=[], description="its kind, and those that it explains")
    unwatched: Unwatched | None = Field(
        default=None,
        description="of a resolved one that is closed without being over: a silence of 28 days; a stopped reprocess "
        "after which another one was asked for, or a day went by",
    )
    seen_at: datetime | None = Field(default=None, description="the last time of the data at which it was so")


class Incident(_Shown):
    """One incident, as it is now."""

    model_config = example(
        incident_id=17,
        account="demo",
        kind="failure_share",
        integration_type="price",
        affiliate="MLB",
        subject="",
        state="escalated",
        severity="critical",
        opened_at=_NOON,
        changed_at="2026-11-24T12:09:00Z",
        resolved_at=None,
        facts={
            "count": 212,
            "of": 240,
            "minutes": 30,
            "share": 0.883,
            "usual": 0.06,
            "since": "2026-11-24T11:55:00Z",
            "code": "gateway.timeout",
            "fingerprint": "74dab71393f51981",
            "faults": ["74dab71393f51981"],
            "integration_types": ["price"],
            "kinds": ["new_fault", "failure_share"],
            "seen_at": "2026-11-24T12:20:00Z",
        },
    )

    incident_id: int = Field(ge=1)
    account: str
    kind: Kind = Field(description="the gravest of facts.kinds: the others are explained by it")
    integration_type: str | None = Field(description="null: of several types, or of none")
    affiliate: str | None = Field(description="null: of every affiliate, or of none")
    subject: str = Field(
        description="what tells it from others of its kind: the fingerprint of a fault, the id of a command; else empty"
    )
    state: State
    severity: Severity
    opened_at: datetime = Field(description="the first time; of the data, by the database's clock, as all times here")
    changed_at: datetime = Field(description="of its last edge")
    resolved_at: datetime | None
    facts: IncidentFacts


class IncidentEdge(_Shown):
    """One change of an incident, with the figures of that moment."""

    edge: Edge
    at: datetime
    facts: IncidentFacts


class IncidentStory(Incident):
    """One incident with its edges."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=None)

    edges: list[IncidentEdge] = Field(description="oldest first")
