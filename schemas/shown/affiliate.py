"""An affiliate as the query API shows it: pause, breaker and queue."""

from datetime import datetime

from pydantic import Field

from schemas.shown.base import NOON, Shown, example


class ShownAffiliate(Shown):
    """Sending state of an affiliate: pause, breaker, and the items that wait for it."""

    model_config = example(
        affiliate="MLB",
        sending=False,
        paused_at=NOON,
        paused_by="maria@store.example",
        paused_reason="their API is being maintained",
        breaker="closed",
        breaker_since=None,
        retry_at=None,
        queued=120,
        sent=0,
    )

    affiliate: str
    sending: bool
    paused_at: datetime | None = Field(description="by a person; null when it is not")
    paused_by: str | None
    paused_reason: str | None
    breaker: str = Field(
        description="closed: all is well. open: too many answers were 429 or 5xx, or never came; nothing is sent. "
        "half_open: one retry is sent as a test, and its answer closes or opens the breaker again"
    )
    breaker_since: datetime | None
    retry_at: datetime | None = Field(description="when the test retry may be sent; null while the breaker is closed")
    queued: int = Field(description="items that wait to be sent there")
    sent: int = Field(description="items whose answer is awaited")
