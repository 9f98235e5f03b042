"""One message to one channel, and its content, which is the same at each try."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.catalogue import Language

#: notice: of one edge. digest: of a day. test: a person asked for it. event: of the events out, for programs.
MessageKind = Literal["notice", "digest", "test", "event"]
#: waiting: to be sent, or tried again. sent: the other side took it. failed: refused, or given up. superseded: a later
#: edge of its incident is told instead. muted: all of it happened in a maintenance window.
MessageState = Literal["waiting", "sent", "failed", "superseded", "muted"]


ChannelKind = Literal["email", "chat", "webhook", "topic"]


class Message(NamedTuple):
    """Identity of a message: what a receiver tells a doubled one by."""

    id: uuid.UUID
    made_at: datetime
    thread: str | None = None  # of an incident, by which mail programs put messages together


class Content(BaseModel):
    """Text of a message in the language of its reader, and the same as data for programs."""

    model_config = ConfigDict(frozen=True)

    language: Language
    title: str
    text: str
    html: str
    data: Mapping[str, Any]

    @property
    def text_without_title(self) -> str:
        """The text without its first line, which is the title."""
        return self.text.removeprefix(self.title).lstrip("\n")


def message_id(*parts: object) -> uuid.UUID:
    """Return the id of what these parts name: always the same."""
    return uuid.uuid5(_NAMES, "\x1f".join(map(str, parts)))


_NAMES = uuid.UUID("5d0b5f6e-6a3c-5a0e-9a51-5f3b0c3d7e11")
