"""An affiliate as the query API shows it: pause, breakers and queue."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from schemas.breaker import SILENT_PROBES
from schemas.example import example
from schemas.shown.base import NOON, Shown


class ShownBreaker(Shown):
    """The breaker of one type of an affiliate, while it holds retries back."""

    model_config = example(integration_type="price", state="open", since=NOON, retry_at="2026-11-24T12:00:30Z")

    integration_type: str
    state: Literal["open", "half_open"] = Field(
        description="open: too many answers were busy, or never came; nothing is sent. half_open: one retry at a time "
        f"is sent as a test; a good answer closes the breaker, a busy one or {SILENT_PROBES} without an answer open it "
        "again"
    )
    since: datetime
    retry_at: datetime | None = Field(description="when the test retry may be sent")


class ShownAffiliate(Shown):
    """Sending state of an affiliate: pause, breakers, and the items that wait for it."""

    model_config = example(
        affiliate="MLB",
        sending=False,
        paused_at=NOON,
        paused_by="maria@store.example",
        paused_with="the admin of the store",
        paused_reason="their API is being maintained",
        paused_until="2026-11-24T14:00:00Z",
        paused_types=["price"],
        breaker="closed",
        breakers=[],
        queued=120,
        queued_by_type={"price": 100, "products": 20},
        sent=0,
    )

    affiliate: str
    sending: bool = Field(description="false when a person or a breaker holds retries back, of one type at least")
    paused_at: datetime | None = Field(description="by a person; null when it is not")
    paused_by: str | None = Field(description="who paused it, as the caller says")
    paused_with: str | None = Field(description="name of the access key that it was paused with, as we know")
    paused_reason: str | None
    paused_until: datetime | None = Field(description="the pause ends by itself then; null: when somebody resumes it")
    paused_types: list[str] | None = Field(description="types that the pause holds back; null: every type")
    breaker: Literal["closed", "open", "half_open"] = Field(
        description="the most severe state of its breakers; closed: all is well"
    )
    breakers: list[ShownBreaker] = Field(description="those that are not closed: there is one for each type")
    queued: int = Field(description="items that wait to be sent there")
    queued_by_type: dict[str, int] = Field(description="the same by type, without those of which none wait")
    sent: int = Field(description="items whose answer is awaited")
