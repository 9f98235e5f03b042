"""Freshness of the results of an account, as the query API shows it."""

from datetime import datetime

from pydantic import Field

from schemas.example import example
from schemas.rhythm import FreshnessState
from schemas.shown.base import NOON, Shown


class SourceFreshness(Shown):
    """One source of one type of one affiliate that has several: its last result, against its own rhythm."""

    model_config = example(
        source="/connectors/erp-b",
        state="silent",
        last_result_at="2026-11-24T08:00:00Z",
        usual_interval_seconds=600.0,
        late_from="2026-11-24T08:20:00Z",
        silent_from="2026-11-24T08:30:00Z",
    )

    source: str = Field(description="of the events; of a longer one its first 255 characters")
    state: FreshnessState | None = Field(
        description="as that of the item, by the results of this source, which are known up to a minute before `as_of`"
    )
    last_result_at: datetime = Field(description="when it was received; known a minute later at most")
    usual_interval_seconds: float | None
    late_from: datetime | None
    silent_from: datetime | None


class ShownFreshness(Shown):
    """One type of one affiliate: its last result, against how often results usually come at this time of the week."""

    model_config = example(
        affiliate="MLB",
        integration_type="price",
        state="fresh",
        last_result_at=NOON,
        usual_interval_seconds=310.0,
        late_from="2026-11-24T12:10:20Z",
        silent_from="2026-11-24T12:15:30Z",
        as_of="2026-11-24T12:04:10Z",
        sources=[],
    )

    affiliate: str
    integration_type: str
    state: FreshnessState | None = Field(
        description="late: two usual intervals without a result; silent: three. null: not known yet, there are no two "
        "weeks of results"
    )
    last_result_at: datetime = Field(description="when it was received")
    usual_interval_seconds: float | None = Field(
        description="from the last result on: of intervals at such a time of the week, 99 of 100 are shorter. null: "
        "not known, or no result is due within eight weeks"
    )
    late_from: datetime | None = Field(description="when it is late if no result comes; null: not within eight weeks")
    silent_from: datetime | None = Field(description="when it is silent if no result comes")
    as_of: datetime | None = Field(
        description="the time up to which results of the type are known to be complete, by which it is judged: results "
        "may wait in Kafka, or behind an open transaction. null: agents have not said yet, and nothing is judged"
    )
    sources: list[SourceFreshness] = Field(
        description="where 2 to 20 have had results in the last 28 days: each of them. Empty where one had, or more "
        "than are told apart"
    )


class TrackedOrder(Shown):
    """An order of which tracking is known, and nothing else."""

    model_config = example(
        affiliate="MLB",
        key="1300000001-01",
        processed_at=NOON,
        log_id="5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11",
    )

    affiliate: str
    key: str
    processed_at: datetime = Field(description="of its tracking")
    log_id: str = Field(description="of its tracking")


class TrackingOnly(Shown):
    """Orders that are known by their tracking only: no log of orders has their code as its key or alias."""

    looked_at: int = Field(description="logs of tracking that were looked at: the newest")
    orders: list[TrackedOrder] = Field(description="those of them without an order, newest first")


class AccountFreshness(Shown):
    """Freshness of an account."""

    items: list[ShownFreshness] = Field(description="every type of every affiliate that ever had a result")
    tracking_only: TrackingOnly
