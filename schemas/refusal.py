"""A refusal: why an event is not valid for its topic."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Self

from schemas.reasons.reason import Reason, all_of, each_of
from schemas.reasons.say import say


class DeadLetterCode(StrEnum):
    """One word for each cause: a closed list, which consumers of the topic of dead letters know."""

    EMPTY = "empty"  # zero bytes
    ENCODING = "encoding"  # not UTF-8
    JSON = "json"  # UTF-8, but not one JSON document
    TOO_LARGE = "too_large"  # over MAX_EVENT_BYTES, or too many headers
    TOO_DEEP = "too_deep"  # nested over MAX_DEPTH
    ENVELOPE = "envelope"  # JSON, but not a CloudEvent that we can read
    TYPE_MISMATCH = "type_mismatch"  # an event of another type than the topic's
    SCHEMA = "schema"  # a field is missing, of another type or over its limit
    STATUS_NOT_ALLOWED = "status_not_allowed"  # a status that this integration type does not have
    NOT_ALLOWED = "not_allowed"  # what this source may not say, by CONEXOES_SOURCES
    TIMESTAMP = "timestamp"  # not RFC 3339 with an offset, or out of range
    STORAGE = "storage"  # PostgreSQL refuses this row, and only this one


class Refusal(Exception):
    """Refusal of an event that will never be accepted, however often it is tried: it becomes a dead letter.

    `reason` is for the connector's developer: every fault of the event, the true one first, each with its field, its
    limit, and the character or the beginning of the value at fault.
    `part`, when the event is one of a batch, is its own JSON text: a dead letter holds that, not the whole batch.
    """

    def __init__(self, code: DeadLetterCode, reason: Reason, part: bytes | None = None) -> None:
        super().__init__(f"{code}: {say(reason, 'en')}")
        self.code = code
        self.reason = reason
        self.part = part

    @staticmethod
    def of_all(refusals: Sequence["Refusal"], part: bytes | None = None) -> "Refusal":
        """Return one refusal for every fault of an event; its code is that of the first."""
        return Refusal(refusals[0].code, all_of([each.reason for each in refusals]), part)

    def without_frames(self) -> Self:
        """Return it without the frames that it has passed, which would keep the record and its neighbours with it."""
        self.__traceback__ = self.__context__ = self.__cause__ = None
        return self

    @property
    def reasons(self) -> list[Reason]:
        """Return each fault of the event."""
        return each_of(self.reason)
