"""Notifications as the query API shows them: channels, rules, maintenance windows, and the log of messages."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from schemas.catalogue import Language
from schemas.example import example
from schemas.notification.message import ChannelKind, MessageKind, MessageState
from schemas.notification.rule import Rule, Scope
from schemas.reasons.said import Said
from schemas.shown.base import NOON, Shown

_ID = "0b2f9c1e-7d5a-4c1b-9f6e-2a4f0f6f1c33"


class ShownChannel(Shown):
    """A channel. Its address is never shown whole."""

    model_config = example(
        id=_ID,
        name="Maria",
        kind="email",
        shown="m…@store.example",
        language="pt",
        time_zone="America/Sao_Paulo",
        events=[],
        made_at=NOON,
        sent=12,
        last_sent_at=NOON,
        error=None,
        next_try_at=None,
    )

    id: str
    name: str
    kind: ChannelKind
    shown: str = Field(description="its address, masked")
    language: Language
    time_zone: str
    events: list[str] = Field(description="CloudEvents types of the events out that it gets")
    made_at: datetime
    sent: int = Field(description="messages that it took")
    last_sent_at: datetime | None
    error: Said | None = Field(description="why the last try failed; null while tries succeed")
    next_try_at: datetime | None = Field(description="after a failure: before this nothing is sent to it")


class ShownRule(Shown):
    """A rule, and its channels."""

    id: str
    rule: Rule
    channels: list[str] = Field(description="ids of channels")
    made_at: datetime


class ShownWindow(Shown):
    """A maintenance window."""

    id: str
    begins_at: datetime
    ends_at: datetime
    scope: Scope
    reason: str | None
    made_by: str
    made_at: datetime


class ShownMessage(Shown):
    """A message of the log. Events out that were sent are not in it: their channel counts them."""

    model_config = example(
        id=_ID,
        number=7,
        kind="notice",
        state="sent",
        incident_id="3",
        event_type=None,
        channel_id=_ID,
        channel="Maria",
        rule_id=_ID,
        rule="Tudo",
        title="Começou: MLB · Preço: mais falhas que o normal (135)",
        made_at=NOON,
        due_at=NOON,
        tries=0,
        error=None,
        ended_at=NOON,
        next_try_at=None,
    )

    id: str = Field(description="`webhook-id`, and the first part of the Message-ID")
    number: int
    kind: MessageKind
    state: MessageState
    incident_id: str | None
    event_type: str | None
    channel_id: str
    channel: str
    rule_id: str | None
    rule: str | None = Field(description="its name; null for a rule that was removed")
    title: str | None = Field(description="null of an event, and of a digest until it is sent")
    made_at: datetime
    due_at: datetime
    tries: int = Field(description="tries that failed")
    error: Said | None = Field(description="why the last try failed, or why it was never tried")
    ended_at: datetime | None = Field(description="when it was sent, or given up; null while it waits")
    next_try_at: datetime | None


class ShownChange(Shown):
    """An act of a person on a channel, a rule or a maintenance window."""

    id: str
    at: datetime
    action: Literal["made", "changed", "removed", "tested"]
    subject: Literal["channel", "rule", "window"]
    subject_id: str
    name: str
    requested_by: str
    key_name: str | None
