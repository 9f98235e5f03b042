"""The plan of a reprocess by filter, as the query API shows it."""

from datetime import datetime
from typing import Any

from pydantic import Field

from schemas.example import example
from schemas.reasons.said import Said
from schemas.shown.base import LOG_ID, NOON, Shown


class PlannedLog(Shown):
    """One log that a plan shows as a sample."""

    log_id: str
    affiliate: str
    key: str
    status: str
    code: str | None
    processed_at: datetime


class ReprocessPlan(Shown):
    """The effect that a command with this filter and `as_of` would have."""

    model_config = example(
        account="demo",
        integration_type="price",
        filter={"status": ["error"]},
        as_of=NOON,
        ignored_groups=[],
        ignored_logs=0,
        ignored=False,
        total=3,
        verdicts={"will_send": 2, "in_flight": 1},
        affiliates={"MLB": {"will_send": 2}, "AMZ": {"in_flight": 1}},
        samples={
            "will_send": [
                {
                    "log_id": LOG_ID,
                    "affiliate": "MLB",
                    "key": "SKU-00123",
                    "status": "error",
                    "code": "price.below_minimum",
                    "processed_at": NOON,
                }
            ]
        },
        reasons={"in_flight": ["An earlier reprocess of this entity is in flight; this request joined it."]},
        reason_required=None,
    )

    account: str
    integration_type: str
    filter: dict[str, Any] = Field(description="to be sent as the command's `filter`")
    as_of: datetime = Field(description="to be sent as the command's `as_of`: logs that change later are left out")
    ignored_groups: list[str] = Field(
        description="groups that are ignored, and that `filter` leaves out by `exclude_fingerprint`: with them goes "
        "every log of which any error is in one"
    )
    ignored_logs: int = Field(description="logs that the filter as it was asked for matches beside `total`")
    ignored: bool = Field(description="logs of ignored groups are among `total`: it was asked for")
    total: int = Field(description="logs that `filter` matches")
    verdicts: dict[str, int] = Field(description="how many logs get each verdict; they sum to `total`")
    affiliates: dict[str, dict[str, int]] = Field(description="the same for each affiliate")
    samples: dict[str, list[PlannedLog]] = Field(description="ten logs of each verdict, or all of them")
    reasons: dict[str, list[Said]] = Field(description="why not, in sentences, by verdict")
    reason_required: Said | None = Field(description="why the command needs a reason; null when it needs none")
