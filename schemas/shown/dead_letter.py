"""A dead letter, as the query API shows it."""

from datetime import datetime

from pydantic import Field

from schemas.reasons.said import Said
from schemas.shown.base import NOON, Explained, example


class ShownDeadLetter(Explained):
    """A record or event that is not a valid result or command, with the reason."""

    model_config = example(
        id="ea877ef3-1f2c-38c8-7d63-458f0689d20f",
        account="demo",
        code="schema",
        reason="data.status is missing",
        topic="conexoes.results.price",
        partition=3,
        offset=77,
        received_at=NOON,
        value='{"account": "demo"}',
        value_bytes=19,
    )

    id: str
    account: str | None
    code: str
    reason: Said = Field(description="a sentence for the connector's developer, in English")
    topic: str
    partition: int
    offset: int
    received_at: datetime
    value: str | None = Field(
        description="the first 4,096 bytes, as UTF-8 where they are; the topic has them all. "
        "null for a key without the right to see evidence"
    )
    value_bytes: int
