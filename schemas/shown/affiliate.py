"""An affiliate, and whether retries go there, as the query API shows it."""

from datetime import datetime

from pydantic import Field

from schemas.shown.base import NOON, Shown, example


class ShownAffiliate(Shown):
    """Whether retries go to an affiliate, and what waits for it."""

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
        description="closed: all is well. open: too many answers were 429, 5xx or silence, and nothing is sent. "
        "half_open: one retry is tried, and its answer closes or opens it again"
    )
    breaker_since: datetime | None
    retry_at: datetime | None = Field(description="when one retry may be tried; null while the breaker is closed")
    queued: int = Field(description="items that wait to be sent there")
    sent: int = Field(description="items whose answer is awaited")
