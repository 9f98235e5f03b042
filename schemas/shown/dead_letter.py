"""A dead letter, as the query API shows it."""

from datetime import datetime
from typing import Any

from pydantic import Field

from schemas.example import example
from schemas.letter_filter import LetterState
from schemas.reasons.said import Said
from schemas.shown.base import NOON, Explained, Shown

LETTER_ID = "ea877ef3-1f2c-38c8-7d63-458f0689d20f"
_EXAMPLE: dict[str, Any] = {
    "id": LETTER_ID,
    "account": "demo",
    "affiliate": "MLB",
    "code": "schema",
    "reason": "data.status is missing",
    "topic": "conexoes.results.price",
    "partition": 3,
    "offset": 77,
    "position": 0,
    "received_at": NOON,
    "key": "demo/MLB/SKU-00123",
    "key_base64": None,
    "headers": [{"name": "content-type", "value": "application/cloudevents+json", "base64": None}],
    "value": '{"account": "demo"}',
    "value_bytes": 19,
    "reasons": [],
    "state": "waiting",
    "state_at": None,
    "redrive_id": None,
    "redrive_of": None,
}


class ShownHeader(Shown):
    """A header of a record, in the order of the record; names may repeat."""

    name: str
    value: str | None = Field(description="null where it has none, or is not UTF-8")
    base64: str | None = Field(description="of a value that is not UTF-8")


class ShownPlace(Shown):
    """A part of `value`."""

    start: int = Field(description="its first character, from 0")
    end: int = Field(description="the character after its last one")


class ShownReason(Explained):
    """One fault of a dead letter."""

    reason: Said
    place: ShownPlace | None = Field(description="what it is about, when that is in `value`: a position or a field")


class ShownDeadLetter(Explained):
    """A record or event that is not a valid result or command, with the reason."""

    model_config = example(**_EXAMPLE)

    id: str
    account: str | None = Field(description="null when it is nobody's")
    affiliate: str | None = Field(description="null where it can't be read")
    code: str
    reason: Said = Field(description="a sentence for the connector's developer, in English")
    topic: str
    partition: int
    offset: int
    position: int = Field(description="of the event in a batch; 0 otherwise")
    received_at: datetime
    key: str | None = Field(description="of the record; null where it has none, or is not UTF-8")
    key_base64: str | None = Field(description="of a record key that is not UTF-8")
    headers: list[ShownHeader] | None = Field(
        description="of the record; null for a key without the right to see evidence"
    )
    value: str | None = Field(
        description="in lists its first 4,096 bytes, as UTF-8 where they are; `…/value` has them all. "
        "null for a key without the right to see evidence"
    )
    value_bytes: int
    reasons: list[ShownReason] = Field(description="every fault that is known, the first one first")
    state: LetterState
    state_at: datetime | None = Field(description="null when it was never redriven or erased")
    redrive_id: str | None = Field(description="the last redrive that took it")
    redrive_of: str | None = Field(description="the dead letter of which this is a copy that was refused again")


class ShownEdit(Shown):
    """A person's version of a value; the letter keeps its own."""

    number: int
    requested_by: str
    requested_with: str | None = Field(description="name of the access key; null from the command line")
    reason: str | None
    edited_at: datetime
    difference: str | None = Field(
        description="from the version before, as a unified diff; null when it is too long, "
        "and for a key without the right to see evidence"
    )
    too_long: bool = Field(
        description="the versions, or those of later edits, have too many lines or bytes to be compared"
    )


class DeadLetterDetail(ShownDeadLetter):
    """A dead letter with its edits and the outcome of its last redrive."""

    model_config = example(**_EXAMPLE, edits=[], log_id=None, integration_type=None, again_id=None)

    edits: list[ShownEdit]
    log_id: str | None = Field(description="the status log that it became a result of")
    integration_type: str | None = Field(description="of that log; null once it is deleted")
    again_id: str | None = Field(description="the new dead letter, when it was refused again")


class DeadLetterCounts(Shown):
    """Exact counts of the dead letters that a filter matches."""

    model_config = example(
        total=3, by_code={"schema": 2, "json": 1}, by_topic={"conexoes.results.price": 3}, by_state={"waiting": 3}
    )

    total: int
    by_code: dict[str, int]
    by_topic: dict[str, int]
    by_state: dict[str, int]
