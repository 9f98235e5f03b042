"""A status log as VTEX's log contract has it (schemas.vtex_log)."""

from datetime import datetime
from typing import Self

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_pascal

from schemas import vtex_log as vtex
from schemas.catalogue import BY_NAME
from schemas.example import example
from schemas.raw_json import RawJson
from schemas.shown.base import NOON, Shown
from schemas.shown.log import AsItCame, Attempt, StatusLog

_NAMED = ConfigDict(alias_generator=to_pascal, validate_by_name=True, serialize_by_alias=True)


class VtexLog(Shown):
    """One message: the latest result of one entity. The members after `Status` are ours."""

    model_config = _NAMED | example(
        id="8c7f9f0e-7d1f-4b58-8f5e-2f1f0c9f7a11",
        Operation="Price update",
        Direction=vtex.FROM_VTEX,
        ContentSource="",
        ContentTranslated='{"price": 10.0}',
        ContentTransalted='{"price": 10.0}',
        ContentDestination='{"status": 400}',
        BusinessMessage="The price 10.00 is below the minimum of this category",
        Status="Error",
        IntegrationType="price",
        Affiliate="MLB",
        Key="SKU-00123",
        ProcessedAt=NOON,
        Errors=[{"code": "price.below_minimum", "message": "Below the minimum", "field": "price"}],
    )

    id: str = Field(alias="id", description="of the result")
    operation: str = Field(description="VTEX's word for the type of work")
    direction: str
    content_source: str = Field(
        description="what the origin sent, if the connector told it; needs the right to evidence"
    )
    content_translated: str = Field(description="`request` of the result, as text; needs the right to evidence")
    content_transalted: str = Field(description="`ContentTranslated` again, as VTEX's example spells it")
    content_destination: str = Field(description="`response` of the result, as text; needs the right to evidence")
    business_message: str
    status: str = Field(description="Success, Error or Alert")
    integration_type: str
    affiliate: str
    key: str
    processed_at: datetime
    errors: list[AsItCame] = Field(description="errors of the result; none on success")

    @classmethod
    def of(cls, log: StatusLog, attempt: Attempt | None) -> Self:
        """Make the message of a log; `attempt` is the one that it shows, None when retention has dropped that."""
        told = {} if attempt is None else attempt.extra
        translated = _text(None if attempt is None else attempt.request)
        known = vtex.operations_of(BY_NAME[log.integration_type])
        operation = attempt.operation if attempt and attempt.operation in known else known[0]
        return cls(
            id=log.id if attempt is None else attempt.result_id,
            operation=operation,
            direction=vtex.direction_of(log.integration_type),
            content_source=_text(told.get(vtex.SOURCE)),
            content_translated=translated,
            content_transalted=translated,
            content_destination=_text(None if attempt is None else attempt.response),
            business_message=(attempt and attempt.message) or log.message or "",
            status=vtex.STATUSES[log.status],
            integration_type=log.integration_type,
            affiliate=log.affiliate,
            key=log.key,
            processed_at=log.processed_at,
            errors=[] if attempt is None else attempt.errors,
        )


class VtexLogs(Shown):
    """Messages of one day, newest first."""

    model_config = _NAMED

    messages: list[VtexLog]


def _text(value: RawJson | None) -> str:
    """Return a payload as the contract has it: text as it is, any other value as its JSON, none as no text."""
    return (value and value.said) or ""
