"""Causes that may be why results fail, as the API shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from schemas.example import example
from schemas.shown.activity import ActivityEntry
from schemas.shown.base import COMMAND_ID, LOG_ID, NOON, Shown
from schemas.shown.log import AsItCame
from schemas.why.result import Dimension

_BEGAN = "2026-11-24T11:55:00Z"


class ShownFeature(Shown):
    """A feature of results: a dimension with its value."""

    dimension: Dimension = Field(
        description="`version`: a CloudEvents extension whose name ends in `version`. `request`: a place in the "
        "request. `mode`: of the retry that it answers. `hour`: of the day, in UTC, as `02-04`. `version` and "
        "`request` need the right to evidence"
    )
    name: str = Field(description="of the extension; the JSON Pointer in the request, `*` for any element; else empty")
    value: str | None = Field(description="in a request its JSON text; null: there is a value, whatever it is")
    missing: bool = Field(default=False, description="true: the affected lack it, and the others have it")


class TraitCause(Shown):
    """Feature that the affected have in common, and the others have not."""

    kind: Literal["trait"] = "trait"
    strength: float = Field(
        ge=0, le=1, description="the lower end of the 95 % interval of the difference of both shares"
    )
    feature: ShownFeature
    affected: int = Field(description="results with it among those that are affected")
    affected_of: int
    others: int = Field(description="results with it among the others")
    others_of: int
    lift: float | None = Field(description="how many times as frequent it is; null: none of the others has it")
    chance: float = Field(description="of such a difference where there is none")
    since: datetime | None = Field(
        description="its first result, where it came up just before the beginning; else null"
    )
    also: list[ShownFeature] = Field(description="features that can't be told from it: the same results have them")


class NewValueCause(Shown):
    """A source, version or operation of which there are results only since just before the beginning."""

    kind: Literal["new_value"] = "new_value"
    strength: float = Field(ge=0, le=1)
    feature: ShownFeature
    since: datetime = Field(description="its first result, as far as was looked")


class ActCause(Shown):
    """Act of somebody just before the beginning."""

    kind: Literal["act"] = "act"
    strength: float = Field(ge=0, le=1, description="less for one that came earlier, or that is done often")
    act: ActivityEntry
    chance: float = Field(description="that one like it would have come as close anyway")


Cause = Annotated[TraitCause | NewValueCause | ActCause, Field(discriminator="kind")]


class FirstAffected(Shown):
    """The first affected result of those that were looked at."""

    log_id: str
    key: str
    source: str
    operation: str | None
    processed_at: datetime
    received_at: datetime = Field(description="the same for all results of one batch")
    with_it: int = Field(description="affected results of the same batch, itself included")


class RequestChange(Shown):
    """A value of the request that failed, where the last successful one of the entity had another or none."""

    pointer: str = Field(description="JSON Pointer (RFC 6901); of what is gone its place before")
    before: Annotated[AsItCame | None, WithJsonSchema({})] = Field(description="null: there was none")
    after: Annotated[AsItCame | None, WithJsonSchema({})] = Field(description="null: there is none any more")
    entities: int = Field(description="entities that were compared, and have a change at this place")
    usual: int = Field(description="entities whose two last successful requests differ at this place too")


class RequestDifference(Shown):
    """Difference between the last successful request of one entity and the one that failed."""

    log_id: str
    key: str
    failed_at: datetime
    succeeded_at: datetime
    changes: list[RequestChange] = Field(description="those first that most entities have, and that are not usual")
    cut: bool = Field(description="there are more changes")
    entities: int = Field(description="entities that were compared")
    usual_of: int = Field(description="entities of which two successful requests are kept")


class WhyNow(Shown):
    """Causes that may be why results fail since a certain time. Correlations, from a sample: none is a proof."""

    model_config = example(
        integration_type="price",
        affiliate="MLB",
        began=_BEGAN,
        affected=212,
        others=388,
        complete=True,
        evidence="shown",
        findings=[
            {
                "kind": "trait",
                "strength": 0.91,
                "feature": {
                    "dimension": "version",
                    "name": "connectorversion",
                    "value": "2.5.0",
                    "missing": False,
                },
                "affected": 212,
                "affected_of": 212,
                "others": 19,
                "others_of": 388,
                "lift": 20.4,
                "chance": 0.0,
                "since": "2026-11-24T11:49:00Z",
                "also": [],
            },
            {
                "kind": "act",
                "strength": 0.75,
                "act": {
                    "id": "reprocess:17",
                    "at": "2026-11-24T11:20:00Z",
                    "kind": "affiliate",
                    "action": "resumed",
                    "requested_by": "maria@store.example",
                    "requested_with": "maria",
                    "reason": "maintenance is over",
                    "about": {"affiliate": "MLB", "command_id": COMMAND_ID},
                },
                "chance": 0.002,
            },
        ],
        first={
            "log_id": LOG_ID,
            "key": "SKU-00123",
            "source": "/connectors/price/1",
            "operation": "update-price",
            "processed_at": _BEGAN,
            "received_at": _BEGAN,
            "with_it": 12,
        },
        difference={
            "log_id": LOG_ID,
            "key": "SKU-00123",
            "failed_at": NOON,
            "succeeded_at": "2026-11-23T12:00:00Z",
            "changes": [{"pointer": "/gtin", "before": "7891000315507", "after": None, "entities": 8, "usual": 0}],
            "cut": False,
            "entities": 8,
            "usual_of": 6,
        },
    )

    integration_type: str | None = Field(description="of an incident of several types the first one; null: of none")
    affiliate: str | None
    began: datetime | None = Field(description="null: nobody can say, so nothing came before it")
    affected: int = Field(description="affected results that were looked at")
    others: int = Field(description="other results of the affiliate that were looked at, to compare with")
    complete: bool = Field(description="false: the database took too long, and only acts were looked at")
    evidence: Literal["shown", "not_permitted"] = Field(
        description="not_permitted: extensions and requests were not looked at"
    )
    findings: list[Cause] = Field(description="the likeliest cause first")
    first: FirstAffected | None
    difference: RequestDifference | None
