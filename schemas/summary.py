"""Exact counts of the logs that a filter matches: in all, by status, affiliate and code, and over time."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from schemas.example import example

#: Error codes that are counted by name; the rest is one sum.
MAX_CODES = 1000


class HistogramBar(BaseModel):
    """Logs by status that were processed in [`from`, `to`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    from_: datetime = Field(alias="from")
    to: datetime
    total: int
    by_status: dict[str, int] = Field(description="every status of the type")


class LogSummary(BaseModel):
    """Counts of one snapshot. `by_status` and `by_affiliate` sum to the total.

    `by_code` need not: a log has the codes of all its errors, or none.
    """

    model_config = example(
        total=3,
        by_status={"success": 1, "warning": 0, "error": 2},
        by_affiliate={"MLB": 2, "AMZ": 1},
        by_code={"price.below_minimum": 2},
        other_codes=0,
        histogram=[
            {
                "from": "2026-11-24T12:00:00Z",
                "to": "2026-11-24T13:00:00Z",
                "total": 3,
                "by_status": {"success": 1, "warning": 0, "error": 2},
            }
        ],
    )

    total: int
    by_status: dict[str, int] = Field(description="every status of the type, matched or not")
    by_affiliate: dict[str, int] = Field(description="the affiliates of what matches, most logs first")
    by_code: dict[str, int] = Field(
        description=f"the {MAX_CODES} most frequent error codes, most logs first; "
        "a log counts once for each code that any of its errors has"
    )
    other_codes: int = Field(description="sum of the counts of the codes that `by_code` does not name")
    histogram: list[HistogramBar] = Field(
        description="from the first to the last bar with a log, by hours, days or weeks of UTC: the shortest that give "
        "about a hundred bars at most; the first and last are cut to the filter's own range"
    )
