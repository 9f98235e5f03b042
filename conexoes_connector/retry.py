"""A retry that a connector gets, and the answer that it gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from schemas.json_document import value_of
from schemas.raw_json import RawJson
from schemas.reprocess import RetryData
from schemas.timestamp import parse


@dataclass(frozen=True, kw_only=True)
class Retry:
    """One piece of work to do again. It may come twice, with the same `id` and the same `data.busy_answers`."""

    id: str  # answers carry it as `correlationid`
    command_id: str
    data: RetryData
    event: bytes = b""  # the whole event as it came, with fields that this version does not know
    traceparent: str | None = None  # W3C Trace Context; the answer that the SDK sends has it too

    @property
    def expired(self) -> bool:
        """True after the deadline: the answer will be late.

        It still counts, so do the work if it is still worth doing.
        """
        return datetime.now(UTC) > parse(self.data.expires_at).at


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The outcome of a retry: the fields of a result that the retry does not have.

    Evidence that is given as a RawJson is sent digit for digit.
    """

    status: str
    message: str | None = None
    errors: Sequence[Mapping[str, Any]] | RawJson | None = None
    operation: str | None = None
    request: Any = None
    response: Any = None
    sequence: int | RawJson | None = None
    processed_at: str | None = None  # RFC 3339; None is now
    aliases: Mapping[str, str] | RawJson | None = field(default=None)


def read_retry(value: bytes) -> Retry:
    """Read the retry in a record of a retry topic. Raises ValueError for what is none: only Conexões writes there."""
    event = value_of(value)
    return Retry(
        id=event["id"],
        command_id=event["correlationid"],
        data=RetryData.model_validate(event["data"]),
        event=value,
        traceparent=event.get("traceparent"),
    )
